// NumPy's .npy files (numpy.lib.format): versions 1 to 3 read, 1.0 written; plain little-endian numbers in C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/model/graph.h"

namespace mj {

struct NpyArray {
  model::TensorType type = model::TensorType::int8;
  std::vector<std::int64_t> shape;  ///< every entry >= 0; empty: a scalar
  std::vector<std::byte> bytes;     ///< exactly the shape's elements, little endian
};

/// "(1, 49, 10, 1)", "(8,)", "()": a shape or an index as Python writes it.
std::string tuple_text(const std::vector<std::int64_t>& shape);

/// The array that the bytes of a file hold; `where` names it in errors. Errors: unreadable (no .npy, cut off, a header
/// that contradicts itself or the file's length), usage (Fortran order, big endian, a type that isn't a plain number).
Result<NpyArray> parse_npy(std::string_view file, const std::string& where);
/// The same from a file. Errors also: unreadable for a missing one.
Result<NpyArray> read_npy(const std::string& path);
/// The bytes of a file. Errors: unsupported (NumPy has no such element type, as int4).
Result<std::string> npy_file(const NpyArray& array);

}  // namespace mj
