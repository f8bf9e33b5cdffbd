#include "energy/table.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "sim/base/checked_json.h"

namespace mj::energy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Error usage(std::string what, std::string where, std::string why = "", std::string advice = "") {
  return Error{ExitCode::usage, std::move(what), std::move(where), std::move(why), std::move(advice)};
}

/// A figure's unit as the table's structs want it: pC or pJ, mA or mW. Zero: not a unit of this kind.
double scale(const std::string& unit, Regulator regulator, bool per_event) {
  const bool ldo = regulator == Regulator::ldo;
  if (per_event) return unit == (ldo ? "pC" : "pJ") ? 1 : 0;
  if (unit == (ldo ? "mA" : "mW")) return 1;
  return unit == (ldo ? "uA" : "uW") ? 1e-3 : 0;
}

/// Reads one supply; the first thing wrong stays in `error`.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::optional<Error> error;

  Table table(const json& j) {
    Table t;
    t.title = j.at("title").get<std::string>();
    t.scope = j.at("scope").get<std::string>();
    t.unknown = j.value("unknown", std::vector<std::string>());
    const json& supplies = j.at("supplies");
    for (std::size_t i = 0; i < supplies.size(); ++i) {
      const std::string at = "/supplies/" + std::to_string(i);
      Supply s = supply(supplies[i], at);
      if (t.supply(s.name)) fail("there is another supply of this name", at + "/name", s.name);
      t.supplies.push_back(std::move(s));
    }
    return t;
  }

 private:
  void fail(std::string what, const std::string& at, std::string why = "", std::string advice = "") {
    if (!error) error = usage(std::move(what), file_ + "#" + at, std::move(why), std::move(advice));
  }

  /// `factor`: into the unit of the struct; 0: `unit` does not fit there.
  Figure figure(const json& j, const std::string& at, double factor, const char* expected) {
    const std::string unit = j.at("unit").get<std::string>();
    if (factor == 0) fail("wrong unit", at + "/unit", unit, std::string("expected: ") + expected);
    Figure f;
    f.value = factor * j.at("value").get<double>();
    f.low = factor * j.at("low").get<double>();
    f.high = factor * j.at("high").get<double>();
    f.source = j.at("source").get<std::string>();
    f.certainty = j.at("certainty").get<std::string>();
    if (f.low > f.value || f.value > f.high)
      fail("low, value and high must ascend", at,
           j.at("low").dump() + ", " + j.at("value").dump() + ", " + j.at("high").dump());
    return f;
  }

  Prices prices(const json& j, const std::string& at, Regulator regulator) {
    const bool ldo = regulator == Regulator::ldo;
    const auto part = [&](const char* key, bool per_event) {
      const char* expected = per_event ? (ldo ? "pC" : "pJ") : (ldo ? "mA or uA" : "mW or uW");
      const json& f = j.at(key);
      return figure(f, at + "/" + key, scale(f.at("unit").get<std::string>(), regulator, per_event), expected);
    };
    const auto optional = [&](const char* key, bool per_event) -> std::optional<Figure> {
      if (!j.contains(key)) return std::nullopt;
      return part(key, per_event);
    };
    Prices p;
    p.low_hz = j.at("clock").at("low").get<Hertz>();
    p.high_hz = j.at("clock").at("high").get<Hertz>();
    if (p.low_hz > p.high_hz)
      fail("low must not be above high", at + "/clock", std::to_string(p.low_hz) + ", " + std::to_string(p.high_hz));
    p.issue = part("issue", true);
    p.stall = part("stall", true);
    p.flash_fetch = optional("flash_fetch", true);
    p.flash_read = optional("flash_read", true);
    p.ram_access = optional("ram_access", true);
    p.static_part = part("static", false);
    p.sleep = optional("sleep", false);
    return p;
  }

  Supply supply(const json& j, const std::string& at) {
    Supply s;
    s.name = j.at("name").get<std::string>();
    s.title = j.at("title").get<std::string>();
    s.regulator = j.at("regulator") == "ldo" ? Regulator::ldo : Regulator::smps;
    const Figure volts = figure(j.at("voltage"), at + "/voltage", 1, "V");
    s.volts = volts.value;
    s.min_volts = volts.low;
    s.max_volts = volts.high;
    s.volts_source = volts.source;
    const json& accuracy = j.at("accuracy");
    s.low_percent = accuracy.at("low_percent").get<double>();
    s.high_percent = accuracy.at("high_percent").get<double>();
    s.tier = accuracy.at("tier").get<std::string>();
    s.source = accuracy.at("source").get<std::string>();
    s.octave_percent = j.at("extrapolation").at("percent_per_octave").get<double>();
    const json& list = j.at("prices");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string place = at + "/prices/" + std::to_string(i);
      Prices p = prices(list[i], place, s.regulator);
      if (i > 0 && p.low_hz <= s.prices.back().high_hz)
        fail("clocks must ascend and not overlap", place + "/clock",
             std::to_string(p.low_hz) + " Hz begins below the end of the one before, " +
                 std::to_string(s.prices.back().high_hz) + " Hz");
      s.prices.push_back(std::move(p));
    }
    const json modes = j.value("low_power_modes", json::array());
    for (std::size_t i = 0; i < modes.size(); ++i) {
      const std::string place = at + "/low_power_modes/" + std::to_string(i);
      LowPowerMode m;
      m.name = modes[i].at("name").get<std::string>();
      m.keeps_ram = modes[i].at("keeps_ram").get<bool>();
      const json& current = modes[i].at("current");
      m.current_ma = figure(current, place + "/current",
                            scale(current.at("unit").get<std::string>(), Regulator::ldo, false), "mA or uA");
      for (const LowPowerMode& other : s.modes)
        if (other.name == m.name) fail("there is another mode of this name", place + "/name", m.name);
      s.modes.push_back(std::move(m));
    }
    return s;
  }

  std::string file_;
};

}  // namespace

const Supply* Table::supply(std::string_view named) const {
  const auto found =
      std::find_if(supplies.begin(), supplies.end(), [&](const Supply& one) { return one.name == named; });
  return found == supplies.end() ? nullptr : &*found;
}

Result<Table> load_table_file(const std::string& path) {
  const auto file = checked_json_file(path, energy_schema(), "energy table");
  if (!file) return file.error();
  try {
    Reader reader(path);
    Table table = reader.table(*file);
    if (reader.error) return *reader.error;
    table.board = fs::path(path).stem().string();
    return table;
  } catch (const std::exception& e) {
    return usage("cannot read the energy table's values", path, e.what());
  }
}

Result<std::optional<Table>> load_table(const std::string& models_dir, const std::string& board) {
  // A board of the user's own is named by a path: it has no table here.
  if (board.empty() || board.find_first_of("/\\") != std::string::npos) return std::optional<Table>();
  const fs::path path = fs::path(models_dir) / "energy" / (board + ".json");
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::optional<Table>();
  auto table = load_table_file(path.string());
  if (!table) return table.error();
  return std::optional<Table>(std::move(*table));
}

}  // namespace mj::energy
