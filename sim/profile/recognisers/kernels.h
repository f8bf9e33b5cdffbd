// What the arguments of an inference library's kernel say of the layer that it computes: one row a prototype.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

struct KernelRow {
  /// The function's name; `*` stands for any characters, a name that ends in `*` included.
  std::string_view name;
  /// As a TensorFlow Lite model calls it: "CONV_2D".
  std::string_view op;
  /// A word for each word-sized argument in order, or a fact that the name holds behind them:
  ///   in, w, out          address of a structure with dimensions of input, weights, output; `.nhwc` (CMSIS-NN's
  ///                       cmsis_nn_dims) or `.whc` (ESP-NN's data_dims_t) says how it lies
  ///   in.h, w.w, out.c .. a dimension as a number, 16 bits of it count where the prototype has no more
  ///   in.hw, w.hw         height and width as one number
  ///   @in, @w, @out       address of data; @in2: of an input of the same type and shape as the first
  ///   w.hw=3              known from the name
  ///   -                   anything else
  std::string_view arguments;
};

struct KernelLibrary {
  std::string_view title;   ///< "CMSIS-NN"
  std::string_view prefix;  ///< of its functions' names
  std::span<const KernelRow> rows;
};

std::span<const KernelLibrary> kernel_libraries();

/// Where the data of a call lie, beside what KernelCall says.
struct KernelData {
  Address input = 0, second_input = 0, weights = 0, output = 0;  ///< 0: unknown
};

/// Types of the elements that a kernel's name tells: "arm_convolve_s8", "arm_softmax_s8_s16", "arm_relu_q7".
struct KernelTypes {
  model::TensorType input, output;
};
/// None: the name doesn't say.
std::optional<KernelTypes> kernel_types(std::string_view name);

/// A function of an image that rows describe.
struct Kernel {
  const KernelLibrary* library = nullptr;
  std::string name;                    ///< without the clone's suffix
  std::vector<const KernelRow*> rows;  ///< prototypes of its versions, most recent first; not empty
};

/// The kernel that a function's name belongs to.
std::optional<Kernel> kernel_named(std::string_view name);

/// Reads the arguments at the kernel's first instruction: those of the first prototype that they make sense for. Where
/// none does (a compiler's clone has other arguments), shapes are empty.
KernelCall read_kernel_call(const Kernel& kernel, Address function, const Guest& guest, KernelData& data);

}  // namespace mj::profile
