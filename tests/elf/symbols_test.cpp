// Address -> function: which symbol wins, what it is called, and what remains unnamed.
#include "sim/profile/symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/profile/names.h"
#include "tests/elf/elf_builder.h"
#include "tests/elf/fixtures.h"

namespace mj::profile {
namespace {

using memory::ElfImage;
using test::ElfBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Code at 0x100..0x200, data at 0x20000000..0x20000040.
class Symbols : public testing::Test {
 protected:
  Symbols() {
    text_ = elf_.section(".text", SHF_ALLOC | SHF_EXECINSTR, 0x100, std::vector<std::uint8_t>(0x100));
    data_ = elf_.section(".data", SHF_ALLOC | SHF_WRITE, 0x20000000, std::vector<std::uint8_t>(0x40));
    elf_.load(text_, 0x100);
    elf_.load(data_, 0x200);
  }
  void function(const std::string& name, std::uint32_t value, std::uint32_t size, unsigned binding = STB_GLOBAL) {
    elf_.symbol(name, value | 1, size, STT_FUNC, binding, text_);
  }
  void label(const std::string& name, std::uint32_t value, unsigned binding = STB_GLOBAL, std::uint32_t size = 0) {
    elf_.symbol(name, value, size, STT_NOTYPE, binding, text_);
  }
  SymbolTable table() {
    auto image = ElfImage::from_bytes(elf_.build(), "fw.elf");
    EXPECT_TRUE(image.ok());
    return SymbolTable::build(*image);
  }
  std::string at(const SymbolTable& table, std::uint32_t address) {
    const Symbol* s = table.function_at(address);
    return s != nullptr ? s->display : "-";
  }

  ElfBuilder elf_;
  std::uint16_t text_ = 0, data_ = 0;
};

TEST_F(Symbols, AFunctionHoldsItsBytesAndNoMore) {
  function("main", 0x110, 0x10);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x10f), "-");
  EXPECT_EQ(at(t, 0x110), "main");
  EXPECT_EQ(at(t, 0x11f), "main");
  EXPECT_EQ(at(t, 0x120), "-");
}

TEST_F(Symbols, ASymbolWithoutSizeReachesToTheNextOneOrTheSectionsEnd) {
  function("memcpy", 0x110, 0);
  function("memset", 0x130, 0);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x12f), "memcpy");
  EXPECT_EQ(t.find("memcpy")->size, 0x20u);
  EXPECT_TRUE(t.find("memcpy")->size_inferred);
  EXPECT_EQ(at(t, 0x1ff), "memset");
  EXPECT_EQ(at(t, 0x200), "-");
}

TEST_F(Symbols, ASizeBeyondTheSectionIsCut) {
  function("broken", 0x1f0, 0xffffff00);
  EXPECT_EQ(table().find("broken")->size, 0x10u);
}

TEST_F(Symbols, OfNestedFunctionsTheInnerOneWins) {
  function("outer", 0x110, 0x40);
  function("inner", 0x120, 0x10);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x11f), "outer");
  EXPECT_EQ(at(t, 0x120), "inner");
  EXPECT_EQ(at(t, 0x130), "outer");
}

TEST_F(Symbols, OneOfSeveralNamesAtAnAddressIsCanonical) {
  label("alpha_label", 0x110, STB_GLOBAL);
  function("a_local", 0x110, 8, STB_LOCAL);
  function("zz_global_long", 0x110, 8, STB_GLOBAL);
  function("zz_global", 0x110, 8, STB_GLOBAL);
  function("zy_global", 0x110, 8, STB_GLOBAL);
  function("weak", 0x110, 8, STB_WEAK);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x110), "zy_global") << "functions, then globals, then the shortest, then the alphabet";
  EXPECT_THAT(t.function_at(0x110)->aliases,
              ElementsAre("a_local", "alpha_label", "weak", "zz_global", "zz_global_long"));
  EXPECT_EQ(t.find("weak"), t.function_at(0x110));
}

TEST_F(Symbols, LabelsInsideOfFunctionsAreNotFunctions) {
  function("startup", 0x110, 0x20);
  label("copy_loop", 0x118);
  function("no_size", 0x140, 0);
  label("its_loop", 0x148, STB_LOCAL);
  label("entry_without_type", 0x160, STB_GLOBAL);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x118), "startup");
  EXPECT_EQ(at(t, 0x148), "no_size");
  EXPECT_EQ(at(t, 0x160), "entry_without_type");
}

TEST_F(Symbols, PlacesNamedByTheLinkerScriptAreNotFunctionsAndEndThem) {
  function("last", 0x110, 0);
  label("_etext", 0x120);
  label("__init_array_start", 0x128);
  const SymbolTable t = table();
  EXPECT_EQ(t.find("last")->size, 0x10u);
  EXPECT_EQ(at(t, 0x128), "-");
  EXPECT_EQ(t.find("__init_array_start"), nullptr);
}

TEST_F(Symbols, ATableInsideOfACodeSectionIsNoFunction) {
  label("$t", 0x100, STB_LOCAL);
  label("$d", 0x140, STB_LOCAL);
  label("lookup_table", 0x140);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x140), "-");
  ASSERT_NE(t.object_at(0x144), nullptr);
  EXPECT_EQ(t.object_at(0x144)->name, "lookup_table");
}

TEST_F(Symbols, EqualNamesAreToldApartByFileThenParametersThenAddress) {
  elf_.symbol("conv.cc", 0, 0, STT_FILE, STB_LOCAL, SHN_ABS);
  function("_ZN6tflite12_GLOBAL__N_14EvalEPv", 0x110, 8, STB_LOCAL);
  elf_.symbol("softmax.cc", 0, 0, STT_FILE, STB_LOCAL, SHN_ABS);
  function("_ZN6tflite12_GLOBAL__N_14EvalEPv", 0x118, 8, STB_LOCAL);
  function("_Z3addi", 0x120, 8, STB_LOCAL);
  function("_Z3addf", 0x128, 8, STB_LOCAL);
  elf_.symbol("", 0, 0, STT_FILE, STB_LOCAL, SHN_ABS);
  function("twin", 0x130, 8, STB_LOCAL);
  function("twin", 0x138, 8, STB_LOCAL);
  const SymbolTable t = table();
  EXPECT_EQ(at(t, 0x110), "tflite::Eval (conv.cc)");
  EXPECT_EQ(at(t, 0x118), "tflite::Eval (softmax.cc)");
  EXPECT_EQ(at(t, 0x120), "add(int)");
  EXPECT_EQ(at(t, 0x128), "add(float)");
  EXPECT_EQ(at(t, 0x130), "twin @0x00000130");
  EXPECT_EQ(at(t, 0x138), "twin @0x00000138");
  EXPECT_EQ(t.find_all("tflite::Eval").size(), 2u);
}

TEST_F(Symbols, ClonesKeepTheirSuffixAndShareABaseName) {
  function("conv", 0x110, 8);
  function("conv.constprop.0", 0x118, 8, STB_LOCAL);
  function("conv.isra.0.part.1", 0x120, 8, STB_LOCAL);
  function("conv.lto_priv.0", 0x128, 8, STB_LOCAL);
  const SymbolTable t = table();
  for (const std::uint32_t address : {0x110u, 0x118u, 0x120u, 0x128u})
    EXPECT_EQ(t.function_at(address)->base_name, "conv");
  EXPECT_EQ(at(t, 0x118), "conv.constprop.0");
}

TEST(Names, Forms) {
  EXPECT_EQ(short_name("void tflite::(anonymous namespace)::Eval<int>(int, char) const [clone .isra.0]"),
            "tflite::Eval<int>");
  EXPECT_EQ(short_name("Foo::operator()(int) const"), "Foo::operator()");
  EXPECT_EQ(short_name("Foo::operator bool() const"), "Foo::operator bool");
  EXPECT_EQ(short_name("main::{lambda(int, int)#1}::operator()(int, int) const"),
            "main::{lambda(int, int)#1}::operator()");
  EXPECT_EQ(short_name("non-virtual thunk to A::f() const"), "non-virtual thunk to A::f");
  EXPECT_EQ(short_name("plain_c"), "plain_c");
  EXPECT_EQ(without_clone_suffix("foo.constprop.0.isra.0"), "foo");
  EXPECT_EQ(without_clone_suffix("foo.cold"), "foo");
  EXPECT_EQ(without_clone_suffix("version.1"), "version.1");
  EXPECT_EQ(demangle("_ZZZ_not_mangled"), "_ZZZ_not_mangled");
}

TEST_F(Symbols, DataAddressesGiveObjectAndOffset) {
  elf_.symbol("arena", 0x20000010, 0x20, STT_OBJECT, STB_LOCAL, data_);
  const SymbolTable t = table();
  ASSERT_NE(t.object_at(0x2000002f), nullptr);
  EXPECT_EQ(t.describe(0x20000018), "arena+0x8");
  EXPECT_EQ(t.object_at(0x20000030), nullptr);
}

TEST_F(Symbols, UnclaimedBytesHaveOneNamePerGap) {
  function("a", 0x110, 0x10);
  function("b", 0x140, 0x10);
  const SymbolTable t = table();
  const Gap gap = t.gap_at(0x12e);
  EXPECT_EQ(gap.start, 0x120u);
  EXPECT_EQ(gap.end, 0x140u);
  EXPECT_EQ(gap.name, "[.text+0x20 unknown]");
  EXPECT_EQ(t.gap_at(0x13f).name, gap.name);
  EXPECT_EQ(t.gap_at(0x104).name, "[.text+0x0 unknown]");
  EXPECT_EQ(t.gap_at(0x1ff).end, 0x200u);
  EXPECT_EQ(t.gap_at(0x80001234).name, "[0x80001000 unknown]");
  EXPECT_EQ(t.describe(0x12e), "0x0000012e (.text)");
}

TEST_F(Symbols, EveryCodeByteIsInOneFunctionOrOneGap) {
  function("a", 0x104, 0x20);
  function("nested", 0x108, 0x4);
  function("open", 0x140, 0);
  label("loose", 0x180);
  const SymbolTable t = table();
  for (std::uint32_t address = 0xf0; address < 0x210; ++address) {
    const Symbol* s = t.function_at(address);
    if (s != nullptr) {
      EXPECT_TRUE(address >= s->start && address - s->start < s->size);
    } else {
      const Gap gap = t.gap_at(address);
      EXPECT_TRUE(address >= gap.start && address < gap.end);
      EXPECT_EQ(t.function_at(gap.start), nullptr);
      EXPECT_EQ(t.function_at(gap.end - 1), nullptr);
    }
  }
}

TEST(SymbolsOfRealImages, BothIsas) {
  bool any = false;
  for (const char* file : {"arm_m4.elf", "riscv.elf", "arm_lto.elf"}) {
    if (!std::filesystem::exists(test::fixture_path(file))) continue;
    any = true;
    SCOPED_TRACE(file);
    auto image = ElfImage::load(test::fixture_path(file));
    ASSERT_TRUE(image.ok());
    const DebugInfo debug = DebugInfo::load(*image);
    const SymbolTable t = SymbolTable::build(*image, debug);
    // The assembler start-up function has no size and a local label inside.
    const bool arm = image->machine() == memory::Machine::arm;
    const Symbol* start = t.find(arm ? "reset_handler" : "_start");
    ASSERT_NE(start, nullptr);
    EXPECT_TRUE(start->size_inferred);
    EXPECT_EQ(t.find("copy_loop"), nullptr);
    EXPECT_EQ(t.find("dead_function"), nullptr) << "removed by --gc-sections";
    // Weak handlers are aliases of the default handler.
    ASSERT_NE(t.find("nmi_handler"), nullptr);
    EXPECT_EQ(t.find("nmi_handler")->name, "default_handler");
    EXPECT_THAT(t.find("default_handler")->aliases, ElementsAre("fault_handler", "nmi_handler"));
    // Two static functions of one name; under LTO their symbols have no file and get it from the debug information.
    std::set<std::string> evals;
    for (const Symbol* s : t.find_all("Eval")) evals.insert(s->display);
    EXPECT_THAT(evals, ElementsAre("Eval (eval_a.c)", "Eval (eval_b.c)"));
    // Code that start-up copies to RAM is known by where it runs.
    const Symbol* copied = t.find("copied_to_ram");
    ASSERT_NE(copied, nullptr);
    EXPECT_GE(copied->start, 0x20000000u);
    const Symbol* lookup = t.find("lookup");
    ASSERT_NE(lookup, nullptr);
    EXPECT_FALSE(lookup->is_function);
    EXPECT_EQ(t.describe(lookup->start + 4), "lookup+0x4");
    EXPECT_THAT(t.describe(t.find("main")->start + 2, debug), HasSubstr("main+0x2 (app.c:"));
  }
  if (!any) GTEST_SKIP() << "no cross compiler";
}

TEST(SymbolsOfRealImages, AStrippedImageHasNoFunctions) {
  MJ_LOAD_FIXTURE(image, "arm_stripped.elf");
  const SymbolTable t = SymbolTable::build(image);
  EXPECT_TRUE(t.functions().empty());
  EXPECT_EQ(t.function_at(0x40), nullptr);
  EXPECT_EQ(t.describe(0x40), "0x00000040 (.text)");
}

}  // namespace
}  // namespace mj::profile
