// microjoule diff: compares two saved results.
#include "tools/diff/diff.h"

#include <string>

#include "tools/cli/cli.h"

namespace mj::cli {
namespace {

Result<profile::RunResult> saved_result(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  if (text->starts_with("\x7f"
                        "ELF"))
    return Error{ExitCode::usage, "a firmware image, not a saved result", path, "diff compares what runs found",
                 "microjoule run " + path + " -o result.mj.json, and compare that"};
  return report::read_json(*text, path);
}

std::string format_names() {
  std::string names;
  for (const diff::Format& f : diff::formats()) names += (names.empty() ? "" : "|") + std::string(f.name);
  return "what stdout gets: " + names + " (default: text)";
}

}  // namespace

Result<int> diff_main(const Args& args) {
  static const std::string formats = format_names();
  static const Syntax syntax{
      "diff",
      "A.mj.json B.mj.json",
      "Compares two results that `microjoule run -o` saved: totals, layers, functions, reasons and sizes, the largest "
      "change first. No firmware runs. Results of different versions of the timing model are refused. The exit code is "
      "0 whatever changed: limits are for microjoule check.",
      with_terminal_options({{"format,f", "NAME", formats.c_str()}}),
      "  microjoule diff before.mj.json after.mj.json\n"
      "  microjoule diff before.mj.json after.mj.json --format md >> \"$GITHUB_STEP_SUMMARY\"\n",
      2,
      2};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  const auto format = diff::find_format(parsed->get("format", "text"));
  if (!format) return format.error();
  const auto options = report_options(*parsed);
  if (!options) return options.error();
  const std::string &file_a = parsed->operands[0], &file_b = parsed->operands[1];
  const auto a = saved_result(file_a);
  if (!a) return a.error();
  const auto b = saved_result(file_b);
  if (!b) return b.error();
  const auto compared = diff::compare(*a, file_a, *b, file_b);
  if (!compared) return compared.error();
  return print_text((*format)->render(*compared, *options));
}

}  // namespace mj::cli
