// A real gdb attached to a run, in batch mode: a fixture for the tests of `--gdb`.
#pragma once

#include <string>

#include "tests/cli/program.h"
#include "tests/debug/observed.h"

namespace mj::test {

class Gdb : public Program {
 protected:
  void SetUp() override {
    if (std::system("command -v gdb-multiarch >/dev/null 2>&1") != 0) GTEST_SKIP() << "no gdb-multiarch here";
  }
  /// Runs the fixture under gdb with these commands, one a line, after gdb is attached; gives gdb's output. Both have
  /// to end within a minute.
  std::string debug(const std::string& name, const std::string& board, const std::string& commands,
                    const std::string& options = "") {
    const std::string elf = fixture(name);
    EXPECT_NE(elf, "") << name;
    file("commands.gdb", commands);
    // The program says where it listens; gdb may begin only then.
    file(
        "session.sh",
        "'" MJ_PROGRAM "' run '" + elf + "' --board " + board + " --gdb :0 -o run.json " + options +
            " >run.out 2>run.err </dev/null &\n"
            "run=$!\n"
            "port=\n"
            "for i in $(seq 200); do\n"
            "  port=$(sed -n 's/.*target remote localhost:\\([0-9]*\\).*/\\1/p' run.err 2>.sed)\n"
            "  [ -n \"$port\" ] && break\n"
            "  sleep 0.1\n"
            "done\n"
            "timeout -k 5 60 gdb-multiarch -nx -q -batch -ex 'set pagination off' -ex \"target remote localhost:$port\""
            " -x commands.gdb '" +
            elf +
            "' >gdb.out 2>&1 </dev/null\n"
            "timeout 60 tail --pid=$run -f /dev/null || kill -9 $run\n"
            "wait $run\n"
            "echo $? >run.code\n");
    EXPECT_EQ(std::system(("cd '" + path("") + "' && sh session.sh").c_str()), 0);
    code = slurp(path("run.code"));
    return slurp(path("gdb.out"));
  }
  /// The result of the same run without gdb, as saved.
  std::string undebugged(const std::string& name, const std::string& board, const std::string& options = "") {
    microjoule("run '" + fixture(name) + "' --board " + board + " -o plain.json " + options);
    const std::string plain = slurp(path("plain.json"));
    EXPECT_THAT(plain, testing::HasSubstr("\"cycles\""));
    return plain;
  }
  std::string result() { return slurp(path("run.json")); }
  std::string code;  ///< the run's exit code, and a newline
};

class GdbArm : public Gdb {
 protected:
  void SetUp() override {
    Gdb::SetUp();
    if (fixture("mps2_prints").empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  }
};
class GdbRiscv : public Gdb {
 protected:
  void SetUp() override {
    Gdb::SetUp();
    if (fixture("ibex_exits_with_7").empty()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  }
};

}  // namespace mj::test
