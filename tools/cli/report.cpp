// microjoule report: renders a saved result again.
#include "tools/cli/cli.h"

namespace mj::cli {

Result<int> report_main(const Args& args) {
  static const Syntax syntax{
      "report", "RESULT.mj.json",
      "Renders a result that `microjoule run -o` saved; no firmware runs. - reads stdin. The exit "
      "code is 0 also for a run that failed.",
      with_report_options({}),
      "  microjoule report kws.mj.json\n"
      "  microjoule report kws.mj.json --format csv > layers.csv\n"};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  const auto format = report::find_format(parsed->get("format", "text"));
  if (!format) return format.error();
  auto options = report_options(*parsed);
  if (!options) return options.error();
  const auto text = read_file(parsed->operands[0]);
  if (!text) return text.error();
  const auto result = report::read_json(*text, parsed->operands[0]);
  if (!result) return result.error();
  options->saved = parsed->operands[0];
  return print_text((*format)->render(*result, *options));
}

}  // namespace mj::cli
