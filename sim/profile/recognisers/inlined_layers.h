// Layers that have no call: functions of a code generator that the compiler inlined into the inference's function,
// found again through the debug information.
//
// Their own code is known by address, so that its cycles are claimed when the run is over; what it calls is seen as it
// is called, by its return address.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

class InlinedLayers {
 public:
  struct Call {
    std::string name;        ///< of the function
    std::uint32_t line = 0;  ///< in the source of the function that it was inlined into
  };

  /// Inlined calls of functions that `is_layer` within a function of the image and its clones.
  InlinedLayers(const Program& program, Address inference, const std::function<bool(const std::string&)>& is_layer);

  /// In the order of the source.
  const std::vector<Call>& calls() const { return calls_; }
  /// Which of them an address belongs to.
  std::optional<std::size_t> at(Address a) const;
  /// Cycles of each call's own code.
  std::vector<Counts> own(const std::map<Address, Counts>& by_address) const;
  /// Cycles of all code of the function and its clones, inlined or not, so far.
  Counts whole(const Meter& meter) const;

 private:
  std::vector<Call> calls_;
  std::vector<FlatRange> ranges_;                    ///< value: index into calls_
  std::vector<std::pair<Address, Address>> pieces_;  ///< of the function: first, behind the last
};

}  // namespace mj::profile
