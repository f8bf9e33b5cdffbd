#include "sim/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace mj {

namespace {

using model::TensorType;

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t alignment = 64;  // of the data in the file

constexpr std::pair<TensorType, std::string_view> types[] = {
    {TensorType::int8, "|i1"},    {TensorType::uint8, "|u1"},   {TensorType::boolean, "|b1"},
    {TensorType::int16, "<i2"},   {TensorType::uint16, "<u2"},  {TensorType::int32, "<i4"},
    {TensorType::uint32, "<u4"},  {TensorType::int64, "<i8"},   {TensorType::uint64, "<u8"},
    {TensorType::float16, "<f2"}, {TensorType::float32, "<f4"}, {TensorType::float64, "<f8"},
};

/// The header: a Python dictionary of three entries. What isn't one of these three is refused.
class Header {
 public:
  explicit Header(std::string_view text) : text_(text) {}

  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

  /// Whether it is such a dictionary with all three, and nothing behind it.
  bool read() {
    if (!take('{')) return false;
    while (!take('}')) {
      const auto key = string();
      if (!key || !take(':') || !entry(*key)) return false;
      if (take(',')) continue;
      if (!take('}')) return false;
      break;
    }
    skip();
    return text_.empty() && descr && fortran_order && shape;
  }

 private:
  bool entry(const std::string& key) {
    if (key == "descr" && !descr) return (descr = string()).has_value();
    if (key == "shape" && !shape) return tuple();
    if (key != "fortran_order" || fortran_order) return false;
    skip();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      fortran_order = value;
      return true;
    }
    return false;
  }
  void skip() {
    const std::size_t n = text_.find_first_not_of(" \t\n\r\f\v");
    text_.remove_prefix(std::min(n, text_.size()));
  }
  bool take(char c) {
    skip();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> string() {
    skip();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) return std::nullopt;
    const std::size_t end = text_.find(text_.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string out(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return out;
  }
  bool tuple() {
    constexpr std::size_t most_dimensions = 64;  // NumPy's own limit
    std::vector<std::int64_t> dims;
    if (!take('(')) return false;
    while (!take(')')) {
      skip();
      std::int64_t value = 0;
      const auto [rest, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (failed != std::errc() || value < 0 || dims.size() == most_dimensions) return false;
      text_.remove_prefix(static_cast<std::size_t>(rest - text_.data()));
      dims.push_back(value);
      if (take(',')) continue;
      if (!take(')')) return false;
      break;
    }
    shape = std::move(dims);
    return true;
  }

  std::string_view text_;
};

}  // namespace

std::string tuple_text(const std::vector<std::int64_t>& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

Result<NpyArray> parse_npy(std::string_view file, const std::string& where) {
  const auto bad = [&](std::string why) {
    return Error{ExitCode::unreadable, "not a .npy file", where, std::move(why), "save it with numpy.save"};
  };
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(file[i]); };
  constexpr std::size_t version_end = 8;
  if (file.size() < version_end || !file.starts_with(magic)) return bad("its header is missing or cut off");
  const unsigned version = byte(6);
  if (version < 1 || version > 3) return bad(fmt::format("its format's version is {}, we read 1 to 3", version));
  const std::size_t begin = version_end + (version == 1 ? 2 : 4);
  if (file.size() < begin) return bad("its header is missing or cut off");
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > version_end;) length = length << 8 | byte(i);
  if (length > file.size() - begin) return bad("its header is missing or cut off");

  const std::string_view text = file.substr(begin, length);
  const std::string shown(text.substr(0, text.find_last_not_of(" \n") + 1).substr(0, 200));
  Header header(text);
  if (!header.read())
    return bad("its header is not {'descr': TYPE, 'fortran_order': False, 'shape': (N, ...)} but " + shown);
  const auto unusable = [&](const char* what) {
    return Error{ExitCode::usage, what, where, "its header says " + shown,
                 "numpy.save(path, numpy.ascontiguousarray(x)) on a little-endian machine"};
  };
  NpyArray array;
  bool known = false;
  for (const auto& [type, name] : types)
    // Bytes have no order: NumPy writes '|', others '<'.
    if (*header.descr == name ||
        (name.front() == '|' && header.descr->size() == 3 && header.descr->substr(1) == name.substr(1))) {
      array.type = type;
      known = true;
    }
  if (!known) return unusable("a .npy file whose type we don't read");
  array.shape = std::move(*header.shape);
  // One dimension lies the same way in both orders.
  if (*header.fortran_order && array.shape.size() > 1) return unusable("a .npy file in Fortran order");

  const std::size_t held = file.size() - begin - length;
  std::uint64_t need = model::element_bits(array.type) / 8;
  bool empty = false, overflow = false;
  for (const std::int64_t d : array.shape) {
    empty |= d == 0;
    overflow |= __builtin_mul_overflow(need, static_cast<std::uint64_t>(d), &need);
  }
  if (empty) need = 0;
  if ((overflow && !empty) || need != held)
    return bad(fmt::format("its shape {} of {} needs {} bytes, behind the header are {}", tuple_text(array.shape),
                           model::type_name(array.type),
                           overflow && !empty ? std::string("more than 2^64") : std::to_string(need), held));
  array.bytes.resize(held);
  if (held) std::memcpy(array.bytes.data(), file.data() + begin + length, held);
  return array;
}

Result<NpyArray> read_npy(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed))
    return Error{ExitCode::unreadable, "a folder, not a .npy file", path, "", ""};
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ExitCode::unreadable, "a .npy file can't be read", path, "no such file", "check the path"};
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return parse_npy(bytes, path);
}

Result<std::string> npy_file(const NpyArray& array) {
  std::string_view descr;
  for (const auto& [type, name] : types)
    if (type == array.type) descr = name;
  if (descr.empty())
    return Error{ExitCode::unsupported, "NumPy has no type " + model::type_name(array.type), "", "", ""};
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, tuple_text(array.shape));
  constexpr std::size_t prefix = 10;  // magic, version, length
  const std::size_t whole = (prefix + header.size() + 1 + alignment - 1) / alignment * alignment;
  header.append(whole - prefix - header.size() - 1, ' ');
  header += '\n';
  std::string out(magic);
  out += '\x01';
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  out.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  return out;
}

}  // namespace mj
