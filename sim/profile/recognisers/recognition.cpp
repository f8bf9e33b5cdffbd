#include "sim/profile/recognisers/recognition.h"

#include <algorithm>

#include "sim/profile/attribution.h"

namespace mj::profile {

Result<std::vector<Ranked>> candidates(const Program& program) {
  std::vector<Ranked> all;
  for (const Recogniser& r : recognisers()) {
    auto found = r.look(program);
    if (!found) return found.error();
    for (Candidate& other : found->others) all.push_back({std::string(r.name), std::move(other)});
    found->others.clear();
    if (found->confidence > 0 || found->listen) all.push_back({std::string(r.name), std::move(found).value()});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Ranked& a, const Ranked& b) { return a.candidate.confidence > b.candidate.confidence; });
  return all;
}

Recognition::Recognition(const Program& program, std::vector<Ranked> candidates)
    : program_(program), families_(program.symbols), candidates_(std::move(candidates)) {
  for (const Ranked& r : candidates_) functions_.insert(r.candidate.functions.begin(), r.candidate.functions.end());
}

Recognition::~Recognition() {
  if (!engine_) return;
  engine_->calls().remove_listener(this);
  engine_->calls().classify({});
}

void Recognition::listen(engine::Engine& engine, const timing::CoreTiming& timing, const Points& points) {
  engine_ = &engine;
  guest_.emplace(engine, program_.is_arm());
  meter_.emplace(engine, timing, points);
  recorder_.emplace(*meter_);
  for (const Ranked& r : candidates_) {
    if (!r.candidate.listen) continue;
    const auto rank = static_cast<int>(speakers_.size());
    recorder_->speak(rank);
    auto compare = [this, rank](const KernelCall& call) {
      const int above = recorder_->running_rank();
      if (above < 0 || above >= rank) return false;
      recorder_->speak(above);
      speakers_[static_cast<std::size_t>(above)].source->kernel_called(recorder_->running_layer(), call);
      recorder_->speak(rank);
      return true;
    };
    auto stage = std::make_unique<Stage>(Stage{program_, *guest_, *meter_, *recorder_, std::move(compare),
                                               [this](Address a) { functions_.insert(a & ~1u); }});
    auto source = r.candidate.listen(*stage);
    speakers_.push_back({rank, std::move(stage), std::move(source)});
  }
  if (const Symbol* main = program_.symbols.find("main"); main && main->is_function)
    main_ = main->start;
  else
    recorder_->main_began();
  engine.calls().add_listener(this);
  engine.calls().classify([this](PartId around, Address function, bool exception) {
    return families_.part_of(around, function, exception);
  });
}

template <class Call>
void Recognition::each(Call call) {
  for (const Speaker& s : speakers_) {
    recorder_->speak(s.rank);
    call(*s.source);
  }
}

void Recognition::entered(Address function, std::size_t depth, Cycle) {
  if (function == main_) recorder_->main_began();
  const int inference = recorder_->running_network();
  const std::uint64_t begun = recorder_->begun();
  each([&](LayerSource& s) { s.entered(function, depth); });
  if (on_inference && inference < 0 && recorder_->running_network() >= 0) on_inference(true);
  // The layer's call gets a node of its own in the tree.
  if (recorder_->begun() == begun) return;
  const int layer = recorder_->running_layer();
  engine_->calls().tag(static_cast<std::uint32_t>(layer) + 1);
  // An inlined layer has begun before it calls.
  if (!capture || recorder_->in_call_of_inlined()) return;
  const int network = recorder_->running_network();
  if (!capture->wants(recorder_->layer(layer), recorder_->inferences(network) + 1)) return;
  LayerSource& source = *speakers_[static_cast<std::size_t>(recorder_->running_rank())].source;
  capture->began(layer, network, thread_, depth, [&] { return source.tensors(layer); });
}

void Recognition::left(Address, std::size_t depth, Cycle) {
  const int inference = recorder_->running_network();
  if (capture) capture->left(thread_, depth);
  each([&](LayerSource& s) { s.left(depth); });
  recorder_->left(depth);
  if (on_inference && inference >= 0 && recorder_->running_network() < 0) on_inference(false);
}

void Recognition::interrupted(Cycle) {
  each([](LayerSource& s) { s.interrupted(); });
  recorder_->interrupted();
}

void Recognition::resumed(Cycle) {
  each([](LayerSource& s) { s.resumed(); });
  recorder_->resumed();
}

void Recognition::switched(std::uint32_t thread, Cycle) {
  thread_ = thread;
  each([&](LayerSource& s) { s.switched(thread); });
  recorder_->switched(thread);
}

const Layer* Recognition::running() const {
  const int layer = recorder_ ? recorder_->running_layer() : -1;
  return layer < 0 ? nullptr : &recorder_->layer(layer);
}

void Recognition::finish() {
  engine_->calls().remove_listener(this);
  each([](LayerSource& s) { s.ending(); });
  recorder_->finish();
  each([](LayerSource& s) { s.finish(); });
}

void Recognition::give(RunResult& result) {
  layer_at_ = recorder_->give(result);
  result.families = families_.members();
  if (result.networks.empty())
    for (const auto& [name, c] : candidates_)
      if (c.confidence > 0) result.silent_runtimes.push_back({c.runtime, c.confidence, c.reasons});
  for (std::size_t i = 0; i < layer_at_.size(); ++i) {
    const Address function = recorder_->function_of(static_cast<int>(i));
    if (layer_at_[i] >= 0 && function)
      result.layers[static_cast<std::size_t>(layer_at_[i])].function = function_name(program_.symbols, function);
  }
}

int Recognition::layer_of(const CallNode& node) const {
  return node.tag == 0 || node.tag > layer_at_.size() ? -1 : layer_at_[node.tag - 1];
}

}  // namespace mj::profile
