// From integers to joules, after the run: the same counts can be priced again under other conditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "energy/activity.h"
#include "energy/table.h"

namespace mj::energy {

/// Energy in femtojoules at the supply pin, by where it went. Integers, so that parts sum to wholes exactly; the range
/// ends at 18 kJ.
struct Split {
  std::uint64_t core_fj = 0;  ///< instructions and stalls
  std::uint64_t flash_fj = 0;
  std::uint64_t ram_fj = 0;
  std::uint64_t static_fj = 0;  ///< leakage, clock tree, enabled peripherals while awake
  std::uint64_t sleep_fj = 0;   ///< WFI
  /// Sums end at the range's end; Ledger::remarks says so then.
  std::uint64_t total() const;
  Split& operator+=(const Split& o);
  bool operator==(const Split&) const = default;
};

/// Energy with its interval, in joules.
struct Interval {
  double value = 0, low = 0, high = 0;
};

/// How to supply the board in this calculation.
struct Conditions {
  std::string supply;  ///< Supply::name; empty: the table's first
  double volts = 0;    ///< at the supply pin; 0: the supply's usual ones
};

class Ledger {
 public:
  /// Errors: usage: no such supply, voltage out of its range.
  static Result<Ledger> create(const Table& table, const Conditions& conditions,
                               const std::vector<OperatingPoint>& points);

  /// price(a) + price(b) == price(a + b), for each part, up to the end of the range.
  Split price(const Activities& activity) const;
  /// The interval around price(activity).total(): the supply's for what is awake, wider at clocks that no price holds
  /// for, sleep's own for sleep. The cycles themselves are taken as exact.
  Interval interval(const Activities& activity) const;

  const Supply& supply() const { return supply_; }
  double volts() const { return volts_; }
  /// The supply's tier, or "extrapolated" if 1 % of the energy or more went at clocks that no price holds for.
  std::string tier(const Activities& activity) const;
  /// Sentences: extrapolated clocks, sleep without a figure (bounded by the stall's price), parts that the table can't
  /// tell from the core.
  std::vector<std::string> remarks(const Activities& activity) const;

 private:
  struct Rates {  ///< femtojoules an event
    std::uint64_t issue = 0, stall = 0, flash_fetch = 0, flash_read = 0, ram_access = 0, static_cycle = 0, sleep = 0;
    double low_factor = 1, high_factor = 1;  ///< of what is awake
    double sleep_low = 0, sleep_high = 0;    ///< femtojoules a cycle
    std::size_t prices = 0;                  ///< index into Supply::prices
    bool extrapolated = false;
  };
  Split price_at(std::size_t point, const Activity& activity) const;

  Supply supply_;
  double volts_ = 0;
  std::vector<OperatingPoint> points_;
  std::vector<Rates> rates_;
};

}  // namespace mj::energy
