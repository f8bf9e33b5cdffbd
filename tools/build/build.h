// From a .tflite network to a firmware that runs it: what the verb `microjoule build` does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sim/base/error.h"
#include "tools/build/target.h"

namespace mj::build {

struct BuildRequest {
  std::filesystem::path model;        ///< the .tflite file
  std::filesystem::path output;       ///< the ELF to write
  BoardTarget target;                 ///< find_target(board)
  std::filesystem::path runtime_dir;  ///< empty: default_runtime_dir()
  std::filesystem::path keep_dir;     ///< where generated sources and the compiler's log stay; empty: they are removed
};

struct BuildOutput {
  std::filesystem::path elf;
  std::string model_name;
  std::size_t layers = 0;
  std::uint64_t macs = 0;
  std::int64_t arena_bytes = 0;      ///< activations, in RAM
  std::int64_t parameter_bytes = 0;  ///< weights, biases and quantisation constants
};

/// Environment variable MJ_RUNTIME_DIR, else the folder installed beside the program, else the one of the source tree.
std::filesystem::path default_runtime_dir();

/// Reads, checks, plans, emits and compiles. The ELF depends on the model, its file's stem, the target, the runtime and
/// the compiler only. Errors: those of model::read_tflite_file, model::check_int8 and compile(); ExitCode::unreadable
/// when a file can't be written.
Result<BuildOutput> build(const BuildRequest& request);

}  // namespace mj::build
