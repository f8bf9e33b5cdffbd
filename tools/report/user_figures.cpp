// What the user says that is not simulated takes.
#include <algorithm>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {

using namespace profile;

Table user_figures(const RunResult& r) {
  Table table{{{"started", Align::left, Shrink::keep_ends},
               {"in layer", Align::right},
               {"times", Align::right},
               {"cycles each", Align::right},
               {"cycles", Align::right},
               {"ms", Align::right},
               {"energy", Align::right},
               {"from", Align::left, Shrink::keep_ends}},
              {}};
  if (r.user_figures.empty()) return table;
  Hertz clock = 0;
  Cycle most = 0;
  for (const ClockSpan& span : r.totals.clocks)
    if (span.cycles > most) {
      most = span.cycles;
      clock = span.hz;
    }
  const auto ms = [&](double cycles) { return clock ? decimal(1e3 * cycles / real(clock), 3) : "-"; };
  double cycles = 0, joules = 0;
  for (const UserFigure& f : r.user_figures) {
    const double all = real(f.times) * real(f.cycles_each), energy = real(f.times) * f.energy_each_j;
    cycles += all;
    joules += energy;
    const Layer* layer = f.layer < 0 ? nullptr : &r.layers[static_cast<std::size_t>(f.layer)];
    table.rows.push_back(
        {{f.name, layer ? layer_number(r, *layer) : "-", count(f.times), count(f.cycles_each), decimal(all, 0), ms(all),
          energy > 0 ? quantity(energy, "J") : "-", f.source.empty() ? "the user" : "the user: " + f.source}});
  }
  const double run = real(r.totals.cycles);
  const double run_joules = r.totals.energy ? r.totals.energy->value_j : 0;
  table.rows.push_back({{"with the run, one after the other", "", "", "", decimal(run + cycles, 0), ms(run + cycles),
                         r.totals.energy ? quantity(run_joules + joules, "J") : "-", ""},
                        0,
                        true});
  return table;
}

std::string user_figures_remark() {
  return "what is not simulated takes, as --layers says; beside the run's cycles and energy, not part of them; "
         "confidence: user";
}

}  // namespace mj::report
