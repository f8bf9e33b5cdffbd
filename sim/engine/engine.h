// The engine: runs blocks until something stops the machine, and keeps the counts from which every result follows.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "memory/bus.h"
#include "sim/arch.h"
#include "sim/base/event_queue.h"
#include "sim/base/units.h"
#include "sim/engine/hot_state.h"
#include "sim/engine/observer.h"
#include "sim/profile/call_tree.h"
#include "sim/timing/branch_predictor.h"
#include "sim/timing/core_timing.h"

namespace mj::engine {

enum class StopKind : std::uint8_t {
  exited,         ///< the firmware ended with a status
  limit,          ///< the cycle limit was reached
  paused,         ///< the caller wanted to look in; run() goes on as if it had not been left
  spin_forever,   ///< a loop that nothing pending can end
  sleep_forever,  ///< WFI with nothing left to wake it
  lockup,         ///< the core locked up
};

struct Stop {
  StopKind kind = StopKind::limit;
  int status = 0;  ///< exited: the firmware's status
  Address pc = 0;
};

/// The first fault of a run, as it stood when it happened.
struct FaultRecord {
  unsigned exception = 0;
  Address pc = 0;
  bool has_access = false;
  BadAccess access;
  std::vector<std::string> status;
  std::array<std::uint32_t, isa::register_count> registers{};
  std::vector<Address> call_stack;
  Cycle cycle = 0;
};

/// Keeps account of several stacks (sim/stack_watch.h). It is told of stack pointers seldom: not of those that rise,
/// nor of those that are no news.
struct StackKeeper {
  virtual ~StackKeeper() = default;
  /// `sp` is below what was given last: an instruction or the core's stacking lowered it. Gives below what to tell
  /// next.
  virtual Address lowered(Address sp) = 0;
  /// `sp` may be of another stack than before: an exception begins or ends, or the stack pointer was written or loaded.
  virtual Address switched(Address sp) = 0;
  /// Lowest stack pointer of the stack that the program began with.
  virtual Address main_low() const = 0;
};

/// What instructions move is counted by rows: a memory region each, or those regions together that handlers reach
/// without the engine's help, which no count tells apart.
struct TrafficRow {
  std::string name;  ///< "flash"; "SRAM1, SRAM2" of several
  std::string kind;  ///< "flash", "ram", "devices", or "memory" of several kinds
};
struct MovedBytes {
  std::uint64_t read = 0, written = 0;
};

class Engine {
 public:
  struct Parts {
    Arch& arch;
    memory::Bus& bus;
    EventQueue& events;
    const timing::CoreTiming& timing;
  };
  /// `is_function(address)`: a symbol says that a function begins there.
  Engine(const Parts& parts, std::function<bool(Address)> is_function);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Serves a semihosting call (registers and memory through the machine).
  std::function<void()> on_semihost;
  /// Told when the core falls asleep and wakes.
  std::function<void(bool asleep, Cycle now)> on_sleep;
  /// Told before the instruction at one of these addresses executes; set before the first run().
  std::function<void(Address)> on_mark;
  void set_marks(const std::vector<Address>& addresses) { marks_.insert(addresses.begin(), addresses.end()); }
  void mark_reached();
  /// Looks at every instruction from now on; set before the first run(). Changes nothing in what is counted.
  void set_observer(Observer* observer);
  /// After the last run() that counts: a further one is looked at and goes on in an endless loop, too. What it counts
  /// belongs to no result.
  void look_on(Observer* observer);
  /// From Observer::before or outside of run(): the program goes on at `pc` instead, in a decoding mode (ITSTATE).
  void move_to(Address pc, std::uint32_t mode = 0);
  /// Counts the bytes moved of each region by itself: every access is then made by the engine, which moves no cycle but
  /// takes longer. Set before the first run().
  void split_traffic();
  /// From now on `keeper` has the say of which stack a stack pointer is of; set before the first run(), nullptr:
  /// nobody.
  void keep_stacks(StackKeeper* keeper) { keeper_ = keeper; }
  /// Told when an operating point took effect.
  std::function<void(unsigned point, Cycle now)> on_operating_point;
  HotState& state() { return h_; }
  const HotState& state() const { return h_; }
  profile::CallTree& calls() { return calls_; }
  const profile::CallTree& calls() const { return calls_; }
  Arch& arch() { return parts_.arch; }
  const Arch& arch() const { return parts_.arch; }
  memory::Bus& bus() { return parts_.bus; }
  EventQueue& events() { return parts_.events; }

  void set_pc(Address pc, std::uint32_t mode);
  /// Runs to cycle `limit`, instruction by instruction at its end, or leaves at a block's end somewhere after cycle
  /// `pause`, which changes nothing in what is counted.
  Stop run(Cycle limit, Cycle pause = EventQueue::never);
  /// Ends run() after the current instruction.
  void request_exit(int status);
  /// Something became due or pending: leave the block after the current instruction.
  void kick();
  /// From the end of the current instruction on, everything is counted for this operating point, below
  /// max_operating_points. Costs nothing while it doesn't change: blocks are told apart by it.
  void set_operating_point(unsigned point);
  unsigned operating_point() const { return point_; }
  static constexpr unsigned max_operating_points = 64;
  /// From the end of the current instruction on (at once while the dispatcher has control) accesses and fetches that
  /// `protection` doesn't permit end in Arch::bad_access; nullptr: everything is permitted. Called by the architecture
  /// when its regions or the core's state change. Code is decoded again only where what may be fetched differs.
  void set_protection(std::shared_ptr<const memory::Protection> protection);
  const memory::Protection* protection() const { return protection_.get(); }
  /// Where the program goes on; exact while the dispatcher has control (outside of run()).
  Address pc() const { return pc_; }
  std::uint32_t mode() const { return mode_; }  ///< of the instruction there: ITSTATE
  /// Whether run waits rest on inferred or estimated numbers.
  bool unsure_run_waits() const { return unsure_run_waits_; }
  /// The block and the instruction in it whose access a device is serving; nullptr: none.
  struct Within {
    const TimedBlock* block = nullptr;
    unsigned insn = 0;
  };
  Within within() const;
  /// Address of that instruction, else of where the program goes on.
  Address current_pc() const;
  /// Instructions issued before the current one.
  std::uint64_t retired() const;
  /// Exact time now, also within a block (during a device access).
  Cycle now() const;

  // ---- what was counted ---------------------------------------------------------------------------------------------
  /// Every block that ever ran, flushed ones included, in order of creation.
  const std::vector<std::unique_ptr<TimedBlock>>& blocks() const { return blocks_; }
  const std::vector<TrafficRow>& traffic_rows() const { return traffic_rows_; }
  /// The row of what handlers reach by themselves; it holds what blocks moved and no other row has.
  static constexpr std::uint8_t direct_row = 1;
  /// Bytes that went through the engine, by row; those of direct_row are part of what it holds.
  const std::vector<MovedBytes>& moved() const { return moved_; }
  /// Bytes of stores that were not made: STREX, SC without a reservation.
  std::uint64_t not_stored() const { return not_stored_; }
  Cycle exception_cycles() const;
  /// Of exception_cycles(), those that rest on inferred or estimated rows.
  Cycle unsure_exception_cycles() const { return unsure_exception_cycles_; }
  Cycle idle_cycles() const;
  /// Cycles that are no instruction's, by operating point and part of the program's work.
  struct OutsideBlocks {
    unsigned point = 0;
    std::uint8_t part = 0;
    Cycle exceptions = 0, idle = 0;
  };
  const std::vector<OutsideBlocks>& outside_blocks() const { return outside_blocks_; }
  const std::map<unsigned, std::uint64_t>& exceptions_taken() const { return exceptions_taken_; }
  std::uint64_t semihost_calls() const { return semihost_calls_; }
  const std::optional<FaultRecord>& first_fault() const { return first_fault_; }
  /// The fault that locked the core up.
  const std::optional<FaultRecord>& lockup_fault() const { return lockup_fault_; }
  std::uint64_t fault_count() const { return fault_count_; }
  /// Frames at the deepest stack use, outermost first, and the stack pointer there.
  const std::vector<Address>& deepest_stack() const { return deepest_stack_; }
  /// The first stack pointer that the program used.
  Address stack_top() const { return stack_top_; }
  /// The stack pointer is one of another set from now on: `set` 0 is the one that the program began with (the security
  /// states of Armv8-M have their own). The accessors above speak of set 0.
  void use_stacks(unsigned set);
  /// Bytes used of the stack of set 1.
  std::uint32_t other_stack_used() const;
  /// Lowest stack pointer of set 0.
  Address stack_low() const { return keeper_ ? keeper_->main_low() : stack_set_ == 0 ? h_.stack_low : stacks_[0].low; }
  /// Sum over blocks, exceptions and sleep; equals state().now at the end of every run (checked in sim/collect.cpp).
  Cycle accounted() const;

  // ---- called by handlers, out of line ------------------------------------------------------------------------------
  /// `kind`: bits of AccessKind.
  [[gnu::noinline]] std::uint32_t load(Slot* s, std::uint32_t address, unsigned size, unsigned kind);
  /// load() of what a cache in front of flash holds: nothing to wait for or to refuse. False: nothing happened.
  bool load_hit(Slot* s, std::uint32_t address, unsigned size, unsigned kind, std::uint32_t& value);
  /// store() into a line of the data cache that is dirty already. False: nothing happened.
  bool store_hit(std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind);
  [[gnu::noinline]] void store(Slot* s, std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind);
  std::uint32_t load_exclusive(Slot* s, std::uint32_t address, unsigned size);
  std::uint32_t store_exclusive(Slot* s, std::uint32_t address, std::uint32_t value, unsigned size);
  void clear_exclusive() { exclusive_ = false; }
  std::uint32_t system_read(Slot* s, std::uint32_t id);
  void system_write(Slot* s, std::uint32_t id, std::uint32_t value);
  /// Gives the slot to go on with, which may be of a sibling of the block.
  Slot* function_entry(Slot* s);
  void arrive();
  /// A function returned by a counted edge: gives its target's sibling to go on with.
  TimedBlock* returned(Edge* e);
  void stack_lowered();
  void stack_switched();
  void stack_set_up();
  void fetch_check();
  /// False: the block must be left before the instruction.
  bool observe(Slot* s);
  void add_operand_cycles(Slot* s);

 private:
  struct Key {
    Address pc;
    std::uint32_t mode;
    std::uint16_t limit;
    FunctionEntry function_entry;
    std::uint8_t operating_point;
    std::uint16_t fetch_view;  ///< which instructions may be fetched: index of fetch_views_
    timing::PipeState entry;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const {
      return k.entry.hash() ^ (k.pc * 0x9e3779b97f4a7c15u) ^ (std::uint64_t{k.mode} << 40) ^ (k.limit * 0x10001u) ^
             (static_cast<unsigned>(k.function_entry) * 0x5555u) ^ (std::uint64_t{k.operating_point} << 52) ^
             (std::uint64_t{k.fetch_view} << 24);
    }
  };
  static constexpr std::uint16_t block_limit = 64;

  TimedBlock* find(const Key& key);
  /// Blocks are counted for one part of the program's work each, so that parts cost nothing while they don't change:
  /// edges lead from block to block of one part, and where calls and returns change it, the sibling goes on.
  TimedBlock* of_part(TimedBlock* tb) { return tb->part == calls_.part() ? tb : sibling_of(tb); }
  [[gnu::noinline]] TimedBlock* sibling_of(TimedBlock* tb);
  /// Makes a block of what `tb` has: block, walk and key.
  TimedBlock* complete(std::unique_ptr<TimedBlock> tb);
  /// What is resident is so for all siblings.
  static void share_epoch(const TimedBlock& tb) {
    for (TimedBlock* s = tb.sibling; s != &tb; s = s->sibling) s->fetch_epoch = tb.fetch_epoch;
  }
  OutsideBlocks& outside_blocks_now();
  /// The key of a block under today's operating point and protection.
  Key key(Address pc, std::uint32_t mode, std::uint16_t limit, FunctionEntry entry,
          const timing::PipeState& pipe) const {
    return {pc, mode, limit, entry, static_cast<std::uint8_t>(point_), fetch_view_, pipe};
  }
  bool permits(Address a, unsigned size, std::uint8_t permit) const {
    return !protection_ || (protection_->permits(a, a + (size - 1)) & permit);
  }
  /// The same for an access of kind `kind`.
  bool permits(Address a, unsigned size, std::uint8_t permit, unsigned kind) const {
    if (!(kind & access_unprivileged)) return permits(a, size, permit);
    const memory::Protection* user = parts_.arch.unprivileged(h_);
    return !user || (user->permits(a, a + (size - 1)) & permit);
  }
  /// The first byte of an access that is not permitted: an unaligned one is made in parts.
  Address refused(Address a, unsigned size, std::uint8_t permit, unsigned kind) const {
    while (size-- > 1 && permits(a, 1, permit, kind)) ++a;
    return a;
  }
  void change_protection();
  /// Gives each region of the bus its row; `split`: one of its own.
  void assign_traffic_rows(bool split);
  void show_pages();
  /// Why no block begins at `pc`.
  BadAccess bad_fetch(Address pc);
  /// How the block at `pc` is reached.
  FunctionEntry entry_kind(Address pc, bool called) const {
    return called ? FunctionEntry::called : is_function_(pc) ? FunctionEntry::jumped : FunctionEntry::none;
  }
  std::shared_ptr<const Block> decode(Address pc, std::uint32_t mode, std::uint16_t limit);
  void build_slots(TimedBlock& tb);
  void pair_slots(TimedBlock& tb);
  void edge_taken(Edge* e);
  void indirect_taken();
  void left();
  void stopped_before();
  void raised();
  void moved();
  void observed(bool executed);
  void go(const Redirect& f);
  void cut(TimedBlock* tb, unsigned insns);
  /// Keeps the registers as they are before the architecture enters an exception: what a fault's report shows.
  void keep_registers();
  void fault_seen(const Redirect& f, Address pc, const BadAccess* access);
  void flush();
  /// What arriving at `target` costs; moves pipe_ on to the target's entry state.
  std::uint32_t arrival_cycles(Address target, timing::Exit how, isa::OpClass cls,
                               isa::OpClass behind = isa::OpClass::nop);
  /// What follows a block that is left by a jump, for cores that care.
  isa::OpClass class_behind(const Block& block, timing::Exit how);
  bool spun(Edge* e);
  void sleep(Cycle limit, Stop& stop, bool& stopped);
  DynamicCounts& dynamic(unsigned insn) { return dynamic(*h_.tb, insn); }
  DynamicCounts& dynamic(TimedBlock& tb, unsigned insn);
  /// The branch that ended the block before leads to `to`: asks the predictor what that costs.
  void branch_resolved(Address to);
  unsigned insn_index(const TimedBlock* tb, const Slot* s) const;
  void abort(Slot* s, const BadAccess& access);
  Cycle access_time(const Slot* s) const;
  bool refuse_unaligned(Slot* s, std::uint32_t address, unsigned size, bool write, unsigned kind);
  void code_written(Address a, unsigned size);
  /// Whether an unobserved run would make this access through the engine, too.
  bool special(const std::uintptr_t* pages, std::uint32_t address, unsigned size) const {
    return !(observer_ || all_through_engine_) || !pages[address >> memory::Bus::page_bits] || (address & (size - 1));
  }

  HotState h_;
  Parts parts_;
  std::function<bool(Address)> is_function_;
  std::unordered_set<Address> marks_;
  profile::CallTree calls_;
  TimedBlock stub_;  ///< target of unresolved edges; its cost sends every pass to the dispatcher

  std::unordered_map<Key, TimedBlock*, KeyHash> cache_;
  std::vector<std::unique_ptr<TimedBlock>> blocks_;
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> code_bits_;  ///< page -> halfwords that are code

  // Where the program is while the dispatcher has control.
  Address pc_ = 0;
  std::uint32_t mode_ = 0;
  timing::PipeState pipe_;
  bool entering_function_ = false;
  TimedBlock* next_ = nullptr;  ///< if known: the block at pc_

  std::optional<timing::BranchPredictor> predictor_;
  TimedBlock* branch_ = nullptr;  ///< the block that runs or ended last, if a branch ends it whose target is open

  bool exclusive_ = false;
  std::uint32_t exclusive_address_ = 0;
  bool exit_requested_ = false;
  int exit_status_ = 0;
  bool sleeping_ = false;  ///< an instruction asked for sleep
  bool asleep_ = false;    ///< and on_sleep was told
  bool code_changed_ = false;
  bool locked_up_ = false;
  bool illegal_ = false;
  const Slot* current_slot_ = nullptr;  ///< the instruction whose access a device is serving
  BadAccess abort_;
  std::array<std::uint32_t, isa::register_count> registers_{};
  std::array<std::uint32_t, isa::register_count + 2> saved_{};
  std::vector<TrafficRow> traffic_rows_;
  std::vector<MovedBytes> moved_;
  std::uint64_t not_stored_ = 0;
  bool all_through_engine_ = false;  ///< split_traffic()
  std::uint64_t slow_accesses_ = 0;
  std::unique_ptr<std::uint8_t[]> run_waits_;  ///< HotState::run_waits
  std::uint32_t longest_run_wait_ = 0;
  bool unsure_run_waits_ = false;
  std::uint64_t dynamic_bound_ = 0;  ///< most extra cycles that one access can cost on this board

  StackKeeper* keeper_ = nullptr;
  Observer* observer_ = nullptr;
  std::unique_ptr<std::uintptr_t[]> no_pages_;  ///< every access is made by the engine
  const GuardData* guard_ = nullptr;            ///< of the instruction that is being observed, if it is conditional
  std::uint64_t guard_fails_ = 0;               ///< and its count before
  bool observing_ = false;                      ///< before() was told, after() not yet
  std::optional<Address> observe_again_;        ///< before() was told, but the instruction begins once more
  std::optional<std::pair<Address, std::uint32_t>> move_to_;  ///< and the mode there

  // Spin detection: the edge, and the machine at its last pass.
  const Edge* spin_edge_ = nullptr;
  std::array<std::uint32_t, isa::register_count + 2> spin_registers_{};
  std::uint64_t spin_accesses_ = 0, spin_left_ = 0;
  Cycle spin_now_ = 0;
  std::vector<MovedBytes> spin_moved_;
  unsigned spin_tries_ = 0;
  bool spinning_forever_ = false;

  unsigned point_ = 0, next_point_ = 0;
  std::shared_ptr<const memory::Protection> protection_, next_protection_;
  std::uint16_t fetch_view_ = 0;
  std::vector<std::vector<memory::ProtectionRange>> fetch_views_{{}};  ///< 0: nothing protected
  std::vector<OutsideBlocks> outside_blocks_;
  Cycle unsure_exception_cycles_ = 0;
  std::map<unsigned, std::uint64_t> exceptions_taken_;
  std::uint64_t semihost_calls_ = 0;
  std::optional<FaultRecord> first_fault_, lockup_fault_;
  std::uint64_t fault_count_ = 0;
  std::vector<Address> deepest_stack_;
  Address stack_top_ = 0;
  struct StackUse {
    Address top = 0, low = 0;
  };
  std::array<StackUse, 2> stacks_{};  ///< of those sets that are not in use
  unsigned stack_set_ = 0;
};

}  // namespace mj::engine
