// What Armv8-M adds (DDI 0553): which core has which instruction, load-acquire and store-release.
#include <map>

#include "tests/isa/thumb/cases.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
constexpr Features m0 = 0, m23 = v8m, m3 = v7m, m4 = v7m | dsp | fp_sp, m7 = m4 | fp_dp | fp_v5,
                   m33 = v7m | dsp | fp_sp | fp_v5 | v8m | v8m_main;

bool has(Features core, std::uint32_t hw1, std::uint32_t hw2 = 0) {
  const Op op = static_cast<Op>(decode(hw1, hw2, 0x1000, false, core).op);
  return op != Op::undefined && op != Op::coprocessor;
}

TEST(Armv8m, BaselineHasSomeOfArmv7mAndTheRestOfArmv6m) {
  struct Row {
    const char* text;
    std::uint16_t hw1, hw2;
  };
  // DDI 0553 C2.4: instructions of Armv8-M Baseline that Armv6-M doesn't have
  for (const auto& [text, hw1, hw2] : {Row{"sdiv r0, r1, r2", 0xfb91, 0xf0f2},
                                       {"udiv r0, r1, r2", 0xfbb1, 0xf0f2},
                                       {"movw r0, #1", 0xf240, 0x0001},
                                       {"movt r0, #1", 0xf2c0, 0x0001},
                                       {"b.w .", 0xf7ff, 0xbffe},
                                       {"cbz r0, .+4", 0xb100, 0},
                                       {"cbnz r0, .+4", 0xb900, 0},
                                       {"ldrex r0, [r1]", 0xe851, 0x0f00},
                                       {"strex r0, r1, [r2]", 0xe842, 0x1000},
                                       {"ldrexb r0, [r1]", 0xe8d1, 0x0f4f},
                                       {"strexh r0, r1, [r2]", 0xe8c2, 0x1f50},
                                       {"clrex", 0xf3bf, 0x8f2f}}) {
    EXPECT_FALSE(has(m0, hw1, hw2)) << text;
    EXPECT_TRUE(has(m23, hw1, hw2)) << text;
    EXPECT_TRUE(has(m3, hw1, hw2)) << text;
    EXPECT_TRUE(has(m33, hw1, hw2)) << text;
  }
  for (const auto& [text, hw1, hw2] : {Row{"beq.w .", 0xf43f, 0xaffe},
                                       {"it eq", 0xbf08, 0},
                                       {"add.w r0, r1, r2", 0xeb01, 0x0002},
                                       {"ldrd r0, r1, [r2]", 0xe9d2, 0x0100},
                                       {"cpsid f", 0xb671, 0},
                                       {"nop.w", 0xf3af, 0x8000},
                                       {"mcr p0, 0, r0, c0, c0, 0", 0xee00, 0x0010}}) {
    EXPECT_FALSE(has(m23, hw1, hw2)) << text;
    const bool coprocessor = hw1 == 0xee00;  // no coprocessor exists
    EXPECT_EQ(has(m33, hw1, hw2), !coprocessor) << text;
  }
}

TEST(Armv8m, AcquireAndReleaseAreOfArmv8mOnly) {
  const std::map<std::string, std::pair<std::uint16_t, std::uint16_t>> rows = {
      {"lda r0, [r1]", {0xe8d1, 0x0faf}},        {"ldab r0, [r1]", {0xe8d1, 0x0f8f}},
      {"ldah r0, [r1]", {0xe8d1, 0x0f9f}},       {"ldaex r0, [r1]", {0xe8d1, 0x0fef}},
      {"ldaexb r0, [r1]", {0xe8d1, 0x0fcf}},     {"ldaexh r0, [r1]", {0xe8d1, 0x0fdf}},
      {"stl r0, [r1]", {0xe8c1, 0x0faf}},        {"stlb r0, [r1]", {0xe8c1, 0x0f8f}},
      {"stlh r0, [r1]", {0xe8c1, 0x0f9f}},       {"stlex r2, r0, [r1]", {0xe8c1, 0x0fe2}},
      {"stlexb r2, r0, [r1]", {0xe8c1, 0x0fc2}}, {"stlexh r2, r0, [r1]", {0xe8c1, 0x0fd2}}};
  for (const auto& [text, hw] : rows) {
    for (const Features core : {m0, m3, m4, m7}) EXPECT_FALSE(has(core, hw.first, hw.second)) << text;
    for (const Features core : {m23, m33}) EXPECT_TRUE(has(core, hw.first, hw.second)) << text;
  }
}

TEST(Armv8m, SpAndPcAreNoOperandsOfAcquireAndRelease) {
  EXPECT_FALSE(has(m33, 0xe8d1, 0xdfaf));  // lda sp, [r1]
  EXPECT_FALSE(has(m33, 0xe8d1, 0xffaf));  // lda pc, [r1]
  EXPECT_FALSE(has(m33, 0xe8df, 0x0faf));  // lda r0, [pc]
  EXPECT_TRUE(has(m33, 0xe8dd, 0x0faf));   // lda r0, [sp]
  EXPECT_FALSE(has(m33, 0xe8cf, 0x0faf));  // stl r0, [pc]
  EXPECT_FALSE(has(m33, 0xe8c1, 0x0fe0));  // stlex r0, r0, [r1]: status is what is stored
  EXPECT_FALSE(has(m33, 0xe8c1, 0x0fe1));  // stlex r1, r0, [r1]: status is the base
}

/// [0x20001000] = 0x8182f3f4; R1 = 0x20001000 + `offset`, R0 = 0x11223344.
Machine run(std::uint32_t hw1, std::uint32_t hw2, std::uint32_t offset) {
  Machine m;
  m.store32(0x20001000, 0x8182f3f4);
  m.with({{0, 0x11223344}, {1, 0x20001000 + offset}, {2, 7}});
  m.run(hw1, hw2, m33);
  return m;
}

TEST(Armv8m, LoadAcquireLoadsZeroExtended) {
  EXPECT_EQ(run(0xe8d1, 0x0faf, 0)[0], 0x8182f3f4u);  // lda
  EXPECT_EQ(run(0xe8d1, 0x0f9f, 2)[0], 0x8182u);      // ldah
  EXPECT_EQ(run(0xe8d1, 0x0f8f, 3)[0], 0x81u);        // ldab
}

TEST(Armv8m, StoreReleaseStoresWhatItsSizeSays) {
  EXPECT_EQ(run(0xe8c1, 0x0faf, 0).word(0x20001000), 0x11223344u);  // stl
  EXPECT_EQ(run(0xe8c1, 0x0f9f, 2).word(0x20001000), 0x3344f3f4u);  // stlh
  EXPECT_EQ(run(0xe8c1, 0x0f8f, 1).word(0x20001000), 0x818244f4u);  // stlb
}

TEST(Armv8m, AcquireAndReleaseMustBeAligned) {
  for (const auto& [hw2, offset] : {std::pair{0x0fafu, 2u}, {0x0f9fu, 1u}}) {
    Machine load = run(0xe8d1, hw2, offset);
    EXPECT_TRUE(load.fault_address.has_value());
    EXPECT_EQ(load[0], 0x11223344u);
    EXPECT_TRUE(run(0xe8c1, hw2, offset).fault_address.has_value());
  }
  EXPECT_FALSE(run(0xe8d1, 0x0f8f, 3).fault_address.has_value());
}

TEST(Armv8m, StoreReleaseExclusiveStoresOnlyAfterALoadExclusive) {
  Machine alone = run(0xe8c1, 0x0fe2, 0);  // stlex r2, r0, [r1]
  EXPECT_EQ(alone[2], 1u);
  EXPECT_EQ(alone.word(0x20001000), 0x8182f3f4u);
  Machine pair = run(0xe8d1, 0x3fef, 0);  // ldaex r3, [r1]
  EXPECT_EQ(pair[3], 0x8182f3f4u);
  pair.run(0xe8c1, 0x0fe2, m33);
  EXPECT_EQ(pair[2], 0u);
  EXPECT_EQ(pair.word(0x20001000), 0x11223344u);
}

// ---- features in words ----------------------------------------------------------------------------------------------

std::string lacks(Features core, std::uint32_t hw1, std::uint32_t hw2 = 0) {
  const auto needed = needed_features(hw1, hw2);
  return needed ? std::string(missing_extension(*needed, core)) : "undefined everywhere";
}

TEST(MissingExtension, NamesTheMostSpecificThatTheCoreLacks) {
  EXPECT_EQ(lacks(m3, 0xfb20, 0x3001), "the DSP extension (Cortex-M4, M7, M33)");             // smlad
  EXPECT_EQ(lacks(m0, 0xeb01, 0x0002), "ARMv7-M (Cortex-M3, M4, M7, M33)");                   // add.w
  EXPECT_EQ(lacks(m0, 0xfb91, 0xf0f2), "ARMv7-M and Armv8-M (Cortex-M3, M4, M7, M23, M33)");  // sdiv
  EXPECT_EQ(lacks(m23, 0xeb01, 0x0002), "ARMv7-M (Cortex-M3, M4, M7, M33)");
  EXPECT_EQ(lacks(m7, 0xe8d1, 0x0faf), "Armv8-M (Cortex-M23, M33)");                          // lda
  EXPECT_EQ(lacks(m3, 0xee30, 0x0a81), "the floating-point extension (Cortex-M4, M7, M33)");  // vadd.f32
  EXPECT_EQ(lacks(m33, 0xee30, 0x0b01), "double-precision floating point (Cortex-M7)");       // vadd.f64
  EXPECT_EQ(lacks(m4, 0xfe30, 0x0a81), "FPv5 floating point (Cortex-M7, M33)");               // vselgt.f32
}

TEST(MissingExtension, IsEmptyForWhatTheCoreHas) {
  EXPECT_EQ(lacks(m4, 0xfb20, 0x3001), "");
  EXPECT_EQ(lacks(m33, 0xe8d1, 0x0faf), "");
  EXPECT_EQ(lacks(m23, 0xfb91, 0xf0f2), "");
  EXPECT_EQ(lacks(m0, 0x1888), "");
}

TEST(MissingExtension, NamesNothingForWhatNoCoreHas) {
  EXPECT_EQ(lacks(m0, 0xde01), "undefined everywhere");          // udf
  EXPECT_EQ(lacks(m0, 0xf7f0, 0xa001), "undefined everywhere");  // udf.w
  EXPECT_EQ(lacks(m3, 0xee01, 0x0f10), "undefined everywhere");  // mcr p15: no coprocessor exists
}

TEST(MissingExtension, HasAWordForEveryRowThatACoreMayLack) {
  for (const auto rows : {rows_16bit(), rows_32bit()})
    for (const auto& row : rows)
      EXPECT_EQ(missing_extension(row.feature, 0).empty(), row.feature == 0)
          << op_name(static_cast<std::uint16_t>(row.op));
}

TEST(Features, WhatACoreHasARicherOneHasToo) {
  for (const auto& [less, more] : {std::pair{m0, m23}, {m0, m3}, {m3, m4}, {m4, m7}, {m23, m33}, {m4, m33}})
    for (std::uint32_t hw = 0; hw < 0xe800; ++hw) ASSERT_TRUE(!has(less, hw) || has(more, hw)) << std::hex << hw;
}

}  // namespace
}  // namespace mj::test
