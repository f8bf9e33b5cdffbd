// Loads, stores, register lists, exclusives.
#include "tests/isa/thumb/cases.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

TEST(Load, Cases) {
  const std::vector<Case> cases = {
      // instruction, encoding, registers before, flags before, registers after, flags after
      // loads extend; [0x20001000] = 0x8182f3f4, [0x20001004] = 0x01020304
      {"ldr r0, [r1]", {0x6808}, {{1, 0x20001000}}, "", {{0, 0x8182f3f4}}, ""},
      {"ldr r0, [r1, #4]", {0x6848}, {{1, 0x20001000}}, "", {{0, 0x01020304}}, ""},
      {"ldr.w r0, [r1, #-4]", {0xf851, 0x0c04}, {{1, 0x20001008}}, "", {{0, 0x01020304}}, ""},
      {"ldr.w r0, [r1, #2]", {0xf8d1, 0x0002}, {{1, 0x20001000}}, "", {{0, 0x03048182}}, ""},
      {"ldrh r0, [r1]", {0x8808}, {{1, 0x20001000}}, "", {{0, 0xf3f4}}, ""},
      {"ldrsh r0, [r1, r2]", {0x5e88}, {{1, 0x20001000}, {2, 2}}, "", {{0, 0xffff8182}}, ""},
      {"ldrb r0, [r1]", {0x7808}, {{1, 0x20001000}}, "", {{0, 0xf4}}, ""},
      {"ldrsb r0, [r1, r2]", {0x5688}, {{1, 0x20001000}, {2, 3}}, "", {{0, 0xffffff81}}, ""},
      {"ldr.w r0, [r1, r2, lsl #2]", {0xf851, 0x0022}, {{1, 0x20001000}, {2, 1}}, "", {{0, 0x01020304}}, ""},
      {"ldr.w r0, [r1, r2, lsl #2]", {0xf851, 0x0022}, {{1, 0x20001008}, {2, 0xffffffff}}, "", {{0, 0x01020304}}, ""},
      {"ldr r0, [r1], #4", {0xf851, 0x0b04}, {{1, 0x20001000}}, "", {{0, 0x8182f3f4}, {1, 0x20001004}}, ""},
      {"ldr r0, [r1, #4]!", {0xf851, 0x0f04}, {{1, 0x20001000}}, "", {{0, 0x01020304}, {1, 0x20001004}}, ""},
      {"ldrb r0, [r1, #-1]!", {0xf811, 0x0d01}, {{1, 0x20001001}}, "", {{0, 0xf4}, {1, 0x20001000}}, ""},
      {"ldrh r0, [sp], #2", {0xf83d, 0x0b02}, {{sp, 0x20001000}}, "", {{0, 0xf3f4}, {sp, 0x20001000}}, ""},
      {"ldrt r0, [r1, #4]", {0xf851, 0x0e04}, {{1, 0x20001000}}, "", {{0, 0x01020304}}, ""},
      {"ldrd r0, r1, [r2]", {0xe9d2, 0x0100}, {{2, 0x20001000}}, "", {{0, 0x8182f3f4}, {1, 0x01020304}}, ""},
      {"ldrd r0, r1, [r2, #-8]!",
       {0xe972, 0x0102},
       {{2, 0x20001008}},
       "",
       {{0, 0x8182f3f4}, {1, 0x01020304}, {2, 0x20001000}},
       ""},
      {"ldrd r0, r1, [r2], #8",
       {0xe8f2, 0x0102},
       {{2, 0x20001000}},
       "",
       {{0, 0x8182f3f4}, {1, 0x01020304}, {2, 0x20001008}},
       ""},
      {"ldm r2!, {r0, r1}", {0xca03}, {{2, 0x20001000}}, "", {{0, 0x8182f3f4}, {1, 0x01020304}, {2, 0x20001008}}, ""},
      {"ldm r2, {r1, r2}", {0xca06}, {{2, 0x20001000}}, "", {{1, 0x8182f3f4}, {2, 0x01020304}}, ""},
      {"ldmdb r2, {r0, r1}", {0xe912, 0x0003}, {{2, 0x20001008}}, "", {{0, 0x8182f3f4}, {1, 0x01020304}}, ""},
      {"ldmdb r2!, {r0, r1}",
       {0xe932, 0x0003},
       {{2, 0x20001008}},
       "",
       {{0, 0x8182f3f4}, {1, 0x01020304}, {2, 0x20001000}},
       ""},
      {"pop {r4, r5}", {0xbc30}, {{sp, 0x20001000}}, "", {{4, 0x8182f3f4}, {5, 0x01020304}, {sp, 0x20001008}}, ""},
      {"ldr sp, [r0]", {0xf8d0, 0xd000}, {{0, 0x20001000}}, "", {{sp, 0x8182f3f4}}, ""},
      {"ldr sp, [r0, #2]", {0xf8d0, 0xd002}, {{0, 0x20001000}}, "", {{sp, 0x03048180}}, ""},
      {"ldrex r0, [r1, #4]", {0xe851, 0x0f01}, {{1, 0x20001000}}, "", {{0, 0x01020304}}, ""},
      {"ldrexb r0, [r1]", {0xe8d1, 0x0f4f}, {{1, 0x20001000}}, "", {{0, 0xf4}}, ""},
      {"ldrexh r0, [r1]", {0xe8d1, 0x0f5f}, {{1, 0x20001000}}, "", {{0, 0xf3f4}}, ""},
      // hints load nothing
      {"pld [r1]", {0xf891, 0xf000}, {{1, 0x20001000}}, "", {}, ""},
      {"pld [r1, r2, lsl #1]", {0xf811, 0xf012}, {{1, 0xfffffff0}, {2, 0x77}}, "", {}, ""},
      {"pli [r1, #-4]", {0xf911, 0xfc04}, {{1, 0x20001000}}, "", {}, ""},
  };
  run_cases(cases, [](Machine& m) {
    m.store32(0x20001000, 0x8182f3f4);
    m.store32(0x20001004, 0x01020304);
  });
}

TEST(Store, WordHalfByte) {
  Machine m;
  m.with({{0, 0x11223344}, {1, 0x20001000}, {2, 8}});
  m.run(0x6048);  // str r0, [r1, #4]
  EXPECT_EQ(m.word(0x20001004), 0x11223344u);
  m.run(0x5288);  // strh r0, [r1, r2]
  EXPECT_EQ(m.word(0x20001008), 0x00003344u);
  m.run(0xf841, 0x0032);  // str.w r0, [r1, r2, lsl #3]
  EXPECT_EQ(m.word(0x20001040), 0x11223344u);
}

TEST(Store, WriteBackComesAfterTheAccess) {
  Machine m;
  m.with({{0, 0x11223344}, {1, 0x20001000}}).run(0xf841, 0x0d04);  // str.w r0, [r1, #-4]!
  EXPECT_EQ(m.word(0x20000ffc), 0x11223344u);
  EXPECT_EQ(m[1], 0x20000ffcu);
  m.run(0xf801, 0x0901);  // strb r0, [r1], #-1
  EXPECT_EQ(m[1], 0x20000ffbu);

  // A fault leaves the base alone.
  m.with({{1, 0x10}}).run(0xf841, 0x0d04);
  EXPECT_EQ(m.fault_address, 0xcu);
  EXPECT_EQ(m[1], 0x10u);
}

TEST(Store, Dual) {
  Machine m;
  m.with({{0, 1}, {1, 2}, {2, 0x20001000}}).run(0xe9c2, 0x0102);  // strd r0, r1, [r2, #8]
  EXPECT_EQ(m.word(0x20001008), 1u);
  EXPECT_EQ(m.word(0x2000100c), 2u);
}

TEST(Store, MultipleStoresTheOldBase) {
  Machine m;
  m.with({{0, 1}, {1, 2}, {2, 0x20001000}}).run(0xc207);  // stm r2!, {r0, r1, r2}
  EXPECT_EQ(m.word(0x20001000), 1u);
  EXPECT_EQ(m.word(0x20001004), 2u);
  EXPECT_EQ(m.word(0x20001008), 0x20001000u);
  EXPECT_EQ(m[2], 0x2000100cu);
  m.run(0xe922, 0x0003);  // stmdb r2!, {r0, r1}
  EXPECT_EQ(m.word(0x20001004), 1u);
  EXPECT_EQ(m[2], 0x20001004u);
}

TEST(Stack, PushThenPopReturns) {
  Machine m;
  m.with({{4, 44}, {lr, 0x08000123}, {sp, 0x20001000}}).run(0xb510);  // push {r4, lr}
  EXPECT_EQ(m[sp], 0x20000ff8u);
  EXPECT_EQ(m.word(0x20000ff8), 44u);
  EXPECT_EQ(m.word(0x20000ffc), 0x08000123u);
  m.with({{4, 0}}).run(0xbd10);  // pop {r4, pc}
  EXPECT_EQ(m[4], 44u);
  EXPECT_EQ(m[sp], 0x20001000u);
  EXPECT_EQ(m.flow, Flow::ret);
  EXPECT_EQ(m.target, 0x08000123u);
}

TEST(Load, ToPc) {
  Machine m;
  m.store32(0x20001000, 0x08000201);
  m.with({{1, 0x20001000}}).run(0xf8d1, 0xf000);  // ldr pc, [r1]
  EXPECT_EQ(m.flow, Flow::jump);
  EXPECT_EQ(m.target, 0x08000201u);
  EXPECT_EQ(m.insn.cls, isa::OpClass::branch_load);
  m.with({{sp, 0x20001000}}).run(0xf85d, 0xfb04);  // ldr pc, [sp], #4, which is pop {pc}
  EXPECT_EQ(m.flow, Flow::ret);
  EXPECT_EQ(m[sp], 0x20001004u);
  m.store32(0x20001004, 0x08000301);
  m.with({{2, 0x20001000}}).run(0xe8b2, 0x8001);  // ldm.w r2!, {r0, pc}
  EXPECT_EQ(m[0], 0x08000201u);
  EXPECT_EQ(m.target, 0x08000301u);
  EXPECT_EQ(m[2], 0x20001008u);
}

TEST(Load, ListThatFaultsKeepsItsBase) {
  Machine m;
  m.with({{0, 7}, {2, 0x2000fffc}}).run(0xe892, 0x0005);  // ldm.w r2, {r0, r2}: the second word is past the RAM
  EXPECT_EQ(m.fault_address, 0x20010000u);
  EXPECT_EQ(m[2], 0x2000fffcu);
}

TEST(Load, DualAndMultipleNeedAlignment) {
  Machine m;
  m.with({{2, 0x20001002}}).run(0xe9d2, 0x0100);  // ldrd r0, r1, [r2]
  EXPECT_EQ(m.fault_address, 0x20001002u);
}

TEST(Load, PcRelative) {
  Machine m;
  m.store32(0x20008000 + 4 - 8, 0x5555aaaa);
  m.run(0xf85f, 0x0008);  // ldr.w r0, [pc, #-8]
  EXPECT_EQ(m[0], 0x5555aaaau);
  // The literal base is Align(PC, 4), also behind a halfword.
  EXPECT_EQ(decode(0x4801, 0, 0x1002, false, 0).imm, 0x1008u);  // ldr r0, [pc, #4]
}

TEST(Exclusive, StoreSucceedsOnceAfterALoad) {
  Machine m;
  m.with({{0, 9}, {1, 0x77}, {2, 0x20001000}});
  m.run(0xe842, 0x1000);  // strex r0, r1, [r2] without a reservation
  EXPECT_EQ(m[0], 1u);
  EXPECT_EQ(m.word(0x20001000), 0u);
  m.run(0xe852, 0x1f00);  // ldrex r1, [r2]
  m.with({{1, 0x77}}).run(0xe842, 0x1000);
  EXPECT_EQ(m[0], 0u);
  EXPECT_EQ(m.word(0x20001000), 0x77u);
  m.run(0xe852, 0x1f00).run(0xf3bf, 0x8f2f);  // clrex
  m.run(0xe842, 0x1000);
  EXPECT_EQ(m[0], 1u);
}

}  // namespace
}  // namespace mj::test
