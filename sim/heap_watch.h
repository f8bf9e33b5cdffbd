// What the firmware's allocators gave out, and whether they ran out of memory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/machine.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

/// Listens to calls of malloc and its relatives, of sbrk below them, and of FreeRTOS's pvPortMalloc, by their symbols.
/// To be made before the run; knows nothing of allocators that were inlined or whose symbols were stripped.
class HeapWatch final : profile::CallTree::Listener {
 public:
  HeapWatch(Machine& machine, const Program& program);
  ~HeapWatch() override;
  HeapWatch(const HeapWatch&) = delete;
  HeapWatch& operator=(const HeapWatch&) = delete;

  /// "the heap is too small: malloc found no memory for 4,096 bytes; of the heap's 512 bytes (heap, 0x20000400 to
  /// 0x20000600) 400 were never given out: at least 3,696 bytes are missing", of the last call that found none; empty:
  /// all did.
  std::string text() const;

  /// Fills in what heaps gave out at most. A block counts from the outermost call that gave it: malloc() within
  /// calloc() or pvPortMalloc() is not counted once more.
  void give(profile::Memory& memory) const;

 private:
  enum class Kind : std::uint8_t { allocator, resize, release, rtos, rtos_release, rtos_failed, sbrk };
  struct Row {
    std::string name;
    Kind kind;
    unsigned bytes;                   ///< which argument says how many bytes, from 0
    std::optional<unsigned> objects;  ///< which one says of how many objects
    std::optional<unsigned> block;    ///< which one is a block that is given back
  };
  struct Call {
    const Row* row;
    std::size_t depth;
    std::uint64_t bytes;
    Address block = 0;  ///< given back
  };
  /// What one family of functions gave out.
  struct Use {
    std::string name;  ///< of the function that was called first
    std::uint64_t in_use = 0, peak = 0, allocations = 0, failures = 0;
    std::vector<Address> chain;
  };
  struct Block {
    Use* of;
    std::uint64_t bytes;
  };
  struct Room {
    std::string words;          ///< what was left
    std::uint64_t missing = 0;  ///< bytes, at least
  };
  struct Failure {
    std::string name;
    std::uint64_t bytes = 0, times = 0;
    std::string room;
  };
  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address function, std::size_t depth, Cycle now) override;
  void switched(std::uint32_t thread, Cycle now) override;

  std::uint32_t argument(unsigned index) const;
  std::optional<std::uint32_t> word(const char* object) const;
  void moved(const Call& call, std::uint32_t result);
  bool outermost(const Call& call) const;
  Use& use_of(const Call& call) { return is_rtos(call) ? rtos_ : c_; }
  static bool is_rtos(const Call& call) { return call.row->kind == Kind::rtos || call.row->kind == Kind::rtos_release; }
  void gave(const Call& call, Address block);
  void released(Address block);
  /// Where the heap from `base` on ends, and what says so.
  std::optional<std::pair<Address, std::string>> heap_limit(Address base, Address now) const;
  void failed(const Call& call);
  Room room(const Call& call) const;
  Room heap_room(std::uint64_t wanted) const;
  Room rtos_room(std::uint64_t wanted) const;
  std::optional<Failure> never_returned() const;

  Machine& machine_;
  const Program& program_;
  std::map<Address, Row> rows_;
  Address lowest_ = 0, span_ = 0;  ///< of the rows' functions: most calls are of none of them
  std::uint32_t thread_ = 0;
  std::map<std::uint32_t, std::vector<Call>> calls_;  ///< under way, by thread
  std::vector<Call>* running_;                        ///< of thread_
  std::optional<Address> base_, break_;               ///< of the heap that sbrk gives
  Address highest_break_ = 0;
  Use c_, rtos_;  ///< the C library's and an operating system's own
  std::map<Address, Block> blocks_;
  std::optional<Failure> failure_;
};

}  // namespace mj
