// Who called whom, and how many cycles each call context took: kept by the engine at calls and returns only.
//
// A frame ends when its return address is reached with its stack pointer, or when a frame below it is entered or ended
// (longjmp, exceptions thrown). A jump to the beginning of another function with the frame's own return address still
// in place is a tail call: it nests under the function that made it and both end together. Exception handlers hang
// below a node of their own under what they interrupted. Calls between security states change the stack: stack pointers
// are compared among frames of one stack only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "sim/base/units.h"

namespace mj::profile {

struct CallNode {
  std::uint32_t parent = 0;  ///< index; the root is its own parent
  Address function = 0;      ///< entry address; for exceptions the exception number
  bool exception = false;
  std::uint8_t part = 0;  ///< of the program's work, see CallTree::classify
  std::uint32_t tag = 0;  ///< what tells this call from others of the same function, see CallTree::tag; 0: nothing
  std::uint64_t calls = 0;
  Cycle self_cycles = 0;
  std::map<std::uint64_t, std::uint32_t> children;  ///< key: function | exception << 32 | tag << 33
};

class CallTree {
 public:
  CallTree();

  /// The program begins in `function` at cycle 0.
  void start(Address function, std::uint32_t sp);
  /// A function begins, with this return address and stack pointer: called, or else reached by a jump, which is a tail
  /// call or a loop back to the beginning of the function on top.
  /// `alternate`: where it returns to if it was called by another link register than the usual one, which then still
  /// holds its caller's return address (RISC-V's __riscv_save_0 and the like); 0: there is no such register.
  void enter(Address function, Address return_pc, std::uint32_t sp, Cycle now, bool called, Address alternate = 0);
  /// An indirect branch reached `pc` with stack pointer `sp`: ends frames whose return this is. If it is nobody's, but
  /// `surely` a return (longjmp, a helper that returns elsewhere), it ends the frames that can't be under way any more.
  void reach(Address pc, std::uint32_t sp, Cycle now, bool surely = true);
  /// A function of another security state is called: it has a stack of its own, whose pointer is `sp`.
  void enter_across(Address function, Address return_pc, std::uint32_t sp, Cycle now);
  /// The function on top went over to another security state by itself (a gateway), where `sp` is in use.
  void crossed(std::uint32_t sp);
  /// Exception handler `exception` begins, interrupting code whose stack pointer is `sp` (before stacking).
  void enter_exception(unsigned exception, std::uint32_t sp, Cycle now);
  /// The innermost exception ended and another one's handler begins at once (tail-chaining).
  void chain_exception(unsigned exception, Cycle now);
  /// The innermost exception ended and code goes on with stack pointer `sp` (after unstacking). If that isn't the
  /// interrupted one, a scheduler switched threads: the interrupted stack is parked and the other one taken up.
  void leave_exception(std::uint32_t sp, Cycle now);
  /// Charges the time since the last transition to the current node.
  void settle(Cycle now);

  /// The call that begins now is `tag`, not 0: it gets a node apart from its function's other calls. For listeners.
  void tag(std::uint32_t tag);

  /// Which part of the program's work a call is, below most_parts: of `function`, called by something of part `around`.
  /// Asked once a node, of those from now on and of the root; empty: of none.
  static constexpr std::size_t most_parts = 64;
  using Classify = std::function<std::uint8_t(std::uint8_t around, Address function, bool exception)>;
  void classify(Classify part_of);
  /// The part that the call on top is of; 0: nobody says.
  std::uint8_t part() const { return nodes_[frames_.back().node].part; }

  const std::vector<CallNode>& nodes() const { return nodes_; }
  std::uint32_t current() const { return frames_.back().node; }
  /// Function entries of the frames, outermost first.
  std::vector<Address> stack() const;

  struct Listener {
    virtual ~Listener() = default;
    /// Called after the tree was settled at `now`. `depth` is the frame's place, 0 = outermost.
    virtual void entered(Address function, std::size_t depth, Cycle now) = 0;
    virtual void left(Address function, std::size_t depth, Cycle now) = 0;
    /// An exception's handler begins on top of the frames of the thread that runs; handlers nest.
    virtual void interrupted(Cycle) {}
    virtual void resumed(Cycle) {}
    /// From here on depths are those of another thread; 0 is the one that the program began in.
    virtual void switched(std::uint32_t /*thread*/, Cycle) {}
  };
  /// Told from now on, in the order of being added.
  void add_listener(Listener* listener) { listeners_.push_back(listener); }
  void remove_listener(Listener* listener) { std::erase(listeners_, listener); }

 private:
  struct Frame {
    std::uint32_t node = 0;
    Address return_pc = 1;
    std::uint32_t sp = 0;
    bool exception = false;
    bool across = false;    ///< sp is of another stack than that of the frames around it
    bool moves_sp = false;  ///< returns by the other link register, having moved its caller's stack pointer
  };
  struct Thread {
    std::uint32_t id = 0;
    std::vector<Frame> frames;
  };
  std::uint32_t child(std::uint32_t parent, Address function, bool exception, std::uint32_t tag = 0);
  void pop(Cycle now);
  void landed(Address pc, std::uint32_t sp, Cycle now);

  std::vector<CallNode> nodes_;
  std::vector<Frame> frames_;
  std::vector<Thread> parked_;  ///< the other threads; the last frame says where each goes on
  std::uint32_t thread_ = 0, threads_ = 1;
  bool moved_sp_ = false;  ///< some frame was of those that do
  std::vector<Listener*> listeners_;
  Cycle settled_ = 0;
  Classify part_of_;
};

}  // namespace mj::profile
