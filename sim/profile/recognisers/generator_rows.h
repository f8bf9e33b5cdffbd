// What is known of code generators and small runtimes whose layers are functions that their names tell: a row each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

inline constexpr int no_argument = -1;

struct Generator;
/// What a call tells of its layer beyond the names; false: it is no layer after all.
using Describe = bool (*)(const Generator&, const Program&, const Guest&, Address function, Layer&);

struct Generator {
  std::string_view title;
  /// Names, as the symbol table has them or demangled; alternatives separated by `|`. Names of the runtime's own that
  /// must be there besides; empty: layers and inference are proof enough.
  std::string_view proof;
  std::string_view inference;  ///< empty: none has a name
  std::string_view layers;
  std::string_view not_layers;
  int identity;  ///< argument whose value is another for each layer, or no_argument
  int confidence;
  Describe describe;
  /// What tells layers apart where no argument does by itself.
  std::uint64_t (*identity_of)(const Program&, const Guest&, Address function) = nullptr;
  /// What a layer's name says, where layers may be inlined into the inference's function.
  void (*describe_name)(std::string_view name, Layer&) = nullptr;
  /// The inference's argument that is the model, where one function runs several, or no_argument.
  int model = no_argument;
  enum class Layers : std::uint8_t {
    calls,
    calls_with_nodes,  ///< of arrays in TensorFlow Lite Micro's structures, see NodeArrays
    one,               ///< one function is the whole model
  } kind = Layers::calls;
};

/// Of a layer whose name doesn't tell its operator: the kernels that it calls may.
inline constexpr std::string_view unknown_operator = "FUSED";

std::span<const Generator> generators();

}  // namespace mj::profile
