// Mutations that keep JSON well-formed: a reader's checks lie behind its parser, where flipped bits seldom get. One in
// four inputs is still mutated byte by byte, for the parser's sake.
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using json = nlohmann::json;
using Random = std::minstd_rand;

constexpr std::size_t most_nodes = 20'000;

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random()) % n; }

bool too_deep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > 64) return true;
  }
  return false;
}

void collect(json& node, std::vector<json*>& out) {
  if (out.size() >= most_nodes) return;
  out.push_back(&node);
  if (node.is_structured())
    for (json& child : node) collect(child, out);
}

json interesting(Random& random) {
  switch (below(random, 24)) {
    case 0:
      return nullptr;
    case 1:
      return true;
    case 2:
      return false;
    case 3:
      return json::array();
    case 4:
      return json::object();
    case 5:
      return "";
    case 6:
      return 0;
    case 7:
      return 1;
    case 8:
      return -1;
    case 9:
      return 255;
    case 10:
      return 256;
    case 11:
      return 65'536;
    case 12:
      return std::numeric_limits<std::int32_t>::max();
    case 13:
      return std::numeric_limits<std::uint32_t>::max();
    case 14:
      return std::int64_t{1} << 32;
    case 15:
      return std::numeric_limits<std::int64_t>::min();
    case 16:
      return std::numeric_limits<std::int64_t>::max();
    case 17:
      return std::numeric_limits<std::uint64_t>::max();
    case 18:
      return 1e30;
    case 19:
      return -0.5;
    case 20:
      return 1e-300;
    case 21:
      return std::numeric_limits<double>::max();
    case 22:
      return "0xffffffff";
    default:
      return "0xfffffffffffffffff";
  }
}

void change_number(json& v, Random& random) {
  switch (below(random, 5)) {
    case 0:
      v = interesting(random);
      break;
    case 1:
      v = 2 * v.get<double>();
      break;
    case 2:
      v = -v.get<double>();
      break;
    case 3:
      if (v.is_number_integer()) v = v.get<std::uint64_t>() + 1;
      break;
    default:
      if (v.is_number_integer()) v = v.get<std::uint64_t>() ^ (std::uint64_t{1} << below(random, 64));
      break;
  }
}

void change_string(json& v, const std::vector<json*>& places, Random& random) {
  std::string s = v.get<std::string>();
  switch (below(random, 5)) {
    case 0:
      v = interesting(random);
      break;
    case 1:  // another string of the file: names that refer to each other
      for (int tries = 0; tries < 20; ++tries)
        if (const json& other = *places[below(random, places.size())]; other.is_string()) {
          v = json(other);
          break;
        }
      break;
    case 2:
      v = s.substr(0, below(random, s.size() + 1));
      break;
    case 3:
      v = s + s;
      break;
    default:
      if (!s.empty()) s[below(random, s.size())] = static_cast<char>(below(random, 128));
      v = s;
      break;
  }
}

void change_structure(json& v, const std::vector<json*>& places, Random& random) {
  if (v.empty() || below(random, 8) == 0) {
    v = interesting(random);
    return;
  }
  auto at = v.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(below(random, v.size())));
  switch (below(random, 4)) {
    case 0:
      v.erase(at);
      break;
    case 1:
      if (v.is_array())
        v.push_back(json(*at));
      else
        v[at.key() + "_"] = json(*at);
      break;
    case 2: {
      json other = *places[below(random, places.size())];
      if (other.dump().size() < 4'000) *at = std::move(other);
      break;
    }
    default: {
      auto with = v.begin();
      std::advance(with, static_cast<std::ptrdiff_t>(below(random, v.size())));
      if (at != with) std::swap(*at, *with);
      break;
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  Random random(seed);
  const std::string_view text = mj::fuzz::text_of(data, size);
  if (below(random, 4) == 0 || too_deep(text)) return LLVMFuzzerMutate(data, size, max_size);
  json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return LLVMFuzzerMutate(data, size, max_size);
  for (std::size_t rounds = 1 + below(random, 4); rounds > 0; --rounds) {
    std::vector<json*> places;
    collect(document, places);
    json& v = *places[below(random, places.size())];
    if (v.is_number())
      change_number(v, random);
    else if (v.is_string())
      change_string(v, places, random);
    else if (v.is_structured())
      change_structure(v, places, random);
    else
      v = interesting(random);
  }
  const std::string out = document.dump(-1, ' ', false, json::error_handler_t::replace);
  if (out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}
