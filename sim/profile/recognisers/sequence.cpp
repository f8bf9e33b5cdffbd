#include "sim/profile/recognisers/sequence.h"

#include <algorithm>

namespace mj::profile {

void CallSequence::add_network(Address function) {
  if (network_ >= 0) return;
  // Nothing else has a name: the function that runs it.
  if (const Symbol* s = stage_.program.symbols.function_at(function); s && facts_.name.empty())
    facts_.name = s->display;
  if (facts_.name.empty()) facts_.name = "network";
  network_ = stage_.recorder.add_network(facts_);
}

void CallSequence::inference(Address function, std::size_t depth) {
  told_ = true;
  if (inference_depth_) return;  // it calls itself, or a wrapper of the same runtime
  add_network(function);
  inference_depth_ = depth;
  own_thread_ = thread_;
  next_ = 0;
  under_way_ = true;
  stage_.recorder.begin_inference(network_, depth);
}

void CallSequence::begin() {
  add_network(stage_.guest.return_address());
  own_thread_ = thread_;
  next_ = 0;
  under_way_ = true;
  // It ends when we say so: no frame above the outermost one is known to hold all of its layers.
  stage_.recorder.begin_inference(network_, 0);
}

std::optional<std::size_t> CallSequence::place(const Key& key) const {
  const auto same = [&](const Known& k) { return k.key == key; };
  const auto from = layers_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, layers_.size()));
  // In order; a layer that this inference leaves out is passed over.
  if (const auto at = std::find_if(from, layers_.end(), same); at != layers_.end())
    return static_cast<std::size_t>(at - layers_.begin());
  if (key.unique)
    if (const auto at = std::find_if(layers_.begin(), from, same); at != from)
      return static_cast<std::size_t>(at - layers_.begin());
  return std::nullopt;
}

int CallSequence::layer(const Key& key, std::size_t depth, const std::function<Layer()>& facts) {
  if (!told_) {
    const bool again = under_way_ && next_ > 0 && layers_.front().key == key;
    if (again) stage_.recorder.end_inference(layer_ended_);
    if (again || !under_way_) begin();
  } else if (!inference_depth_) {
    begin();  // a layer outside of the inference's function: one by itself
  }
  std::optional<std::size_t> at = place(key);
  if (!at) {
    Layer l = facts();
    l.network = network_;
    l.index = static_cast<int>(layers_.size());
    const auto where = std::min(next_, layers_.size());
    layers_.insert(layers_.begin() + static_cast<std::ptrdiff_t>(where),
                   {key, stage_.recorder.add_layer(std::move(l))});
    at = where;
  }
  next_ = std::max(next_, *at + 1);
  running_depth_ = depth;
  stage_.recorder.begin_layer(layers_[*at].number, depth, key.function);
  return layers_[*at].number;
}

void CallSequence::left(std::size_t depth) {
  if (thread_ != own_thread_) return;
  if (running_depth_ && depth <= *running_depth_) {
    running_depth_.reset();
    layer_ended_ = stage_.meter.read();
    if (told_ && !inference_depth_) {
      stage_.recorder.end_inference(layer_ended_);
      under_way_ = false;
    }
  }
  if (inference_depth_ && depth <= *inference_depth_) {
    inference_depth_.reset();
    under_way_ = false;
  }
}

void CallSequence::finish() {
  // Whole, as far as anybody can tell: all of the list has run, and nothing is under way.
  if (!told_ && under_way_ && !running_depth_ && next_ == layers_.size()) stage_.recorder.end_inference(layer_ended_);
  // Layers that showed up in later inferences only have moved the others: number them in the order of the list.
  for (std::size_t i = 0; i < layers_.size(); ++i) stage_.recorder.layer(layers_[i].number).index = static_cast<int>(i);
}

}  // namespace mj::profile
