// Regions of interest: what lies between two addresses each time that the program passes from one to the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/profile/counts.h"
#include "sim/profile/run_result.h"

namespace mj::profile {

/// Begin and end of one region of interest. A region whose begin is its end is measured from each pass to the next.
struct RoiSpec {
  std::string name;  ///< as asked for: "bench_begin:bench_end"
  Address begin = 0, end = 0;
};

class RoiTracker {
 public:
  RoiTracker(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
             std::vector<RoiSpec> specs);

  /// The addresses that the engine must report.
  std::vector<Address> addresses() const;
  /// The program is about to execute the instruction at `pc`.
  void reached(Address pc);
  std::vector<Roi> result() const;

 private:
  struct State {
    RoiSpec spec;
    bool open = false;
    Counts at;
    Roi roi;
  };
  const engine::Engine& engine_;
  const timing::CoreTiming& timing_;
  const Points& points_;
  std::vector<State> states_;
};

}  // namespace mj::profile
