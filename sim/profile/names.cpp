#include "sim/profile/names.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

namespace mj::profile {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)::";

// The "(" that opens the last top-level parameter list, or npos.
std::size_t parameters_at(std::string_view name) {
  const std::size_t close = name.rfind(')');
  if (close == name.npos) return name.npos;
  int depth = 0;
  for (std::size_t i = close + 1; i-- > 0;) {
    if (name[i] == ')') ++depth;
    if (name[i] == '(' && --depth == 0) return i;
  }
  return name.npos;
}

/// Bound of the demangled length, as its logarithm to base 2. Each reference to an earlier part of a name repeats that
/// part: `_Z1f1AIiiE1BIS0_S0_E1BIS2_S2_E...` doubles every ten letters, and 300 letters would fill a machine's memory.
/// The most that n references can do is to triple the text n / 3 times. A pack expansion counts as several.
double log2_of_demangled(std::string_view name) {
  constexpr double log2_of_cube_root_of_3 = 0.5283;
  constexpr unsigned references_of_a_pack = 4;
  unsigned references = 0;
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    if (name[i] == 'D' && name[i + 1] == 'p') references += references_of_a_pack;
    if (name[i] != 'S' && name[i] != 'T') continue;
    const std::size_t end = name.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", i + 1);
    if (end != name.npos && name[end] == '_') ++references;
  }
  return std::log2(static_cast<double>(name.size())) + references * log2_of_cube_root_of_3;
}

}  // namespace

std::string demangle(const std::string& name) {
  // The demangler recurses; a hostile symbol of many thousand letters must not exhaust the stack.
  constexpr std::size_t kLongest = 8192;
  constexpr double kLog2OfMost = 24;
  if (!name.starts_with("_Z") || name.size() > kLongest || log2_of_demangled(name) > kLog2OfMost) return name;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 && text ? std::string(text.get()) : name;
}

std::string Demangler::operator()(const std::string& name) {
  if (left_ == 0) return name;
  std::string out = demangle(name);
  left_ -= std::min(left_, out.size());
  return out;
}

std::string without_clone_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 8> kClones = {"constprop", "isra",       "part", "lto_priv",
                                                       "cold",      "localalias", "llvm", "clone"};
  // The earliest ".<clone kind>" that is followed by a dot or the end.
  for (std::size_t dot = name.find('.', 1); dot != name.npos; dot = name.find('.', dot + 1)) {
    const std::string_view rest = name.substr(dot + 1);
    for (const std::string_view kind : kClones) {
      if (rest.starts_with(kind) && (rest.size() == kind.size() || rest[kind.size()] == '.')) {
        return std::string(name.substr(0, dot));
      }
    }
  }
  return std::string(name);
}

std::string short_name(std::string_view demangled) {
  for (const std::string_view thunk : {"non-virtual thunk to ", "virtual thunk to "}) {
    if (demangled.starts_with(thunk)) return std::string(thunk) + short_name(demangled.substr(thunk.size()));
  }
  std::string name(demangled.substr(0, demangled.find(" [clone ")));
  for (std::size_t at = name.find(kAnonymous); at != name.npos; at = name.find(kAnonymous)) {
    name.erase(at, kAnonymous.size());
  }
  const std::size_t parameters = parameters_at(name);
  if (parameters == name.npos || parameters == 0) return name;
  // "operator()" itself has an empty pair of parentheses that is part of the name.
  constexpr std::string_view kCallOperator = "operator";
  const std::string_view before = std::string_view(name).substr(0, parameters);
  if (before.ends_with(kCallOperator)) return name;
  name.resize(parameters);
  // A return type (templates have one) ends at the last space outside of brackets, unless that belongs to "operator x".
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == '>' || name[i] == ')') ++depth;
    if (name[i] == '<' || name[i] == '(') --depth;
    if (name[i] == ' ' && depth == 0) {
      if (std::string_view(name).substr(0, i).ends_with(kCallOperator)) break;
      name.erase(0, i + 1);
      break;
    }
  }
  return name;
}

std::string_view file_basename(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace mj::profile
