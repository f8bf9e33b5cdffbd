// Layers of firmware of our own runtime: its note names the function of each layer, so a layer is an interval of that
// function's frame in the call tree.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/profile/call_tree.h"
#include "sim/profile/counts.h"
#include "sim/profile/model/note.h"
#include "sim/profile/run_result.h"

namespace mj::profile {

class LayerTracker final : public CallTree::Listener {
 public:
  /// `points` grows with the operating points that the run sees.
  LayerTracker(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
               const model::NoteModel& note);

  /// Called at each inference's begin and end (tensors can be written and read then).
  std::function<void()> on_invoke, on_invoke_end;
  /// Simulated seconds at a cycle count.
  std::function<double(Cycle)> seconds;

  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address function, std::size_t depth, Cycle now) override;

  /// The run ended: what is under way is charged, but doesn't count as an invocation.
  void finish(Cycle now);
  /// What was measured; appends its layers. Layers that never ran have 0 invocations.
  Network network(std::vector<Layer>& layers, int network_index) const;
  /// The first invocations, by begin; `layer` counts from 0 in the order that network() appends. And how many more.
  const std::vector<Timeline::LayerSpan>& spans() const { return spans_; }
  std::uint64_t spans_left_out() const { return spans_left_out_; }
  /// Index and name of the layer that is running; nullptr: none is.
  const model::NoteLayer* running() const { return layer_.running ? &note_.layers[open_layer_] : nullptr; }

 private:
  struct Open {
    std::size_t depth = 0;
    bool running = false;
    Counts at;
    Cycle begin = 0;
    double seconds = 0;
  };
  struct Sum {
    Counts counts;
    std::uint64_t invocations = 0;
    Cycle first = 0, min = 0, max = 0;
    double seconds = 0;
    void add(const Counts& spent, double span, bool complete);
  };
  void close_layer(Cycle now, bool complete);
  void close_inference(Cycle now, bool complete);

  const engine::Engine& engine_;
  const timing::CoreTiming& timing_;
  const Points& points_;
  const model::NoteModel& note_;
  std::unordered_map<Address, std::size_t> layer_of_;
  std::vector<Sum> sums_;
  Open layer_;
  std::size_t open_layer_ = 0;
  Open inference_;
  Sum inferences_;
  std::vector<Timeline::LayerSpan> spans_;
  std::uint64_t spans_left_out_ = 0;
};

}  // namespace mj::profile
