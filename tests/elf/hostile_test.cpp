// Truncated and mutated images: an Error or less information, never a crash, a hang or an unbounded allocation. These
// tests say little in a plain build; the sanitizer build gives them their teeth.
#include <gtest/gtest.h>

#include <random>

#include "sim/profile/static_size.h"
#include "tests/elf/elf_builder.h"
#include "tests/elf/fixtures.h"

namespace mj::profile {
namespace {

using memory::ElfImage;

// Uses everything that a run would use. Returns whether the image was accepted.
bool exercise(std::vector<std::byte> bytes) {
  auto image = ElfImage::from_bytes(std::move(bytes), "fw.elf");
  if (!image.ok()) {
    EXPECT_TRUE(image.error().code == ExitCode::unreadable || image.error().code == ExitCode::unsupported);
    EXPECT_FALSE(image.error().what.empty() || image.error().why.empty());
    return false;
  }
  const DebugInfo debug = DebugInfo::load(*image);
  const SymbolTable symbols = SymbolTable::build(*image, debug);
  const MemoryRegionName regions[] = {{"flash", 0, 0x10000, RegionKind::flash},
                                      {"ram", 0x20000000, 0x4000, RegionKind::ram}};
  const StaticSize size = compute_static_size(*image, symbols, regions);
  for (const SectionSize& s : size.sections) {
    std::uint64_t sum = 0;
    for (const SizeRow& row : s.rows) sum += row.bytes;
    EXPECT_EQ(sum, s.bytes);
  }
  for (std::uint32_t address = 0; address < 0x400; address += 6) {
    symbols.describe(address, debug);
    debug.inlined_at(address);
  }
  debug.intervals(0, 0x1000);
  debug.intervals(0xffffff00, 0xffffffff);
  for (const auto& section : image->sections()) {
    if (section.compressed()) static_cast<void>(image->contents(section));
  }
  return true;
}

std::vector<std::byte> file_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

TEST(Hostile, EveryTruncationOfASmallImageIsRefused) {
  auto elf = test::minimal();
  elf.symbol("main", 1, 16, STT_FUNC, STB_GLOBAL, 1);
  const auto whole = elf.build();
  EXPECT_TRUE(exercise(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(exercise({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)})) << length;
  }
}

class HostileImages : public testing::TestWithParam<const char*> {};

TEST_P(HostileImages, TruncationIsRefused) {
  const auto whole = file_bytes(test::fixture_path(GetParam()));
  if (whole.empty()) GTEST_SKIP() << GetParam() << " was not built";
  EXPECT_TRUE(exercise(whole));
  for (std::size_t length = 1; length < whole.size(); length += length < 256 ? 1 : 61) {
    EXPECT_FALSE(exercise({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)})) << length;
  }
}

TEST_P(HostileImages, MutationsDoNoHarm) {
  const auto whole = file_bytes(test::fixture_path(GetParam()));
  if (whole.empty()) GTEST_SKIP() << GetParam() << " was not built";
  Elf32_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof header);
  std::mt19937 random(20240607);
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  constexpr int kRounds = 1500;
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto bytes = whole;
    const std::size_t changes = 1 + below(8);
    for (std::size_t i = 0; i < changes; ++i) {
      // A third each: headers, section table, anywhere (mostly debug information).
      std::size_t at = below(bytes.size());
      if (round % 3 == 0) at = below(sizeof header + header.e_phnum * sizeof(Elf32_Phdr));
      if (round % 3 == 1) at = header.e_shoff + below(header.e_shnum * sizeof(Elf32_Shdr));
      constexpr unsigned kInteresting[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
      bytes[at] = below(2) != 0 ? std::byte{static_cast<unsigned char>(kInteresting[below(5)])}
                                : bytes[at] ^ std::byte{static_cast<unsigned char>(1u << below(8))};
    }
    accepted += exercise(std::move(bytes)) ? 1 : 0;
  }
  // Both kinds must occur, or the test exercises only one half of the code.
  EXPECT_GT(accepted, kRounds / 10);
  EXPECT_LT(accepted, kRounds);
}

INSTANTIATE_TEST_SUITE_P(Images, HostileImages,
                         testing::Values("arm_m4.elf", "arm_m0_dwarf4.elf", "arm_compressed.elf", "riscv.elf"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace mj::profile
