#include "sim/tensor_io.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace mj {

namespace {

constexpr char npy_magic[] = "\x93NUMPY";
constexpr std::size_t npy_prefix = 10;  // magic, version, header length (numpy.lib.format, version 1.0)

bool is_npy(const std::string& path) { return path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0; }

std::string shape_text(const std::vector<std::int32_t>& shape) {
  std::string out;
  for (const std::int32_t d : shape) out += fmt::format("{}{}", out.empty() ? "" : "x", d);
  return out;
}

std::string npy_header(const model::NoteTensor& tensor) {
  std::string dims;
  for (const std::int32_t d : tensor.shape) dims += fmt::format("{}, ", d);
  std::string header = fmt::format("{{'descr': '|i1', 'fortran_order': False, 'shape': ({}), }}", dims);
  const std::size_t whole = (npy_prefix + header.size() + 1 + 63) / 64 * 64;
  header.append(whole - npy_prefix - header.size() - 1, ' ');
  header += '\n';
  return header;
}

}  // namespace

Result<std::vector<std::uint8_t>> read_tensor(const std::string& path, const model::NoteTensor& tensor) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ExitCode::unreadable, "the input tensor can't be read", path, "no such file", "check --input"};
  std::stringstream all;
  all << in.rdbuf();
  std::string bytes = all.str();
  if (is_npy(path)) {
    const bool magic = bytes.size() >= npy_prefix && std::memcmp(bytes.data(), npy_magic, 6) == 0 && bytes[6] == 1;
    const std::size_t length =
        magic ? static_cast<std::uint8_t>(bytes[8]) | static_cast<std::uint8_t>(bytes[9]) << 8 : 0;
    if (!magic || bytes.size() < npy_prefix + length)
      return Error{ExitCode::unreadable, "not a .npy file of version 1.0", path, "its header is missing or cut off",
                   "save it with numpy.save"};
    const std::string header = bytes.substr(npy_prefix, length);
    if (header.find("'|i1'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos)
      return Error{ExitCode::usage, "the input tensor must be int8 in C order", path, "its header says " + header,
                   "numpy.save(path, numpy.ascontiguousarray(x.astype(numpy.int8)))"};
    bytes.erase(0, npy_prefix + length);
  }
  if (bytes.size() != tensor.bytes)
    return Error{ExitCode::usage, "the input tensor has the wrong size", path,
                 fmt::format("{} bytes; {} is int8 {} = {} bytes", bytes.size(), tensor.name, shape_text(tensor.shape),
                             tensor.bytes),
                 "give exactly the tensor's bytes"};
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

Result<void> write_tensor(const std::string& path, const model::NoteTensor& tensor,
                          const std::vector<std::uint8_t>& bytes) {
  std::ofstream out(path, std::ios::binary);
  if (is_npy(path)) {
    const std::string header = npy_header(tensor);
    out.write(npy_magic, 6);
    out.put(1);
    out.put(0);
    out.put(static_cast<char>(header.size() & 0xff));
    out.put(static_cast<char>(header.size() >> 8));
    out << header;
  }
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.flush();
  if (!out) return Error{ExitCode::unreadable, "the output tensor can't be written", path, "", "check --output"};
  return {};
}

}  // namespace mj
