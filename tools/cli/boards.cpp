// microjoule boards: which boards there are, where their numbers come from, and whether a board file is right.
#include "sim/board.h"

#include <fmt/format.h>

#include <map>

#include "tools/cli/cli.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::cli {
namespace {

using namespace report;

/// Sources stand once, below the tables; rows say their number.
class Sources {
 public:
  std::string mark(const std::string& source) {
    if (source.empty()) return "";
    const auto [at, added] = number_.emplace(source, order_.size() + 1);
    if (added) order_.push_back({fmt::format("[{}]", at->second), source});
    return fmt::format("[{}]", at->second);
  }
  const Facts& list() const { return order_; }

 private:
  std::map<std::string, std::size_t> number_;
  Facts order_;
};

std::string kind_text(const RegionSpec& r) { return r.kind == memory::RegionKind::flash ? "flash" : "RAM"; }

std::string wait_text(const RegionSpec& r) {
  if (r.front_end) return "set by the firmware";
  if (r.read_wait == r.write_wait) return plural(r.read_wait, "cycle");
  return fmt::format("{} read, {} write", plural(r.read_wait, "cycle"), r.write_wait);
}

Result<std::string> list(const Options& o) {
  Table table{{{"id"},
               {"board", Align::left, Shrink::keep_ends},
               {"core", Align::left, Shrink::keep_ends},
               {"clock", Align::right},
               {"flash", Align::right},
               {"RAM", Align::right}},
              {}};
  for (const std::string& id : list_boards()) {
    const auto b = load_board(id);
    if (!b) return b.error();
    const auto size = [&](BudgetKind kind) { return b->budget_bytes(kind) ? bytes(b->budget_bytes(kind)) : "-"; };
    table.rows.push_back({{id, b->name, b->core.timing, b->core.max_clock_hz ? clock_rate(b->core.max_clock_hz) : "-",
                           size(BudgetKind::flash), size(BudgetKind::ram)}});
  }
  return table.text(o);
}

std::string show(const BoardSpec& b, const Options& o) {
  std::string features;
  for (const std::string& f : b.core.features) features += (features.empty() ? "" : ", ") + f;
  Facts facts{{"chip", b.soc},
              {"core", fmt::format("{} ({}: {})", b.core.timing, b.core.isa, features)},
              {"clock", clock_rate(b.core.reset_clock_hz) + " after reset" +
                            (b.core.max_clock_hz ? ", at most " + clock_rate(b.core.max_clock_hz) : "")},
              {"console", b.console}};
  if (!b.core.timing_note.empty()) facts.push_back({"timing", b.core.timing_note});
  if (!b.boot.skipped.empty()) facts.push_back({"boot", "not run: " + b.boot.skipped});
  for (const std::string& note : b.notes) facts.push_back({"note", note});

  Sources sources;
  Table regions{{{"region"}, {"kind"}, {"at"}, {"size", Align::right}, {"wait states"}, {"certainty"}, {"source"}}, {}};
  for (const RegionSpec& r : b.regions)
    regions.rows.push_back({{r.name, kind_text(r), hex(r.base), bytes(r.size), wait_text(r), r.certainty,
                             r.alias_of.empty() ? sources.mark(r.source) : "as " + r.alias_of}});
  Table devices{{{"device"}, {"type"}, {"at"}, {"certainty"}, {"source"}}, {}};
  for (const auto& d : b.devices)
    devices.rows.push_back({{d.name, d.type, hex(d.base), d.certainty, sources.mark(d.source)}});
  Table figures{{{"number", Align::left, Shrink::keep_end},
                 {"value", Align::right, Shrink::keep_ends},
                 {"unit"},
                 {"certainty"},
                 {"source"}},
                {}};
  for (const Figure& f : b.figures)
    figures.rows.push_back({{f.pointer, f.value, f.unit, f.certainty, sources.mark(f.source)}});
  std::string out = bold(fmt::format("{}   {}", b.id, b.name), o) + "\n" + facts_text(facts, o);
  out += "\n" + bold("memory", o) + "\n" + regions.text(o);
  out += "\n" + bold("devices", o) + "\n" + devices.text(o);
  out += "\n" + bold("numbers", o) + "\n" + figures.text(o);
  return out + "\n" + bold("sources", o) + "\n" + facts_text(sources.list(), o);
}

Result<std::string> boards(const Parsed& p, const Options& o) {
  const std::string what = p.operands.empty() ? "list" : p.operands[0];
  if (what != "list" && what != "show" && what != "check")
    return Error{
        ExitCode::usage,
        fmt::format("boards: '{}' is none of list, show, check{}", what, did_you_mean(what, {"list", "show", "check"})),
        "", "", "microjoule boards --help"};
  if (p.operands.size() != (what == "list" ? p.operands.empty() ? 0U : 1U : 2U))
    return Error{ExitCode::usage,
                 what == "list" ? "boards list takes no argument" : fmt::format("boards {} takes one board", what), "",
                 "", "microjoule boards --help"};
  if (what == "list") return list(o);
  const auto board = load_board(p.operands[1]);
  if (!board) return board.error();
  if (what == "show") return show(*board, o);
  return fmt::format("{}: ok: {}, {}, {}\n", p.operands[1], board->name, plural(board->regions.size(), "memory region"),
                     plural(board->devices.size(), "device"));
}

}  // namespace

Result<int> boards_main(const Args& args) {
  static const Syntax syntax{"boards",
                             "[list | show ID|FILE.json | check ID|FILE.json]",
                             "Lists the boards that we have models of, shows one with the source and certainty of each "
                             "number, or checks a board file of your own.",
                             with_terminal_options({}),
                             "  microjoule boards\n"
                             "  microjoule boards show nucleo-l4r5zi\n"
                             "  microjoule boards check my-board.json\n",
                             0,
                             2};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  const auto options = report_options(*parsed);
  if (!options) return options.error();
  const auto text = boards(*parsed, *options);
  if (!text) return text.error();
  return print_text(*text);
}

}  // namespace mj::cli
