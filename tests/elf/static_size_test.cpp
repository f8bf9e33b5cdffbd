// Flash and RAM use, and that no byte is lost or counted twice.
#include "sim/profile/static_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/elf/elf_builder.h"
#include "tests/elf/fixtures.h"

namespace mj::profile {
namespace {

using memory::ElfImage;
using test::ElfBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

std::uint64_t sum(const std::vector<SizeRow>& rows) {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                         [](std::uint64_t n, auto& r) { return n + r.bytes; });
}

StaticSize sizes(ElfBuilder& elf, std::vector<MemoryRegionName> regions) {
  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");
  EXPECT_TRUE(image.ok());
  return compute_static_size(*image, SymbolTable::build(*image), regions);
}

// 0x100 bytes of code at 0, 0x10 of data stored behind it, 0x40 of .bss.
ElfBuilder firmware() {
  ElfBuilder elf;
  const auto text = elf.section(".text", SHF_ALLOC | SHF_EXECINSTR, 0, std::vector<std::uint8_t>(0x100));
  const auto data = elf.section(".data", SHF_ALLOC | SHF_WRITE, 0x20000000, std::vector<std::uint8_t>(0x10, 7));
  const auto bss = elf.no_bits(".bss", 0x20000010, 0x40);
  elf.load(text, 0);
  elf.load(data, 0x100, PF_R | PF_W);
  elf.load(bss, 0x110, PF_R | PF_W);
  elf.symbol("main", 0x1, 0x7e, STT_FUNC, STB_GLOBAL, text);
  elf.symbol("weights", 0x80, 0x60, STT_OBJECT, STB_GLOBAL, text);
  elf.symbol("arena", 0x20000010, 0x40, STT_OBJECT, STB_GLOBAL, bss);
  return elf;
}

TEST(StaticSize, DataCountsInFlashAndRamBssInRamOnly) {
  auto elf = firmware();
  const StaticSize size =
      sizes(elf, {{"flash", 0, 0x1000, RegionKind::flash}, {"ram", 0x20000000, 0x100, RegionKind::ram}});
  EXPECT_EQ(size.flash, 0x110u);
  EXPECT_EQ(size.ram, 0x50u);
  EXPECT_EQ(size.regions[0].by_lma, 0x10u);
  EXPECT_EQ(size.regions[0].by_vma, 0x100u);
  EXPECT_EQ(size.sections[1].load_region, "flash");
  EXPECT_FALSE(size.regions[0].overflow || size.regions[1].overflow);
  EXPECT_TRUE(size.unplaced.empty());
}

TEST(StaticSize, RowsOfASectionSumToItsSize) {
  auto elf = firmware();
  const StaticSize size = sizes(elf, {});
  ASSERT_EQ(size.sections.size(), 3u);
  for (const SectionSize& s : size.sections) EXPECT_EQ(sum(s.rows), s.bytes) << s.name;
  // main 126, 2 zero bytes of padding up to weights (96), 32 bytes that nobody claims.
  std::vector<std::string> rows;
  for (const SizeRow& r : size.sections[0].rows) rows.push_back(r.name + " " + std::to_string(r.bytes));
  EXPECT_THAT(rows, ElementsAre("main 126", "weights 96", "[.text unknown] 32", "[padding] 2"));
  const auto top = size.top_symbols(2);
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0].name, "main");
  EXPECT_EQ(top[1].name, "weights");
}

TEST(StaticSize, AnOverflowNamesBytesAndFirstSection) {
  auto elf = firmware();
  const StaticSize size =
      sizes(elf, {{"flash", 0, 0x108, RegionKind::flash}, {"ram", 0x20000000, 0x20, RegionKind::ram}});
  ASSERT_TRUE(size.regions[0].overflow.has_value());
  EXPECT_EQ(size.regions[0].overflow->bytes, 8u);
  EXPECT_EQ(size.regions[0].overflow->first_section, ".data") << "its image in flash is too much";
  ASSERT_TRUE(size.regions[1].overflow.has_value());
  EXPECT_EQ(size.regions[1].overflow->bytes, 0x30u);
  EXPECT_EQ(size.regions[1].overflow->first_section, ".bss");
}

TEST(StaticSize, ASectionThatBeginsJustBehindItsRegionOverflowsIt) {
  auto elf = firmware();
  const StaticSize size =
      sizes(elf, {{"flash", 0, 0x100, RegionKind::flash}, {"ram", 0x20000000, 0x10, RegionKind::ram}});
  EXPECT_EQ(size.regions[0].overflow->bytes, 0x10u);
  EXPECT_EQ(size.regions[1].overflow->bytes, 0x40u);
  EXPECT_TRUE(size.unplaced.empty());
}

TEST(StaticSize, ASectionInNoRegionIsNamed) {
  auto elf = firmware();
  const StaticSize size = sizes(elf, {{"flash", 0, 0x1000, RegionKind::flash}});
  EXPECT_THAT(size.unplaced, ElementsAre(HasSubstr(".data at 0x20000000"), HasSubstr(".bss at 0x20000010")));
}

TEST(StaticSize, RealImagesAreConserved) {
  bool any = false;
  for (const char* file : {"arm_m4.elf", "riscv.elf", "arm_stripped.elf", "arm_lto.elf"}) {
    if (!std::filesystem::exists(test::fixture_path(file))) continue;
    any = true;
    SCOPED_TRACE(file);
    auto image = ElfImage::load(test::fixture_path(file));
    ASSERT_TRUE(image.ok());
    const std::vector<MemoryRegionName> regions = {{"flash", 0, 0x10000, RegionKind::flash},
                                                   {"ram", 0x20000000, 0x4000, RegionKind::ram},
                                                   {"xip", 0x20400000, 0x10000, RegionKind::flash},
                                                   {"sram", 0x80000000, 0x4000, RegionKind::ram}};
    const StaticSize size = compute_static_size(*image, SymbolTable::build(*image), regions);
    for (const SectionSize& s : size.sections) EXPECT_EQ(sum(s.rows), s.bytes) << s.name;
    // Flash is exactly what the load segments bring; RAM exactly what .data and .bss occupy.
    std::uint64_t stored = 0, ram = 0;
    for (const auto& segment : image->segments()) stored += segment.bytes.size();
    for (const auto& section : image->sections()) {
      if (section.allocated() && (section.load_addr != section.addr || section.no_bits())) ram += section.size;
    }
    EXPECT_EQ(size.flash, stored);
    EXPECT_EQ(size.ram, ram);
  }
  if (!any) GTEST_SKIP() << "no cross compiler";
}

}  // namespace
}  // namespace mj::profile
