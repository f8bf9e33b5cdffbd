// What a user says that something costs which is not simulated: an accelerator's operator, started by a call or by a
// write to its start register (models/schema/layers.schema.json, "costs").
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/machine.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

struct UserCost {
  std::string name;
  std::optional<Address> function;   ///< each call of it counts
  std::optional<Address> call_site;  ///< only calls by the instruction here; none: whoever calls it
  std::optional<Address> address;    ///< each write of a word here counts whose bits under `mask` are `value`
  std::uint32_t mask = 0, value = 0;
  Cycle cycles = 0;  ///< core cycles that one takes
  double energy_j = 0;
  std::string source;  ///< where the user has the figures from; may be empty
};

/// The file's costs for this image; none if it has none. Errors: those of checked_json_file; usage: a function that the
/// image doesn't have.
Result<std::vector<UserCost>> read_user_costs(const std::string& path, const Program& program);

/// Counts how often each of them happened, by the layer that ran. It changes nothing in the run: what the user gives
/// stands beside what was simulated.
class UserCosts final : profile::CallTree::Listener {
 public:
  /// To be made after all other listeners that say which layer runs; `running_layer`: its number, -1: none.
  /// Errors: usage: a register where the board has no device.
  static Result<std::unique_ptr<UserCosts>> attach(Machine& machine, std::vector<UserCost> costs,
                                                   std::function<int()> running_layer);
  ~UserCosts() override;
  UserCosts(const UserCosts&) = delete;
  UserCosts& operator=(const UserCosts&) = delete;

  /// `layer_indices`: for each layer's number its index in the result.
  void give(profile::RunResult& result, const std::vector<int>& layer_indices) const;

 private:
  class Tap;
  UserCosts(Machine& machine, std::vector<UserCost> costs, std::function<int()> running_layer);

  void entered(Address function, std::size_t depth, Cycle now) override;
  void left(Address, std::size_t, Cycle) override {}
  void written(Address word, std::uint32_t value);

  Machine& machine_;
  std::vector<UserCost> costs_;
  std::function<int()> running_layer_;
  std::map<std::pair<std::size_t, int>, std::uint64_t> counts_;  ///< by cost and layer
  std::vector<std::unique_ptr<Tap>> taps_;
};

}  // namespace mj
