#include "sim/user_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/base/checked_json.h"
#include "sim/profile/recognisers/mapping.h"

namespace mj {

namespace {

using nlohmann::json;

std::uint32_t number(const json& row, const char* key, std::uint32_t otherwise) {
  if (!row.contains(key)) return otherwise;
  // The schema has seen to it that it is 0x and up to eight digits.
  const auto text = row[key].get<std::string>();
  std::uint32_t value = 0;
  std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  return value;
}

}  // namespace

Result<std::vector<UserCost>> read_user_costs(const std::string& path, const Program& program) {
  const auto checked = checked_json_file(path, layers_schema(), "layer mapping");
  if (!checked) return checked.error();
  const json& file = *checked;
  std::vector<UserCost> costs;
  const json rows = file.value("costs", json::array());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& row = rows[i];
    const std::string where = fmt::format("{}#/costs/{}", path, i);
    UserCost c;
    c.cycles = row.value("cycles", std::uint64_t{0});
    c.energy_j = row.value("energy_uj", 0.0) * 1e-6;
    c.source = row.value("source", "");
    if (row.contains("function")) {
      const auto function = profile::mapped_place(row["function"], where + "/function", program);
      if (!function) return function.error();
      c.function = *function;
      c.name = row["function"];
    }
    if (row.contains("call_site")) {
      const auto site = profile::mapped_place(row["call_site"], where + "/call_site", program);
      if (!site) return site.error();
      c.call_site = *site;
    }
    if (row.contains("write")) {
      c.address = number(row["write"], "address", 0) & ~3u;
      c.mask = number(row["write"], "mask", 0);
      c.value = number(row["write"], "value", 0);
      if (!row["write"].contains("mask")) c.mask = row["write"].contains("value") ? 0xffffffff : 0;
      c.value &= c.mask;
      c.name = fmt::format("write to 0x{:08x}", *c.address);
    }
    c.name = row.value("name", c.name);
    costs.push_back(std::move(c));
  }
  return costs;
}

/// In front of a device: passes everything on and looks at what is written.
class UserCosts::Tap final : public memory::Device {
 public:
  Tap(UserCosts& costs, memory::Region& region) : costs_(costs), region_(region), device_(*region.device) {
    region.device = this;
  }
  ~Tap() override { region_.device = &device_; }
  std::string_view name() const override { return device_.name(); }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override {
    return device_.read(offset, size, now);
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override {
    device_.write(offset, size, value, now);
    costs_.written((region_.base + offset) & ~3u, value << (8 * (offset & 3)));
  }
  std::string_view register_name(std::uint32_t offset) const override { return device_.register_name(offset); }
  std::optional<std::uint32_t> peek(std::uint32_t offset) const override { return device_.peek(offset); }
  bool of(const memory::Region& region) const { return &region == &region_; }

 private:
  UserCosts& costs_;
  memory::Region& region_;
  memory::Device& device_;
};

UserCosts::UserCosts(Machine& machine, std::vector<UserCost> costs, std::function<int()> running_layer)
    : machine_(machine), costs_(std::move(costs)), running_layer_(std::move(running_layer)) {
  machine_.engine().calls().add_listener(this);
}

UserCosts::~UserCosts() { machine_.engine().calls().remove_listener(this); }

Result<std::unique_ptr<UserCosts>> UserCosts::attach(Machine& machine, std::vector<UserCost> costs,
                                                     std::function<int()> running_layer) {
  std::unique_ptr<UserCosts> all(new UserCosts(machine, std::move(costs), std::move(running_layer)));
  for (const UserCost& c : all->costs_) {
    if (!c.address) continue;
    memory::Region* region = machine.bus().find(*c.address);
    if (!region || region->kind != memory::RegionKind::device)
      return Error{ExitCode::usage, fmt::format("the board has no device at 0x{:08x}", *c.address), "cost " + c.name,
                   region ? "region " + region->name + " lies there" : "nothing lies there",
                   "a board file with a device of type \"registers\" there, or count calls of a function instead"};
    const bool tapped =
        std::any_of(all->taps_.begin(), all->taps_.end(), [&](const auto& tap) { return tap->of(*region); });
    if (!tapped) all->taps_.push_back(std::make_unique<Tap>(*all, *region));
  }
  return all;
}

void UserCosts::entered(Address function, std::size_t, Cycle) {
  for (std::size_t i = 0; i < costs_.size(); ++i) {
    const UserCost& c = costs_[i];
    if (c.function != function) continue;
    // The call at that place is 2 or 4 bytes long.
    const Address back = machine_.engine().state().r[machine_.engine().arch().lr] & ~1u;
    if (c.call_site && back != *c.call_site + 2 && back != *c.call_site + 4) continue;
    ++counts_[{i, running_layer_()}];
  }
}

void UserCosts::written(Address word, std::uint32_t value) {
  for (std::size_t i = 0; i < costs_.size(); ++i)
    if (const UserCost& c = costs_[i]; c.address == word && (value & c.mask) == c.value)
      ++counts_[{i, running_layer_()}];
}

void UserCosts::give(profile::RunResult& result, const std::vector<int>& layer_indices) const {
  const auto row = [&](const UserCost& c, int layer, std::uint64_t times) {
    profile::UserFigure f;
    f.name = c.name;
    f.source = c.source;
    f.layer = layer < 0 ? -1 : layer_indices[static_cast<std::size_t>(layer)];
    f.times = times;
    f.cycles_each = c.cycles;
    f.energy_each_j = c.energy_j;
    result.user_figures.push_back(std::move(f));
  };
  for (std::size_t i = 0; i < costs_.size(); ++i) {
    const auto first = counts_.lower_bound({i, -1}), end = counts_.lower_bound({i + 1, -1});
    // One that never happened is told, too.
    if (first == end) row(costs_[i], -1, 0);
    for (auto at = first; at != end; ++at) row(costs_[i], at->first.second, at->second);
  }
}

}  // namespace mj
