#include "sim/base/did_you_mean.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace mj {
namespace {

constexpr std::size_t longest_word = 100;  // what is longer is no typing error, and the table below grows with it

/// Levenshtein's distance, one row of its table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

}  // namespace

const std::string* nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > longest_word) return nullptr;
  for (const std::string& k : known)
    if (word.size() >= 3 && k.starts_with(word)) return &k;
  const std::string* best = nullptr;
  std::size_t distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& k : known)
    if (const std::size_t d = edit_distance(word, k); d < distance) distance = d, best = &k;
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* nearest = nearest_word(word, known);
  return nearest ? "did you mean \"" + *nearest + "\"?" : "";
}

}  // namespace mj
