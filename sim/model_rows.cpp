#include "sim/model_rows.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace mj {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The first row of models/<file> that is for one of `names`, which stand in the order of their rank; an empty object
/// if there is none. Throws std::exception if the file can't be read as such.
nlohmann::json row_of(const std::string& file, const std::vector<std::string>& names) {
  const auto text = read_file(models_dir() + "/" + file);
  if (!text) throw std::runtime_error("it is not there");
  const auto rows = nlohmann::json::parse(*text).at("rows");
  for (const std::string& name : names)
    for (const auto& row : rows)
      if (const auto& of = row.at("for"); std::find(of.begin(), of.end(), name) != of.end()) return row;
  return nlohmann::json::object();
}

/// What `read` makes of models/<file>, which is part of the program: what is wrong with it is never ignored.
template <class Read>
auto from_models(const std::string& file, Read read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const std::exception& e) {
    return Error{ExitCode::unreadable, "cannot read " + file, models_dir() + "/" + file, e.what(),
                 "put the file back as it came with this version"};
  }
}

std::uint32_t number(const std::string& text) { return static_cast<std::uint32_t>(std::stoul(text, nullptr, 0)); }

}  // namespace

std::optional<std::string> read_core_file(std::string_view name) {
  return read_file(models_dir() + "/cores/" + std::string(name) + ".json");
}

Result<CycleConfidence> confidence_of(const std::string& core) {
  const std::string file = "accuracy.json";
  return from_models(file, [&] {
    CycleConfidence c;
    const auto row = row_of(file, {core});
    c.tier = row.value("tier", c.tier);
    c.low_percent = row.value("low_percent", c.low_percent);
    c.high_percent = row.value("high_percent", c.high_percent);
    c.source = row.value("source", c.source);
    return c;
  });
}

std::uint32_t Identity::get(const char* key, std::uint32_t otherwise) const {
  const auto at = registers_.find(key);
  return at == registers_.end() ? otherwise : at->second;
}

Result<Identity> Identity::of(const BoardSpec& board) {
  const std::string file = "identity.json";
  return from_models(file, [&] {
    Identity id;
    std::vector<std::string> names{board.id};
    names.insert(names.end(), board.same_core.begin(), board.same_core.end());
    names.push_back(board.core.timing);
    const auto row = row_of(file, names);
    const auto registers = row.value("registers", nlohmann::json::object());
    for (const auto& [key, value] : registers.items()) id.registers_[key] = number(value.get<std::string>());
    // "0xc03-0xc1f": "0"
    const auto csrs = row.value("csrs", nlohmann::json::object());
    for (const auto& [key, value] : csrs.items()) {
      const std::size_t dash = key.find('-');
      Csrs range{number(key), number(dash == std::string::npos ? key : key.substr(dash + 1)), std::nullopt};
      if (value != "absent") range.value = number(value.get<std::string>());
      id.csrs_.push_back(range);
    }
    return id;
  });
}

}  // namespace mj
