// Every operation, a few cases each, as a table (cases.txt, cases_by_hand.txt): what the instruction finds, what it
// changes. The first is made by `differential --cases`, which keeps only what Unicorn and we agreed on, and read here
// without either.
//
//   adc_asr
//     20102284 eb45 7269 | adc.w r2, r5, r9, asr #29 | r5=fffffffd r9=fffffffa apsr=e0010000 | r2=fffffffd
//
// address, encoding | text | registers and memory before | those that changed. Memory is [address]=value with as many
// digits as the access has; `exclusive`: the monitor is open for the address; pc is named where control went elsewhere.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "isa/thumb/disasm.h"
#include "tests/isa/thumb/thumb_machine.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

struct Line {
  std::string op, where, text, before, after;
};

std::vector<Line> table() {
  std::vector<Line> out;
  std::stringstream in;
  for (const char* file : {"/cases.txt", "/cases_by_hand.txt"})
    in << std::ifstream(std::string(MJ_CASES) + file).rdbuf();
  std::string op, row;
  while (std::getline(in, row)) {
    if (row.empty() || row[0] == '#') continue;
    if (row[0] != ' ') {
      op = row;
      continue;
    }
    std::vector<std::string> parts;
    std::istringstream columns(row);
    for (std::string part; std::getline(columns, part, '|');) parts.push_back(part);
    EXPECT_TRUE(parts.size() == 3 || parts.size() == 4) << row;
    if (parts.size() == 3) parts.emplace_back();
    out.push_back({op, parts[0], parts[1].substr(1, parts[1].size() - 2), parts[2], parts[3]});
  }
  return out;
}

std::uint32_t hex(const std::string& digits) { return static_cast<std::uint32_t>(std::stoul(digits, nullptr, 16)); }

/// Registers, APSR, FPSCR and the memory that the table names.
struct Case {
  PlainContext machine{0x20000000, 0x200000};

  void apply(const std::string& items, bool& exclusive) {
    std::istringstream in(items);
    for (std::string item; in >> item;) {
      const auto at = item.find('=');
      if (item == "exclusive") {
        exclusive = true;
        continue;
      }
      const std::string name = item.substr(0, at), value = item.substr(at + 1);
      if (name[0] == '[') {
        const std::uint32_t v = hex(value);
        std::memcpy(machine.at(hex(name.substr(1)), 4), &v, value.size() / 2);
      } else if (name == "apsr") {
        set_apsr(machine, hex(value));
      } else if (name == "fpscr") {
        machine.regs[fpscr] = hex(value);
      } else if (name[0] == 'r' || name[0] == 's') {
        machine.regs[(name[0] == 's' ? s0 : 0u) + static_cast<unsigned>(std::stoul(name.substr(1)))] = hex(value);
      }
    }
  }
};

TEST(Table, EveryCase) {
  Case now, then;
  unsigned cases = 0;
  for (const Line& line : table()) {
    SCOPED_TRACE(line.where + line.text);
    std::uint32_t address = 0, hw1 = 0, hw2 = 0;
    std::istringstream(line.where) >> std::hex >> address >> hw1 >> hw2;
    const isa::Insn insn = decode(hw1, hw2, address, false, ~0u);
    ASSERT_EQ(op_name(insn.op), line.op);
    EXPECT_EQ(isa::thumb::text(insn), line.text);

    bool exclusive = false, unused = false;
    for (Case* c : {&now, &then}) {
      c->machine.regs.fill(0x5eed5eec);
      set_apsr(c->machine, 0);
      c->machine.regs[fpscr] = 0;
      c->apply(line.before, exclusive);
    }
    then.apply(line.after, unused);
    now.machine.flow = Flow::next;
    now.machine.fault_address.reset();
    now.machine.exclusive.reset();
    if (exclusive) now.machine.exclusive = 0;
    execute(now.machine, insn);

    for (unsigned i = 0; i < 15; ++i) EXPECT_EQ(now.machine.regs[i], then.machine.regs[i]) << "r" << i;
    for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(now.machine.regs[s0 + i], then.machine.regs[s0 + i]) << "s" << i;
    EXPECT_EQ(apsr(now.machine), apsr(then.machine)) << std::hex << apsr(now.machine);
    EXPECT_EQ(now.machine.regs[fpscr], then.machine.regs[fpscr]);
    EXPECT_FALSE(now.machine.fault_address.has_value());
    const auto pc_at = line.after.find(" pc=");
    if (pc_at == std::string::npos)
      EXPECT_TRUE(now.machine.flow == Flow::next || (now.machine.target & ~1u) == address + insn.size);
    else
      EXPECT_EQ(now.machine.target & ~1u, hex(line.after.substr(pc_at + 4, 8)));
    // Memory: what the table names, in both.
    for (const std::string* items : {&line.before, &line.after}) {
      std::istringstream in(*items);
      for (std::string item; in >> item;)
        if (item[0] == '[') {
          const std::uint32_t at = hex(item.substr(1, 8)), size = static_cast<std::uint32_t>(item.size() - 11) / 2;
          EXPECT_EQ(std::memcmp(now.machine.at(at, size), then.machine.at(at, size), size), 0) << item;
        }
    }
    ++cases;
  }
  EXPECT_GT(cases, 2u * op_count);
}

/// What has no state after it, or hardly ever comes up: see branch_system_test.cpp, decode_test.cpp, tests/engine.
const std::set<std::string> elsewhere = {"undefined",   "it",    "yield",         "wfe", "wfi",  "svc",   "bkpt",
                                         "coprocessor", "bx_pc", "pop_pc_single", "mrs", "msr",  "cps",   "blxns",
                                         "sg",          "tt",    "ttt",           "tta", "ttat", "vlstm", "vlldm"};

TEST(Table, HasEveryOperation) {
  std::set<std::string> there;
  for (const Line& line : table()) there.insert(line.op);
  std::string missing;
  for (std::uint16_t op = 0; op < op_count; ++op)
    if (!there.contains(op_name(op)) && !elsewhere.contains(op_name(op))) missing += std::string(op_name(op)) + " ";
  EXPECT_EQ(missing, "") << "operations without a case";
}

}  // namespace
}  // namespace mj::test
