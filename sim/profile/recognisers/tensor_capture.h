// Takes tensors of layers along as the run makes them: inputs when the layer is called, outputs when it returns, so
// that operators that work in place and arenas that are used again don't matter. It only reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"
#include "sim/profile/tensors.h"

namespace mj::profile {

class TensorCapture {
 public:
  struct Wanted {
    std::function<bool(const Layer&)> layer;
    std::uint64_t inference = 1;  ///< of the layer's network, 1: the first
    bool constants = false;       ///< layers' constants and the network's inputs, too
  };
  TensorCapture(Wanted wanted, memory::Bus& bus) : wanted_(std::move(wanted)), bus_(bus) {}

  bool wants(const Layer& layer, std::uint64_t inference) const {
    return inference == wanted_.inference && wanted_.layer(layer);
  }
  /// A layer that is wanted began in the frame at this depth of this thread; `tensors` is asked for the first call.
  void began(int layer, int network, std::uint32_t thread, std::size_t depth,
             const std::function<LayerTensors()>& tensors);
  /// The frame at this depth ended, with all above it.
  void left(std::uint32_t thread, std::size_t depth);
  /// What was taken, in the order of the calls; `index_of`: for each layer its index in the result, -1: left out.
  std::vector<CapturedLayer> take(const std::vector<int>& index_of);

 private:
  struct Open {
    std::size_t captured;
    std::uint32_t thread;
    std::size_t depth;
  };
  CapturedTensor read(TensorPlace place);

  Wanted wanted_;
  memory::Bus& bus_;
  std::uint64_t bytes_ = 0;  ///< taken so far
  std::vector<CapturedLayer> captured_;
  std::map<int, std::size_t> index_;   ///< by layer
  std::map<int, bool> network_began_;  ///< its inputs were taken
  std::vector<Open> open_;
};

}  // namespace mj::profile
