#include "sim/profile/recognisers/tflm_inits.h"

#include <algorithm>

namespace mj::profile {

namespace {

constexpr std::uint32_t init_at = 0;     // of a registration
constexpr std::uint32_t options_at = 8;  // behind a node's inputs and outputs stand pointers, its options' among them
// Reading the meter at calls that may be an operator's init is what these bound: calls made from one place, and all.
constexpr std::size_t most_calls = 256, most_expected_calls = 4096;

/// Whether the node holds this pointer, by whatever name its version calls it.
bool has_options(const Guest& guest, Address node, std::uint32_t node_size, Address options) {
  for (std::uint32_t at = options_at; at < node_size; at += 4)
    if (guest.word(node + at) == options) return true;
  return false;
}

}  // namespace

int operator_phase(LayerRecorder& recorder, std::map<int, int>& phases, const char* kind, int network, int layer) {
  const auto [known, first] = phases.try_emplace(layer, -1);
  if (first) {
    Phase p;
    p.kind = kind;
    p.network = network;
    p.layer = layer;
    known->second = recorder.add_phase(std::move(p));
  }
  return known->second;
}

TflmInits::TflmInits(const Stage& stage, bool expected, std::size_t operators)
    : stage_(stage),
      left_(expected ? most_expected_calls : most_calls),
      of_site_(std::max<std::size_t>(most_calls, operators)) {}

void TflmInits::called(Address function, std::size_t depth) {
  const Guest& g = stage_.guest;
  const Address from = g.return_address();
  if (!awaited_ && std::find(sites_.begin(), sites_.end(), from) == sites_.end()) return;
  constexpr std::uint32_t most_options = 1u << 16;
  const Address context = g.argument(0), options = g.argument(1);
  const std::uint32_t length = g.argument(2);
  char byte = 0;
  if (context == 0 || length > most_options || (options == 0 && length != 0) || !g.word(context) ||
      (options != 0 && !g.read(options, &byte, 1)) || !g.called_by_pointer())
    return;
  if (left_ == 0 || ++tries_[from] > of_site_) return;
  const int supposed = stage_.recorder.suppose(depth);
  if (supposed < 0) return;
  --left_;
  calls_.push_back({function, options, from, supposed});
}

void TflmInits::known(const Nodes& nodes) {
  if (nodes.base == last_nodes_ && calls_.size() == last_calls_) return;
  last_nodes_ = nodes.base;
  last_calls_ = calls_.size();
  auto next = calls_.begin();
  for (std::size_t i = 0; i < nodes.layers.size(); ++i) {
    const auto node = static_cast<Address>(nodes.base + i * (nodes.node_size + 4));
    const auto registration = stage_.guest.word(node + nodes.node_size);
    const auto init = stage_.guest.word(registration.value_or(0) + init_at);
    if (!init || *init == 0) continue;
    const int layer = nodes.layers[i];
    const auto call = std::find_if(next, calls_.end(), [&](const Call& c) {
      return !c.known && c.function == (*init & ~1u) && has_options(stage_.guest, node, nodes.node_size, c.options);
    });
    if (call == calls_.end()) {
      if (!phases_.count(layer)) unseen_.insert(layer);
      continue;
    }
    const int phase = operator_phase(stage_.recorder, phases_, "init", nodes.network, layer);
    if (!stage_.recorder.confirm(call->supposed, phase)) continue;
    unseen_.erase(layer);
    call->known = true;
    ++left_;
    if (std::find(sites_.begin(), sites_.end(), call->from) == sites_.end()) sites_.push_back(call->from);
    tries_.erase(call->from);
    next = std::next(call);
  }
}

}  // namespace mj::profile
