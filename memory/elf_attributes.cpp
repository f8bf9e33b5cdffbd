#include "memory/elf_attributes.h"

#include <array>
#include <string_view>

namespace mj::memory {
namespace {

// A reader that can't leave its span: reading past the end sets `failed` and yields zeros.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool failed() const { return failed_; }
  bool at_end() const { return failed_ || pos_ >= bytes_.size(); }

  std::uint8_t u8() {
    if (pos_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return std::to_integer<std::uint8_t>(bytes_[pos_++]);
  }
  std::uint32_t u32() {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{u8()} << (8 * i);
    return value;
  }
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t byte = u8();
      if (failed_ || shift > 56) {
        failed_ = true;
        return 0;
      }
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }
  std::string text() {
    std::string out;
    for (std::uint8_t c = u8(); c != 0; c = u8()) out.push_back(static_cast<char>(c));
    return out;
  }
  // The next `size` bytes as a cursor of their own; this one moves behind them.
  Cursor take(std::size_t size) {
    if (size > bytes_.size() - pos_) {
      failed_ = true;
      return Cursor({});
    }
    Cursor part(bytes_.subspan(pos_, size));
    pos_ += size;
    return part;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t pos_ = 0;
  bool failed_ = false;
};

// ADDENDA32 3.2: which form a tag's value has. Tag 32 (compatibility) is a number followed by a text.
bool arm_tag_is_text(std::uint64_t tag) { return tag == 4 || tag == 5 || (tag > 32 && tag % 2 == 1); }
bool riscv_tag_is_text(std::uint64_t tag) { return tag % 2 == 1; }

// By Tag_CPU_arch. 12 is v6S-M, v6-M with the OS extension (SVC), which every v6-M core has.
constexpr std::array<std::string_view, 23> kArmArch = {
    "pre-armv4",    "armv4",        "armv4t",    "armv5t",    "armv5te",   "armv5tej",       "armv6",   "armv6kz",
    "armv6t2",      "armv6k",       "armv7",     "armv6-m",   "armv6-m",   "armv7e-m",       "armv8-a", "armv8-r",
    "armv8-m.base", "armv8-m.main", "armv8.1-a", "armv8.2-a", "armv8.3-a", "armv8.1-m.main", "armv9-a"};

std::string arm_fpu(std::uint64_t fp_arch, std::uint64_t hard_fp_use) {
  const bool single_only = hard_fp_use == 1;  // Tag_ABI_HardFP_use 1: single precision only
  switch (fp_arch) {
    case 0:
      return "none";
    case 1:
      return "vfpv1";
    case 2:
      return "vfpv2";
    case 3:
      return "vfpv3";
    case 4:
      return "vfpv3-d16";
    case 5:
      return "vfpv4";
    case 6:
      return single_only ? "fpv4-sp" : "vfpv4-d16";
    case 7:
      return "fp-armv8";
    case 8:
      return single_only ? "fpv5-sp" : "fpv5-dp";
    default:
      return "FP_arch " + std::to_string(fp_arch);
  }
}

// "m2p0" -> "m", "zve32x1p0" -> "zve32x"; names without a version stay.
std::string_view without_version(std::string_view name) {
  auto digits = [](std::string_view s) {
    std::size_t n = 0;
    while (n < s.size() && s[s.size() - 1 - n] >= '0' && s[s.size() - 1 - n] <= '9') ++n;
    return n;
  };
  const std::size_t minor = digits(name);
  if (minor == 0 || minor == name.size()) return name;
  std::string_view rest = name.substr(0, name.size() - minor);
  if (rest.back() != 'p') return name;
  rest.remove_suffix(1);
  const std::size_t major = digits(rest);
  if (major == 0 || major == rest.size()) return name;
  return rest.substr(0, rest.size() - major);
}

// "rv32i2p1_m2p0_c2p0_zicsr2p0" -> "rv32imc_zicsr"
std::string normalised_riscv_arch(std::string_view raw) {
  std::string out;
  bool first = true;
  while (!raw.empty()) {
    const std::size_t cut = raw.find('_');
    std::string_view part = without_version(raw.substr(0, cut));
    if (!first && part.size() > 1) out += '_';
    out += part;
    first = false;
    if (cut == std::string_view::npos) break;
    raw.remove_prefix(cut + 1);
  }
  return out;
}

}  // namespace

BuildAttributes parse_build_attributes(std::span<const std::byte> section, std::string_view vendor) {
  BuildAttributes out;
  if (section.empty()) return out;
  const bool arm = vendor == "aeabi";
  Cursor file(section);
  if (file.u8() != 'A') {
    out.malformed = true;
    return out;
  }
  while (!file.at_end()) {
    const std::uint32_t length = file.u32();  // counts itself
    Cursor subsection = file.take(length >= 4 ? length - 4 : section.size());
    if (file.failed()) break;
    if (subsection.text() != vendor) continue;
    while (!subsection.at_end()) {
      const std::size_t tag_start_bytes = 1;  // scope tags 1..3 are one byte of ULEB128
      const std::uint64_t scope = subsection.uleb();
      const std::uint32_t size = subsection.u32();  // counts the scope tag and itself
      if (size < tag_start_bytes + 4) {
        out.malformed = true;
        return out;
      }
      Cursor attributes = subsection.take(size - tag_start_bytes - 4);
      if (subsection.failed()) break;
      if (scope != 1) continue;  // 1: whole file; 2 and 3: single sections or symbols
      while (!attributes.at_end()) {
        const std::uint64_t tag = attributes.uleb();
        if (arm && tag == 32) {
          attributes.uleb();
          attributes.text();
        } else if (arm ? arm_tag_is_text(tag) : riscv_tag_is_text(tag)) {
          out.texts[tag] = attributes.text();
        } else {
          out.numbers[tag] = attributes.uleb();
        }
      }
      out.malformed |= attributes.failed();
    }
    out.malformed |= subsection.failed();
  }
  out.malformed |= file.failed();
  return out;
}

ElfTarget arm_target(const BuildAttributes& attributes, std::uint32_t flags) {
  enum Tag : std::uint64_t {
    kCpuName = 5,
    kCpuArch = 6,
    kCpuArchProfile = 7,
    kFpArch = 10,
    kHardFpUse = 27,
    kVfpArgs = 28,
    kDsp = 46,
    kMve = 48
  };
  auto number = [&](std::uint64_t tag) {
    const auto it = attributes.numbers.find(tag);
    return it == attributes.numbers.end() ? 0 : it->second;
  };
  ElfTarget target;
  target.machine = Machine::arm;
  target.from_attributes = !attributes.numbers.empty() || !attributes.texts.empty();
  constexpr std::uint32_t kFloatHard = 0x400;  // EF_ARM_ABI_FLOAT_HARD
  if (!target.from_attributes) {
    target.float_abi = (flags & kFloatHard) != 0 ? FloatAbi::hard : FloatAbi::soft;
    return target;
  }
  // GCC writes an architecture ("7E-M") where no core was named; only names that start with a letter are cores.
  if (const auto it = attributes.texts.find(kCpuName); it != attributes.texts.end() && !it->second.empty()) {
    const char c = it->second.front();
    if (c < '0' || c > '9') target.cpu = it->second;
  }
  const std::uint64_t profile = number(kCpuArchProfile);
  if (profile == 'M' || profile == 'A' || profile == 'R' || profile == 'S') target.profile = static_cast<char>(profile);
  if (attributes.numbers.contains(kCpuArch)) {
    const std::uint64_t arch = number(kCpuArch);
    target.arch = arch < kArmArch.size() ? std::string(kArmArch[arch]) : "Tag_CPU_arch " + std::to_string(arch);
    target.arch_raw = "Tag_CPU_arch " + std::to_string(arch);
    constexpr std::uint64_t kV7 = 10, kV7EM = 13;
    if (arch == kV7 && target.profile != 0) {
      target.arch += '-';
      target.arch += static_cast<char>(target.profile - 'A' + 'a');
    }
    target.dsp = arch == kV7EM || number(kDsp) != 0;
  }
  target.mve = number(kMve) != 0;
  target.fpu = arm_fpu(number(kFpArch), number(kHardFpUse));
  if (number(kVfpArgs) == 1 || (flags & kFloatHard) != 0) {
    target.float_abi = FloatAbi::hard;
  } else {
    target.float_abi = number(kFpArch) != 0 ? FloatAbi::softfp : FloatAbi::soft;
  }
  return target;
}

ElfTarget riscv_target(const BuildAttributes& attributes, std::uint32_t flags) {
  constexpr std::uint64_t kArch = 5;  // Tag_RISCV_arch
  constexpr std::uint32_t kRvc = 0x1, kFloatMask = 0x6, kRve = 0x8;
  ElfTarget target;
  target.machine = Machine::riscv;
  target.compressed = (flags & kRvc) != 0;
  target.float_abi = (flags & kFloatMask) != 0 ? FloatAbi::hard : FloatAbi::soft;
  if (const auto it = attributes.texts.find(kArch); it != attributes.texts.end() && !it->second.empty()) {
    target.from_attributes = true;
    target.arch_raw = it->second;
    target.arch = normalised_riscv_arch(it->second);
    const std::string_view single = std::string_view(target.arch).substr(0, target.arch.find('_'));
    const std::string_view letters = single.size() > 4 ? single.substr(4) : std::string_view{};
    target.fpu = letters.find_first_of("dg") != letters.npos ? "d" : letters.find('f') != letters.npos ? "f" : "none";
  } else {
    target.arch = (flags & kRve) != 0 ? "rv32e" : "";
  }
  return target;
}

}  // namespace mj::memory
