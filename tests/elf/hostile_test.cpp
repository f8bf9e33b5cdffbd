// Truncated and mutated images: an Error or less information, never a crash, a hang or an unbounded allocation. These
// tests say little in a plain build; the sanitizer build gives them their teeth.
#include <dwarf.h>
#include <gtest/gtest.h>

#include <random>

#include "sim/profile/dwarf_line.h"
#include "sim/profile/names.h"
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

TEST(Hostile, ManySymbolsThatShareOneLongNameAreRefused) {
  // Given a file of 180 KB whose 5000 symbols all have the same name of 100 KB: 500 MB of names, and more in a profile
  auto elf = test::minimal();
  for (unsigned i = 0; i < 5000; ++i) elf.symbol(std::string(100'000, 'n'), 1, 2, STT_FUNC, STB_GLOBAL, 1);
  const auto bytes = elf.build();
  ASSERT_LT(bytes.size(), 200'000u);

  // Then it is refused before they are copied
  const auto image = ElfImage::from_bytes(bytes, "fw.elf");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ExitCode::unreadable);
  EXPECT_NE(image.error().why.find("longer than 64 MiB"), std::string::npos) << image.error().text();
}

TEST(Hostile, ALineTableOfFilesThatShareOneLongNameIsReadInPart) {
  // Given a DWARF 5 line table: no directories, 10,000 files that all refer to one name of 20 KB
  std::vector<std::uint8_t> table = {5, 0, 4, 0};  // version, address and segment selector size
  const std::vector<std::uint8_t> header = {1,
                                            1,
                                            1,
                                            0,
                                            1,
                                            1,  // instruction length ... opcode base
                                            0,
                                            0,  // directories: no columns, none
                                            1,
                                            DW_LNCT_path,
                                            DW_FORM_line_strp,
                                            0x90,
                                            0x4e};  // files: 10,000
  // A section or table: its length in a word, then its bytes.
  const auto sized = [](const std::vector<std::uint8_t>& bytes) {
    std::vector<std::uint8_t> out(4 + bytes.size());
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(bytes.size() >> (8 * i));
    std::copy(bytes.begin(), bytes.end(), out.begin() + 4);
    return out;
  };
  std::vector<std::uint8_t> files(header.begin(), header.end());
  files.resize(files.size() + 4 * 10'000);  // the name's offset, 0, for each
  const std::vector<std::uint8_t> after_length = sized(files);
  table.resize(table.size() + after_length.size());
  std::copy(after_length.begin(), after_length.end(), table.end() - static_cast<std::ptrdiff_t>(after_length.size()));
  const std::vector<std::uint8_t> line = sized(table);
  std::vector<std::uint8_t> text(20'000, 'n');
  text.push_back(0);

  // When it is read
  const LineProgram program =
      parse_line_program({std::as_bytes(std::span(line)), std::as_bytes(std::span(text)), {}}, 0, "/src");

  // Then it ends where its names get larger than any program's
  EXPECT_EQ(program.error, "its file names are longer than 16 MiB all together");
  std::size_t kept = 0;
  for (const std::string& file : program.files) kept += file.size();
  EXPECT_GT(kept, 0u);
  EXPECT_LE(kept, kMaxFileNameBytes);
}

TEST(Hostile, ANameThatExplodesWhenDemangledStaysMangled) {
  // Given f(A<int, int>, B<A<int, int>, A<int, int> >, B<...>): each parameter has the one before twice
  const auto name = [](int doublings) {
    const auto reference = [](int k) {
      return k == 0 ? "S_" : "S" + std::string(1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(k - 1) % 36]) + "_";
    };
    std::string text = "_Z1f1AIiiE";
    for (int i = 0; i < doublings; ++i) text += "1BI" + reference(1 + 2 * i) + reference(1 + 2 * i) + "E";
    return text;
  };
  // Then one that doubles thrice is demangled
  EXPECT_EQ(demangle(name(1)), "f(A<int, int>, B<A<int, int>, A<int, int> >)");
  EXPECT_GT(demangle(name(3)).size(), 200u);
  // and one of 180 letters that would become megabytes is not
  EXPECT_EQ(demangle(name(17)), name(17));
  // nor are many of a hundred kilobytes each, of one file: 32 MiB are enough
  Demangler of_one_file;
  std::size_t all = 0;
  for (int i = 0; i < 100'000; ++i) all += of_one_file(name(8)).size();
  EXPECT_LT(all, std::size_t{48} << 20);
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
