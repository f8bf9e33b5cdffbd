#include "energy/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>

#include "sim/base/did_you_mean.h"

namespace mj::energy {

namespace {

constexpr double fj_per_pj = 1e3, fj_per_mj = 1e12, joules_per_fj = 1e-15;
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? most : sum;
}
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? most : product;
}

std::uint64_t whole(double femtojoules) {
  return femtojoules > 0 ? static_cast<std::uint64_t>(std::llround(std::min(femtojoules, 9e18))) : 0;
}

double octaves(Hertz a, Hertz b) { return std::abs(std::log2(static_cast<double>(a) / static_cast<double>(b))); }

/// How far a clock is from a range of clocks, in octaves; 0 inside.
double distance(const Prices& p, Hertz clock) {
  if (clock < p.low_hz) return octaves(p.low_hz, std::max<Hertz>(clock, 1));
  return clock > p.high_hz ? octaves(clock, p.high_hz) : 0;
}

/// Index of the prices nearest to a clock.
std::size_t nearest_prices(const Supply& s, Hertz clock) {
  const auto nearest = std::min_element(s.prices.begin(), s.prices.end(), [&](const Prices& a, const Prices& b) {
    return distance(a, clock) < distance(b, clock);
  });
  return static_cast<std::size_t>(nearest - s.prices.begin());
}

std::string megahertz(Hertz hz) { return fmt::format("{:g} MHz", static_cast<double>(hz) / 1e6); }

std::string covered(const Prices& p) {
  return p.low_hz == p.high_hz ? megahertz(p.low_hz)
                               : fmt::format("{:g} to {}", static_cast<double>(p.low_hz) / 1e6, megahertz(p.high_hz));
}

/// What part of the energy must lie at extrapolated clocks before it counts.
constexpr double worth_telling = 0.01;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::uint64_t awake_cycles(const Activity& a) { return a.issue_cycles + a.stall_cycles; }

}  // namespace

std::uint64_t Split::total() const { return add(add(add(core_fj, flash_fj), add(ram_fj, static_fj)), sleep_fj); }

Split& Split::operator+=(const Split& o) {
  core_fj = add(core_fj, o.core_fj);
  flash_fj = add(flash_fj, o.flash_fj);
  ram_fj = add(ram_fj, o.ram_fj);
  static_fj = add(static_fj, o.static_fj);
  sleep_fj = add(sleep_fj, o.sleep_fj);
  return *this;
}

Result<Ledger> Ledger::create(const Table& table, const Conditions& conditions,
                              const std::vector<OperatingPoint>& points) {
  if (table.supplies.empty() || table.supplies.front().prices.empty())
    return Error{ExitCode::usage, "the energy table has no prices", table.board, "", ""};
  const Supply* supply = conditions.supply.empty() ? &table.supplies.front() : table.supply(conditions.supply);
  if (!supply) {
    std::vector<std::string> names;
    std::string all;
    for (const Supply& s : table.supplies) {
      names.push_back(s.name);
      all += (all.empty() ? "" : ", ") + s.name;
    }
    return Error{ExitCode::usage, "no supply \"" + conditions.supply + "\" for this board", table.board,
                 "supplies: " + all, did_you_mean(conditions.supply, names)};
  }
  const double volts = conditions.volts == 0 ? supply->volts : conditions.volts;
  if (!(volts >= supply->min_volts && volts <= supply->max_volts))
    return Error{ExitCode::usage, fmt::format("{:g} V is outside of what this supply allows", volts),
                 table.board + ", supply " + supply->name,
                 fmt::format("{:g} to {:g} V: {}", supply->min_volts, supply->max_volts, supply->volts_source), ""};

  Ledger ledger;
  ledger.supply_ = *supply;
  ledger.volts_ = volts;
  ledger.points_ = points;
  // An LDO's figures are charges and currents: the same at any voltage, so that energy grows with it.
  const double factor = supply->regulator == Regulator::ldo ? volts : 1;
  for (const OperatingPoint& point : points) {
    const std::size_t index = nearest_prices(*supply, point.clock_hz);
    const Prices* nearest = &supply->prices[index];
    const double far = distance(*nearest, point.clock_hz);
    const double clock = static_cast<double>(point.clock_hz ? point.clock_hz : nearest->low_hz);
    const auto event = [&](const Figure& f) { return factor * fj_per_pj * f.value; };
    const auto cycle = [&](double milliwatts) { return factor * fj_per_mj * milliwatts / clock; };
    const auto optional = [&](const std::optional<Figure>& f) { return f ? whole(event(*f)) : 0; };
    Rates r;
    r.issue = whole(event(nearest->issue));
    r.stall = whole(event(nearest->stall));
    r.flash_fetch = optional(nearest->flash_fetch);
    r.flash_read = optional(nearest->flash_read);
    r.ram_access = optional(nearest->ram_access);
    r.static_cycle = whole(cycle(nearest->static_part.value));
    if (nearest->sleep) {
      // What sleep draws beyond the static part is clocks that run on: it goes with the clock.
      const Hertz edge = std::clamp(point.clock_hz, nearest->low_hz, nearest->high_hz);
      const double constant = nearest->static_part.value;
      const auto asleep = [&](double milliwatts) {
        const double clocks = std::max(0.0, milliwatts - constant);
        return cycle(milliwatts - clocks + clocks * clock / static_cast<double>(edge));
      };
      r.sleep = whole(asleep(nearest->sleep->value));
      r.sleep_low = asleep(nearest->sleep->low);
      r.sleep_high = asleep(nearest->sleep->high);
    } else {  // no more than a waiting core, no less than nothing
      r.sleep_high = event(nearest->stall) + cycle(nearest->static_part.value);
      r.sleep = whole(r.sleep_high / 2);
    }
    r.prices = index;
    r.extrapolated = far > 0;
    const double widening = far * supply->octave_percent;
    r.low_factor = std::max(0.0, 1 + (supply->low_percent - widening) / 100);
    r.high_factor = 1 + (supply->high_percent + widening) / 100;
    if (r.extrapolated) {
      r.sleep_low *= std::max(0.0, 1 - widening / 100);
      r.sleep_high *= 1 + widening / 100;
    }
    ledger.rates_.push_back(r);
  }
  return ledger;
}

Split Ledger::price_at(std::size_t point, const Activity& a) const {
  const Rates& r = rates_[point];
  Split s;
  s.core_fj = add(times(a.issue_cycles, r.issue), times(a.stall_cycles, r.stall));
  s.flash_fj = add(times(a.code_flash_cycles, r.flash_fetch), times(a.flash_reads, r.flash_read));
  s.ram_fj = times(a.ram_accesses, r.ram_access);
  s.static_fj = times(awake_cycles(a), r.static_cycle);
  s.sleep_fj = times(a.sleep_cycles, r.sleep);
  return s;
}

Split Ledger::price(const Activities& activity) const {
  assert(activity.size() <= rates_.size());
  Split sum;
  for (std::size_t i = 0; i < std::min(activity.size(), rates_.size()); ++i) sum += price_at(i, activity[i]);
  return sum;
}

Interval Ledger::interval(const Activities& activity) const {
  assert(activity.size() <= rates_.size());
  Interval sum;
  for (std::size_t i = 0; i < std::min(activity.size(), rates_.size()); ++i) {
    const Split s = price_at(i, activity[i]);
    const auto sleep = static_cast<double>(s.sleep_fj), cycles = static_cast<double>(activity[i].sleep_cycles);
    const double awake = static_cast<double>(s.total() - s.sleep_fj);
    sum.value += joules_per_fj * (awake + sleep);
    // The whole femtojoule that a rate was rounded to may lie beyond the exact bound.
    sum.low += joules_per_fj * (awake * rates_[i].low_factor + std::min(sleep, cycles * rates_[i].sleep_low));
    sum.high += joules_per_fj * (awake * rates_[i].high_factor + std::max(sleep, cycles * rates_[i].sleep_high));
  }
  return sum;
}

std::string Ledger::tier(const Activities& activity) const {
  std::uint64_t extrapolated = 0;
  for (std::size_t i = 0; i < std::min(activity.size(), rates_.size()); ++i)
    if (rates_[i].extrapolated) extrapolated = add(extrapolated, price_at(i, activity[i]).total());
  return share(extrapolated, price(activity).total()) >= worth_telling ? "extrapolated" : supply_.tier;
}

std::vector<std::string> Ledger::remarks(const Activities& activity) const {
  std::vector<std::string> out;
  const auto say = [&](std::string sentence) {
    if (std::find(out.begin(), out.end(), sentence) == out.end()) out.push_back(std::move(sentence));
  };
  std::map<Hertz, std::uint64_t> extrapolated;  // energy by clock: points may differ in wait states only
  for (std::size_t i = 0; i < std::min(activity.size(), rates_.size()); ++i)
    if (activity[i].cycles() > 0 && rates_[i].extrapolated) {
      std::uint64_t& energy = extrapolated[points_[i].clock_hz];
      energy = add(energy, price_at(i, activity[i]).total());
    }
  // A start-up passes through several clocks in no time: one sentence for all that hold next to nothing.
  const std::uint64_t total = price(activity).total();
  std::uint64_t little = 0;
  std::vector<std::string> little_clocks;  // points differ in wait states, too: each clock once
  for (const auto& [clock, energy] : extrapolated) {
    if (share(energy, total) < worth_telling) {
      little = add(little, energy);
      if (const std::string at = megahertz(clock);
          std::find(little_clocks.begin(), little_clocks.end(), at) == little_clocks.end())
        little_clocks.push_back(at);
      continue;
    }
    const Prices& p = supply_.prices[nearest_prices(supply_, clock)];
    say(fmt::format("no energy figure at {} ({:.0f} % of the energy): extrapolated from {}, interval wider by {:.0f} %",
                    megahertz(clock), 100 * share(energy, total), covered(p),
                    distance(p, clock) * supply_.octave_percent));
  }
  if (!little_clocks.empty())
    say(fmt::format("no energy figure at {}: extrapolated, {:.2g} % of the energy", fmt::join(little_clocks, ", "),
                    100 * share(little, total)));
  bool sleep = false, flash = false, ram = false;
  for (std::size_t i = 0; i < std::min(activity.size(), rates_.size()); ++i) {
    const Activity& a = activity[i];
    const Prices& p = supply_.prices[rates_[i].prices];
    sleep |= a.sleep_cycles > 0 && !p.sleep;
    flash |= (a.code_flash_cycles > 0 || a.flash_reads > 0) && !p.flash_fetch && !p.flash_read;
    ram |= a.ram_accesses > 0 && !p.ram_access;
  }
  if (sleep) say("no figure for sleep (WFI): between nothing and a stalled cycle, the middle is taken");
  if (flash) say("flash: not separable from the core in public data, contained there");
  if (ram) say("RAM: not separable from the core in public data, contained there");
  if (const Split s = price(activity); s.total() == most)
    say("the energy is beyond 18446 J, where the count of femtojoules ends: the figures are at least that much");
  return out;
}

}  // namespace mj::energy
