// `--trace`: one line per executed instruction.
//
// Format 1, made for diff, cut and grep. A line's fields are separated by tabs:
//
//   cycle     at which the instruction issues, decimal
//   pc        8 hexadecimal digits
//   encoding  4 or 8 hexadecimal digits; 32-bit Thumb as its two halfwords in order
//   text      as microjoule's disassembler writes it, its condition within an IT block included
//   effects   separated by blanks, in this order; empty when there are none:
//     (failed)                  its condition was false: it did nothing
//     (faulted)                 an exception stands in its place
//     NAME=0xVVVVVVVV           each register that it wrote, changed or not, in the order of the register file.
//                               Arm's flags are nzcv=BBBB (four bits), q=B and ge=BBBB; f and s registers are raw bits
//     r[0xAAAAAAAA:N]=0xV       N bytes read there, in the order of the accesses
//     w[0xAAAAAAAA:N]=0xV       N bytes written there
//
// Lines that begin with "# " are what happened between instructions; their first line names the format:
//
//   # microjoule trace 1
//   # CYCLE exception NAME [effects]    an exception is taken (CYCLE: its handler begins), with the registers it set
//   # CYCLE return [effects]            an exception handler returned
//   # CYCLE semihosting [effects]       a semihosting call was served
//   # CYCLE to Secure state, to Non-secure state [effects]    a branch or return between security states
//   # CYCLE lockup
//   # CYCLE asleep until CYCLE
//   # CYCLE the loop goes round N times more until CYCLE    a loop that only waits; these passes have no lines
//   # CYCLE detected KIND at WHERE: TEXT    what --detect found, behind the instruction that did it and issued at CYCLE
//                                          or the exception's entry; once for each place, whatever is filtered
//
// Against a reference: QEMU writes one line an instruction with `-singlestep -d exec,nochain -D qemu.log` (from 8.1 on
// `-one-insn-per-tb`), of which the second number in brackets is the pc; the first difference of the two sequences is
// where they part (interrupts and polled devices come at other instructions there, for QEMU has no cycles):
//
//   grep '^[0-9]' app.trace | cut -f2 > ours
//   sed -n 's/^Trace.*\[[0-9a-f]*\/\([0-9a-f]*\)\/.*/\1/p' qemu.log | diff ours -
//
// Spike's `-l --log-commits` has pc, encoding and the written register in a line, as columns 2, 3 and 5 here.
//
// `cut -f2-` leaves what doesn't depend on timing. A trace costs nothing when it is off and changes no cycle when it is
// on. The format's number changes when a reader of these lines could be misled.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "isa/context.h"
#include "isa/disasm.h"
#include "sim/engine/engine.h"
#include "sim/engine/observer.h"

namespace mj::debug {

struct TraceFilter {
  /// Address ranges [first, second) whose instructions are shown; empty: all.
  std::vector<std::pair<Address, Address>> ranges;
  /// Asked before each instruction; empty: always.
  std::function<bool()> when;
};

class TraceObserver final : public engine::Observer {
 public:
  /// `write` gets whole lines, their newlines included.
  TraceObserver(const engine::Engine& engine, bool thumb, TraceFilter filter,
                std::function<void(std::string_view)> write);

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) override;
  void accessed(const engine::DataAccess& access) override;
  void after(engine::Outcome outcome) override;
  void redirected(const Redirect& how, Cycle now) override;
  void skipped(Cycle from, Cycle to, std::uint64_t passes) override;

  /// A line "# CYCLE text" here.
  void note(Cycle cycle, std::string_view text);

 private:
  using Registers = std::array<std::uint32_t, isa::register_count>;
  bool wanted(Address pc) const;
  const std::string& text(const isa::Insn& insn, std::uint32_t mode);
  /// Appends the registers of `written` and all that differ from those before.
  void add_registers(isa::RegSet written);
  void add(std::string_view effect);

  const engine::Engine& engine_;
  bool thumb_;
  TraceFilter filter_;
  std::function<void(std::string_view)> write_;
  bool shown_ = false;  ///< the instruction told last is wanted
  std::string line_, accesses_;
  bool first_effect_ = true;
  isa::RegSet writes_ = 0;
  Registers registers_{};  ///< before the instruction
  /// By pc and encoding: decode mode and text.
  std::unordered_map<std::uint64_t, std::pair<std::uint32_t, std::string>> texts_;
};

}  // namespace mj::debug
