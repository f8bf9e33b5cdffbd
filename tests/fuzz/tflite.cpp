// A .tflite network: reader, and the check that says whether our runtime can execute it.
#include <span>

#include "sim/profile/model/int8_graph.h"
#include "sim/profile/model/tflite_reader.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto graph = model::read_tflite(std::as_bytes(std::span(data, size)), "net.tflite");
  if (!graph.ok()) {
    fuzz::require_refusal(graph.error());
    return 0;
  }
  graph->macs();
  graph->parameter_bytes();
  for (const model::Tensor& t : graph->tensors) {
    fuzz::require(t.elements() >= 0 && t.elements() < std::int64_t{1} << 31, "a tensor has less than 2^31 elements");
    fuzz::require(!t.is_constant || static_cast<std::int64_t>(t.data.size()) == t.bytes() || t.bytes() == 0,
                  "a constant's data has its tensor's size");
    fuzz::require(t.quantization.scale.size() == t.quantization.zero_point.size(), "a zero point for each scale");
    t.shape_text();
  }
  const auto count = static_cast<std::int32_t>(graph->tensors.size());
  for (const model::Operator& o : graph->operators) {
    o.name();
    for (const std::int32_t i : o.inputs) fuzz::require(i >= -1 && i < count, "an operator's inputs are tensors");
    for (const std::int32_t i : o.outputs) fuzz::require(i >= 0 && i < count, "an operator's outputs are tensors");
  }
  if (const auto checked = model::check_int8(*graph); !checked.ok()) fuzz::require_refusal(checked.error());
  return 0;
}
