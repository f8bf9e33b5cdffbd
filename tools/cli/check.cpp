// microjoule check: holds a run against a budget.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "sim/price.h"
#include "sim/run.h"
#include "tools/budget/budget.h"
#include "tools/cli/cli.h"
#include "tools/report/format.h"

namespace mj::cli {
namespace {

namespace fs = std::filesystem;

bool one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* n) { return name == n; });
}

const Syntax& syntax() {
  static const Syntax s{
      "check", "RESULT.mj.json|FIRMWARE.elf",
      "Holds a saved result, or a firmware that it runs first, against a budget: exit code 0 when all limits hold, 3 "
      "when one is exceeded, the run's own code when it did not finish. Each finding tells metric, limit, actual, "
      "delta, and the layer, function and source line where most of it lies or what grew since the baseline. The "
      "budget's format: models/schema/budget.schema.json.",
      [] {
        std::vector<Option> options = with_terminal_options(with_energy_options(with_run_options({
            {"budget", "FILE", "the budget"},
            {"baseline", "RESULT.mj.json", "what increases are judged against; else the baseline in the budget file"},
            {"init", "", "write a first budget: today's values as max, and this run as the baseline"},
            {"update-baseline", "",
             "accept this run: store it as the baseline, with its values in limits that follow it"},
            {"junit", "FILE", "write JUnit XML, one test case a rule"},
            {"summary", "FILE|-",
             "write Markdown; -: to stdout instead of the text; the file that GITHUB_STEP_SUMMARY names is appended "
             "to"},
            {"out,o", "FILE", "save the result of the firmware that was run"},
            {"quiet,q", "", "verdict and findings only"},
        })));
        // Options of those groups that have no meaning here.
        std::erase_if(options, [](const Option& o) {
          return one_of(o.long_name(), {"battery", "every", "sleep-mode", "rows"});
        });
        return options;
      }(),
      "  microjoule check run.mj.json --budget budget.json --init\n"
      "  microjoule check kws.elf --board nucleo-l4r5zi --budget budget.json --junit check.xml\n"
      "  microjoule check run.mj.json --budget budget.json --summary \"$GITHUB_STEP_SUMMARY\"\n"
      "  microjoule check run.mj.json --budget budget.json --update-baseline\n"};
  return s;
}

Error usage(std::string what, std::string why = "", std::string advice = "microjoule check --help") {
  return {ExitCode::usage, std::move(what), "", std::move(why), std::move(advice)};
}

/// What --help doesn't let wait until a long run is over.
Result<void> check_options(const Parsed& p) {
  if (!p.has("budget"))
    return usage("check: --budget is missing", "", "--budget budget.json; a first one is written by --init");
  if (p.has("init") && p.has("update-baseline"))
    return usage("--init and --update-baseline exclude each other",
                 "the first writes a budget, the second changes one");
  for (const char* other : {"init", "update-baseline"})
    if (p.has(other) && p.has("baseline"))
      return usage(fmt::format("--{} and --baseline exclude each other", other),
                   "the run itself becomes the baseline in the budget file");
  if (p.get("budget") == "-") return usage("the budget can't be read from stdin", "", "--budget FILE");
  if (p.has("init") && fs::exists(p.get("budget")))
    return Error{ExitCode::usage, "--init does not overwrite a file", p.get("budget"), "it exists already",
                 "give another name, remove the file, or change its baseline with --update-baseline"};
  for (const char* file : {"junit", "summary", "out", "budget"})
    if (p.has(file) && !(file == std::string("summary") && p.get(file) == "-"))
      if (auto possible = check_writable(p.get(file)); !possible) return possible.error();
  return {};
}

/// Replaces a file as a whole: whoever reads it sees the old text or the new one, also after a crash.
Result<void> replace_file(const std::string& path, std::string_view text) {
  std::error_code failed;
  // A link stays one: what it leads to is replaced.
  fs::path target = fs::weakly_canonical(path, failed);
  if (failed) target = path;
  const std::string temporary = target.string() + fmt::format(".{}.tmp", getpid());
  if (auto written = write_file(temporary, text); !written) {
    fs::remove(temporary, failed);
    return written;
  }
  if (const auto status = fs::status(target, failed); !failed && fs::exists(status))
    fs::permissions(temporary, status.permissions(), failed);
  fs::rename(temporary, target, failed);
  if (!failed) return {};
  const std::string why = failed.message();
  fs::remove(temporary, failed);
  return Error{ExitCode::unreadable, "cannot write a file", path, why, "check the folder's permissions"};
}

/// Writes a file that must not be there yet.
Result<void> create_file(const std::string& path, std::string_view text) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (!file) return Error{ExitCode::unreadable, "cannot create a file", path, "", "does it exist, or its folder not?"};
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) == 0 && written) return {};
  std::error_code ignored;
  fs::remove(path, ignored);
  return Error{ExitCode::unreadable, "cannot write a file", path, "", "check the folder and its free space"};
}

/// A CI system's summary page collects what its steps append.
Result<void> write_summary(const std::string& path, const std::string& text) {
  const char* page = std::getenv("GITHUB_STEP_SUMMARY");
  if (!page || path != page) return write_file(path, text);
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << text;
  file.close();
  if (!file) return Error{ExitCode::unreadable, "cannot write a file", path, "", "check the folder and its free space"};
  return {};
}

/// The result to judge: run, if the operand is firmware, or read.
Result<profile::RunResult> result_of(const Parsed& p) {
  const std::string& path = p.operands[0];
  const auto content = read_file(path);
  if (!content) return content.error();
  if (content->starts_with("\x7f"
                           "ELF")) {
    if (path == "-") return usage("firmware can't be read from stdin", "", "give the ELF file's path");
    auto request = run_request(p, path);
    if (!request) return request.error();
    auto result = run(*request);
    if (result && p.has("out"))
      if (auto saved = write_file(p.get("out"), report::json(*result, {})); !saved) return saved.error();
    return result;
  }
  for (const Option& o : with_run_options({{"out", "FILE", ""}}))
    if (p.has(o.long_name()))
      return Error{ExitCode::usage, fmt::format("--{} needs firmware to run", o.long_name()), path,
                   "this is no ELF file, so it is taken for a saved result", "leave the option out, or give the ELF"};
  auto result = report::read_json(*content, path);
  const bool reprice = p.has("supply") || p.has("volts") || p.has("energy-table");
  if (result && reprice) {
    const auto energy = energy_request(p);
    if (!energy) return energy.error();
    if (auto priced = price(*result, energy->supply, energy->table); !priced) return priced.error();
  }
  return result;
}

Result<std::optional<budget::Snapshot>> baseline_of(const Parsed& p, const budget::Budget& b) {
  if (!p.has("baseline")) return b.baseline;
  const std::string path = p.get("baseline");
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto result = report::read_json(*text, path);
  if (!result) return result.error();
  return std::optional(budget::snapshot(*result));
}

/// The budget file's text as the options ask for, written where they change it; `told` is what was done.
Result<std::string> budget_text(const Parsed& p, const profile::RunResult& result, std::string& told) {
  const std::string path = p.get("budget");
  if (p.has("init")) {
    auto text = budget::initial_budget(result);
    if (!text) return text;
    if (auto created = create_file(path, *text); !created) return created.error();
    told = fmt::format("wrote {}: today's values as max, and the baseline\n\n", path);
    return text;
  }
  auto text = read_file(path);
  if (!text || !p.has("update-baseline") || result.stop.exit_code != ExitCode::ok) return text;
  auto updated = budget::update_baseline(*text, path, result);
  if (!updated) return updated.error();
  if (auto written = replace_file(path, updated->text); !written) return written.error();
  told = fmt::format("updated {}: {} is the baseline now\n", path, report::printable(result.provenance.firmware));
  for (const std::string& change : updated->changes) told += "  " + report::printable(change) + "\n";
  for (const std::string& kept : updated->kept) told += "  not changed: " + report::printable(kept) + "\n";
  told += "\n";
  return updated->text;
}

}  // namespace

Result<int> check_main(const Args& args) {
  const auto parsed = parse(syntax(), args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax().help());
  if (auto possible = check_options(*parsed); !possible) return possible.error();
  const auto options = report_options(*parsed);
  if (!options) return options.error();
  const std::string path = parsed->get("budget");
  // A broken budget is told before a long run, not after it.
  if (!parsed->has("init")) {
    const auto text = read_file(path);
    if (!text) return text.error();
    if (auto valid = budget::read_budget(*text, path); !valid) return valid.error();
  }
  const auto result = result_of(*parsed);
  if (!result) return result.error();
  std::string told;
  const auto text = budget_text(*parsed, *result, told);
  if (!text) return text.error();
  const auto limits = budget::read_budget(*text, path);
  if (!limits) return limits.error();
  const auto baseline = baseline_of(*parsed, *limits);
  if (!baseline) return baseline.error();
  const auto verdict = budget::evaluate(*limits, *result, *baseline);
  if (!verdict) return verdict.error();

  if (parsed->has("junit"))
    if (auto written = write_file(parsed->get("junit"), budget::junit(*verdict)); !written) return written.error();
  const bool markdown = parsed->get("summary") == "-";
  if (parsed->has("summary") && !markdown)
    if (auto written = write_summary(parsed->get("summary"), budget::summary(*verdict)); !written)
      return written.error();
  const std::string out =
      markdown ? budget::summary(*verdict) : told + budget::text(*verdict, *options, parsed->has("quiet"));
  if (auto printed = print_text(out); !printed) return printed.error();
  return static_cast<int>(verdict->exit_code());
}

}  // namespace mj::cli
