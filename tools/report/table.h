// A table that fits itself to the terminal, or becomes Markdown.
#pragma once

#include <string>
#include <vector>

#include "tools/report/report.h"

namespace mj::report {

enum class Align { left, right };
/// What happens to a column when the table is wider than it may be; `fixed` never shrinks, of those with `drop` the
/// rightmost goes first.
enum class Shrink { fixed, keep_end, keep_ends, bar, drop };

struct Column {
  std::string title;
  Align align = Align::left;
  Shrink shrink = Shrink::fixed;
};

struct Row {
  std::vector<std::string> cells;  ///< one a column; missing ones are empty
  double part = 0;                 ///< length of the bar in the Shrink::bar column, 0 to 1
  bool quiet = false;              ///< remainders: dimmed, and a label may run into an empty cell at its right
};

struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
  bool relative_bars = true;  ///< the longest bar fills its column; else a bar of part 1 does

  /// Lines indented by two, none wider than `options.width` where the fixed columns allow it.
  std::string text(const Options& options) const;
  /// A Markdown table; bars are left out, nothing is shortened.
  std::string markdown() const;
};

/// `text` between ANSI codes when colours are wanted.
std::string bold(std::string text, const Options& options);
std::string dim(std::string text, const Options& options);
std::string red(std::string text, const Options& options);

}  // namespace mj::report
