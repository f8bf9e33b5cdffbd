#include "sim/semihost.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

namespace mj {

namespace {

// Arm Semihosting specification 2.0, section 4: operation numbers.
enum Op : std::uint32_t {
  sys_open = 0x01,
  sys_close = 0x02,
  sys_writec = 0x03,
  sys_write0 = 0x04,
  sys_write = 0x05,
  sys_read = 0x06,
  sys_readc = 0x07,
  sys_iserror = 0x08,
  sys_istty = 0x09,
  sys_seek = 0x0a,
  sys_flen = 0x0c,
  sys_tmpnam = 0x0d,
  sys_remove = 0x0e,
  sys_rename = 0x0f,
  sys_clock = 0x10,
  sys_time = 0x11,
  sys_errno = 0x13,
  sys_get_cmdline = 0x15,
  sys_heapinfo = 0x16,
  sys_exit = 0x18,
  sys_exit_extended = 0x20,
  sys_elapsed = 0x30,
  sys_tickfreq = 0x31,
};

constexpr std::uint32_t failed = 0xffffffff;
constexpr std::uint32_t stopped_application_exit = 0x20026;  // ADP_Stopped_ApplicationExit
constexpr std::uint32_t max_string = 1u << 20;               // longer names or commands are refused
// ":semihosting-features": magic and the extensions supported: bit 0 exit extended, bit 1 stdout/stderr apart (4.2).
constexpr std::uint8_t features[] = {'S', 'H', 'F', 'B', 0x03};

}  // namespace

struct Semihost::File {
  enum class Kind { input, output, error, features, host } kind = Kind::host;
  std::FILE* stream = nullptr;
  std::size_t at = 0;  ///< position in `features`
  ~File() {
    if (stream) std::fclose(stream);
  }
};

Semihost::Semihost(Wiring wiring, std::string folder, std::string input, std::string command_line)
    : w_(std::move(wiring)),
      folder_(std::move(folder)),
      input_(std::move(input)),
      command_line_(std::move(command_line)) {}

Semihost::~Semihost() = default;

std::uint32_t Semihost::fail(int error) {
  errno_ = error;
  return failed;
}

bool Semihost::word(std::uint32_t block, unsigned index, std::uint32_t& out) {
  return w_.bus.peek(block + 4 * index, reinterpret_cast<std::uint8_t*>(&out), 4);
}

bool Semihost::set_word(std::uint32_t block, unsigned index, std::uint32_t value) {
  return w_.bus.poke(block + 4 * index, reinterpret_cast<const std::uint8_t*>(&value), 4);
}

bool Semihost::string(std::uint32_t address, std::uint32_t length, std::string& out) {
  if (length > max_string) return false;
  out.resize(length);
  return w_.bus.peek(address, reinterpret_cast<std::uint8_t*>(out.data()), length);
}

void Semihost::put(const std::string& bytes, const char* to) {
  for (const char c : bytes) w_.console.put(to, c);
}

std::string Semihost::host_path(const std::string& name) const {
  // Only names below the folder: firmware must not reach the rest of the host.
  const std::filesystem::path path(name);
  if (folder_.empty() || path.empty() || path.is_absolute()) return "";
  for (const auto& part : path)
    if (part == "..") return "";
  // A link in the folder must not lead out of it either.
  std::error_code error;
  const auto root = std::filesystem::canonical(folder_, error);
  if (error) return "";
  const auto full = std::filesystem::weakly_canonical(root / path, error);
  if (error || std::mismatch(root.begin(), root.end(), full.begin(), full.end()).first != root.end()) return "";
  return full.string();
}

Semihost::File* Semihost::file(std::uint32_t handle) {
  return handle >= 1 && handle <= files_.size() ? files_[handle - 1].get() : nullptr;
}

std::uint32_t Semihost::open(std::uint32_t block) {
  static constexpr const char* modes[] = {"r", "rb", "r+", "r+b", "w", "wb", "w+", "w+b", "a", "ab", "a+", "a+b"};
  std::uint32_t name_at, mode, length;
  std::string name;
  if (!word(block, 0, name_at) || !word(block, 1, mode) || !word(block, 2, length) || !string(name_at, length, name) ||
      mode >= std::size(modes))
    return fail(EINVAL);
  auto f = std::make_unique<File>();
  if (name == ":tt") {
    f->kind = mode < 4 ? File::Kind::input : mode < 8 ? File::Kind::output : File::Kind::error;
  } else if (name == ":semihosting-features") {
    f->kind = File::Kind::features;
  } else {
    const std::string path = host_path(name);
    if (path.empty()) {
      w_.diagnostics.not_modelled("semihosting", sys_open, fmt::format("file '{}' outside of the files folder", name));
      return fail(EACCES);
    }
    f->stream = std::fopen(path.c_str(), modes[mode]);
    if (!f->stream) return fail(errno);
  }
  const auto free = std::find(files_.begin(), files_.end(), nullptr);
  const auto handle = static_cast<std::uint32_t>(free - files_.begin()) + 1;
  if (free == files_.end())
    files_.push_back(std::move(f));
  else
    *free = std::move(f);
  return handle;
}

std::uint32_t Semihost::write(std::uint32_t block) {
  std::uint32_t handle, at, length;
  if (!word(block, 0, handle) || !word(block, 1, at) || !word(block, 2, length)) return fail(EINVAL);
  File* f = file(handle);
  if (!f) return fail(EBADF), length;
  std::string bytes;
  for (std::uint32_t done = 0; done < length;) {
    const std::uint32_t chunk = std::min(length - done, max_string);
    if (!string(at + done, chunk, bytes)) return fail(EFAULT), length - done;
    if (f->kind == File::Kind::output)
      put(bytes);
    else if (f->kind == File::Kind::error)
      put(bytes, stderr_name);
    else if (f->kind != File::Kind::host || std::fwrite(bytes.data(), 1, chunk, f->stream) != chunk)
      return fail(EBADF), length - done;
    done += chunk;
  }
  return 0;
}

std::uint32_t Semihost::read(std::uint32_t block) {
  std::uint32_t handle, at, length;
  if (!word(block, 0, handle) || !word(block, 1, at) || !word(block, 2, length)) return fail(EINVAL);
  File* f = file(handle);
  if (!f) return fail(EBADF), length;
  length = std::min(length, max_string);
  std::string bytes;
  switch (f->kind) {
    case File::Kind::input:
      bytes = input_.substr(input_at_, length);
      input_at_ += bytes.size();
      break;
    case File::Kind::features:
      for (; f->at < std::size(features) && bytes.size() < length; ++f->at)
        bytes.push_back(static_cast<char>(features[f->at]));
      break;
    case File::Kind::host:
      bytes.resize(length);
      bytes.resize(std::fread(bytes.data(), 1, length, f->stream));
      break;
    case File::Kind::output:
    case File::Kind::error:
      return fail(EBADF), length;
  }
  if (!w_.bus.poke(at, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())) return fail(EFAULT), length;
  return length - static_cast<std::uint32_t>(bytes.size());
}

std::uint32_t Semihost::call(std::uint32_t op, std::uint32_t argument) {
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  switch (op) {
    case sys_open:
      return open(argument);
    case sys_close: {
      if (!word(argument, 0, a) || !file(a)) return fail(EBADF);
      files_[a - 1].reset();
      return 0;
    }
    case sys_writec: {
      std::uint8_t byte;
      if (w_.bus.peek(argument, &byte, 1)) put(std::string(1, static_cast<char>(byte)));
      return 0;
    }
    case sys_write0: {
      std::uint8_t byte;
      for (std::uint32_t i = 0; i < max_string && w_.bus.peek(argument + i, &byte, 1) && byte; ++i)
        put(std::string(1, static_cast<char>(byte)));
      return 0;
    }
    case sys_write:
      return write(argument);
    case sys_read:
      return read(argument);
    case sys_readc:
      return input_at_ < input_.size() ? static_cast<std::uint8_t>(input_[input_at_++]) : failed;
    case sys_iserror:
      return word(argument, 0, a) && static_cast<std::int32_t>(a) < 0;
    case sys_istty: {
      if (!word(argument, 0, a) || !file(a)) return fail(EBADF);
      const auto kind = file(a)->kind;
      return kind == File::Kind::input || kind == File::Kind::output || kind == File::Kind::error;
    }
    case sys_seek: {
      if (!word(argument, 0, a) || !word(argument, 1, b) || !file(a)) return fail(EBADF);
      File& f = *file(a);
      if (f.kind == File::Kind::features) return f.at = std::min<std::size_t>(b, std::size(features)), 0;
      return f.stream && std::fseek(f.stream, static_cast<long>(b), SEEK_SET) == 0 ? 0 : fail(EINVAL);
    }
    case sys_flen: {
      if (!word(argument, 0, a) || !file(a)) return fail(EBADF);
      File& f = *file(a);
      if (f.kind == File::Kind::features) return std::size(features);
      if (!f.stream) return 0;
      const long here = std::ftell(f.stream);
      std::fseek(f.stream, 0, SEEK_END);
      const long end = std::ftell(f.stream);
      std::fseek(f.stream, here, SEEK_SET);
      return static_cast<std::uint32_t>(end);
    }
    case sys_tmpnam: {
      if (!word(argument, 0, a) || !word(argument, 1, b) || !word(argument, 2, c)) return fail(EINVAL);
      const std::string name = fmt::format("mj-tmp-{}", b & 0xff);
      if (c <= name.size()) return fail(EINVAL);
      return w_.bus.poke(a, reinterpret_cast<const std::uint8_t*>(name.c_str()), name.size() + 1) ? 0 : fail(EFAULT);
    }
    case sys_remove: {
      std::string name;
      if (!word(argument, 0, a) || !word(argument, 1, b) || !string(a, b, name)) return fail(EINVAL);
      const std::string path = host_path(name);
      if (path.empty()) return fail(EACCES);
      return std::remove(path.c_str()) == 0 ? 0 : fail(errno);
    }
    case sys_rename: {
      std::string from, to;
      if (!word(argument, 0, a) || !word(argument, 1, b) || !word(argument, 2, c) || !word(argument, 3, d) ||
          !string(a, b, from) || !string(c, d, to))
        return fail(EINVAL);
      const std::string old_path = host_path(from), new_path = host_path(to);
      if (old_path.empty() || new_path.empty()) return fail(EACCES);
      return std::rename(old_path.c_str(), new_path.c_str()) == 0 ? 0 : fail(errno);
    }
    case sys_clock:
      return static_cast<std::uint32_t>(w_.seconds() * 100.0);  // centiseconds
    case sys_time:
      return static_cast<std::uint32_t>(w_.seconds());  // the simulated world begins on 1 January 1970
    case sys_errno:
      return static_cast<std::uint32_t>(errno_);
    case sys_get_cmdline: {
      if (!word(argument, 0, a) || !word(argument, 1, b) || b <= command_line_.size()) return failed;
      if (!w_.bus.poke(a, reinterpret_cast<const std::uint8_t*>(command_line_.c_str()), command_line_.size() + 1))
        return failed;
      return set_word(argument, 1, static_cast<std::uint32_t>(command_line_.size())) ? 0 : failed;
    }
    case sys_heapinfo:
      // Zeros: "use your own limits", so that the linker script decides as it does on the board (4.11).
      if (word(argument, 0, a))
        for (unsigned i = 0; i < 4; ++i) set_word(a, i, 0);
      return 0;
    case sys_exit:
      w_.exit.request_exit(argument == stopped_application_exit ? 0 : 1);
      return 0;
    case sys_exit_extended:
      if (!word(argument, 0, a) || !word(argument, 1, b)) return failed;
      w_.exit.request_exit(a == stopped_application_exit ? static_cast<int>(b) : 1);
      return 0;
    case sys_elapsed: {
      const Cycle now = w_.now();
      set_word(argument, 0, static_cast<std::uint32_t>(now));
      set_word(argument, 1, static_cast<std::uint32_t>(now >> 32));
      return 0;
    }
    case sys_tickfreq:
      return static_cast<std::uint32_t>(w_.hz());
    default:
      w_.diagnostics.not_modelled("semihosting", op, fmt::format("operation 0x{:02x}", op));
      return failed;
  }
}

}  // namespace mj
