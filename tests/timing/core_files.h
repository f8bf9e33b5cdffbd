// Core files of the source tree, loaded for a test.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "isa/rv32/decode.h"
#include "isa/thumb/op.h"
#include "sim/timing/core_timing.h"

namespace mj::test {

inline std::optional<std::string> core_text(std::string_view core) {
  std::ifstream in(std::string(MJ_SOURCE_DIR "/models/cores/").append(core).append(".json"), std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

/// Names of Thumb operations as ops.def has them.
inline const char* thumb_op_name(std::uint16_t op) {
  static constexpr const char* names[] = {
#define X(name, ...) #name,
      MJ_THUMB_OPS(X)
#undef X
  };
  return op < std::size(names) ? names[op] : nullptr;
}

/// Loads a core file's text; "cortex-" cores name Thumb operations, all others RV32's.
inline Result<timing::CoreTiming> load_core_text(std::string_view text, const std::string& name) {
  timing::LoadOptions options;
  if (name.rfind("cortex-", 0) == 0)
    options.op_name = thumb_op_name;
  else
    options.op_name = isa::rv32::op_name;
  options.read_core = core_text;
  return timing::CoreTiming::load(text, name, options);
}

/// Loads models/cores/<name>.json.
inline Result<timing::CoreTiming> load_core(const std::string& name) {
  return load_core_text(core_text(name).value_or(""), name);
}

}  // namespace mj::test
