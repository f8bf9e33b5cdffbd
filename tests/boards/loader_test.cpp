// Broken board files: each mistake is named with its place, and nothing crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/board.h"
#include "sim/model_rows.h"

namespace mj {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BoardLoader : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() / ("mj_board_" + std::string(info->name()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string file(const std::string& text, const std::string& name = "mine.json") {
    const auto path = dir_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  /// A board that changes `patch` of the Ibex demo board.
  Result<BoardSpec> patched(const std::string& patch, const std::string& base = "ibex-demo") {
    return load_board(file(R"({"extends": ")" + base + R"(")" + (patch.empty() ? "" : ", " + patch) + "}"));
  }
  Error error_of(const std::string& patch, const std::string& base = "ibex-demo") {
    const auto board = patched(patch, base);
    EXPECT_FALSE(board) << patch;
    return board ? Error{} : board.error();
  }

  std::filesystem::path dir_;
};

TEST_F(BoardLoader, ABoardCanExtendAnother) {
  const auto board = patched(R"("name": "Bigger", "regions": {"SRAM": {"size": "0x40000"}}, "devices": {"SPI": null})");
  ASSERT_TRUE(board) << board.error().text();
  EXPECT_EQ(board->id, "mine");
  EXPECT_EQ(board->name, "Bigger");
  EXPECT_EQ(board->regions.at(0).size, 0x40000u);
  EXPECT_EQ(board->regions.at(0).base, 0x00100000u);  // kept
  for (const auto& d : board->devices) EXPECT_NE(d.name, "SPI");
}

TEST_F(BoardLoader, ABoardCanExtendAFileBesideIt) {
  file(R"({"extends": "pico", "name": "A"})", "a.json");
  const auto board = load_board(file(R"({"extends": "a.json", "soc": "B"})"));
  ASSERT_TRUE(board) << board.error().text();
  EXPECT_EQ(board->name, "A");
  EXPECT_EQ(board->soc, "B");
}

// What a core's registers say of itself is the chip's, not only the core's: RP2350's Hazard3 has interrupts of its own.
TEST_F(BoardLoader, ABoardHasTheIdentityOfTheBoardThatItExtendsUnlessItsCoreIsAnother) {
  file(R"({"extends": "pico2-riscv"})", "a.json");
  auto board = load_board(file(R"({"extends": "a.json", "name": "Mine"})"));
  ASSERT_TRUE(board) << board.error().text();
  EXPECT_THAT(board->same_core, ElementsAre("a", "pico2-riscv"));
  EXPECT_EQ(Identity::of(*board)->get("xh3irq_lines"), 52u);

  board = patched(R"("core": {"timing": "hazard3-1port"})", "pico2-riscv");
  ASSERT_TRUE(board) << board.error().text();
  EXPECT_THAT(board->same_core, IsEmpty());
  EXPECT_FALSE(Identity::of(*board)->has("xh3irq_lines"));
}

TEST_F(BoardLoader, BoardsThatExtendEachOther) {
  file(R"({"extends": "mine.json"})", "a.json");
  const auto board = load_board(file(R"({"extends": "a.json"})"));
  ASSERT_FALSE(board);
  EXPECT_THAT(board.error().what, HasSubstr("circle"));
}

TEST_F(BoardLoader, UnknownIdSuggestsTheNearest) {
  const auto board = load_board("nucleo-l4r5z");
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, ExitCode::usage);
  EXPECT_THAT(board.error().try_, HasSubstr("did you mean \"nucleo-l4r5zi\"?"));
  EXPECT_THAT(board.error().why, HasSubstr("pico"));
  EXPECT_THAT(load_board("nano").error().try_, HasSubstr("nano33ble"));
}

TEST_F(BoardLoader, MissingFile) {
  const auto board = load_board((dir_ / "none.json").string());
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, ExitCode::unreadable);
}

TEST_F(BoardLoader, WrongKeyIsNamedWithWhatIsAllowed) {
  const Error e = error_of(R"("regions": {"SRAM": {"sise": "0x40000"}})");
  EXPECT_EQ(e.code, ExitCode::usage);
  EXPECT_THAT(e.where, HasSubstr("/regions/SRAM/sise"));
  EXPECT_THAT(e.why, HasSubstr("size"));
  EXPECT_EQ(e.try_, "did you mean \"size\"?");
}

TEST_F(BoardLoader, WrongTypeIsNamedWithItsPlace) {
  const Error e = error_of(R"("devices": {"UART0": {"base": true}})");
  EXPECT_EQ(e.code, ExitCode::usage);
  EXPECT_THAT(e.where, HasSubstr("#/devices/UART0/base"));
  EXPECT_THAT(e.why, HasSubstr("true"));
}

TEST_F(BoardLoader, ANumberWithoutSourceIsRefused) {
  const Error e = error_of(R"("core": {"max_clock": null}, "regions": {"SRAM": {"read_wait": {"value": 1}}})");
  EXPECT_THAT(e.where, HasSubstr("#/regions/SRAM/read_wait"));
  EXPECT_THAT(error_of(R"("devices": {"TIMER": {"params": {"mtime_hz": {"value": 1, "source": null}}}})").where,
              HasSubstr("#/devices/TIMER/params/mtime_hz"));
}

TEST_F(BoardLoader, AWrongEnumerationValue) {
  const Error e = error_of(R"("regions": {"SRAM": {"kind": "rom"}})");
  EXPECT_THAT(e.where, HasSubstr("#/regions/SRAM/kind"));
  EXPECT_THAT(e.try_, HasSubstr("\"flash\",\"ram\""));
}

TEST_F(BoardLoader, OverlapNamesBoth) {
  const Error e = error_of(R"("devices": {"GPIO": {"size": "0x2000"}})");
  EXPECT_THAT(e.what + e.where + e.why, AllOf(HasSubstr("/devices/GPIO"), HasSubstr("/devices/UART0")));
}

TEST_F(BoardLoader, SizesAndAddressesAreChecked) {
  EXPECT_THAT(error_of(R"("regions": {"SRAM": {"size": 0}})").what, HasSubstr("size is 0"));
  EXPECT_THAT(error_of(R"("devices": {"SPI": {"base": "0xFFFFFF00", "size": "0x1000"}})").what, HasSubstr("4 GiB"));
  EXPECT_THAT(error_of(R"("devices": {"SPI": {"size": 6}})").what, HasSubstr("multiples of 4"));
}

TEST_F(BoardLoader, AliasesMustFit) {
  EXPECT_THAT(error_of(R"("regions": {"code_RAM": {"alias_of": "nothing"}})", "nano33ble").where,
              HasSubstr("/regions/code_RAM/alias_of"));
  EXPECT_THAT(error_of(R"("regions": {"code_RAM": {"size": "0x100000"}})", "nano33ble").what, HasSubstr("larger"));
}

TEST_F(BoardLoader, UnknownDeviceTypeSuggests) {
  const Error e = error_of(R"("devices": {"UART0": {"type": "ibex-art"}})");
  EXPECT_THAT(e.where, HasSubstr("#/devices/UART0/type"));
  EXPECT_EQ(e.try_, "did you mean \"ibex-uart\"?");
}

TEST_F(BoardLoader, WrongAndMissingParameters) {
  EXPECT_THAT(error_of(R"("devices": {"TIMER": {"params": {"hertz": {"value": 1}}}})").where,
              HasSubstr("#/devices/TIMER/params/hertz"));
  EXPECT_THAT(error_of(R"("devices": {"TIMER": {"params": null}})").what, HasSubstr("mtime_hz"));
  EXPECT_THAT(error_of(R"("devices": {"TIMER": {"params": {"mtime_hz": {"value": "fast"}}}})").what,
              HasSubstr("must be a number"));
}

TEST_F(BoardLoader, MissingCoreFileSuggests) {
  const Error e = error_of(R"("core": {"timing": "ibex-smal"})");
  EXPECT_THAT(e.where, HasSubstr("#/core/timing"));
  EXPECT_EQ(e.try_, "did you mean \"ibex-small\"?");
  EXPECT_FALSE(patched(R"("core": {"timing": "../boards/pico"})"));
}

TEST_F(BoardLoader, ConsoleMustBeADevice) {
  EXPECT_EQ(error_of(R"("console": "UART1")").try_, "did you mean \"UART0\"?");
  EXPECT_TRUE(patched(R"("console": "semihosting")"));
}

TEST_F(BoardLoader, WhatBuildingNeedsIsOptional) {
  EXPECT_FALSE(load_board("rtl-ibex-small")->firmware);
  EXPECT_FALSE(patched(R"("firmware": null)")->firmware);
  // A board that extends one with a firmware object has it, too; the clock is the reset clock unless there is a set-up
  const auto board =
      patched(R"("firmware": {"image_start": {"value": "0x100100", "source": "s", "certainty": "model"}})");
  ASSERT_TRUE(board) << board.error().text();
  ASSERT_TRUE(board->firmware);
  EXPECT_EQ(board->firmware->ram, std::vector<std::string>{"SRAM"});
  EXPECT_EQ(board->firmware->image_start, 0x100100u);
  EXPECT_EQ(board->firmware->ram_start, std::nullopt);
  EXPECT_EQ(board->firmware->clock_setup, "none");
  EXPECT_EQ(board->firmware->clock_hz, board->core.reset_clock_hz);
  EXPECT_EQ(load_board("nucleo-l4r5zi")->firmware->clock_hz, 120'000'000u);
}

TEST_F(BoardLoader, FirmwareIsChecked) {
  const Error unknown = error_of(R"("firmware": {"ram": ["SRAN"]})");
  EXPECT_THAT(unknown.where, HasSubstr("#/firmware/ram/0"));
  EXPECT_EQ(unknown.try_, "did you mean \"SRAM\"?");
  // Flash and aliases are no RAM; regions follow each other without a gap
  EXPECT_THAT(error_of(R"("firmware": {"ram": ["flash"]})", "nano33ble").where, HasSubstr("#/firmware/ram/0"));
  EXPECT_THAT(error_of(R"("firmware": {"ram": ["code_RAM"]})", "nano33ble").where, HasSubstr("#/firmware/ram/0"));
  EXPECT_THAT(error_of(R"("firmware": {"ram": ["SRAM0_3", "SRAM5"]})", "pico").why, HasSubstr("0x20040000"));
  EXPECT_THAT(error_of(R"("firmware": {"ram_start": {"value": "0x20040000"}})", "nano33ble").where,
              HasSubstr("#/firmware/ram_start"));
  EXPECT_THAT(error_of(R"("firmware": {"image_start": {"value": 2, "source": "s", "certainty": "model"}})").where,
              HasSubstr("#/firmware/image_start"));
  EXPECT_THAT(error_of(R"("firmware": {"clock": {"value": 0, "source": "s", "certainty": "model"}})").where,
              HasSubstr("#/firmware/clock"));
  // A number without source is refused here, too, and the compiler gets machine options only
  EXPECT_THAT(error_of(R"("firmware": {"image_start": {"value": 4}})").where, HasSubstr("#/firmware/image_start"));
  EXPECT_THAT(error_of(R"("firmware": {"compiler_flags": {"value": ["-fplugin=x"]}})").where,
              HasSubstr("#/firmware/compiler_flags/value/0"));
}

TEST_F(BoardLoader, SyntaxErrorsNameTheLine) {
  const auto board = load_board(file("{\n\"name\": \"x\",\n oops\n}"));
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, ExitCode::unreadable);
  EXPECT_THAT(board.error().where, HasSubstr("mine.json:3"));
}

TEST_F(BoardLoader, OtherJsonValuesAreNoBoards) {
  for (const char* text : {"", "[]", "1", "null", "\"x\"", "{}", "{\"extends\": 1}", "{\"regions\": []}"})
    EXPECT_FALSE(load_board(file(text))) << text;
}

TEST_F(BoardLoader, DeepNestingIsAnErrorNotACrash) {
  EXPECT_FALSE(load_board(file(std::string(200000, '['))));
  EXPECT_FALSE(load_board(file("{\"name\":" + std::string(20000, '[') + std::string(20000, ']') + "}")));
}

TEST_F(BoardLoader, TruncatedAtEveryLength) {
  std::ifstream in(models_dir() + "/boards/rtl-ibex-small.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto end = text.find_last_of('}');
  ASSERT_NE(end, std::string::npos);
  for (std::size_t n = 0; n <= end; ++n) {
    const auto board = load_board(file(text.substr(0, n)));
    ASSERT_FALSE(board) << n;
    ASSERT_EQ(board.error().code, ExitCode::unreadable) << n;
  }
  EXPECT_TRUE(load_board(file(text)));
}

TEST_F(BoardLoader, AnyByteChangedIsLoadedOrRefused) {
  std::ifstream in(models_dir() + "/boards/rtl-ibex-small.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  for (std::size_t i = 0; i < text.size(); i += 11)
    for (const char c : {'0', '"', '}', '-', '\xFF'}) {
      std::string changed = text;
      changed[i] = c;
      const auto board = load_board(file(changed));
      if (!board) {
        EXPECT_NE(board.error().what, "");
      }
    }
}

}  // namespace
}  // namespace mj
