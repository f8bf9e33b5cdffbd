#include "sim/profile/layers.h"

#include <algorithm>

#include "sim/profile/model/op_kind.h"

namespace mj::profile {

namespace {
constexpr std::size_t most_spans = 4096;

std::vector<std::int64_t> shape(const std::vector<std::int32_t>& s) { return {s.begin(), s.end()}; }
}  // namespace

LayerTracker::LayerTracker(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
                           const model::NoteModel& note)
    : engine_(engine), timing_(timing), points_(points), note_(note), sums_(note.layers.size()) {
  for (std::size_t i = 0; i < note.layers.size(); ++i) layer_of_.emplace(note.layers[i].function, i);
}

void LayerTracker::entered(Address function, std::size_t depth, Cycle now) {
  if (function == note_.invoke_address && !inference_.running) {
    if (on_invoke) on_invoke();
    inference_ = {depth, true, total_counts(engine_, timing_, points_), now, seconds(now)};
    return;
  }
  const auto layer = layer_of_.find(function);
  if (layer == layer_of_.end() || layer_.running) return;
  open_layer_ = layer->second;
  layer_ = {depth, true, total_counts(engine_, timing_, points_), now, seconds(now)};
}

void LayerTracker::close_layer(Cycle now, bool complete) {
  if (!layer_.running) return;
  layer_.running = false;
  Counts spent = total_counts(engine_, timing_, points_);
  spent -= layer_.at;
  if (spans_.size() < most_spans)
    spans_.push_back({static_cast<std::uint32_t>(open_layer_), layer_.begin, now});
  else
    ++spans_left_out_;
  sums_[open_layer_].add(spent, seconds(now) - layer_.seconds, complete);
}

void LayerTracker::close_inference(Cycle now, bool complete) {
  if (!inference_.running) return;
  inference_.running = false;
  Counts spent = total_counts(engine_, timing_, points_);
  spent -= inference_.at;
  inferences_.add(spent, seconds(now) - inference_.seconds, complete);
}

void LayerTracker::left(Address, std::size_t depth, Cycle now) {
  if (depth <= layer_.depth) close_layer(now, true);
  if (inference_.running && depth <= inference_.depth) {
    close_inference(now, true);
    if (on_invoke_end) on_invoke_end();
  }
}

void LayerTracker::finish(Cycle now) {
  close_layer(now, false);
  close_inference(now, false);
}

void LayerTracker::Sum::add(const Counts& spent, double span, bool complete) {
  counts += spent;
  seconds += span;
  if (!complete) return;
  if (invocations++ == 0) first = min = spent.cycles;
  min = std::min(min, spent.cycles);
  max = std::max(max, spent.cycles);
}

Network LayerTracker::network(std::vector<Layer>& layers, int network_index) const {
  Network n;
  n.name = note_.model_name;
  n.runtime = note_.runtime_name;
  n.recognised_by = "the layer table in the image's section .note.microjoule";
  n.inferences = inferences_.invocations;
  n.cycles = inferences_.counts.cycles;
  n.time_s = inferences_.seconds;
  n.activity = inferences_.counts.activity;
  Cycle inside = 0;
  for (std::size_t i = 0; i < note_.layers.size(); ++i) {
    const model::NoteLayer& from = note_.layers[i];
    const Sum& sum = sums_[i];
    Layer l;
    l.network = network_index;
    l.index = static_cast<int>(from.index);
    l.op = model::op_name(from.kind);
    l.name = from.name;
    l.input_shapes = {shape(from.input_shape)};
    if (!from.weight_shape.empty()) l.weight_shapes = {shape(from.weight_shape)};
    l.output_shapes = {shape(from.output_shape)};
    l.macs = from.macs;
    l.parameter_bytes = from.parameter_bytes;
    l.arena_bytes = from.live_bytes;
    l.invocations = sum.invocations;
    l.cycles = sum.counts.cycles;
    l.first_cycles = sum.first;
    l.min_cycles = sum.min;
    l.max_cycles = sum.max;
    l.instructions = sum.counts.instructions;
    l.time_s = sum.seconds;
    l.reasons = sum.counts.reasons;
    l.unsure = sum.counts.unsure;
    l.activity = sum.counts.activity;
    inside += l.cycles;
    n.macs += l.macs;
    layers.push_back(std::move(l));
  }
  n.between_cycles = n.cycles - std::min(n.cycles, inside);
  return n;
}

}  // namespace mj::profile
