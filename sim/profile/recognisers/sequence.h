// Layers that show only as the run makes calls: of kernel libraries without a model, and of code generators' functions.
//
// The first inference writes the list; the ones that follow walk along it. What makes a call one layer rather than
// another is its key: the function, where it is called from, and an identity - the address of its weights or of its
// node. Where the image doesn't say which function an inference is, one begins with the first layer of the list and
// ends with the last one that came before it begins again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

class CallSequence {
 public:
  struct Key {
    Address function = 0;
    Address call_site = 0;       ///< where the call returns to; 0: doesn't matter
    std::uint64_t identity = 0;  ///< 0: the function has nothing that tells its layers apart
    /// Whether `identity` stands for one layer: then a second call within an inference is that layer again (a network
    /// that is run patch by patch), else it is the next layer.
    bool unique = false;
    bool operator==(const Key&) const = default;
  };

  /// `network`: facts; it is added to the recorder when its first layer begins.
  CallSequence(const Stage& stage, Network network) : stage_(stage), facts_(std::move(network)) {}

  /// `function`, which is an inference, begins. Without ever being told, the sequence finds inferences by itself.
  void inference(Address function, std::size_t depth);
  /// A layer begins; `facts` is asked the first time only. Gives its number in the recorder.
  int layer(const Key& key, std::size_t depth, const std::function<Layer()>& facts);
  /// The frame at this depth ended.
  void left(std::size_t depth);
  void switched(std::uint32_t thread) { thread_ = thread; }
  /// The run is about to end.
  void finish();

  bool running() const { return running_depth_.has_value(); }
  /// The layers so far, numbers of the recorder.
  std::size_t size() const { return layers_.size(); }
  int network() const { return network_; }

 private:
  struct Known {
    Key key;
    int number;
  };
  std::optional<std::size_t> place(const Key& key) const;
  void begin();
  void add_network(Address function);

  const Stage& stage_;
  Network facts_;
  int network_ = -1;
  std::vector<Known> layers_;
  std::size_t next_ = 0;  ///< place in layers_ that is expected now
  bool told_ = false;     ///< somebody says where inferences begin
  bool under_way_ = false;
  std::uint32_t thread_ = 0, own_thread_ = 0;  ///< the running one; the one that the inference runs in
  std::optional<std::size_t> inference_depth_, running_depth_;
  Counts layer_ended_;
};

}  // namespace mj::profile
