// TensorFlow Lite Micro's operators are initialised before any is prepared: init(context, options, length), which is
// handed no node. A call before the first preparation is taken for one if it may be by its arguments and goes through a
// pointer; what it took is kept apart until the first preparation shows the nodes. Then those calls are known that were
// made in the model's order, each of its registration's function with what its node holds as options; the others were
// nothing.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

class TflmInits {
 public:
  /// `expected`: something in the image speaks for this runtime; `operators`: of all models that it holds.
  TflmInits(const Stage& stage, bool expected, std::size_t operators);

  /// A function begins that is no operator's prepare or invoke.
  void called(Address function, std::size_t depth);
  /// Nodes of one subgraph in memory, each followed by the pointer to its registration.
  struct Nodes {
    Address base;
    std::uint32_t node_size;
    int network;
    const std::vector<int>& layers;  ///< by operator: the recorder's number
  };
  /// These are known: which of the calls were their inits.
  void known(const Nodes& nodes);
  /// From the first preparation on only calls from where inits are known to be called may be some.
  void prepared() { awaited_ = false; }
  /// Calls up to now are settled.
  void inferred() { calls_.clear(); }
  /// Layers whose registration has an init that was not seen to be called.
  const std::set<int>& unseen() const { return unseen_; }

 private:
  struct Call {
    Address function, options;
    Address from;  ///< where it returned to
    int supposed;  ///< the recorder's number
    bool known = false;
  };

  const Stage& stage_;
  bool awaited_ = true;  ///< nothing was prepared yet
  std::size_t left_, of_site_;
  std::map<Address, std::size_t> tries_;  ///< calls that may be inits, by where they return to
  std::vector<Call> calls_;               ///< since the last inference, in order
  std::vector<Address> sites_;            ///< where inits return to
  Address last_nodes_ = 0;                ///< that were looked at, and how many calls there were then
  std::size_t last_calls_ = 0;
  std::map<int, int> phases_;  ///< by layer
  std::set<int> unseen_;
};

/// The recorder's number of an operator's phase, which is made when it is first asked for. `phases`: those by layer.
int operator_phase(LayerRecorder& recorder, std::map<int, int>& phases, const char* kind, int network, int layer);

}  // namespace mj::profile
