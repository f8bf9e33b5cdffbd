#include "tools/report/table.h"

#include <algorithm>

#include "tools/report/format.h"

namespace mj::report {
namespace {

constexpr std::size_t indent = 2, widest_bar = 16, narrowest_bar = 3;
constexpr std::size_t widest_name = 24, whole_name = 17, readable_name = 12, narrowest_name = 8;

std::string ansi(const char* code, std::string text, const Options& options) {
  return options.colour && !text.empty() ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
}

const std::string& cell(const Row& row, std::size_t c) {
  static const std::string empty;
  return c < row.cells.size() ? row.cells[c] : empty;
}

std::string fitted(const Column& column, const Row& row, std::size_t c, std::size_t width, double longest) {
  const std::string text = printable(cell(row, c));
  switch (column.shrink) {
    case Shrink::bar:
      return bar(row.part, longest, static_cast<unsigned>(width));
    case Shrink::keep_end:
      return keep_end(text, width);
    case Shrink::keep_ends:
      return keep_ends(text, width);
    case Shrink::fixed:
    case Shrink::drop:
      break;
  }
  return text;
}

void pad(std::string& line, const std::string& text, std::size_t width, Align align) {
  const std::string space(width - std::min(width, columns(text)), ' ');
  line += align == Align::right ? space + text : text + space;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

/// Takes `excess` columns away from those columns that may give some, down to `least`.
void shrink(std::vector<std::size_t>& widths, std::size_t& excess, std::size_t least, auto may) {
  for (; excess > 0; --excess) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c)
      if (may(c) && widths[c] > least && (widest == widths.size() || widths[c] > widths[widest])) widest = c;
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

/// The column at which the text of a cell must end: a quiet row's label may run into empty cells at its right.
std::size_t end_of(const Table& table, const Row& row, std::size_t c) {
  std::size_t end = c + 1;
  if (row.quiet && table.columns[c].align != Align::right && !cell(row, c).empty())
    while (end < table.columns.size() && cell(row, end).empty() && table.columns[end].shrink != Shrink::bar) ++end;
  return end;
}

std::size_t room(const std::vector<std::size_t>& widths, std::size_t gap, std::size_t c, std::size_t end) {
  std::size_t sum = gap * (end - c - 1);
  for (; c < end; ++c) sum += widths[c];
  return sum;
}

struct Layout {
  std::vector<std::size_t> widths;
  std::size_t gap = 2;
  bool cramped = false;  ///< names had to become unreadably short, or it is still too wide
};

Layout fit(const Table& table, std::size_t width) {
  Layout layout;
  std::vector<std::size_t>& widths = layout.widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    std::size_t widest = column.shrink == Shrink::bar ? widest_bar : columns(column.title);
    for (const Row& row : table.rows)
      if (end_of(table, row, c) == c + 1) widest = std::max(widest, columns(cell(row, c)));
    widths.push_back(widest);
  }
  for (const Row& row : table.rows)
    for (std::size_t c = 0; c < widths.size(); ++c)
      if (const std::size_t end = end_of(table, row, c); end > c + 1) {
        const std::size_t has = room(widths, layout.gap, c, end);
        widths[c] += std::max(has, columns(cell(row, c))) - has;
      }
  const std::size_t sum = indent + (widths.empty() ? 0 : room(widths, layout.gap, 0, widths.size()));
  std::size_t excess = sum > width ? sum - width : 0;
  const auto is_bar = [&](std::size_t c) { return table.columns[c].shrink == Shrink::bar; };
  const auto is_name = [&](std::size_t c) {
    return table.columns[c].shrink == Shrink::keep_end || table.columns[c].shrink == Shrink::keep_ends;
  };
  shrink(widths, excess, widest_bar / 2, is_bar);
  shrink(widths, excess, widest_name, is_name);
  if (excess > 0) {
    layout.gap = 1;
    const std::size_t freed = widths.size() - 1, left = freed - std::min(excess, freed);
    excess -= std::min(excess, freed);
    for (std::size_t c = 0; c < widths.size(); ++c)
      if (is_bar(c)) widths[c] = std::min(widths[c] + left, widest_bar);
  }
  shrink(widths, excess, narrowest_bar, is_bar);
  shrink(widths, excess, whole_name, is_name);
  shrink(widths, excess, 0, is_bar);
  shrink(widths, excess, readable_name, is_name);
  if (is_bar(widths.size() - 1) && widths.back() == 0 && excess > 0) --excess;  // the gap before it, too
  layout.cramped = excess > 0;
  shrink(widths, excess, narrowest_name, is_name);
  return layout;
}

/// Without the rightmost column that may be dropped; false if there is none.
bool drop_column(Table& table) {
  const auto column = std::find_if(table.columns.rbegin(), table.columns.rend(),
                                   [](const Column& c) { return c.shrink == Shrink::drop; });
  if (column == table.columns.rend()) return false;
  const auto c = table.columns.rend() - column - 1;
  table.columns.erase(table.columns.begin() + c);
  for (Row& row : table.rows)
    if (c < std::ssize(row.cells)) row.cells.erase(row.cells.begin() + c);
  return true;
}

}  // namespace

std::string bold(std::string text, const Options& options) { return ansi("1", std::move(text), options); }
std::string dim(std::string text, const Options& options) { return ansi("2", std::move(text), options); }
std::string red(std::string text, const Options& options) { return ansi("1;31", std::move(text), options); }

std::string Table::text(const Options& options) const {
  const Layout layout = fit(*this, options.width);
  if (Table narrower = *this; layout.cramped && drop_column(narrower)) return narrower.text(options);
  const std::vector<std::size_t>& widths = layout.widths;
  double longest = 0;
  for (const Row& row : rows) longest = std::max(longest, row.part);
  if (!relative_bars) longest = 1;
  const auto line = [&](auto text_of) {
    std::string text;
    std::size_t end = indent;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string part = text_of(c);
      if (!part.empty() || c == 0) text.append(end - std::min(end, report::columns(text)), ' ');
      if (!part.empty()) pad(text, part, widths[c], columns[c].align);
      end += widths[c] + layout.gap;
    }
    return trimmed(std::move(text));
  };
  std::string out;
  if (std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.title.empty(); }))
    out += dim(line([&](std::size_t c) { return keep_end(columns[c].title, widths[c]); }), options) + "\n";
  for (const Row& row : rows) {
    std::string text = line([&](std::size_t c) {
      return fitted(columns[c], row, c, room(widths, layout.gap, c, end_of(*this, row, c)), longest);
    });
    out += (row.quiet ? dim(std::move(text), options) : std::move(text)) + "\n";
  }
  return out;
}

std::string Table::markdown() const {
  const auto escaped = [](const std::string& text) {
    std::string out;
    for (char c : printable(text)) {
      if (c == '|' || c == '*' || c == '_' || c == '`' || c == '[' || c == '\\') out += '\\';
      if (c == '<')
        out += "&lt;";
      else
        out += c;
    }
    return out;
  };
  const auto line = [&](auto text_of) {
    std::string out = "|";
    for (std::size_t c = 0; c < columns.size(); ++c)
      if (columns[c].shrink != Shrink::bar) out += " " + text_of(c) + " |";
    return out + "\n";
  };
  std::string out = line([&](std::size_t c) { return escaped(columns[c].title); });
  out += line([&](std::size_t c) { return std::string(columns[c].align == Align::right ? "---:" : ":---"); });
  for (const Row& row : rows) out += line([&](std::size_t c) { return escaped(cell(row, c)); });
  return out;
}

}  // namespace mj::report
