// How deep each stack was used: the one that the program began with, and those of threads.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/machine.h"
#include "sim/profile/recognisers/recogniser.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

/// Tells stacks apart by where they lie: by what an operating system's functions say when they make a thread (FreeRTOS,
/// ThreadX, Zephyr; by their symbols), else by the object of the image that holds the stack, else (stripped images) by
/// which thread runs. To be made after Machine::load and before the run.
///
/// What the threads' stack pointers never show counts, too: frames that the core stacks, and registers that FreeRTOS
/// saves below the process stack pointer.
class StackWatch final : engine::StackKeeper, profile::CallTree::Listener {
 public:
  StackWatch(Machine& machine, const Program& program);
  ~StackWatch() override;
  StackWatch(const StackWatch&) = delete;
  StackWatch& operator=(const StackWatch&) = delete;

  /// Fills in the stack that the program began with, and threads' stacks.
  void give(profile::Memory& memory) const;

 private:
  struct Area {
    std::string name;
    Address limit = 0;  ///< lowest byte; 0: unknown
    Address top = 0;    ///< one past the highest
    Address low = 0;    ///< lowest stack pointer; 0: not used yet
    std::uint64_t size = 0;
    bool gone = false;  ///< another stack was made where it lay
    /// Of an object of the image, which may hold other threads' stacks, too: this thread's part of it.
    std::optional<std::uint32_t> thread;
    std::vector<Address> chain;
  };
  /// How a function that makes a thread is called; arguments count from 0.
  struct Maker {
    const char* function;
    unsigned name, stack, size, unit;  ///< unit: bytes that `size` counts in
    bool stack_known;                  ///< else pxPortInitialiseStack tells it
  };
  struct Made {
    std::string name;
    std::uint64_t size;
  };

  Address lowered(Address sp) override;
  Address switched(Address sp) override;
  Address main_low() const override { return main_ ? main_->low : 0; }
  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address, std::size_t, Cycle) override {}
  void interrupted(Cycle now) override;
  void resumed(Cycle) override { handlers_ -= handlers_ > 0; }
  void switched(std::uint32_t thread, Cycle now) override;

  Area* find(Address sp);
  Area* add(std::string name, Address limit, Address top, std::optional<std::uint32_t> thread = std::nullopt);
  /// `here`: the calls under way are those of this stack.
  void use(Area& area, Address sp, bool here = true);
  void know_task(Address tcb);
  std::string text_at(Address a, std::size_t most) const;

  Machine& machine_;
  const Program& program_;
  profile::Guest guest_;
  std::list<Area> areas_;
  Area* main_ = nullptr;
  Area* current_ = nullptr;
  Area* thread_area_ = nullptr;  ///< of the thread that runs or was interrupted
  std::uint32_t thread_ = 0;
  unsigned handlers_ = 0;                     ///< under way
  std::map<std::uint32_t, Area*> of_thread_;  ///< stacks of which nothing but their thread is known
  std::map<Address, Maker> makers_;
  Address first_word_of_stack_ = 0;  ///< pxPortInitialiseStack
  Address current_task_ = 0;         ///< pxCurrentTCB
  Address task_ = 0;                 ///< what it held last
  std::optional<Made> made_;
};

}  // namespace mj
