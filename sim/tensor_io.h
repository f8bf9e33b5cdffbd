// Tensors on disk: raw int8 bytes, or NumPy's .npy (npy.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/model/note.h"

namespace mj {

/// Reads the bytes of `tensor` from `path`. Errors: unreadable (missing file, broken .npy), usage (wrong number of
/// bytes, type or shape; says what is expected).
Result<std::vector<std::uint8_t>> read_tensor(const std::string& path, const model::NoteTensor& tensor);
/// Writes `bytes`; as .npy with the tensor's shape if the path ends so, else raw.
Result<void> write_tensor(const std::string& path, const model::NoteTensor& tensor,
                          const std::vector<std::uint8_t>& bytes);

}  // namespace mj
