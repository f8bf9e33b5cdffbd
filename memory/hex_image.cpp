#include "memory/hex_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#ifndef EM_RISCV
#define EM_RISCV 243
#endif

namespace mj::memory {

namespace {

constexpr std::size_t most_segments = 1000;
constexpr std::uint32_t arm_eabi5 = 0x05000000;  // e_flags: EF_ARM_EABI_VER5

int digit(std::byte b) {
  const int c = std::to_integer<int>(b);
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

class HexReader {
 public:
  HexReader(std::span<const std::byte> file, const std::string& name) : file_(file), name_(name) {}

  Result<std::vector<std::byte>> read() {
    while (at_ < file_.size()) {
      const int c = std::to_integer<int>(file_[at_]);
      if (c == '\r' || c == '\n' || c == ' ' || c == '\t') {
        line_ += c == '\n';
        ++at_;
        continue;
      }
      if (c != ':') return wrong("a record begins with ':'");
      ++at_;
      if (auto done = record(); !done) return done.error();
      if (ended_) break;
    }
    if (segments_.empty()) return wrong("it has no data records");
    return elf();
  }

 private:
  Error wrong(std::string why) const {
    return {ExitCode::unreadable, "malformed Intel HEX file", fmt::format("{}, line {}", name_, line_), std::move(why),
            "make the file again, or check how it was copied"};
  }

  std::optional<unsigned> byte() {
    if (file_.size() - at_ < 2) return std::nullopt;
    const int high = digit(file_[at_]), low = digit(file_[at_ + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    at_ += 2;
    sum_ += static_cast<unsigned>(high << 4 | low);
    return static_cast<unsigned>(high << 4 | low);
  }

  Result<void> record() {
    sum_ = 0;
    const auto length = byte(), high = byte(), low = byte(), type = byte();
    if (!length || !high || !low || !type) return wrong("a record ends early or has a character that is no digit");
    std::vector<std::byte> data;
    for (unsigned i = 0; i < *length; ++i) {
      const auto b = byte();
      if (!b) return wrong("a record ends early or has a character that is no digit");
      data.push_back(static_cast<std::byte>(*b));
    }
    if (!byte()) return wrong("a record has no checksum");
    if (sum_ & 0xff) return wrong("the checksum is wrong");
    std::uint32_t value = 0;
    for (const std::byte b : data) value = value << 8 | std::to_integer<std::uint32_t>(b);
    const auto needs = [&](std::size_t n) { return data.size() == n; };
    switch (*type) {
      case 0:
        return add((base_ + (*high << 8 | *low)) & 0xffffffff, data);
      case 1:
        ended_ = true;
        return {};
      case 2:
        if (!needs(2)) return wrong("an extended segment address has 2 bytes");
        base_ = std::uint64_t{value} << 4;
        return {};
      case 3:
        return {};  // CS:IP of an 8086
      case 4:
        if (!needs(2)) return wrong("an extended linear address has 2 bytes");
        base_ = std::uint64_t{value} << 16;
        return {};
      case 5:
        if (!needs(4)) return wrong("a start linear address has 4 bytes");
        start_ = value;
        return {};
      default:
        return wrong(fmt::format("record type {} does not exist", *type));
    }
  }

  Result<void> add(std::uint64_t address, const std::vector<std::byte>& data) {
    if (data.empty()) return {};
    if (address + data.size() > (1ull << 32)) return wrong("data beyond the 32-bit address space");
    const auto from = static_cast<std::uint32_t>(address);
    auto next = segments_.lower_bound(from);
    if (next != segments_.end() && address + data.size() > next->first) return wrong(overlap(from));
    if (next != segments_.begin()) {
      auto before = std::prev(next);
      const std::uint64_t end = std::uint64_t{before->first} + before->second.size();
      if (end > address) return wrong(overlap(from));
      if (end == address) {
        before->second.insert(before->second.end(), data.begin(), data.end());
        return {};
      }
    }
    if (segments_.size() >= most_segments) return wrong(fmt::format("more than {} separate pieces", most_segments));
    segments_[from] = data;
    return {};
  }
  static std::string overlap(std::uint32_t at) { return fmt::format("the bytes at 0x{:08x} come twice", at); }

  std::uint32_t word(std::size_t offset) const {
    const auto& lowest = segments_.begin()->second;
    std::uint32_t v = 0;
    if (offset + 4 <= lowest.size()) std::memcpy(&v, lowest.data() + offset, 4);
    return v;
  }
  bool holds(std::uint32_t a) const {
    return std::any_of(segments_.begin(), segments_.end(),
                       [&](const auto& s) { return a >= s.first && a - s.first < s.second.size(); });
  }

  std::vector<std::byte> elf() const {
    const std::uint32_t lowest = segments_.begin()->first, stack = word(0), reset = word(4);
    const bool arm = stack != 0 && stack % 4 == 0 && (reset & 1) && holds(reset & ~1u);
    Elf32_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS32;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_EXEC;
    h.e_machine = arm ? EM_ARM : EM_RISCV;
    h.e_version = EV_CURRENT;
    h.e_entry = arm ? reset : start_.value_or(lowest);
    h.e_phoff = sizeof h;
    h.e_flags = arm ? arm_eabi5 : 0;
    h.e_ehsize = sizeof h;
    h.e_phentsize = sizeof(Elf32_Phdr);
    h.e_phnum = static_cast<Elf32_Half>(segments_.size());
    std::vector<std::byte> out(sizeof h + segments_.size() * sizeof(Elf32_Phdr));
    std::memcpy(out.data(), &h, sizeof h);
    std::size_t at = sizeof h;
    for (const auto& [address, data] : segments_) {
      Elf32_Phdr p{};
      p.p_type = PT_LOAD;
      p.p_offset = static_cast<Elf32_Off>(out.size());
      p.p_vaddr = p.p_paddr = address;
      p.p_filesz = p.p_memsz = static_cast<Elf32_Word>(data.size());
      p.p_flags = PF_R | PF_X;
      p.p_align = 1;
      std::memcpy(out.data() + at, &p, sizeof p);
      at += sizeof p;
      out.insert(out.end(), data.begin(), data.end());
    }
    return out;
  }

  std::span<const std::byte> file_;
  const std::string& name_;
  std::size_t at_ = 0, line_ = 1;
  unsigned sum_ = 0;
  bool ended_ = false;
  std::uint64_t base_ = 0;
  std::optional<std::uint32_t> start_;
  std::map<std::uint32_t, std::vector<std::byte>> segments_;
};

}  // namespace

bool looks_like_hex(std::span<const std::byte> file) {
  std::size_t at = 0;
  while (at < file.size() && (file[at] == std::byte{'\n'} || file[at] == std::byte{'\r'})) ++at;
  if (file.size() - at < 11 || file[at] != std::byte{':'}) return false;
  return std::all_of(file.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                     file.begin() + static_cast<std::ptrdiff_t>(at) + 9, [](std::byte b) { return digit(b) >= 0; });
}

Result<std::vector<std::byte>> elf_of_hex(std::span<const std::byte> file, const std::string& name) {
  return HexReader(file, name).read();
}

}  // namespace mj::memory
