#include "tools/report/table.h"

#include <algorithm>

#include "tools/report/format.h"

namespace mj::report {
namespace {

constexpr std::size_t indent = 2, gap = 2, narrowest_name = 12, widest_bar = 16, narrowest_bar = 4;

std::string ansi(const char* code, std::string text, const Options& options) {
  return options.colour && !text.empty() ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
}

const std::string& cell(const Row& row, std::size_t c) {
  static const std::string empty;
  return c < row.cells.size() ? row.cells[c] : empty;
}

std::string fitted(const Column& column, const Row& row, std::size_t c, std::size_t width) {
  const std::string text = printable(cell(row, c));
  switch (column.shrink) {
    case Shrink::bar:
      return bar(row.part, 1, static_cast<unsigned>(width));
    case Shrink::keep_end:
      return keep_end(text, width);
    case Shrink::keep_ends:
      return keep_ends(text, width);
    case Shrink::fixed:
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

std::vector<std::size_t> fit(const Table& table, std::size_t width) {
  std::vector<std::size_t> widths;
  std::size_t sum = indent - gap;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    std::size_t widest = column.shrink == Shrink::bar ? widest_bar : columns(column.title);
    for (const Row& row : table.rows) widest = std::max(widest, columns(cell(row, c)));
    widths.push_back(widest);
    sum += widest + gap;
  }
  std::size_t excess = sum > width ? sum - width : 0;
  const auto is_bar = [&](std::size_t c) { return table.columns[c].shrink == Shrink::bar; };
  const auto is_name = [&](std::size_t c) { return !is_bar(c) && table.columns[c].shrink != Shrink::fixed; };
  shrink(widths, excess, widest_bar / 2, is_bar);
  shrink(widths, excess, narrowest_name, is_name);
  shrink(widths, excess, narrowest_bar, is_bar);
  shrink(widths, excess, 0, is_bar);
  shrink(widths, excess, narrowest_name / 3, is_name);
  return widths;
}

}  // namespace

std::string bold(std::string text, const Options& options) { return ansi("1", std::move(text), options); }
std::string dim(std::string text, const Options& options) { return ansi("2", std::move(text), options); }
std::string red(std::string text, const Options& options) { return ansi("1;31", std::move(text), options); }

std::string Table::text(const Options& options) const {
  const std::vector<std::size_t> widths = fit(*this, options.width);
  std::string out;
  const auto line = [&](auto text_of) {
    std::string text(indent, ' ');
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (c > 0) text.append(gap, ' ');
      pad(text, text_of(c), widths[c], columns[c].align);
    }
    return trimmed(std::move(text));
  };
  if (std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.title.empty(); }))
    out += dim(line([&](std::size_t c) { return keep_end(columns[c].title, widths[c]); }), options) + "\n";
  for (const Row& row : rows) {
    std::string text = line([&](std::size_t c) { return fitted(columns[c], row, c, widths[c]); });
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
