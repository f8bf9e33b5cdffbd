// Reads the layer table that firmware of our own runtime carries (format: runtime/include/mjrt/note.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/model/graph.h"

namespace mj::model {

struct NoteTensor {
  std::string name;
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
  TensorType type = TensorType::int8;
  std::vector<std::int32_t> shape;
  float scale = 0;  ///< 0: not quantised
  std::int32_t zero_point = 0;
};

struct NoteLayer {
  std::uint32_t function = 0;  ///< address with the Thumb bit cleared
  std::uint32_t index = 0;     ///< of the operator in the model
  OpKind kind = OpKind::custom;
  std::string name;  ///< the output tensor's name
  std::vector<std::int32_t> input_shape;
  std::vector<std::int32_t> output_shape;
  std::vector<std::int32_t> weight_shape;  ///< empty: no weights
  std::uint64_t macs = 0;
  std::uint32_t parameter_bytes = 0;
  std::uint32_t live_bytes = 0;  ///< bytes of the arena in use while the layer runs
  /// What it reads, constants left out, and what it writes; both empty in firmware of an earlier build.
  std::vector<NoteTensor> inputs, outputs;
};

struct NoteModel {
  std::uint32_t version = 0;
  std::string model_name;
  std::string runtime_name;
  std::uint32_t invoke_address = 0;  ///< Thumb bit cleared
  std::uint32_t arena_address = 0;
  std::uint32_t arena_bytes = 0;
  std::uint32_t parameter_bytes = 0;
  std::vector<NoteTensor> inputs;
  std::vector<NoteTensor> outputs;
  std::vector<NoteLayer> layers;  ///< in execution order
};

/// Finds our note among those in `section` (the bytes of .note.microjoule or of any SHT_NOTE section) and reads it.
/// Errors: ExitCode::unreadable (no such note, truncated, an index outside), ExitCode::unsupported (unknown version).
Result<NoteModel> parse_note(std::span<const std::byte> section);

}  // namespace mj::model
