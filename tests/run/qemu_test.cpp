// The same image in QEMU and here: console and exit status are equal.
#include <gmock/gmock.h>

#include "tests/model/files.h"
#include "tests/run/expect.h"
#include "tests/sanitized.h"

namespace mj::test {
namespace {

struct Machine {
  const char* board;
  const char* compiler;
  const char* qemu;
  const char* options;
};

constexpr Machine arm{"mps2-an386", "arm-none-eabi-gcc", "qemu-system-arm",
                      "-M mps2-an386 -semihosting-config enable=on,target=native"};
constexpr Machine riscv{"virt32", "riscv64-unknown-elf-gcc", "qemu-system-riscv32", "-M virt -bios none"};

class InQemu : public Firmware {
 protected:
  /// Exit status and console (UART 0, then semihosting) as QEMU has them.
  Answer in_qemu(const Machine& machine, const std::string& elf) const {
    const std::string command = "cd '" + path("") + "' && timeout 60 " + machine.qemu + " " + machine.options +
                                " -nographic -monitor none -serial file:uart -kernel '" + elf +
                                "' >semihost 2>&1 </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(path("uart")) + slurp(path("semihost")), ""};
  }

  void expect_equal(const Machine& machine, const std::string& elf) const {
    const Answer theirs = in_qemu(machine, elf);
    const Ran ours = run(elf, "--board " + std::string(machine.board));
    ASSERT_FALSE(ours.result.is_null()) << ours.answer.err;
    EXPECT_EQ(ours.result.at("stop").at("kind"), "exited");
    EXPECT_EQ(ours.result.at("stop").at("firmware_status"), theirs.code);
    EXPECT_EQ(ours.result.at("console"), theirs.out);
  }
};

struct NetworkInQemu : InQemu, testing::WithParamInterface<std::tuple<Machine, const char*>> {};

TEST_P(NetworkInQemu, SaysTheSame) {
  const auto& [machine, name] = GetParam();
  for (const char* program : {machine.compiler, machine.qemu})
    if (!installed(program)) GTEST_SKIP() << "no " << program << " here";
  const Answer built =
      microjoule("build '" + network(name).string() + ".tflite' --board " + machine.board + " -o fw.elf");
  ASSERT_EQ(built.code, 0) << built.err;
  expect_equal(machine, path("fw.elf"));
}

std::string network_name(const testing::TestParamInfo<std::tuple<Machine, const char*>>& test) {
  std::string name = std::string(std::get<1>(test.param)) + "_on_" + std::get<0>(test.param).board;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

std::vector<const char*> networks() {
  return sanitized ? std::vector<const char*>{"tiny"} : std::vector<const char*>{"tiny", "kws", "ad", "ic", "vww"};
}
INSTANTIATE_TEST_SUITE_P(Run, NetworkInQemu,
                         testing::Combine(testing::Values(arm, riscv), testing::ValuesIn(networks())), network_name);

struct FixtureInQemu : InQemu, testing::WithParamInterface<const char*> {};

TEST_P(FixtureInQemu, SaysTheSame) {
  const std::string elf = fixture("mps2_" + std::string(GetParam()));
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  if (!installed(arm.qemu)) GTEST_SKIP() << "no " << arm.qemu << " here";
  expect_equal(arm, elf);
}

INSTANTIATE_TEST_SUITE_P(Run, FixtureInQemu, testing::Values("exits_with_0", "exits_with_7", "prints", "recovers"),
                         [](const auto& test) { return std::string(test.param); });

// User mode, PMP, counters, CLINT and PLIC: every trap's cause, value, address and origin as QEMU has them.
struct PrivilegeInQemu : InQemu, testing::WithParamInterface<Machine> {};

TEST_P(PrivilegeInQemu, SaysTheSame) {
  const Machine& machine = GetParam();
  const std::string elf = fixture(std::string(machine.board) + "_privilege");
  if (elf.empty()) GTEST_SKIP() << "no " << machine.compiler << " here";
  if (!installed(machine.qemu)) GTEST_SKIP() << "no " << machine.qemu << " here";
  expect_equal(machine, elf);
  EXPECT_THAT(slurp(path("uart")), testing::AllOf(testing::HasSubstr("from U"), testing::EndsWith("end\n")));
}

constexpr const char* with_semihosting = " -bios none -semihosting-config enable=on,target=native";
const std::string on_virt = std::string("-M virt") + with_semihosting,
                  on_sifive_e = std::string("-M sifive_e,revb=true") + with_semihosting;

INSTANTIATE_TEST_SUITE_P(
    Run, PrivilegeInQemu,
    testing::Values(Machine{"virt32", "riscv64-unknown-elf-gcc", "qemu-system-riscv32", on_virt.c_str()},
                    Machine{"hifive1b", "riscv64-unknown-elf-gcc", "qemu-system-riscv32", on_sifive_e.c_str()}),
    [](const auto& test) { return std::string(test.param.board); });
// The recipe of sim/debug/trace.h: the program counters of --trace and of QEMU's log are the same sequence.
TEST_F(InQemu, ATraceIsComparable) {
  const std::string elf = fixture("mps2_prints");
  if (elf.empty() || !installed(arm.qemu)) GTEST_SKIP() << "no cross compiler or no " << arm.qemu << " here";
  microjoule("run '" + elf + "' --board " + arm.board + " --trace app.trace");
  const std::string commands = "cd '" + path("") + "' && timeout 60 " + arm.qemu + " " + arm.options +
                               " -nographic -monitor none -singlestep -d exec,nochain -D qemu.log -kernel '" + elf +
                               "' >semihost 2>&1 </dev/null; grep '^[0-9]' app.trace | cut -f2 > ours; " +
                               R"(sed -n 's/^Trace.*\[[0-9a-f]*\/\([0-9a-f]*\)\/.*/\1/p' qemu.log > theirs)";
  ASSERT_EQ(std::system(commands.c_str()), 0);
  EXPECT_GT(slurp(path("ours")).size(), 5000u);
  EXPECT_EQ(slurp(path("ours")), slurp(path("theirs")));
}

TEST_F(InQemu, TwoThreadsPrintTheSame) {
  const std::string elf = fixture("an386_threads");
  if (elf.empty() || !installed(arm.qemu)) GTEST_SKIP() << "no cross compiler or no " << arm.qemu << " here";
  expect_equal(arm, elf);
}

}  // namespace
}  // namespace mj::test
