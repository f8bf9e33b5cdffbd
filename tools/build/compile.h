// Runs the cross compiler.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/build/target.h"

namespace mj::build {

/// The compiler's full path, from PATH. Errors: ExitCode::usage, naming the Debian package to install.
Result<std::filesystem::path> find_compiler(const std::string& toolchain);

/// Compiles and links the generated files in `work_dir` (model.c, note.S, board.h, link.ld) and the runtime's sources
/// into `work_dir`/firmware.elf. The result depends on the sources and the compiler only: no host path goes into it.
/// Errors: ExitCode::usage when a memory of the board is too small (by how many bytes) or no compiler is installed;
/// ExitCode::internal with the compiler's first lines when it rejects our sources.
Result<void> compile(const BoardTarget& target, const std::filesystem::path& runtime_dir,
                     const std::filesystem::path& work_dir);

}  // namespace mj::build
