// `--detect`: firmware that gets away with what it should not do. An observer looks at every instruction and access, so
// that nothing which the run counts changes; what it found is told with the result.
//
// stack-overflow   the stack pointer went below what the image sets aside for the stack (sim/stack_bounds.h): main
//                  stack, and each other stack that an object of the image holds
// uninitialised    a read of RAM that neither the loader nor the program has written, byte by byte; what a function
//                  leaves on the stack when it returns counts as never written. Padding that is copied and registers
//                  that a new thread's context never had are told, too
// null             reads and writes of the first 1024 bytes through a register. Where a board has memory there: all
//                  writes but those to the image's own data, and reads of the vector table, except for the initial
//                  stack pointer on its way to MSP, functions that have read VTOR, and code that copies the table
//                  (eight words or more)
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/engine/observer.h"
#include "sim/machine.h"
#include "sim/program.h"
#include "sim/stack_bounds.h"

namespace mj {

struct Detections {
  bool stack_overflow = false, uninitialised = false, null = false;
};

/// "all", or names separated by commas. Errors: usage.
Result<Detections> parse_detections(std::string_view text);

class Detector final : public engine::Observer {
 public:
  struct Finding {
    std::string kind;   ///< "stack-overflow" ...
    std::string where;  ///< instruction in words
    std::string text;
    std::uint64_t count = 0;
  };

  /// After Machine::load; what the loader wrote is known from the image.
  Detector(Machine& machine, const Program& program, Detections wanted);

  /// Told of each finding when it is made, behind the instruction (`pc`, issued at `now`) that did it; of those that
  /// happen at the same place again, of the first. Two are told before it is certain that they are any: that the vector
  /// table is read is told up to four instructions later, unless it was for MSP; a program that copies the table is
  /// told of as well, which findings() leaves out.
  std::function<void(const Finding& finding, Address pc, Cycle now)> on_finding;

  /// Bytes that came into memory otherwise than by an instruction.
  void written(Address from, std::size_t n);
  /// In order of the first time.
  std::vector<Finding> findings() const;

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) override;
  void accessed(const engine::DataAccess& access) override;
  void after(engine::Outcome outcome) override;
  void redirected(const Redirect& how, Cycle now) override;
  void skipped(Cycle, Cycle, std::uint64_t) override {}

 private:
  enum class Kind : std::uint8_t { stack, unwritten, null };
  struct Record {
    Kind kind;
    Address pc = 0;
    Address address = 0;  ///< first one; for stacks the lowest
    unsigned size = 0;
    bool write = false;
    std::uint64_t count = 0;
    std::vector<Address> callers;
    std::optional<StackBounds> stack;
    std::set<Address> addresses;  ///< some of those accessed
    std::uint64_t first = 0;      ///< order
  };

  std::vector<std::uint8_t>* shadow(Address a, std::size_t& offset);
  void mark(Address from, std::size_t n, bool is_written);
  bool is_written(Address from, unsigned n);
  Record& record(Kind kind, Address pc, bool write);
  void tell();
  void executed();
  void follow(const Redirect& how);
  Finding finding(const Record& r) const;
  void check_stack(bool may_be_another);
  /// Whether a stack pointer that was set anew belongs to another stack than `b`.
  bool another(std::uint32_t sp, const std::optional<StackBounds>& b) const;
  bool below_everything(Address a) const { return a < null_page_; }
  bool null_access(const engine::DataAccess& access);
  Address function_of(Address pc) const;
  std::string text(const Record& r) const;

  static constexpr Address null_page_ = 0x400;

  Machine& m_;
  const Program& p_;
  const Detections wanted_;
  const unsigned sp_;
  std::map<const void*, std::vector<std::uint8_t>> shadows_;  ///< by the region's bytes, which aliases share
  using Key = std::tuple<Kind, Address, bool>;
  std::map<Key, Record> records_;
  std::vector<Key> untold_;
  std::uint64_t order_ = 0;

  isa::Insn insn_;
  isa::Effects effects_;
  std::array<std::uint32_t, 16> arguments_{};  ///< low registers in front of the instruction: a semihosting call's
  Cycle now_ = 0;
  std::uint32_t sp_before_ = 0, sp_left_ = 0;  ///< in front of the instruction, and behind the one before
  bool process_ = false;
  std::map<bool, std::optional<StackBounds>> stacks_;  ///< bounds of the stack in use: main, process
  bool below_ = false;                                 ///< the stack pointer is below its limit now
  bool table_is_memory_ = false;
  Address table_end_ = 0;
  std::set<Address> vtor_readers_;                           ///< functions that asked where the vector table is
  std::optional<std::pair<unsigned, unsigned>> initial_sp_;  ///< register that got word 0, instructions left
  Address initial_sp_pc_ = 0;
};

}  // namespace mj
