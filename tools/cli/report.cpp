// microjoule report: renders a saved result again.
#include "tools/cli/cli.h"

namespace mj::cli {

Result<int> report_main(const Args& args) {
  static const Syntax syntax{
      "report", "RESULT.mj.json",
      "Renders a result that `microjoule run -o` saved, its joules priced again if other prices are asked for; no "
      "firmware runs. - reads stdin. The exit "
      "code is 0 also for a run that failed.",
      with_report_options(with_energy_options({})),
      "  microjoule report kws.mj.json\n"
      "  microjoule report kws.mj.json --format csv > layers.csv\n"
      "  microjoule report kws.mj.json --format html > kws.html\n"
      "  microjoule report kws.mj.json --supply smps --battery cr2032 --every 10s\n"};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  const auto format = report::find_format(parsed->get("format", "text"));
  if (!format) return format.error();
  auto options = report_options(*parsed);
  if (!options) return options.error();
  const auto energy = energy_request(*parsed);
  if (!energy) return energy.error();
  const auto text = read_file(parsed->operands[0]);
  if (!text) return text.error();
  auto result = report::read_json(*text, parsed->operands[0]);
  if (!result) return result.error();
  const bool reprice = parsed->has("supply") || parsed->has("volts") || parsed->has("energy-table");
  if (reprice)
    if (auto priced = price(*result, energy->supply, energy->table); !priced) return priced.error();
  options->saved = parsed->operands[0];
  const auto battery = add_battery(*result, *energy, *options);
  if (auto printed = print_text((*format)->render(*result, *options)); !printed) return printed.error();
  if (!battery) return battery.error();
  return 0;
}

}  // namespace mj::cli
