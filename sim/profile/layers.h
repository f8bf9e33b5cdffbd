// Who has the cycles: layers of networks, the time between them within an inference, and the phases outside of it.
//
// A LayerRecorder doesn't know how layers are recognised. It is told when something begins, and that the call of which
// it is an interval ended; at each such moment it reads the machine's counts and charges what was spent since the last
// one to the innermost thing under way. So every cycle is charged exactly once, whatever nests in whatever: a
// subgraph's layers are not part of the IF that runs them, an interrupt's handler not of the layer that it interrupts.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/profile/call_tree.h"
#include "sim/profile/counts.h"
#include "sim/profile/run_result.h"

namespace mj::profile {

/// Reads a machine's counts.
class Meter {
 public:
  /// `points` grows with the operating points that the run sees.
  Meter(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points)
      : engine_(engine), timing_(timing), points_(points) {}
  /// Everything up to now, which is counts.cycles; at a block boundary (as listeners of the call tree are).
  Counts read() const { return total_counts(engine_, timing_, points_); }
  /// The same by instruction address, without parts.
  std::map<Address, Counts> by_address() const { return counts_by_address(engine_, timing_, points_); }
  /// Of the code in [begin, end), without parts.
  Counts of_code(Address begin, Address end) const { return counts_of_code(engine_, timing_, points_, begin, end); }
  /// What was moved, with the names of the regions.
  Traffic traffic(const Counts& counts) const { return profile::traffic(engine_, counts); }

 private:
  const engine::Engine& engine_;
  const timing::CoreTiming& timing_;
  const Points& points_;
};

/// Gives what the own code of an inference's function took, `own`, its parts: whatever part the function has, which is
/// one of `from`, of which it is a portion; mostly the first.
void take_parts(Counts& own, const Counts& from);

class LayerRecorder {
 public:
  explicit LayerRecorder(const Meter& meter) : meter_(meter) {}

  /// Who speaks from now on; 0 ranks highest. While an inference of somebody who ranks above is under way in the
  /// running thread, what others see beginning is ignored. Somebody in whose inference one of a higher rank begins was
  /// wrong: that network is none.
  void speak(int rank) { rank_ = rank; }

  // ---- what there is ------------------------------------------------------------------------------------------------
  /// Facts of a network: name, runtime and the like, counts 0. Gives its index, from 0.
  int add_network(Network facts);
  /// Facts of a layer: its network's index, its own index, op, shapes; counts 0; its function where that is known
  /// before it runs. `inlined`: it has no call of its own, see claim(). Gives its number, from 0.
  int add_layer(Layer facts, Address function = 0, bool inlined = false);
  /// A phase outside of inferences: kind, name, network and layer; counts 0. Gives its number, from 0.
  int add_phase(Phase facts);
  Network& network(int index) { return networks_[static_cast<std::size_t>(index)].facts; }
  Layer& layer(int number) { return layers_[static_cast<std::size_t>(number)].facts; }
  const Layer& layer(int number) const { return layers_[static_cast<std::size_t>(number)].facts; }
  std::size_t networks() const { return networks_.size(); }
  std::size_t layers() const { return layers_.size(); }

  // ---- what happens -------------------------------------------------------------------------------------------------
  /// The frame at this depth of the running thread is an inference, a layer or a phase, from now on or from an earlier
  /// moment after the last call of the recorder. It ends with the frame.
  void begin_inference(int network, std::size_t depth) { begin_inference(network, depth, meter_.read()); }
  void begin_inference(int network, std::size_t depth, const Counts& since);
  /// Outside of an inference of its network, a layer is one by itself.
  void begin_layer(int layer, std::size_t depth, Address function);
  void begin_phase(int phase, std::size_t depth);
  /// The frame at this depth may turn out to have been of a phase: what is spent in it is kept apart until confirm(),
  /// or until an inference or main begins or the run ends, when it is of whatever is around it. Gives its number; -1:
  /// something else than such frames is under way, or there are too many.
  int suppose(std::size_t depth);
  /// It was. False: it is no longer known.
  bool confirm(int supposed, int phase);
  /// The running thread's innermost inference and what is under way in it end now, though their frame goes on.
  void end_inference();
  /// The same, but it ended at an earlier moment after the last call of the recorder; what came since is outside of it.
  void end_inference(const Counts& until);
  /// A frame ended: with it end all that began in it or above it.
  void left(std::size_t depth);
  void interrupted();
  void resumed();
  void switched(std::uint32_t thread);
  /// The program's own code begins: what was spent before is start-up.
  void main_began();
  /// The run ended: what is under way is charged, but doesn't count as an invocation.
  void finish();
  /// A function begins that an inlined layer's code calls. Nothing is charged to the layer now, see claim(); until the
  /// frame at this depth ends it is the running one.
  void begin_call_of_inlined(int layer, std::size_t depth);
  bool in_call_of_inlined() const { return inlined_call_ && inlined_call_->thread == thread_; }
  /// What was charged so far to the time between a network's layers.
  const Counts& between(int network);
  /// After finish(): of what was charged to the time between the layers of its network, this was the layer's, whose
  /// code the compiler put there; it runs once an inference. `own`: that code's, without parts; `calls`: of what it
  /// called. False, and nothing happens, if so much wasn't charged.
  bool claim(int layer, const Counts& own, const Counts& calls);

  /// The innermost layer that is running in the running thread, -1: none; also while an interrupt is served.
  int running_layer() const;
  /// The network of the innermost inference of the running thread, -1: none is under way.
  int running_network() const;
  /// The rank of whose inference that is; none is under way: -1.
  int running_rank() const;
  /// How many inferences of a network have ended.
  std::uint64_t inferences(int network) const { return networks_[static_cast<std::size_t>(network)].inferences.size(); }
  /// How many layers have begun.
  std::uint64_t begun() const { return begun_; }

  // ---- what was found -----------------------------------------------------------------------------------------------
  /// Sets networks, layers, phases that ran, and the timeline's spans of layers. Cycles of all of them sum to the
  /// run's. Networks that never ran are left out if others did. Gives for each layer added its index, -1: left out.
  std::vector<int> give(RunResult& result) const;
  /// The function of the layer's last invocation, or as it was added; 0: unknown.
  Address function_of(int layer) const { return layers_[static_cast<std::size_t>(layer)].function; }

 private:
  enum class Kind : std::uint8_t { inference, layer, phase, interrupt, supposed };
  struct Open {
    Kind kind;
    int id;             ///< network, layer, phase or supposed one
    std::size_t depth;  ///< of its frame
    Cycle begin;
    Cycle cycles = 0;  ///< charged so far: a layer's own, an inference's with its layers
  };
  struct NetworkSum {
    Network facts;
    int rank = 0;
    bool refuted = false;
    Counts between, inside;
    std::vector<Cycle> inferences;
  };
  struct LayerSum {
    Layer facts;
    Counts counts;
    std::vector<Cycle> calls;
    Address function = 0;
    bool inlined = false;  ///< what it calls are no invocations
  };
  struct PhaseSum {
    Phase facts;
    Counts counts;
  };
  struct Supposed {
    int around = -1;  ///< the one that it began in; -1: none
    int phase = -1;   ///< that it turned out to be of
    Counts counts, interrupts, threads;
    std::uint64_t interrupt_count = 0;
  };

  struct InlinedCall {
    int layer;
    std::size_t depth;
    std::uint32_t thread;
  };

  std::vector<Open>& open() { return open_[thread_]; }
  void charge(const Counts& until);
  void close(bool complete);
  void close_all(std::size_t first);
  Counts& outside();
  /// Outside of everything, whatever other threads do.
  Counts& alone() { return inferred_ ? since_ : main_began_ ? before_ : startup_; }
  /// The innermost thing under way in a thread that is no interrupt; nullptr: none.
  static const Open* innermost(const std::vector<Open>& stack);
  Supposed& supposed(int number) { return supposed_[static_cast<std::size_t>(number - first_supposed_)]; }
  void give_up_supposed();
  /// The innermost inference under way, with `network` >= 0 of this network; nullptr: none.
  Open* inference(int network = -1);

  bool outranked() const { return running_rank() >= 0 && running_rank() < rank_; }

  const Meter& meter_;
  int rank_ = 0;
  std::uint64_t begun_ = 0;
  std::vector<NetworkSum> networks_;
  std::vector<LayerSum> layers_;
  std::vector<PhaseSum> phases_;
  std::vector<Supposed> supposed_;
  int first_supposed_ = 0;                           ///< number of supposed_[0]
  std::map<std::uint32_t, std::vector<Open>> open_;  ///< by thread
  std::uint32_t thread_ = 0;
  std::optional<InlinedCall> inlined_call_;
  Counts last_;  ///< when it was charged last
  /// Outside of everything: before main, before the first inference, between inferences, since the last one; in threads
  /// outside of everything while another one had something under way.
  Counts startup_, before_, between_, since_, interrupts_, threads_;
  bool main_began_ = false, inferred_ = false;
  std::uint64_t interrupt_count_ = 0;
  std::vector<Timeline::LayerSpan> spans_;
  std::uint64_t spans_left_out_ = 0;
};

}  // namespace mj::profile
