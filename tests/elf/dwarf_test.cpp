// Lines and inlined functions, held against marks in the fixtures' sources.
#include "sim/profile/dwarf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/profile/dwarf_line.h"
#include "sim/profile/symbols.h"
#include "tests/elf/elf_builder.h"
#include "tests/elf/fixtures.h"

namespace mj::profile {
namespace {

using memory::ElfImage;
using test::marked_line;
using testing::ElementsAre;

TEST(Flatten, TheHighestPriorityWinsAndNeighboursJoin) {
  EXPECT_THAT(flatten({{0, 100, 0, 1}, {20, 40, 5, 2}, {30, 60, 3, 3}, {60, 60, 9, 9}, {90, 120, 0, 1}}),
              ElementsAre(FlatRange{0, 20, 1}, FlatRange{20, 40, 2}, FlatRange{40, 60, 3}, FlatRange{60, 120, 1}));
}

TEST(RelativePath, IsLexicalAndStripsTheCompilationDirectory) {
  EXPECT_EQ(relative_path("/home/me/fw/src/./a/../b.c", "/home/me/fw"), "src/b.c");
  EXPECT_EQ(relative_path("/usr/include/x.h", "/home/me/fw"), "/usr/include/x.h");
  EXPECT_EQ(relative_path("/home/me/fw2/x.c", "/home/me/fw"), "/home/me/fw2/x.c");
  EXPECT_EQ(relative_path("../lib/x.c", "/home/me/fw"), "../lib/x.c");
}

class RealDebugInfo : public testing::TestWithParam<const char*> {};

TEST_P(RealDebugInfo, LinesOfEachFunctionAreItsOwnOrInlined) {
  MJ_LOAD_FIXTURE(image, GetParam());
  const DebugInfo debug = DebugInfo::load(image);
  EXPECT_THAT(debug.diagnostics(), ElementsAre());
  const SymbolTable symbols = SymbolTable::build(image, debug);
  const Symbol* main = symbols.find("main");
  ASSERT_NE(main, nullptr);
  const std::uint32_t body = marked_line("app.c", "scale body"), scale_call = marked_line("app.c", "scale call");
  const std::uint32_t accumulate_call = marked_line("app.c", "accumulate call"), end = marked_line("app.c", "main end");
  ASSERT_TRUE(body != 0 && scale_call != 0 && accumulate_call != 0 && end != 0);

  bool saw_scale = false;
  std::uint32_t at = main->start;
  const std::uint32_t main_end = main->start + main->size;
  for (const SourceInterval& part : debug.intervals(main->start, main_end)) {
    // The intervals cover the function without gaps or overlaps, and agree with the single look-ups.
    EXPECT_EQ(part.start, at);
    EXPECT_LT(part.start, part.end);
    at = part.end;
    const auto line = debug.line(part.start);
    if (!line) continue;  // a literal pool behind the code
    const auto chain = debug.inlined_at(part.start);
    // Link-time optimisation may also inline the functions of the other files.
    if (!chain.empty() && chain.back().name.starts_with("eval_")) continue;
    EXPECT_EQ(line->file, "app.c");
    EXPECT_EQ(line->line, part.line);
    EXPECT_EQ(debug.file_name(part.file), "app.c");
    if (chain.empty()) {
      EXPECT_TRUE(part.line >= accumulate_call - 1 && part.line <= end + 1) << "line " << part.line;
    } else {
      EXPECT_EQ(chain.back().name, "accumulate");
      EXPECT_EQ(chain.back().call_file, "app.c");
      EXPECT_EQ(chain.back().call_line, accumulate_call);
      EXPECT_TRUE(part.line >= body - 1 && part.line <= scale_call + 2) << "line " << part.line;
    }
    if (chain.size() == 2) {
      saw_scale = true;
      EXPECT_EQ(chain[0].name, "scale");
      EXPECT_EQ(chain[0].decl_file, "app.c");
      EXPECT_EQ(chain[0].decl_line, body - 1);
      EXPECT_EQ(chain[0].call_line, scale_call);
      EXPECT_EQ(part.line, body);
      EXPECT_EQ(debug.inline_frame(part.inlined).name, "scale");
      EXPECT_EQ(debug.inline_frame(debug.inline_parent(part.inlined)).name, "accumulate");
    }
    EXPECT_EQ(debug.function_at(part.start)->name, "main");
  }
  EXPECT_EQ(at, main_end);
  EXPECT_TRUE(saw_scale) << "the inlined scale() has instructions of its own";
}

TEST_P(RealDebugInfo, RemovedFunctionsLeaveNoTrace) {
  MJ_LOAD_FIXTURE(image, GetParam());
  const DebugInfo debug = DebugInfo::load(image);
  const std::uint32_t dead = marked_line("app.c", "dead");
  ASSERT_NE(dead, 0u);
  for (const auto& section : image.sections()) {
    if (!section.allocated() || !section.executable()) continue;
    for (std::uint32_t address = section.addr; address < section.addr + section.size; address += 2) {
      const auto line = debug.line(address);
      if (line && line->file == "app.c") {
        EXPECT_FALSE(line->line >= dead && line->line <= dead + 3) << address;
      }
      const DebugFunction* function = debug.function_at(address);
      if (function != nullptr) {
        EXPECT_NE(function->name, "dead_function") << address;
      }
    }
  }
}

TEST_P(RealDebugInfo, AHeadersPathIsRelativeToTheCompilationDirectory) {
  MJ_LOAD_FIXTURE(image, GetParam());
  const DebugInfo debug = DebugInfo::load(image);
  const SymbolTable symbols = SymbolTable::build(image);
  const Symbol* function = symbols.find("copied_to_ram");
  ASSERT_NE(function, nullptr);
  std::set<std::string> files;
  for (const SourceInterval& part : debug.intervals(function->start, function->start + function->size)) {
    const auto chain = debug.inlined_at(part.start);
    if (part.file == kNone) continue;
    if (chain.empty()) {
      const std::uint32_t marked = marked_line("app.c", "ram");
      EXPECT_EQ(debug.file_name(part.file), "app.c");
      EXPECT_TRUE(part.line >= marked - 1 && part.line <= marked + 2) << part.line;
      continue;
    }
    files.insert(debug.file_name(part.file));
    EXPECT_EQ(chain[0].name, "record");
    EXPECT_EQ(chain[0].decl_file, "inc/helper.h");
    EXPECT_EQ(chain[0].call_line, marked_line("app.c", "ram"));
    EXPECT_EQ(part.line, marked_line("inc/helper.h", "record"));
  }
  EXPECT_THAT(files, ElementsAre("inc/helper.h"));
}

TEST_P(RealDebugInfo, EveryKnownFunctionAgreesWithItsSymbol) {
  MJ_LOAD_FIXTURE(image, GetParam());
  const DebugInfo debug = DebugInfo::load(image);
  const SymbolTable symbols = SymbolTable::build(image);
  std::set<std::string> seen;
  for (const Symbol& s : symbols.functions()) {
    const DebugFunction* function = debug.function_at(s.start);
    if (function == nullptr) continue;
    EXPECT_EQ(function->name, s.base_name);
    seen.insert(function->name);
    if (s.name == "copied_to_ram") {
      EXPECT_EQ(function->unit, "app.c");
    }
    if (s.base_name == "Eval" && !s.file.empty()) {
      EXPECT_EQ(function->unit, s.file);
    }
  }
  for (const char* name : {"main", "copied_to_ram", "Eval"}) EXPECT_THAT(seen, testing::Contains(name));
}

INSTANTIATE_TEST_SUITE_P(Images, RealDebugInfo,
                         testing::Values("arm_m4.elf", "arm_m0_dwarf2.elf", "arm_m0_dwarf3.elf", "arm_m0_dwarf4.elf",
                                         "arm_compressed.elf", "arm_lto.elf", "riscv.elf", "riscv_dwarf4.elf",
                                         "riscv_at_zero.elf"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(DebugInfo, AFunctionThatReallyStandsAtZeroKeepsItsLines) {
  MJ_LOAD_FIXTURE(image, "riscv_at_zero.elf");
  ASSERT_EQ(image.symbol("_start")->value, 0u);
  const DebugInfo debug = DebugInfo::load(image);
  ASSERT_TRUE(debug.line(0).has_value());
  EXPECT_EQ(debug.line(0)->file, "start_riscv.S");
}

TEST(DebugInfo, AnImageWithoutDebugInformationIsJustEmpty) {
  auto image = ElfImage::from_bytes(test::minimal().build(), "fw.elf");
  ASSERT_TRUE(image.ok());
  const DebugInfo debug = DebugInfo::load(*image);
  EXPECT_FALSE(debug.has_lines());
  EXPECT_TRUE(debug.diagnostics().empty());
  EXPECT_THAT(debug.intervals(0, 16), ElementsAre(SourceInterval{.start = 0, .end = 16}));
}

TEST(DebugInfo, NonsenseInDebugSectionsIsSaid) {
  auto elf = test::minimal();
  elf.section(".debug_info", 0, 0, std::vector<std::uint8_t>(64, 0x5a));
  elf.section(".debug_abbrev", 0, 0, std::vector<std::uint8_t>(16, 0x5a));
  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");
  ASSERT_TRUE(image.ok());
  const DebugInfo debug = DebugInfo::load(*image);
  EXPECT_FALSE(debug.has_lines());
  EXPECT_FALSE(debug.diagnostics().empty());
}

}  // namespace
}  // namespace mj::profile
