// Names against patterns in which `*` stands for any characters.
#pragma once

#include <algorithm>
#include <string_view>

namespace mj::profile {

inline bool glob(std::string_view pattern, std::string_view name) {
  // Where the last star stood, and how far what it stands for has grown: no backtracking beyond it is ever needed.
  std::size_t p = 0, n = 0, star = std::string_view::npos, grown = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      grown = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++grown;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// Whether one of the patterns, alternatives separated by `|`, matches.
inline bool one_of(std::string_view patterns, std::string_view name) {
  while (!patterns.empty()) {
    const std::string_view pattern = patterns.substr(0, patterns.find('|'));
    patterns.remove_prefix(std::min(patterns.size(), pattern.size() + 1));
    if (glob(pattern, name)) return true;
  }
  return false;
}

}  // namespace mj::profile
