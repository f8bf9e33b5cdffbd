#include "sim/profile/roi.h"

namespace mj::profile {

namespace {
constexpr std::size_t most_hits = 10000;
}

RoiTracker::RoiTracker(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
                       std::vector<RoiSpec> specs)
    : engine_(engine), timing_(timing), points_(points) {
  for (RoiSpec& spec : specs) {
    State s;
    s.roi.name = spec.name;
    s.roi.begin = spec.begin;
    s.roi.end = spec.end;
    s.spec = std::move(spec);
    states_.push_back(std::move(s));
  }
}

std::vector<Address> RoiTracker::addresses() const {
  std::vector<Address> out;
  for (const State& s : states_) {
    out.push_back(s.spec.begin);
    out.push_back(s.spec.end);
  }
  return out;
}

void RoiTracker::reached(Address pc) {
  for (State& s : states_) {
    const bool begins = pc == s.spec.begin, ends = s.open && pc == s.spec.end;
    if (!begins && !ends) continue;
    // Counts are multiplied out over all blocks: not for hits that are only counted.
    const bool kept = s.roi.hits.size() < most_hits;
    const Counts now = kept ? total_counts(engine_, timing_, points_) : Counts{};
    if (ends && kept) {
      Counts spent = now;
      spent -= s.at;
      s.roi.hits.push_back({s.at.cycles, spent.cycles, spent.instructions, spent.instructions - spent.condition_failed,
                            spent.reasons, spent.unsure});
    } else if (ends) {
      ++s.roi.left_out;
    }
    // Begun again without having ended: the last begin counts.
    s.open = begins;
    if (begins) s.at = now;
  }
}

std::vector<Roi> RoiTracker::result() const {
  std::vector<Roi> out;
  for (const State& s : states_) out.push_back(s.roi);
  return out;
}

}  // namespace mj::profile
