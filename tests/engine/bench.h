// A board with a little firmware on it: tests write the firmware as assembly, run it, and look at what it left.
//
// Arm programs begin at `main`; a label `SysTick_Handler` (any CMSIS handler name, or `IRQ0_Handler`..`IRQ7_Handler`)
// becomes that exception's vector, every other vector leads to `unexpected`, an endless loop. RV32 programs begin at
// `main` and set mtvec themselves. Labels made by the macro `func` are functions to the profiler. A program ends in an
// endless loop, so that the machine stops with all registers as the program left them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "isa/thumb/registers.h"
#include "memory/elf_image.h"
#include "sim/board.h"
#include "sim/machine.h"
#include "sim/profile/attribution.h"
#include "sim/profile/counts.h"

namespace mj::test {

namespace reg = isa::thumb;  // sp, lr, ipsr ...
constexpr unsigned ra = 1, rv_sp = 2, t0 = 5, t1 = 6, t2 = 7, s0 = 8, s1 = 9, a0 = 10, a1 = 11, a2 = 12, a3 = 13,
                   a4 = 14, a5 = 15, a6 = 16, a7 = 17;

inline bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

inline bool is_riscv(const std::string& board) {
  for (const char* family : {"virt32", "rtl-", "ibex-", "hifive", "esp32", "ch32"})
    if (begins(board, family)) return true;
  return board.ends_with("-riscv");
}

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder of this test's own, removed with it.
class Folder {
 public:
  Folder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test->test_suite_name()) + "." + test->name();
    for (char& c : name)
      if (c == '/') c = '_';
    static unsigned count = 0;
    path_ = std::filesystem::path(testing::TempDir()) /
            (name + "." + std::to_string(getpid()) + "." + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Assembles and links `text` for `board` to an ELF file in `folder`; fails the test and gives "" if that can't be.
inline std::string assemble(const Folder& folder, const std::string& board, const std::string& text) {
  const bool riscv = is_riscv(board);
  const bool trustzone = board == "mps2-an505";
  struct Place {
    const char *family, *code, *data;
  };
  static constexpr Place places[] = {{"mps2-an505", "0x10000000", "0x38000000"}, {"nucleo", "0x08000000", "0x20000000"},
                                     {"pico", "0x10000000", "0x20000000"},       {"virt32", "0x80000000", "0x80010000"},
                                     {"hifive", "0x08000000", "0x80000000"},  // ITIM: no waits
                                     {"esp32", "0x40380000", "0x3fc90000"},      {"ch32", "0x00000000", "0x20000000"}};
  const char *code = riscv ? "0x80000080" : "0x00000000", *data = riscv ? "0x80010000" : "0x20000000";
  for (const Place& p : places)
    if (begins(board, p.family)) code = p.code, data = p.data;
  std::string source;
  if (riscv) {
    source =
        ".macro func name\n.global \\name\n.type \\name, @function\n\\name:\n.endm\n"
        ".text\n";
    source += text + "\n";
  } else {
    source =
        ".syntax unified\n.thumb\n"
        ".macro func name\n.global \\name\n.thumb_func\n.type \\name, %function\n\\name:\n.endm\n"
        ".text\n";
    source += text;
    source +=
        "\n.text\n.balign 4\n.ltorg\n.balign 4\nfunc unexpected\n  b unexpected\n.section .vectors, \"a\"\n.word ";
    source += trustzone ? "0x38008000\n" : "0x20008000\n";
    const auto vector = [&](const std::string& name) {
      source += ".ifdef " + name + "\n.word " + name + "\n.else\n.word unexpected\n.endif\n";
    };
    source += ".word main\n";
    for (const char* name : {"NMI_Handler", "HardFault_Handler", "MemManage_Handler", "BusFault_Handler",
                             "UsageFault_Handler", "SecureFault_Handler", "", "", "", "SVC_Handler", "DebugMon_Handler",
                             "", "PendSV_Handler", "SysTick_Handler"})
      vector(*name ? name : "reserved_handler");
    for (int i = 0; i < 8; ++i) vector("IRQ" + std::to_string(i) + "_Handler");
  }
  std::ofstream(folder / "program.s") << source;
  std::ofstream(folder / "program.ld") << "ENTRY(main)\nSECTIONS {\n. = " << code
                                       << ";\n.vectors : { *(.vectors) }\n.text : { *(.text*) }\n.data " << data
                                       << " : { *(.data*) *(.bss*) }\n"
                                       << (trustzone ? ".nsc 0x10010000 : { *(.nsc*) }\n"
                                                       ".ns 0x00200000 : { *(.ns_vectors) *(.ns_text*) }\n"
                                                       ".ns_data 0x28200000 : { *(.ns_data*) }\n"
                                                     : "")
                                       << "/DISCARD/ : { *(.ARM.exidx*) } }\n";
  const bool v6 = board.rfind("pico", 0) == 0;
  const std::string as = riscv ? std::string(MJ_RISCV_AS) + (begins(board, "ch32") ? " -march=rv32ec_zicsr -mabi=ilp32e"
                                                             : begins(board, "virt32") || begins(board, "hifive")
                                                                 ? " -march=rv32imac_zicsr_zifencei -mabi=ilp32"
                                                                 : " -march=rv32imc_zicsr_zifencei -mabi=ilp32")
                               : std::string(MJ_ARM_AS) + (v6          ? " -mcpu=cortex-m0plus"
                                                           : trustzone ? " -march=armv8-m.main+dsp -mfpu=fpv5-sp-d16"
                                                                       : " -mcpu=cortex-m4 -mfpu=fpv4-sp-d16");
  const std::string elf = (folder / "program.elf").string(), log = (folder / "log").string();
  const std::string object = (folder / "program.o").string();
  const std::string command = as + " -o " + object + " " + (folder / "program.s").string() + " >" + log + " 2>&1 && " +
                              (riscv ? MJ_RISCV_LD " -m elf32lriscv" : MJ_ARM_LD) + " --no-warn-rwx-segments -T " +
                              (folder / "program.ld").string() + " -o " + elf + " " + object + " >>" + log + " 2>&1";
  if (std::system(command.c_str()) == 0) return elf;
  ADD_FAILURE() << command << "\n" << read_all(log);
  return "";
}

class Bench {
 public:
  Bench(const std::string& board, const std::string& text, MachineOptions options = {}) {
    const std::string elf = assemble(folder_, board, text);
    if (elf.empty()) throw std::runtime_error("the test's firmware does not assemble");
    auto image = memory::ElfImage::load(elf);
    if (!image) throw std::runtime_error(image.error().text());
    image_ = std::move(image).value();
    for (const memory::ElfSymbol& s : image_.symbols())
      if (s.type == memory::SymbolType::func) functions_.insert(s.value);
    auto spec = load_board(board);
    if (!spec) throw std::runtime_error(spec.error().text());
    auto machine = Machine::create(*spec, options, [this](Address a) { return functions_.count(a) != 0; });
    if (!machine) throw std::runtime_error(machine.error().text());
    machine_ = std::move(machine).value();
    if (const auto loaded = machine_->load(image_); !loaded) throw std::runtime_error(loaded.error().text());
  }

  Machine& machine() { return *machine_; }
  engine::Engine& engine() { return machine_->engine(); }
  const memory::ElfImage& image() const { return image_; }

  engine::Stop run(Cycle limit = EventQueue::never) { return engine().run(limit); }
  std::uint32_t r(unsigned id) { return engine().state().r[id]; }
  Cycle now() { return engine().state().now; }
  Address at(const std::string& label) const {
    const memory::ElfSymbol* s = image_.symbol(label);
    if (!s) ADD_FAILURE() << "no label " << label;
    return s ? s->value & ~(is_thumb() ? 1u : 0u) : 0;
  }
  std::uint32_t word(Address a) {
    std::uint32_t value = 0;
    EXPECT_TRUE(machine_->bus().peek(a, reinterpret_cast<std::uint8_t*>(&value), 4)) << std::hex << a;
    return value;
  }
  std::uint32_t word(const std::string& label, unsigned index = 0) { return word(at(label) + 4 * index); }

  profile::Counts counts() { return profile::total_counts(engine(), machine_->timing(), machine_->operating_points()); }
  /// Cycles and instructions charged to the instructions from one label up to another.
  profile::Counts between(const std::string& from, const std::string& to) {
    profile::Counts sum;
    for (const auto& [address, c] :
         profile::counts_by_address(engine(), machine_->timing(), machine_->operating_points()))
      if (address >= at(from) && address < at(to)) sum += c;
    return sum;
  }
  Cycle cycles(const std::string& from, const std::string& to) { return between(from, to).cycles; }

  /// The result's tables of functions, lines and calls.
  profile::RunResult attributed() {
    profile::RunResult result;
    result.operating_points = machine_->operating_points();
    const auto debug = profile::DebugInfo::load(image_);
    profile::attribute(engine(), machine_->timing(), profile::SymbolTable::build(image_, debug), debug, result);
    return result;
  }
  /// Every cycle stands in exactly one bucket of each table.
  void expect_conserved() {
    EXPECT_EQ(engine().accounted(), now());
    const profile::Counts total = counts();
    EXPECT_EQ(total.cycles, now());
    Cycle reasons = 0, functions = 0, lines = 0, calls = 0;
    for (const Cycle c : total.reasons) {
      EXPECT_LT(c, Cycle{1} << 62) << "a reason went below zero";
      reasons += c;
    }
    const auto result = attributed();
    std::uint64_t instructions = 0;
    for (const auto& f : result.functions) functions += f.self_cycles, instructions += f.self_instructions;
    for (const auto& l : result.lines) lines += l.cycles;
    for (const auto& n : result.call_tree) calls += n.self_cycles;
    EXPECT_EQ(reasons, now());
    EXPECT_EQ(functions, now());
    EXPECT_EQ(lines, now());
    EXPECT_EQ(calls, now());
    EXPECT_EQ(instructions, total.instructions);
    EXPECT_EQ(engine().retired(), total.instructions);
    EXPECT_EQ(result.call_tree.front().inclusive_cycles, now());
    energy::Activities of_functions;
    for (const auto& f : result.functions) energy::operator+=(of_functions, f.activity);
    of_functions.resize(total.activity.size());
    EXPECT_EQ(of_functions, total.activity);
    Cycle active = 0;
    for (const auto& a : total.activity) active += a.cycles();
    EXPECT_EQ(active, now());
  }
  /// The call tree as text, one node a line: depth as dots, name, calls.
  std::string tree() {
    const auto result = attributed();
    std::string out;
    print(result.call_tree, 0, 0, out);
    return out;
  }

 private:
  bool is_thumb() const { return image_.machine() == memory::Machine::arm; }
  static void print(const std::vector<profile::TreeNode>& nodes, std::size_t node, int depth, std::string& out) {
    out += std::string(static_cast<std::size_t>(depth), '.') + nodes[node].name + " x" +
           std::to_string(nodes[node].calls) + "\n";
    for (std::size_t i = 1; i < nodes.size(); ++i)
      if (nodes[i].parent == node && i != node) print(nodes, i, depth + 1, out);
  }

  Folder folder_;
  memory::ElfImage image_;
  std::set<Address> functions_;
  std::unique_ptr<Machine> machine_;
};

/// Tests of Arm firmware; skipped by name where the assembler is missing.
class Arm : public testing::Test {
 protected:
  void SetUp() override {
    if (!*MJ_ARM_AS || !*MJ_ARM_LD) GTEST_SKIP() << "arm-none-eabi-as was not found";
  }
};
class Riscv : public testing::Test {
 protected:
  void SetUp() override {
    if (!*MJ_RISCV_AS || !*MJ_RISCV_LD) GTEST_SKIP() << "riscv64-unknown-elf-as was not found";
  }
};

}  // namespace mj::test
