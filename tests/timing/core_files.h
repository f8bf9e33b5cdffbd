// Core files of the source tree, loaded for a test.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "isa/rv32/decode.h"
#include "sim/timing/core_timing.h"

namespace mj::test {

inline std::optional<std::string> core_text(std::string_view core) {
  std::ifstream in(std::string(MJ_SOURCE_DIR "/models/cores/").append(core).append(".json"), std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

/// Loads models/cores/<name>.json.
inline Result<timing::CoreTiming> load_core(const std::string& name) {
  timing::LoadOptions options;
  options.op_name = isa::rv32::op_name;
  options.read_core = core_text;
  return timing::CoreTiming::load(core_text(name).value_or(""), name, options);
}

}  // namespace mj::test
