#include "sim/tensor_io.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "sim/npy.h"

namespace mj {

namespace {

bool is_npy(const std::string& path) { return path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0; }

std::string shape_text(const std::vector<std::int32_t>& shape) {
  std::string out;
  for (const std::int32_t d : shape) out += fmt::format("{}{}", out.empty() ? "" : "x", d);
  return out;
}

}  // namespace

Result<std::vector<std::uint8_t>> read_tensor(const std::string& path, const model::NoteTensor& tensor) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ExitCode::unreadable, "the input tensor can't be read", path, "no such file", "check --input"};
  std::stringstream all;
  all << in.rdbuf();
  std::string bytes = all.str();
  if (is_npy(path)) {
    const auto array = parse_npy(bytes, path);
    if (!array) return array.error();
    const std::string type = model::type_name(tensor.type);
    if (array->type != tensor.type)
      return Error{ExitCode::usage, "the input tensor must be " + type, path,
                   "its type is " + model::type_name(array->type), "numpy.save(path, x.astype(numpy." + type + "))"};
    bytes.assign(reinterpret_cast<const char*>(array->bytes.data()), array->bytes.size());
  }
  if (bytes.size() != tensor.bytes)
    return Error{ExitCode::usage, "the input tensor has the wrong size", path,
                 fmt::format("{} bytes; {} is {} {} = {} bytes", bytes.size(), tensor.name,
                             model::type_name(tensor.type), shape_text(tensor.shape), tensor.bytes),
                 "give exactly the tensor's bytes"};
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

Result<void> write_tensor(const std::string& path, const model::NoteTensor& tensor,
                          const std::vector<std::uint8_t>& bytes) {
  std::ofstream out(path, std::ios::binary);
  if (is_npy(path)) {
    NpyArray array;
    array.type = tensor.type;
    array.shape.assign(tensor.shape.begin(), tensor.shape.end());
    const auto* raw = reinterpret_cast<const std::byte*>(bytes.data());
    array.bytes.assign(raw, raw + bytes.size());
    const auto file = npy_file(array);
    if (!file) return file.error();
    out << *file;
  } else {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  out.flush();
  if (!out) return Error{ExitCode::unreadable, "the output tensor can't be written", path, "", "check --output"};
  return {};
}

}  // namespace mj
