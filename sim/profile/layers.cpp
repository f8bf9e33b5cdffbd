#include "sim/profile/layers.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "sim/profile/families.h"

namespace mj::profile {

namespace {
constexpr std::size_t most_spans = 4096;
constexpr std::size_t most_supposed = 4096;  ///< each costs two readings of the meter

/// What both have.
energy::Activities common(const energy::Activities& a, const energy::Activities& b) {
  using energy::Activity;
  energy::Activities out(std::min(a.size(), b.size()));
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const auto event : {&Activity::issue_cycles, &Activity::stall_cycles, &Activity::sleep_cycles,
                             &Activity::code_flash_cycles, &Activity::flash_reads, &Activity::ram_accesses})
      out[i].*event = std::min(a[i].*event, b[i].*event);
  return out;
}

Spread spread(std::vector<Cycle> cycles) {
  if (cycles.empty()) return {};
  Spread s;
  s.first = cycles.front();
  // Caches and lazily made tables make the first one special: of several, the others are what comes again and again.
  const auto typical = [](auto begin, auto end) {
    const auto middle = begin + (end - begin - 1) / 2;
    std::nth_element(begin, middle, end);
    return *middle;
  };
  s.warm = typical(cycles.begin() + (cycles.size() > 1), cycles.end());
  s.median = typical(cycles.begin(), cycles.end());
  s.min = *std::min_element(cycles.begin(), cycles.end());
  s.max = *std::max_element(cycles.begin(), cycles.end());
  return s;
}
}  // namespace

int LayerRecorder::add_network(Network facts) {
  networks_.push_back({std::move(facts), rank_, false, {}, {}, {}});
  return static_cast<int>(networks_.size()) - 1;
}

int LayerRecorder::add_layer(Layer facts, Address function, bool inlined) {
  layers_.push_back({std::move(facts), {}, {}, function, inlined});
  return static_cast<int>(layers_.size()) - 1;
}

int LayerRecorder::add_phase(Phase facts) {
  phases_.push_back({std::move(facts), {}});
  return static_cast<int>(phases_.size()) - 1;
}

LayerRecorder::Open* LayerRecorder::inference(int network) {
  auto& stack = open();
  for (auto o = stack.rbegin(); o != stack.rend(); ++o)
    if (o->kind == Kind::inference && (network < 0 || o->id == network)) return &*o;
  return nullptr;
}

const LayerRecorder::Open* LayerRecorder::innermost(const std::vector<Open>& stack) {
  const auto at = std::find_if(stack.rbegin(), stack.rend(), [](const Open& o) { return o.kind != Kind::interrupt; });
  return at == stack.rend() ? nullptr : &*at;
}

Counts& LayerRecorder::outside() {
  // What another thread began goes on behind this one.
  Counts* behind_supposed = nullptr;
  for (const auto& [thread, stack] : open_) {
    if (stack.empty()) continue;
    const Open* o = innermost(stack);
    if (!o || o->kind != Kind::supposed) return threads_;
    behind_supposed = &supposed(o->id).threads;
  }
  return behind_supposed ? *behind_supposed : alone();
}

void LayerRecorder::charge(const Counts& until) {
  Counts spent = until;
  spent -= last_;
  last_ = until;
  auto& stack = open();
  if (stack.empty()) {
    outside() += spent;
    return;
  }
  Open& top = stack.back();
  top.cycles += spent.cycles;
  switch (top.kind) {
    case Kind::interrupt: {
      const Open* in = innermost(stack);
      (in && in->kind == Kind::supposed ? supposed(in->id).interrupts : interrupts_) += spent;
      return;
    }
    case Kind::supposed:
      supposed(top.id).counts += spent;
      return;
    case Kind::phase:
      phases_[static_cast<std::size_t>(top.id)].counts += spent;
      return;
    case Kind::inference: {
      NetworkSum& n = networks_[static_cast<std::size_t>(top.id)];
      n.between += spent;
      n.inside += spent;
      return;
    }
    case Kind::layer: {
      LayerSum& l = layers_[static_cast<std::size_t>(top.id)];
      l.counts += spent;
      networks_[static_cast<std::size_t>(l.facts.network)].inside += spent;
      if (Open* i = inference(l.facts.network)) i->cycles += spent.cycles;
      return;
    }
  }
}

void LayerRecorder::begin_inference(int network, std::size_t depth, const Counts& since) {
  if (outranked()) return;
  for (const Open& o : open())
    if (o.kind == Kind::inference && networks_[static_cast<std::size_t>(o.id)].rank > rank_)
      networks_[static_cast<std::size_t>(o.id)].refuted = true;
  charge(since.cycles >= last_.cycles ? since : meter_.read());
  give_up_supposed();
  if (inferred_) {
    between_ += since_;
    since_ = {};
  }
  inferred_ = true;
  open().push_back({Kind::inference, network, depth, last_.cycles});
}

void LayerRecorder::begin_layer(int layer, std::size_t depth, Address function) {
  if (outranked()) return;
  const int network = this->layer(layer).network;
  if (!inference(network)) begin_inference(network, depth);
  charge(meter_.read());
  LayerSum& sum = layers_[static_cast<std::size_t>(layer)];
  sum.function = function;
  if (sum.calls.empty() && sum.facts.parent < 0) sum.facts.parent = running_layer();
  open().push_back({Kind::layer, layer, depth, last_.cycles});
  ++begun_;
}

void LayerRecorder::begin_call_of_inlined(int layer, std::size_t depth) {
  if (outranked()) return;
  inlined_call_ = InlinedCall{layer, depth, thread_};
  ++begun_;
}

const Counts& LayerRecorder::between(int network) {
  charge(meter_.read());
  return networks_[static_cast<std::size_t>(network)].between;
}

void LayerRecorder::begin_phase(int phase, std::size_t depth) {
  charge(meter_.read());
  ++phases_[static_cast<std::size_t>(phase)].facts.count;
  open().push_back({Kind::phase, phase, depth, last_.cycles});
}

int LayerRecorder::suppose(std::size_t depth) {
  if (supposed_.size() == most_supposed) return -1;
  for (const auto& [thread, stack] : open_)
    if (std::any_of(stack.begin(), stack.end(), [](const Open& o) { return o.kind != Kind::supposed; })) return -1;
  charge(meter_.read());
  auto& stack = open();
  Supposed s;
  if (!stack.empty()) s.around = stack.back().id;
  supposed_.push_back(std::move(s));
  const int number = first_supposed_ + static_cast<int>(supposed_.size()) - 1;
  stack.push_back({Kind::supposed, number, depth, last_.cycles});
  return number;
}

bool LayerRecorder::confirm(int number, int phase) {
  if (number < first_supposed_) return false;
  Supposed& s = supposed(number);
  if (s.phase >= 0) return false;
  PhaseSum& sum = phases_[static_cast<std::size_t>(phase)];
  for (auto& [thread, stack] : open_)
    for (Open& o : stack)
      if (o.kind == Kind::supposed && o.id == number) {
        charge(meter_.read());
        o.kind = Kind::phase;
        o.id = phase;
      }
  s.phase = phase;
  ++sum.facts.count;
  sum.counts += s.counts;
  interrupts_ += s.interrupts;
  interrupt_count_ += s.interrupt_count;
  threads_ += s.threads;
  return true;
}

void LayerRecorder::give_up_supposed() {
  // The inner ones, which began later, first.
  for (std::size_t i = supposed_.size(); i-- > 0;) {
    const Supposed& s = supposed_[i];
    if (s.phase >= 0) continue;
    Supposed* around = s.around < 0 ? nullptr : &supposed(s.around);
    if (around && around->phase < 0) {
      around->counts += s.counts;
      around->interrupts += s.interrupts;
      around->interrupt_count += s.interrupt_count;
      around->threads += s.threads;
    } else if (around) {
      phases_[static_cast<std::size_t>(around->phase)].counts += s.counts;
      interrupts_ += s.interrupts;
      interrupt_count_ += s.interrupt_count;
      threads_ += s.threads;
    } else {
      for (const Counts* c : {&s.counts, &s.interrupts, &s.threads}) alone() += *c;
    }
  }
  first_supposed_ += static_cast<int>(supposed_.size());
  supposed_.clear();
  for (auto& [thread, stack] : open_) {
    std::erase_if(stack, [](const Open& o) { return o.kind == Kind::supposed; });
    // Outside of everything nothing needs to be told apart from a handler.
    const auto first =
        std::find_if(stack.begin(), stack.end(), [](const Open& o) { return o.kind != Kind::interrupt; });
    stack.erase(stack.begin(), first);
  }
}

void LayerRecorder::close(bool complete) {
  auto& stack = open();
  const Open o = stack.back();
  stack.pop_back();
  if (o.kind == Kind::inference && complete) networks_[static_cast<std::size_t>(o.id)].inferences.push_back(o.cycles);
  if (o.kind != Kind::layer) return;
  if (complete) layers_[static_cast<std::size_t>(o.id)].calls.push_back(o.cycles);
  if (spans_.size() < most_spans)
    spans_.push_back({static_cast<std::uint32_t>(o.id), o.begin, last_.cycles});
  else
    ++spans_left_out_;
}

void LayerRecorder::close_all(std::size_t first) {
  auto& stack = open();
  if (stack.size() <= first) return;
  charge(meter_.read());
  while (stack.size() > first) close(true);
}

void LayerRecorder::end_inference() {
  const Open* i = inference();
  if (i) close_all(static_cast<std::size_t>(i - open().data()));
}

void LayerRecorder::end_inference(const Counts& until) {
  const Open* i = inference();
  if (!i) return;
  if (until.cycles >= last_.cycles) charge(until);
  const auto first = static_cast<std::size_t>(i - open().data());
  while (open().size() > first) close(true);
}

void LayerRecorder::left(std::size_t depth) {
  if (inlined_call_ && inlined_call_->thread == thread_ && inlined_call_->depth >= depth) inlined_call_.reset();
  const auto& stack = open();
  std::size_t keep = stack.size();
  while (keep > 0 && stack[keep - 1].kind != Kind::interrupt && stack[keep - 1].depth >= depth) --keep;
  close_all(keep);
}

void LayerRecorder::interrupted() {
  // Outside of everything nothing needs to be told apart from the handler.
  if (open().empty()) return;
  charge(meter_.read());
  const Open* in = innermost(open());
  ++(in && in->kind == Kind::supposed ? supposed(in->id).interrupt_count : interrupt_count_);
  open().push_back({Kind::interrupt, 0, 0, last_.cycles});
}

void LayerRecorder::resumed() {
  auto& stack = open();
  const auto handler =
      std::find_if(stack.rbegin(), stack.rend(), [](const Open& o) { return o.kind == Kind::interrupt; });
  if (handler != stack.rend()) close_all(static_cast<std::size_t>(stack.rend() - handler) - 1);
}

void LayerRecorder::switched(std::uint32_t thread) {
  if (open().empty() && open_[thread].empty()) {
    thread_ = thread;
    return;
  }
  charge(meter_.read());
  thread_ = thread;
}

void LayerRecorder::main_began() {
  if (main_began_) return;
  charge(meter_.read());
  give_up_supposed();
  main_began_ = true;
}

void LayerRecorder::finish() {
  charge(meter_.read());
  give_up_supposed();
  for (auto& [thread, stack] : open_) {
    thread_ = thread;
    while (!stack.empty()) close(false);
  }
}

void take_parts(Counts& own, const Counts& from) {
  own.parts.assign(from.parts.size(), {});
  energy::Activities left = own.activity;
  for (std::size_t i = 0; i < own.parts.size(); ++i) {
    own.parts[i] = common(left, from.parts[i]);
    energy::operator-=(left, own.parts[i]);
  }
}

bool LayerRecorder::claim(int layer, const Counts& own, const Counts& calls) {
  LayerSum& sum = layers_[static_cast<std::size_t>(layer)];
  Counts& between = networks_[static_cast<std::size_t>(sum.facts.network)].between;
  if (own.cycles + calls.cycles > between.cycles || own.instructions + calls.instructions > between.instructions)
    return false;
  between -= calls;
  sum.counts += calls;
  Counts moved = own;
  take_parts(moved, between);
  between -= moved;
  sum.counts += moved;
  return true;
}

int LayerRecorder::running_layer() const {
  if (in_call_of_inlined()) return inlined_call_->layer;
  const auto stack = open_.find(thread_);
  if (stack == open_.end()) return -1;
  for (auto o = stack->second.rbegin(); o != stack->second.rend(); ++o)
    if (o->kind == Kind::layer) return o->id;
  return -1;
}

int LayerRecorder::running_network() const {
  const auto stack = open_.find(thread_);
  if (stack == open_.end()) return -1;
  for (auto o = stack->second.rbegin(); o != stack->second.rend(); ++o)
    if (o->kind == Kind::inference) return o->id;
  return -1;
}

int LayerRecorder::running_rank() const {
  const int network = running_network();
  return network < 0 ? -1 : networks_[static_cast<std::size_t>(network)].rank;
}

std::vector<int> LayerRecorder::give(RunResult& result) const {
  const auto ran = [](const NetworkSum& n) { return !n.refuted && n.inside.cycles > 0; };
  const bool any_ran = std::any_of(networks_.begin(), networks_.end(), ran);
  Counts other;
  std::vector<int> network_at, layer_at;
  for (const NetworkSum& sum : networks_) {
    if (!ran(sum)) other += sum.inside;
    if (sum.refuted || (any_ran && !ran(sum))) {
      network_at.push_back(-1);
      continue;
    }
    network_at.push_back(static_cast<int>(result.networks.size()));
    Network n = sum.facts;
    n.macs = 0;
    n.inferences = sum.inferences.size();
    n.inference_cycles = spread(sum.inferences);
    n.cycles = sum.inside.cycles;
    n.instructions = sum.inside.instructions;
    n.activity = sum.inside.activity;
    n.between_cycles = sum.between.cycles;
    n.between_instructions = sum.between.instructions;
    n.between_parts = parts_of(sum.between.parts);
    n.between_bytes_moved = meter_.traffic(sum.between);
    result.networks.push_back(std::move(n));
  }
  // A source may have learned of a layer late, or of its place.
  std::vector<std::size_t> order(layers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t i) {
    const Layer& l = layers_[i].facts;
    return std::tuple(l.network, l.subgraph, l.index);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  layer_at.resize(layers_.size());
  for (const std::size_t number : order) {
    const LayerSum& sum = layers_[number];
    const int network = network_at[static_cast<std::size_t>(sum.facts.network)];
    layer_at[number] = network < 0 ? -1 : static_cast<int>(result.layers.size());
    if (network < 0) continue;
    Layer l = sum.facts;
    const Spread s = sum.inlined ? Spread{} : spread(sum.calls);
    l.network = network;
    l.invocations =
        sum.inlined ? networks_[static_cast<std::size_t>(sum.facts.network)].inferences.size() : sum.calls.size();
    l.cycles = sum.counts.cycles;
    l.first_cycles = s.first;
    l.warm_cycles = s.warm;
    l.median_cycles = s.median;
    l.min_cycles = s.min;
    l.max_cycles = s.max;
    l.instructions = sum.counts.instructions;
    l.reasons = sum.counts.reasons;
    l.unsure = sum.counts.unsure;
    l.activity = sum.counts.activity;
    l.parts = parts_of(sum.counts.parts);
    l.bytes_moved = meter_.traffic(sum.counts);
    result.networks[static_cast<std::size_t>(network)].macs += l.macs;
    result.layers.push_back(std::move(l));
  }
  const auto mapped = [](const std::vector<int>& at, int old) {
    return old < 0 ? -1 : at[static_cast<std::size_t>(old)];
  };
  for (Layer& l : result.layers) l.parent = mapped(layer_at, l.parent);

  const auto phase = [&](Phase facts, const Counts& counts) {
    if (counts.cycles == 0 && counts.instructions == 0) return;
    facts.cycles = counts.cycles;
    facts.instructions = counts.instructions;
    facts.reasons = counts.reasons;
    facts.activity = counts.activity;
    facts.parts = parts_of(counts.parts);
    facts.bytes_moved = meter_.traffic(counts);
    result.phases.push_back(std::move(facts));
  };
  const auto plain = [&](const char* kind, std::uint64_t count, const Counts& counts) {
    Phase p;
    p.kind = kind;
    p.count = count;
    phase(std::move(p), counts);
  };
  plain("startup", 1, startup_);
  for (const PhaseSum& sum : phases_) {
    Phase p = sum.facts;
    p.network = mapped(network_at, p.network);
    p.layer = mapped(layer_at, p.layer);
    phase(std::move(p), sum.counts);
  }
  std::uint64_t inferences = 0;
  for (const Network& n : result.networks) inferences += n.inferences;
  plain(any_ran ? "before" : "program", 1, before_);
  plain("between", inferences ? inferences - 1 : 0, between_);
  plain("interrupts", interrupt_count_, interrupts_);
  plain("threads", 1, threads_);
  plain("other", 1, other);
  plain("after", 1, since_);

  auto& spans = result.timeline.layers;
  for (Timeline::LayerSpan s : spans_) {
    const int layer = layer_at[s.layer];
    if (layer < 0) continue;
    s.layer = static_cast<std::uint32_t>(layer);
    spans.push_back(s);
  }
  std::stable_sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  result.timeline.layers_left_out += spans_left_out_;
  return layer_at;
}

}  // namespace mj::profile
