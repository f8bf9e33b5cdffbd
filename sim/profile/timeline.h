// When functions ran: the calls of a run on the axis of cycles, the shortest ones left out when there are too many.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/profile/call_tree.h"
#include "sim/profile/run_result.h"

namespace mj::profile {

class TimelineRecorder final : public CallTree::Listener {
 public:
  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address function, std::size_t depth, Cycle now) override;

  /// What was recorded below the function that the program began in; calls under way ended at `now`. Spans and names
  /// only, no layers.
  Timeline timeline(Address root, Cycle now, const std::function<std::string(Address)>& name) const;

 private:
  struct Call {
    Address function;
    std::uint32_t depth;
    Cycle begin, end;
  };
  void keep(const Call& call);
  void thin();

  std::vector<Call> open_;
  std::vector<Call> calls_;
  Cycle shortest_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace mj::profile
