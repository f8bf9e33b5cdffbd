// microjoule calibrate: inferred numbers of the model, fitted to cycles measured on the user's board.
#include "tools/calibrate/calibrate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "tools/cli/cli.h"

namespace mj::cli {

namespace {

const Syntax& syntax() {
  static const Syntax s{
      "calibrate", "FIRMWARE.elf",
      "Runs a firmware whose cycles between two places were measured on a board, and fits those numbers of the core's "
      "and the board's model that are inferred or estimated (wait states, branch costs, ...); documented and measured "
      "ones are never touched. Writes an overlay that --overlay and, for boards with a file, --board take. Refuses "
      "when "
      "the measurements can't tell the numbers: then it says which are confounded and what to measure.",
      with_run_options(
          {{"measured,m", "FILE.json", "what the board took: windows and cycles (schema: calibration.schema.json)"},
           {"rows,r", "ROW,...", "fit only these numbers, or all of these rows: costs/udiv, regions/flash/front_end"},
           {"out,o", "FILE.json", "where the overlay goes; else it is only shown"},
           {"list", "", "only list the numbers that may be fitted"},
           {"quiet,q", "", "no progress on stderr"}}),
      "  microjoule calibrate app.elf --board my.json --measured board.json --out my-overlay.json\n"
      "  microjoule calibrate app.elf --board generic:cortex-m4@168 -m board.json --rows costs/udiv\n"
      "  microjoule run app.elf --board nucleo-l4r5zi --overlay my-overlay.json\n"};
  return s;
}

std::string signed_percent(double model, double measured) {
  return fmt::format("{:+.2f} %", 100 * (model / measured - 1));
}

std::string told(const calibrate::Outcome& o) {
  std::string out = fmt::format("{:<32} {:>14} {:>14} {:>9} {:>14} {:>9} {:>10}\n", "window", "measured", "before", "",
                                "after", "", "residual");
  for (std::size_t w = 0; w < o.windows.size(); ++w) {
    const double measured = o.windows[w].measured, before = o.fit.before[w], after = o.fit.after[w];
    out +=
        fmt::format("{:<32} {:>14.10g} {:>14.10g} {:>9} {:>14.10g} {:>9} {:>+10.10g}\n", o.windows[w].name, measured,
                    before, signed_percent(before, measured), after, signed_percent(after, measured), after - measured);
  }
  out += fmt::format("\n{:<48} {:>7} {:>7}  {}\n", "number", "before", "after", "one more adds, by window");
  for (const std::size_t p : o.fit.fitted) {
    std::string steps;
    for (const auto& row : o.fit.per_step) steps += fmt::format("{}{:.6g}", steps.empty() ? "" : ", ", row[p]);
    out += fmt::format("{:<48} {:>7} {:>7}  {} ({})\n", o.numbers[p].parameter.name, o.numbers[p].parameter.value,
                       o.fit.values[p], steps, o.numbers[p].certainty);
  }
  if (!o.fit.untouched.empty())
    out += fmt::format("{} further inferred or estimated numbers move none of these windows and stay as they are\n",
                       o.fit.untouched.size());
  std::string beyond;
  for (std::size_t w = 0; w < o.windows.size(); ++w)
    if (std::abs(o.fit.after[w] - o.windows[w].measured) > std::max(o.windows[w].uncertainty, 0.5))
      beyond += (beyond.empty() ? "" : ", ") + o.windows[w].name;
  for (const std::size_t p : o.fit.fitted)
    if (const auto& range = o.numbers[p].parameter; o.fit.values[p] == range.high && range.high != range.value)
      out += fmt::format("{} stands at the end of its range ({} to {}): something else is likely to be wrong\n",
                         range.name, range.low, range.high);
  if (!beyond.empty()) out += fmt::format("not explained by these numbers within the uncertainty: {}\n", beyond);
  return out;
}

}  // namespace

Result<int> calibrate_main(const Args& args) {
  const auto parsed = parse(syntax(), args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax().help());
  auto run = run_request(*parsed, parsed->operands[0]);
  if (!run) return run.error();
  if (run->board.empty())
    return Error{ExitCode::usage, "calibrate needs --board", "", "the numbers are those of one board",
                 "microjoule boards lists them"};
  calibrate::Request request;
  request.run = std::move(*run);
  request.measurements = parsed->get("measured");
  const std::string rows = parsed->get("rows");
  for (std::size_t at = 0; at < rows.size();) {
    const std::size_t comma = std::min(rows.find(',', at), rows.size());
    request.rows.push_back(rows.substr(at, comma - at));
    at = comma + 1;
  }
  if (parsed->has("list")) {
    auto all = calibrate::numbers_of(request.run.board, request.run.overlay);
    if (!all) return all.error();
    const auto chosen = calibrate::choose(std::move(*all), request.rows);
    if (!chosen) return chosen.error();
    std::string text;
    for (const calibrate::Number& n : *chosen)
      text += fmt::format("{:<48} {:>5}  {}: {}\n", n.parameter.name, n.parameter.value, n.certainty, n.source);
    return print_text(text);
  }
  if (request.measurements.empty())
    return Error{ExitCode::usage, "calibrate needs --measured", "", "a JSON file of windows and cycles",
                 "microjoule calibrate --help"};
  if (parsed->has("out"))
    if (auto possible = check_writable(parsed->get("out")); !possible) return possible.error();
  const bool shown = !parsed->has("quiet") && isatty(STDERR_FILENO);
  const auto outcome = calibrate::calibrate(request, [shown](std::size_t n) {
    if (shown) std::fprintf(stderr, "\r\x1b[Krun %zu", n);
  });
  if (shown) std::fputs("\r\x1b[K", stderr);
  if (!outcome) return outcome.error();
  std::string text = told(*outcome);
  if (outcome->overlay.empty()) {
    text += "no other values bring the model nearer: nothing to write\n";
  } else if (parsed->has("out")) {
    if (auto saved = write_file(parsed->get("out"), outcome->overlay); !saved) return saved.error();
    text +=
        fmt::format("overlay written; use it with: --board {} --overlay {}\n", request.run.board, parsed->get("out"));
  } else {
    text += "\n" + outcome->overlay;
  }
  if (auto printed = print_text(text); !printed) return printed.error();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace mj::cli
