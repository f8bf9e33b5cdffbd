// IMAGE_DEF blocks as pico-sdk and picotool lay them out, and broken ones.
#include "memory/picobin.h"

#include <gtest/gtest.h>

#include <map>

namespace mj::test {
namespace {

using memory::find_image_def;

constexpr Address base = 0x10000000;
constexpr std::uint32_t first = 0xffffded3, end = 0xab123579;
constexpr std::uint32_t riscv = 0x11010142, arm = 0x10210142;  ///< IMAGE_TYPE: executable, its CPU, RP2350
constexpr std::uint32_t ignored = 0x000001fe;

/// Memory that holds words at places; all other words of 8 KiB are 0.
class Picobin : public ::testing::Test {
 protected:
  /// Puts a block at `at`; `next`: the one behind it in the loop.
  void block(Address at, std::initializer_list<std::uint32_t> items, Address next) {
    Address to = at;
    words[to] = first;
    for (const std::uint32_t word : items) words[to += 4] = word;
    words[to += 4] = static_cast<std::uint32_t>(items.size()) << 8 | 0xff;
    words[to += 4] = next - at;
    words[to += 4] = end;
  }
  std::optional<memory::ImageDef> find(bool for_riscv = true) const {
    return find_image_def(base, for_riscv, [this](Address a) -> std::optional<std::uint32_t> {
      if (a < base || a >= base + 0x2000) return std::nullopt;
      const auto at = words.find(a);
      return at == words.end() ? 0 : at->second;
    });
  }
  std::map<Address, std::uint32_t> words;
};

TEST_F(Picobin, TheEntryPointAndStackOfARiscVImage) {
  block(base + 0x100, {riscv, 0x00000344, 0x10000036, 0x20082000}, base + 0x1800);
  block(base + 0x1800, {ignored}, base + 0x100);
  const auto def = find();
  ASSERT_TRUE(def);
  EXPECT_EQ(def->at, base + 0x100);
  EXPECT_EQ(def->entry, 0x10000036u);
  EXPECT_EQ(def->stack, 0x20082000u);
  EXPECT_FALSE(def->vector_table);
  EXPECT_FALSE(find(false)) << "not for Arm";
}

TEST_F(Picobin, TheVectorTableOfAnArmImageThatIsALoopOfItsOwn) {
  block(base + 0xffc, {arm, 0x00000203, 0x20000100}, base + 0xffc);
  const auto def = find(false);
  ASSERT_TRUE(def) << "the last word of the first 4 KiB";
  EXPECT_EQ(def->vector_table, 0x20000100u);
  EXPECT_FALSE(def->entry);
}

TEST_F(Picobin, TheLastImageDefOfTheLoopCounts) {
  block(base, {riscv, 0x00000344, 0x10000100, 1}, base + 0x1000);
  block(base + 0x1000, {riscv, 0x00000344, 0x10000200, 2}, base + 0x1800);
  block(base + 0x1800, {ignored}, base);
  EXPECT_EQ(find()->entry, 0x10000200u);
}

TEST_F(Picobin, WhatIsBrokenIsNone) {
  EXPECT_FALSE(find()) << "no block";
  block(base + 0x1000, {riscv}, base + 0x1000);
  EXPECT_FALSE(find()) << "behind the first 4 KiB";

  block(base, {riscv}, base + 0x1000);
  EXPECT_FALSE(find()) << "the loop doesn't come back";
  block(base, {riscv}, base + 0x1c00);
  EXPECT_FALSE(find()) << "nor to a block at all";
  block(base, {riscv}, base + 2);
  EXPECT_FALSE(find()) << "nor to a word";
  block(base, {riscv}, base + 0x2000);
  EXPECT_FALSE(find()) << "nor to memory";

  block(base, {riscv}, base);
  ASSERT_TRUE(find());
  words[base + 8] += 1 << 8;
  EXPECT_FALSE(find()) << "its size is wrong";
  block(base, {riscv}, base);
  words[base + 16] = 0;
  EXPECT_FALSE(find()) << "it has no end";
  words[base + 4] = 0x42;
  EXPECT_FALSE(find()) << "an item of no words";
}

TEST_F(Picobin, DataIsNoExecutable) {
  block(base, {0x00020142}, base);
  EXPECT_FALSE(find());
}

}  // namespace
}  // namespace mj::test
