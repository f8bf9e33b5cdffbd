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

}  // namespace mj::model
