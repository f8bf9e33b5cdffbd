// Images and boards that don't go together, and the board that is proposed when none is named.
#include "tests/model/files.h"
#include "tests/run/expect.h"

namespace mj::test {
namespace {

struct Image : Program {
  void SetUp() override {
    for (const char* compiler : {"arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"})
      if (!installed(compiler)) GTEST_SKIP() << "no " << compiler << " here";
  }
  void refuses_fixture(const std::string& name, const std::string& options,
                       const std::vector<std::string>& words) const {
    const std::string elf = fixture(name);
    ASSERT_NE(elf, "") << name << " was not built";
    refuses("run '" + elf + "' " + options, 2, words);
  }
};

TEST_F(Image, ForAnotherArchitecture) {
  refuses_fixture("ibex_exits_with_7", "--board pico",
                  {"the image is for RISC-V, the board's core for Arm", "board pico", "microjoule boards"});
  refuses_fixture("nucleo_exits_with_7", "--board ibex-demo",
                  {"the image is for Arm, the board's core for RISC-V", "board ibex-demo"});
}

TEST_F(Image, LinkedForAnotherMemoryMap) {
  refuses_fixture("nucleo_exits_with_7", "--board pico",
                  {"does not fit the board's memory", "load segment at 0x08000000", "no memory at 0x08000000",
                   "microjoule boards show pico"});
}

TEST_F(Image, OnABoardWhoseIdentificationIsDamaged) {
  const std::string elf = fixture("nucleo_exits_with_7");
  ASSERT_NE(elf, "");
  std::filesystem::copy(MJ_MODELS, path("models"), std::filesystem::copy_options::recursive);
  setenv("MJ_MODELS_DIR", path("models").c_str(), 1);
  for (const char* file : {"identity.json", "accuracy.json"}) {
    const std::filesystem::path damaged = path("models") + "/" + file;
    const std::string whole = slurp(damaged);
    std::ofstream(damaged) << whole.substr(0, whole.size() / 2);
    refuses("run '" + elf + "' --board nucleo-l4r5zi", 7, {std::string("cannot read ") + file, "parse error"});
    std::ofstream(damaged) << whole;
  }
  unsetenv("MJ_MODELS_DIR");
}

TEST_F(Image, WithMoreCodeThanTheBoardsFlash) {
  // 2 MiB of constants and the code before them; the flash has 2 MiB
  refuses_fixture("pico_big_const", "--board pico",
                  {"does not fit the board's memory", "region flash ends at 0x10200000", "bytes too many"});
}

TEST_F(Image, WithMoreDataThanTheBoardsRam) {
  // 640 KiB of .bss behind 1 KiB of stack; the RAM has 640 KiB. Nothing of it is in the file
  refuses_fixture("nucleo_big_bss", "--board nucleo-l4r5zi",
                  {"does not fit the board's memory", "0x20000400", "ends at 0x200a0000", "bytes too many"});
}

TEST_F(Image, WithDataAcrossAdjoiningRegionsFits) {
  // 320 KiB of .bss from SRAM1 (192 KiB) through SRAM2 into SRAM3
  const std::string elf = fixture("nucleo_wide_bss");
  ASSERT_NE(elf, "") << "not built";
  const Answer answer = microjoule("run '" + elf + "' --board nucleo-l4r5zi");
  EXPECT_EQ(answer.code, 0) << answer.err;
}

TEST_F(Image, ThatFitsNoBoardSaysWhatItNeeds) {
  refuses_fixture("pico_big_const", "", {"no board fits this image", "armv6-m", "0x10000100..0x104", "--board"});
}

TEST_F(Image, WithoutANetworkTakesNoTensors) {
  file("in.bin", "x");
  refuses_fixture("nucleo_exits_with_7", "--board nucleo-l4r5zi --input in.bin",
                  {"--input and --output need firmware of our own runtime", ".note.microjoule", "microjoule build"});
}

TEST_F(Image, TooBigForItsBoardIsToldAtBuildTime) {
  refuses("build " MJ_NETWORKS_DIR "/ad.tflite --board ibex-demo -o x.elf", 2,
          {"does not fit the board", "ibex-demo", "131072 bytes is too small by"});
  EXPECT_FALSE(std::filesystem::exists(path("x.elf")));
}

// ---- without --board ------------------------------------------------------------------------------------------------

class Proposal : public Firmware, public testing::WithParamInterface<const char*> {};

TEST_P(Proposal, IsTheBoardThatTheImageWasBuiltFor) {
  const std::string board = GetParam();
  const bool riscv = board.rfind("ibex", 0) == 0 || board == "virt32" || board == "pico2-riscv";
  const char* compiler = riscv ? "riscv64-unknown-elf-gcc" : "arm-none-eabi-gcc";
  if (!installed(compiler)) GTEST_SKIP() << "no " << compiler << " here";
  const Answer built = microjoule("build '" + network("tiny.tflite").string() + "' --board " + board + " -o fw.elf");
  ASSERT_EQ(built.code, 0) << built.err;
  // No --board: the result says which was taken, and that it was proposed
  const Ran ran = run(path("fw.elf"));
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  EXPECT_EQ(ran.result.at("provenance").at("board"), board);
  EXPECT_EQ(ran.result.at("provenance").at("board_proposed"), true);
  EXPECT_THAT(ran.answer.out, testing::HasSubstr(board));
  // With --board it is not
  const Ran named = run(path("fw.elf"), "--board " + board);
  EXPECT_EQ(named.result.at("provenance").at("board_proposed"), false);
  EXPECT_EQ(named.result.at("totals"), ran.result.at("totals"));
}

INSTANTIATE_TEST_SUITE_P(Run, Proposal,
                         testing::Values("nucleo-l4r5zi", "nano33ble", "pico", "mps2-an386", "virt32", "ibex-demo",
                                         "ibex-large", "nucleo-h743zi", "nucleo-u575zi", "pico2", "pico2-riscv"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace mj::test
