// Operators in TensorFlow Lite's terms: the number stored in a model and the name people know it by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mj::model {

/// An operator's number in the model format. Any value may occur in a file; those that our own code names are listed.
enum class OpKind : std::int32_t {
  add = 0,
  average_pool_2d = 1,
  conv_2d = 3,
  depthwise_conv_2d = 4,
  dequantize = 6,
  fully_connected = 9,
  max_pool_2d = 17,
  reshape = 22,
  softmax = 25,
  custom = 32,
  pad = 34,
  mean = 40,
  padv2 = 60,
  quantize = 114,
};

/// "CONV_2D", "SOFTMAX", ...; "BUILTIN_<number>" for a number that has no name here.
std::string op_name(OpKind kind);

}  // namespace mj::model
