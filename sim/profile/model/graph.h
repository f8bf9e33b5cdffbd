// A neural network as a plain graph: tensors, and the operators in execution order.
//
// Read from a .tflite file (tflite_reader.h). The types here own their data and know nothing of the file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/profile/model/op_kind.h"

namespace mj::model {

/// Element type of a tensor; values are those of the TensorFlow Lite format.
enum class TensorType : std::int8_t {
  float32 = 0,
  float16 = 1,
  int32 = 2,
  uint8 = 3,
  int64 = 4,
  string = 5,
  boolean = 6,
  int16 = 7,
  int8 = 9,
  float64 = 10,
  uint64 = 12,
  uint32 = 15,
  uint16 = 16,
  int4 = 17,
};

/// "int8", "float32", ...; "type<number>" for one we have no name for.
std::string type_name(TensorType type);

/// Size of one element in bits, 0 where the type has no fixed size (string) or is unknown.
unsigned element_bits(TensorType type);

/// real = scale * (q - zero_point), per tensor (one entry) or per slice of dimension `axis` (one entry a slice).
/// Both vectors have the same length; both are empty for a tensor that isn't quantised. Scales are finite.
struct Quantization {
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;
  std::int32_t axis = 0;
};

struct Tensor {
  std::string name = {};
  std::vector<std::int32_t> shape = {};  ///< every entry >= 0; empty: a scalar
  TensorType type = TensorType::float32;
  Quantization quantization = {};
  bool is_variable = false;
  bool is_constant = false;
  std::vector<std::byte> data = {};  ///< constant: exactly bytes() long, little endian; otherwise empty
  std::size_t data_offset = 0;       ///< constant: where `data` begins in the file

  std::int64_t elements() const;   ///< product of the shape; the reader guarantees that it is below 2^31
  std::int64_t bytes() const;      ///< size in memory; 0 where the element type has no fixed size
  std::string shape_text() const;  ///< "1x49x10x1"
};

enum class Padding : std::int8_t { same = 0, valid = 1 };

/// Fused activation; values are those of the TensorFlow Lite format.
enum class Activation : std::int8_t { none = 0, relu = 1, relu_n1_to_1 = 2, relu6 = 3, tanh = 4, sign_bit = 5 };

/// Union of all operators' options that we read; a field that an operator doesn't have keeps its default.
struct OpOptions {
  Padding padding = Padding::same;
  Activation activation = Activation::none;
  std::int32_t stride_w = 1, stride_h = 1;
  std::int32_t dilation_w = 1, dilation_h = 1;
  std::int32_t filter_w = 0, filter_h = 0;  ///< pooling window
  std::int32_t depth_multiplier = 1;
  std::int32_t weights_format = 0;  ///< FULLY_CONNECTED: 0 is plain row-major
  float beta = 1.0F;                ///< SOFTMAX
  bool keep_dims = false;           ///< MEAN
  bool present = false;             ///< the file has options of the type that this operator takes
};

struct Operator {
  OpKind kind = OpKind::custom;
  std::string custom_name = {};  ///< only for OpKind::custom
  std::int32_t version = 1;
  std::vector<std::int32_t> inputs = {};  ///< tensor indices, -1 for an optional input left out
  std::vector<std::int32_t> outputs = {};
  OpOptions options = {};
  std::uint64_t macs = 0;             ///< multiply-accumulates, padding positions counted as the format's tools do
  std::uint64_t parameter_bytes = 0;  ///< weights and bias, in the file's types

  std::string name() const;  ///< "CONV_2D", or the custom operator's name
};

struct ModelGraph {
  std::string name;         ///< the main subgraph's name, may be empty
  std::string description;  ///< the file's description, e.g. which converter wrote it
  std::uint32_t schema_version = 0;
  std::uint32_t subgraph_count = 1;  ///< of the file; this is one of them
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<std::int32_t> inputs;  ///< tensor indices
  std::vector<std::int32_t> outputs;

  std::uint64_t macs() const;
  std::uint64_t parameter_bytes() const;  ///< each constant tensor counted once, also when several operators share it
};

/// Sets an operator's macs and parameter_bytes from its tensors.
void count_work(const ModelGraph& graph, Operator& op);

}  // namespace mj::model
