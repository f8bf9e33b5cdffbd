#include "energy/battery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/checked_json.h"

namespace mj::energy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double days_per_year = 365.25, hours_per_day = 24;

Error refused(std::string what, std::string where, std::string why = "") {
  return Error{ExitCode::usage, std::move(what), std::move(where), std::move(why), ""};
}

Figure figure(const json& j) {
  return {j.at("value").get<double>(), j.at("low").get<double>(), j.at("high").get<double>(),
          j.at("source").get<std::string>(), j.at("certainty").get<std::string>()};
}

Battery to_battery(const json& j) {
  Battery b;
  b.name = j.at("name").get<std::string>();
  b.title = j.at("title").get<std::string>();
  b.capacity_mah = figure(j.at("capacity"));
  const Figure volts = figure(j.at("voltage"));
  b.volts = volts.value;
  b.end_volts = volts.low;
  b.full_volts = volts.high;
  b.internal_ohm = figure(j.at("internal_resistance"));
  b.self_discharge_percent_year = figure(j.at("self_discharge"));
  b.pulse_limit_ma = figure(j.at("pulse_limit")).value;
  b.pulse_capacity_factor = figure(j.at("pulse_capacity_factor"));
  b.life_cap_years = figure(j.at("life_cap")).value;
  return b;
}

/// Days that a charge lasts.
double days(double capacity_mah, double rated_mah, double average_ma, double self_percent_year, double cap_years) {
  const double a_day = average_ma * hours_per_day + self_percent_year / 100 * rated_mah / days_per_year;
  const double cap = cap_years * days_per_year;
  return a_day > 0 ? std::min(cap, capacity_mah / a_day) : cap;
}

}  // namespace

Result<std::vector<Battery>> load_batteries(const std::string& models_dir) {
  const std::string path = (fs::path(models_dir) / "batteries.json").string();
  const auto j = checked_json_file(path, batteries_schema(), "battery catalogue");
  if (!j) return j.error();
  try {
    const json& list = j->at("batteries");
    std::vector<Battery> out;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = path + "#/batteries/" + std::to_string(i);
      for (const auto& [key, value] : list[i].items()) {
        if (!value.is_object()) continue;
        const Figure f = figure(value);
        if (f.low > f.value || f.value > f.high)
          return refused("low, value and high must ascend", at + "/" + key, value.dump());
      }
      out.push_back(to_battery(list[i]));
      for (std::size_t k = 0; k < i; ++k)
        if (out[k].name == out[i].name)
          return refused("there is another battery of this name", at + "/name", out[i].name);
    }
    return out;
  } catch (const std::exception& e) {
    return refused("cannot read the battery catalogue's values", path, e.what());
  }
}

Result<Life> battery_life(const Battery& battery, const Duty& duty, double min_volts, double max_volts) {
  const auto above_0 = [](double x) { return x > 0 && std::isfinite(x); };
  if (!above_0(duty.period_s)) return refused("the period must be above 0", "", fmt::format("{:g} s", duty.period_s));
  if (!above_0(duty.active_s))
    return refused("the time awake must be above 0", "", fmt::format("{:g} s", duty.active_s));
  if (!above_0(duty.volts)) return refused("the voltage must be above 0", "", fmt::format("{:g} V", duty.volts));

  Life life;
  // Who is awake longer than a period never sleeps.
  const double period = std::max(duty.period_s, duty.active_s), asleep = period - duty.active_s;
  const bool ldo = duty.regulator == Regulator::ldo;
  const double volts = ldo ? duty.volts : battery.volts;
  // The mean voltage of a discharge lies somewhere between the nominal one and both ends.
  const double least_volts = ldo ? volts : (battery.volts + battery.end_volts) / 2;
  const double most_volts = ldo ? volts : (battery.volts + battery.full_volts) / 2;
  const auto average = [&](double joules, double at_volts, double sleep_ma) {
    return (1e3 * joules / at_volts + sleep_ma * asleep) / period;
  };
  life.average_ma = {average(duty.active_j.value, volts, duty.sleep_ma.value),
                     average(duty.active_j.low, most_volts, duty.sleep_ma.low),
                     average(duty.active_j.high, least_volts, duty.sleep_ma.high)};
  life.peak_ma = 1e3 * duty.active_j.value / volts / duty.active_s;

  const bool pulses = life.peak_ma > battery.pulse_limit_ma;
  const Figure whole{1, 1, 1, "", ""};
  const Figure& factor = pulses ? battery.pulse_capacity_factor : whole;
  const Figure &rated = battery.capacity_mah, &self = battery.self_discharge_percent_year;
  const double cap = battery.life_cap_years;
  life.days = {days(rated.value * factor.value, rated.value, life.average_ma.value, self.value, cap),
               days(rated.low * factor.low, rated.low, life.average_ma.high, self.high, cap),
               days(rated.high * factor.high, rated.high, life.average_ma.low, self.low, cap)};

  const double awake_ma = 1e3 * duty.active_j.value / volts / period, sleep_ma = duty.sleep_ma.value * asleep / period;
  const double self_ma = self.value / 100 * rated.value / (days_per_year * hours_per_day);
  const double sum = awake_ma + sleep_ma + self_ma;
  const auto share = [&](std::string what, double ma) {
    life.shares.push_back({std::move(what), sum > 0 ? 100 * ma / sum : 0});
  };
  share("inference", awake_ma);
  share("sleep (" + duty.sleep_name + ")", sleep_ma);
  share("self-discharge", self_ma);

  const auto warn = [&](std::string sentence) { life.warnings.push_back(std::move(sentence)); };
  if (duty.active_s > duty.period_s)
    warn(fmt::format("awake for {:.3g} s in a period of {:.3g} s: it never sleeps and falls behind", duty.active_s,
                     duty.period_s));
  if (pulses)
    warn(fmt::format(
        "{:.3g} mA while awake is above the {:g} mA that {} gives without loss of capacity: reckoned with "
        "{:g} % of it ({:g} to {:g} %)",
        life.peak_ma, battery.pulse_limit_ma, battery.name, 100 * factor.value, 100 * factor.low, 100 * factor.high));
  const double drop = life.peak_ma / 1e3 * battery.internal_ohm.value;
  const double late_drop = life.peak_ma / 1e3 * battery.internal_ohm.high;
  if (battery.volts - drop < min_volts)
    warn(
        fmt::format("{:.3g} mA through {:g} ohm take the battery from {:g} V to {:.2f} V, below the {:g} V that the "
                    "supply needs: it resets, unless a capacitor carries the pulse",
                    life.peak_ma, battery.internal_ohm.value, battery.volts, battery.volts - drop, min_volts));
  else if (battery.end_volts - late_drop < min_volts)
    warn(
        fmt::format("{:.3g} mA take the nearly empty battery to {:.2f} V, below the {:g} V that the supply needs: the "
                    "last part of the capacity is out of reach, unless a capacitor carries the pulse",
                    life.peak_ma, battery.end_volts - late_drop, min_volts));
  if (max_volts > 0 && battery.full_volts > max_volts)
    warn(
        fmt::format("a full battery has {:g} V, the supply pin bears {:g} V: a regulator is needed between them, whose "
                    "losses are not contained",
                    battery.full_volts, max_volts));
  if (life.days.value >= cap * days_per_year)
    warn(fmt::format("the battery's shelf life of {:g} years is the limit, not its charge", cap));
  return life;
}

}  // namespace mj::energy
