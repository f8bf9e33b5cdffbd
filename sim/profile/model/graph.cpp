#include "sim/profile/model/graph.h"

namespace mj::model {

std::string type_name(TensorType type) {
  switch (type) {
    case TensorType::float32:
      return "float32";
    case TensorType::float16:
      return "float16";
    case TensorType::int32:
      return "int32";
    case TensorType::uint8:
      return "uint8";
    case TensorType::int64:
      return "int64";
    case TensorType::string:
      return "string";
    case TensorType::boolean:
      return "bool";
    case TensorType::int16:
      return "int16";
    case TensorType::int8:
      return "int8";
    case TensorType::float64:
      return "float64";
    case TensorType::uint64:
      return "uint64";
    case TensorType::uint32:
      return "uint32";
    case TensorType::uint16:
      return "uint16";
    case TensorType::int4:
      return "int4";
  }
  return "type" + std::to_string(static_cast<int>(type));
}

unsigned element_bits(TensorType type) {
  switch (type) {
    case TensorType::int4:
      return 4;
    case TensorType::uint8:
    case TensorType::int8:
    case TensorType::boolean:
      return 8;
    case TensorType::float16:
    case TensorType::int16:
    case TensorType::uint16:
      return 16;
    case TensorType::float32:
    case TensorType::int32:
    case TensorType::uint32:
      return 32;
    case TensorType::int64:
    case TensorType::float64:
    case TensorType::uint64:
      return 64;
    case TensorType::string:
      return 0;
  }
  return 0;
}

std::int64_t Tensor::elements() const {
  std::int64_t product = 1;
  for (const std::int32_t dim : shape) product *= dim;
  return product;
}

std::int64_t Tensor::bytes() const { return (elements() * element_bits(type) + 7) / 8; }

std::string Tensor::shape_text() const {
  std::string text;
  for (const std::int32_t dim : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dim);
  }
  return text.empty() ? "scalar" : text;
}

std::string Operator::name() const { return kind == OpKind::custom ? custom_name : op_name(kind); }

std::uint64_t ModelGraph::macs() const {
  std::uint64_t sum = 0;
  for (const Operator& op : operators) sum += op.macs;
  return sum;
}

std::uint64_t ModelGraph::parameter_bytes() const {
  std::uint64_t sum = 0;
  for (const Tensor& tensor : tensors) sum += tensor.data.size();
  return sum;
}

namespace {

const Tensor* tensor_at(const ModelGraph& graph, const std::vector<std::int32_t>& list, std::size_t position) {
  return position < list.size() && list[position] >= 0 ? &graph.tensors[static_cast<std::size_t>(list[position])]
                                                       : nullptr;
}

/// An LSTM and an SVDF multiply each vector of their input with all their matrices. False: the operator is another.
bool count_of_all_weights(const ModelGraph& graph, Operator& op) {
  constexpr auto lstm = static_cast<OpKind>(44), svdf = static_cast<OpKind>(27);
  // LSTM: of input, then of state, to four gates each. SVDF: of features, then of time.
  const std::size_t last = op.kind == lstm ? 8 : op.kind == svdf ? 2 : 0;
  const Tensor* input = tensor_at(graph, op.inputs, 0);
  if (last == 0 || !input || input->shape.empty() || input->shape.back() <= 0) return last != 0;
  std::uint64_t weights = 0;
  for (std::size_t i = 1; i <= last; ++i)
    if (const Tensor* t = tensor_at(graph, op.inputs, i))
      weights += t->data.empty() ? 0 : static_cast<std::uint64_t>(t->elements());
  const auto vectors = static_cast<std::uint64_t>(input->elements() / input->shape.back());
  if (weights <= 0xffff'ffffu) op.macs = weights * vectors;
  return true;
}

}  // namespace

// MACs: output elements times the elements of one filter. Each factor is below 2^31, so the product fits 64 bits.
void count_work(const ModelGraph& graph, Operator& op) {
  for (const std::int32_t index : op.inputs)
    if (index >= 0) op.parameter_bytes += graph.tensors[static_cast<std::size_t>(index)].data.size();
  if (count_of_all_weights(graph, op)) return;
  const Tensor* weights = tensor_at(graph, op.inputs, 1);
  const Tensor* output = tensor_at(graph, op.outputs, 0);
  if (!weights || !output || weights->elements() == 0) return;  // so that a part of the shape can't overflow either
  const std::vector<std::int32_t>& w = weights->shape;
  std::uint64_t per_output = 0;
  if (op.kind == OpKind::conv_2d && w.size() == 4) {
    per_output = static_cast<std::uint64_t>(std::int64_t{w[1]} * w[2] * w[3]);
  } else if (op.kind == OpKind::depthwise_conv_2d && w.size() == 4) {
    per_output = static_cast<std::uint64_t>(std::int64_t{w[1]} * w[2]);
  } else if (op.kind == OpKind::fully_connected && w.size() == 2) {
    per_output = static_cast<std::uint64_t>(w[1]);
  }
  op.macs = static_cast<std::uint64_t>(output->elements()) * per_output;
}

}  // namespace mj::model
