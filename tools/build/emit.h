// Writes the sources of a firmware: the network as straight-line C, its layer table, and the board's header and
// linker script. Text only: compile.h makes an ELF of it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/profile/model/graph.h"
#include "tools/build/arena.h"
#include "tools/build/target.h"

namespace mj::build {

struct Sources {
  std::string model_c;  ///< constants, one function a layer, mjrt_invoke
  std::string note_s;   ///< the layer table, section .note.microjoule
  std::string board_h;  ///< UART base, clock and the like
  std::string link_ld;
  std::int64_t arena_bytes = 0;
  std::int64_t parameter_bytes = 0;  ///< all constants of the network in the image
};

/// `graph` must have passed model::check_int8; `name` is the model's name (a file's stem).
Sources emit(const model::ModelGraph& graph, const std::string& name, const BoardTarget& target);

}  // namespace mj::build
