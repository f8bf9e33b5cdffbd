// Reads a network from the TensorFlow Lite format (.tflite), which may be a file or lie inside a firmware image.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "sim/base/error.h"
#include "sim/profile/model/graph.h"

namespace mj::model {

/// Reads the model that starts at bytes[0]; bytes may go on behind it (a section of an image). `where` names the bytes
/// in errors. Everything is checked before it is used: offsets, indices, shapes, constants' sizes, quantisation.
/// Operators that our runtime can't execute are read all the same (see check_int8 in int8_graph.h). `subgraph`: which
/// of the file's; 0 is the main one, ModelGraph::subgraph_count says how many there are. Errors: ExitCode::unreadable
/// (malformed or truncated, no such subgraph), ExitCode::unsupported (another schema version, external data).
Result<ModelGraph> read_tflite(std::span<const std::byte> bytes, std::string_view where, std::uint32_t subgraph = 0);

/// The same from a file. Errors also: ExitCode::unreadable for a missing or unreadable file.
Result<ModelGraph> read_tflite_file(const std::filesystem::path& path);

}  // namespace mj::model
