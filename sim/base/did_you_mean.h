// The known word that a mistyped one was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mj {

/// The first of `known` that begins with `word` (from three characters on), else the one with the fewest characters to
/// insert, drop or replace, if that is at most a third of them (but two are always forgiven). Null: none is near.
/// The pointer is into `known`.
const std::string* nearest_word(std::string_view word, const std::vector<std::string>& known);

/// `did you mean "pico"?`, or "" when no word is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace mj
