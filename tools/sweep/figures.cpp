#include "tools/report/format.h"
#include "tools/sweep/sweep.h"

namespace mj::sweep {
namespace {

using namespace profile;

using report::real;

void add_energy(std::optional<Interval>& sum, const Energy& energy, double share) {
  if (!sum) sum = Interval{};
  sum->value += energy.value_j / share;
  sum->low += energy.low_j / share;
  sum->high += energy.high_j / share;
}

}  // namespace

Figures figures_of(const RunResult& r) {
  Figures f;
  double cycles = 0, seconds = 0;
  for (const Network& n : r.networks) {
    if (n.inferences == 0) continue;
    f.per_inference = true;
    cycles += real(n.cycles) / real(n.inferences);
    seconds += n.time_s / real(n.inferences);
    if (n.energy) add_energy(f.energy_j, *n.energy, real(n.inferences));
    if (n.energy) f.energy_tier = n.energy->tier;
  }
  if (!f.per_inference) {
    cycles = real(r.totals.cycles);
    seconds = r.totals.time_s;
    if (r.totals.energy) add_energy(f.energy_j, *r.totals.energy, 1);
    if (r.totals.energy) f.energy_tier = r.totals.energy->tier;
  }
  const Estimate& e = r.totals.cycles_estimate;
  const double low = e.value > 0 ? e.low / e.value : 1, high = e.value > 0 ? e.high / e.value : 1;
  f.cycles = {cycles, cycles * low, cycles * high};
  f.latency_s = {seconds, seconds * low, seconds * high};

  const EnergyModel& m = r.energy_model;
  if (f.energy_j) {
    f.supply = m.supply;
    f.volts = m.volts;
    f.power_w = {m.average_power_w, m.average_power_low_w, m.average_power_high_w};
  } else {
    f.energy_unknown = m.remarks.empty() ? "no energy table for this board" : m.remarks.front();
  }
  f.flash_used = r.memory.flash_used;
  f.flash_size = r.memory.flash_size;
  f.ram_static = r.memory.ram_static;
  f.ram_size = r.memory.ram_size;
  f.heap_used = r.memory.heap_bytes();
  f.stack_used = r.memory.stack.used_bytes;
  return f;
}

}  // namespace mj::sweep
