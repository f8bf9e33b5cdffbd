#include "energy/activity.h"

#include <algorithm>
#include <cassert>

namespace mj::energy {

Activity& Activity::operator+=(const Activity& o) {
  issue_cycles += o.issue_cycles;
  stall_cycles += o.stall_cycles;
  sleep_cycles += o.sleep_cycles;
  code_flash_cycles += o.code_flash_cycles;
  flash_reads += o.flash_reads;
  ram_accesses += o.ram_accesses;
  return *this;
}

Activity& Activity::operator-=(const Activity& o) {
  assert(o.issue_cycles <= issue_cycles && o.stall_cycles <= stall_cycles && o.sleep_cycles <= sleep_cycles);
  assert(o.code_flash_cycles <= code_flash_cycles && o.flash_reads <= flash_reads && o.ram_accesses <= ram_accesses);
  issue_cycles -= o.issue_cycles;
  stall_cycles -= o.stall_cycles;
  sleep_cycles -= o.sleep_cycles;
  code_flash_cycles -= o.code_flash_cycles;
  flash_reads -= o.flash_reads;
  ram_accesses -= o.ram_accesses;
  return *this;
}

Activities& operator+=(Activities& a, const Activities& b) {
  if (a.size() < b.size()) a.resize(b.size());
  for (std::size_t i = 0; i < b.size(); ++i) a[i] += b[i];
  return a;
}

Activities& operator-=(Activities& a, const Activities& b) {
  // Where `a` has no entry, `b` may have one without events.
  assert(std::all_of(b.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.end(),
                     [](const Activity& one) { return one == Activity{}; }));
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) a[i] -= b[i];
  return a;
}

double seconds(const Activities& a, const std::vector<OperatingPoint>& points) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size() && i < points.size(); ++i)
    if (points[i].clock_hz) sum += static_cast<double>(a[i].cycles()) / static_cast<double>(points[i].clock_hz);
  return sum;
}

}  // namespace mj::energy
