// Firmware that calls an inference library's kernels without a model: a layer is a call of the outermost kernel, and
// its arguments say what it computes. Within the layer of a runtime that knows more they are the second opinion.
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "sim/profile/recognisers/kernels.h"
#include "sim/profile/recognisers/rows.h"
#include "sim/profile/recognisers/sequence.h"

#include <fmt/format.h>

namespace mj::profile {

namespace {

struct Known {
  std::unordered_map<Address, Kernel> kernels;
  /// Of these the compiler's own versions, which may lack arguments: what seems to make sense may not.
  std::unordered_set<Address> clones;
  Address inference = 0;  ///< TinyEngine's generated function; 0: there is none
  std::string title;
};

class KernelSource final : public LayerSource {
 public:
  KernelSource(std::shared_ptr<const Known> known, const Stage& stage, Network facts)
      : known_(std::move(known)), stage_(stage), sequence_(stage, std::move(facts)) {}

  void entered(Address function, std::size_t depth) override {
    if (function == known_->inference && known_->inference) {
      sequence_.inference(function, depth);
      return;
    }
    const auto kernel = known_->kernels.find(function);
    if (kernel == known_->kernels.end() || sequence_.running() || told_.count(thread_)) return;
    KernelData data;
    const KernelCall call = read_kernel_call(kernel->second, function, stage_.guest, data);
    if (inside_other(call)) {
      // What it calls is part of it; of one that said nothing, they may say it.
      if (call.macs && !known_->clones.count(function)) told_.emplace(thread_, depth);
      return;
    }
    CallSequence::Key key;
    key.function = function;
    key.call_site = stage_.guest.return_address();
    key.unique = data.weights != 0;
    // What has no weights is told apart by what it works on.
    key.identity = data.weights ? data.weights : std::uint64_t{data.input} << 32 | data.output;
    const int number = sequence_.layer(key, depth, [&] { return facts(call, data); });
    if (call.input.empty() && !call.macs) unread_.emplace(number, call.kernel);
    call_ = call;
    data_ = data;
  }
  LayerTensors tensors(int) override {
    const auto types = kernel_types(call_.kernel);
    const auto place = [&](Address address, const std::vector<std::int64_t>& shape, bool input) {
      TensorPlace p;
      p.address = address;
      p.shape = shape;
      if (types) p.type = input ? types->input : types->output;
      if (address == 0)
        p.missing = "where it lies is not among the arguments of " + call_.kernel + " that we know";
      else if (shape.empty())
        p.missing = "its shape is not among the arguments of " + call_.kernel + " that we know";
      else if (!types)
        p.missing = "the name of " + call_.kernel + " doesn't tell the type of its elements";
      return p;
    };
    LayerTensors t;
    t.inputs = {place(data_.input, call_.input, true)};
    if (data_.second_input) t.inputs.push_back(place(data_.second_input, call_.input, true));
    t.outputs = {place(data_.output ? data_.output : in_place() ? data_.input : 0, call_.output, false)};
    return t;
  }
  void left(std::size_t depth) override {
    if (const auto told = told_.find(thread_); told != told_.end() && depth <= told->second) told_.erase(told);
    sequence_.left(depth);
  }
  void switched(std::uint32_t thread) override {
    thread_ = thread;
    sequence_.switched(thread);
  }
  void ending() override { sequence_.finish(); }
  void finish() override {
    if (sequence_.network() < 0) return;
    for (const auto& [layer, kernel] : unread_)
      stage_.recorder.network(sequence_.network())
          .disagreements.push_back(
              fmt::format("layer {}: the arguments of {} are those of none of its known prototypes, "
                          "so its shapes and MACs are not known",
                          stage_.recorder.layer(layer).index, kernel));
  }

 private:
  /// Kernels that are handed one tensor only write where they read.
  bool in_place() const { return call_.op == "RELU" || call_.op == "RELU6"; }
  bool inside_other(KernelCall call) const {
    if (known_->clones.count(call.function)) call.macs.reset();
    return stage_.inside_other(call);
  }

  Layer facts(const KernelCall& call, const KernelData& data) const {
    Layer l;
    l.op = call.op;
    if (const Symbol* s = data.weights ? stage_.program.symbols.object_at(data.weights) : nullptr)
      l.name = s->display;
    else
      l.name = call.kernel;
    if (!call.input.empty()) l.input_shapes = {call.input};
    if (!call.weights.empty()) l.weight_shapes = {call.weights};
    if (!call.output.empty()) l.output_shapes = {call.output};
    l.macs = call.macs.value_or(0);
    return l;
  }

  std::shared_ptr<const Known> known_;
  const Stage& stage_;
  CallSequence sequence_;
  std::uint32_t thread_ = 0;
  /// Depth of the kernel's frame that a runtime above was told of, by thread.
  std::map<std::uint32_t, std::size_t> told_;
  std::map<int, std::string> unread_;
  KernelCall call_;  ///< the last layer's
  KernelData data_;
};

}  // namespace

Result<Candidate> look_for_kernels(const Program& program) {
  Candidate c;
  auto known = std::make_shared<Known>();
  std::map<std::string_view, std::vector<std::string>> found;  // library's title -> kernels
  for (const Symbol& s : program.symbols.functions()) {
    auto kernel = kernel_named(s.base_name);
    if (!kernel) continue;
    found[kernel->library->title].push_back(kernel->name);
    for (const char* suffix : {".constprop", ".isra", ".part"})
      if (s.name.find(suffix) != std::string::npos) known->clones.insert(s.start);
    known->kernels.emplace(s.start, std::move(*kernel));
  }
  // TinyEngine's names are plain words: only with its generated function are they its own.
  const Symbol* invoke = program.symbols.find("invoke");
  const bool generated = invoke && invoke->is_function && found.count("TinyEngine") &&
                         (program.symbols.find("getInput") || program.symbols.find("getOutput"));
  if (!generated) {
    found.erase("TinyEngine");
    std::erase_if(known->kernels, [](const auto& k) { return k.second.library->title == "TinyEngine"; });
  }
  if (known->kernels.empty()) return c;
  if (generated) known->inference = invoke->start;

  constexpr int with_generated_function = 85, kernels_alone = 60;
  c.confidence = generated ? with_generated_function : kernels_alone;
  std::size_t most = 0;
  for (const auto& [title, kernels] : found) {
    if (kernels.size() > most) c.runtime = title;
    most = std::max(most, kernels.size());
    std::string some = kernels.front();
    if (kernels.size() > 1) some += ", " + kernels[1];
    if (kernels.size() > 2) some += " ...";
    c.reasons.push_back(fmt::format("{} kernel{} of {} ({}), whose arguments give shapes", kernels.size(),
                                    kernels.size() == 1 ? "" : "s", title, some));
  }
  if (generated) {
    c.runtime = "TinyEngine";
    c.reasons.insert(c.reasons.begin(), "its generated functions invoke and getInput or getOutput");
  }
  for (const auto& [address, kernel] : known->kernels) c.functions.push_back(address);
  if (known->inference) c.functions.push_back(known->inference);

  Network facts;
  facts.runtime = c.runtime;
  facts.recognised_by = "calls of " + c.runtime + "'s kernels, in the order in which they came";
  facts.confidence = c.confidence;
  c.listen = [known, facts](const Stage& stage) -> std::unique_ptr<LayerSource> {
    return std::make_unique<KernelSource>(known, stage, facts);
  };
  return c;
}

}  // namespace mj::profile
