// All recognisers at work on one image: asks each what it makes of it, and lets those that can listen to the run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/profile/families.h"
#include "sim/profile/recognisers/recogniser.h"
#include "sim/profile/recognisers/tensor_capture.h"

namespace mj::profile {

struct Ranked {
  std::string name;  ///< of the recogniser
  Candidate candidate;
};

/// What the recognisers say of an image, those with something to say or to listen to, the most confident first; then in
/// the table's order.
/// Errors: see Look.
Result<std::vector<Ranked>> candidates(const Program& program);

class Recognition final : CallTree::Listener {
 public:
  /// `program` lives as long as this.
  Recognition(const Program& program, std::vector<Ranked> candidates);
  ~Recognition() override;
  Recognition(const Recognition&) = delete;
  Recognition& operator=(const Recognition&) = delete;

  const std::vector<Ranked>& candidates() const { return candidates_; }
  /// Whether a recogniser knows that a function begins here; more become known while they listen.
  bool is_function(Address a) const { return functions_.count(a) != 0; }
  /// Called at each inference's begin and end, when its tensors can be written and read; set before listen().
  std::function<void(bool begins)> on_inference;
  /// Takes layers' tensors along; may be null; set before listen().
  TensorCapture* capture = nullptr;

  /// From now on, until finish() or the end of this object. `points` grows with the operating points of the run.
  void listen(engine::Engine& engine, const timing::CoreTiming& timing, const Points& points);
  /// The layer that is running now; nullptr: none is.
  const Layer* running() const;
  /// Its number, which layer_indices() goes by; -1: none is.
  int running_number() const { return recorder_ ? recorder_->running_layer() : -1; }
  /// The run ended.
  void finish();
  /// Sets networks, layers, phases and their spans; layers' functions; families.
  void give(RunResult& result);
  /// For each layer of the recorder its index in the result; -1: left out. After give().
  const std::vector<int>& layer_indices() const { return layer_at_; }
  /// The index in the result of the layer that a call of the tree was tagged with; -1: none.
  int layer_of(const CallNode& node) const;

 private:
  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address function, std::size_t depth, Cycle now) override;
  void interrupted(Cycle now) override;
  void resumed(Cycle now) override;
  void switched(std::uint32_t thread, Cycle now) override;
  template <class Call>
  void each(Call call);

  const Program& program_;
  Families families_;
  std::vector<Ranked> candidates_;
  engine::Engine* engine_ = nullptr;
  std::optional<Guest> guest_;
  std::optional<Meter> meter_;
  std::optional<LayerRecorder> recorder_;
  struct Speaker {
    int rank;
    std::unique_ptr<Stage> stage;
    std::unique_ptr<LayerSource> source;
  };
  std::vector<Speaker> speakers_;
  std::unordered_set<Address> functions_;
  Address main_ = 0;
  std::uint32_t thread_ = 0;
  std::vector<int> layer_at_;
};

}  // namespace mj::profile
