#include "tools/build/arena.h"

#include <algorithm>
#include <numeric>

namespace mj::build {
namespace {

constexpr std::int64_t kAlign = 16;

struct Buffer {
  std::int64_t bytes = 0;
  std::int64_t first = -1, last = -1;  ///< operators during which it is needed; first -1: from the start
  std::int64_t offset = ArenaPlan::kNone;
  bool used = false;
};

bool lives_with(const Buffer& a, const Buffer& b) { return a.first <= b.last && b.first <= a.last; }

void place(std::vector<Buffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  // Stable, so that equal sizes keep the order of the model and the plan is the same everywhere.
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<const Buffer*> placed;
  for (const std::size_t i : order) {
    Buffer& buffer = buffers[i];
    if (!buffer.used) continue;
    std::vector<const Buffer*> rivals;
    std::copy_if(placed.begin(), placed.end(), std::back_inserter(rivals),
                 [&](const Buffer* other) { return lives_with(*other, buffer); });
    std::sort(rivals.begin(), rivals.end(), [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; });
    std::int64_t offset = 0;
    for (const Buffer* rival : rivals) {
      if (rival->offset >= offset + buffer.bytes) break;
      offset = std::max(offset, (rival->offset + rival->bytes + kAlign - 1) / kAlign * kAlign);
    }
    buffer.offset = offset;
    placed.push_back(&buffer);
  }
}

}  // namespace

ArenaPlan plan_arena(const model::ModelGraph& graph, const std::vector<std::int64_t>& scratch_bytes) {
  const std::size_t tensors = graph.tensors.size(), operators = graph.operators.size();
  // Which tensor's buffer a tensor uses: its own, or for a reshape the one of its input.
  std::vector<std::size_t> home(tensors);
  std::iota(home.begin(), home.end(), 0);
  std::vector<Buffer> buffers(tensors + operators);  // tensors first, then scratch

  auto touch = [&](std::int32_t index, std::int64_t when) {
    if (index < 0 || graph.tensors[index].is_constant) return;
    Buffer& buffer = buffers[home[index]];
    if (!buffer.used) buffer.used = true, buffer.first = when;
    buffer.bytes = std::max(buffer.bytes, graph.tensors[index].bytes());
    buffer.last = std::max(buffer.last, when);
  };
  for (const std::int32_t input : graph.inputs) touch(input, -1);
  for (std::size_t i = 0; i < operators; ++i) {
    const model::Operator& op = graph.operators[i];
    const auto when = static_cast<std::int64_t>(i);
    for (const std::int32_t input : op.inputs) touch(input, when);
    if (op.kind == model::OpKind::reshape) home[op.outputs[0]] = home[op.inputs[0]];
    for (const std::int32_t output : op.outputs) touch(output, when);
    if (scratch_bytes[i] > 0) buffers[tensors + i] = {scratch_bytes[i], when, when, ArenaPlan::kNone, true};
  }
  for (const std::int32_t output : graph.outputs) touch(output, static_cast<std::int64_t>(operators));
  place(buffers);

  ArenaPlan plan;
  plan.live.assign(operators, 0);
  for (const Buffer& buffer : buffers) {
    if (!buffer.used) continue;
    plan.bytes = std::max(plan.bytes, buffer.offset + buffer.bytes);
    for (std::int64_t when = std::max<std::int64_t>(buffer.first, 0);
         when <= buffer.last && when < static_cast<std::int64_t>(operators); ++when) {
      plan.live[static_cast<std::size_t>(when)] += buffer.bytes;
    }
  }
  for (std::size_t i = 0; i < tensors; ++i) plan.tensor.push_back(buffers[home[i]].offset);
  for (std::size_t i = 0; i < operators; ++i) plan.scratch.push_back(buffers[tensors + i].offset);
  plan.bytes = (plan.bytes + kAlign - 1) / kAlign * kAlign;
  return plan;
}

}  // namespace mj::build
