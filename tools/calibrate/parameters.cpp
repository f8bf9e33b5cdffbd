// Which numbers of a core and a board calibration may change.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/board.h"
#include "sim/generic_board.h"
#include "sim/timing/core_timing.h"
#include "tools/calibrate/calibrate.h"

namespace mj::calibrate {

namespace {

using nlohmann::json;

struct Key {
  const char* name;
  std::int64_t low, high;
};
/// Numbers of core rows that are cycles, with the range that they may take.
constexpr Key core_keys[] = {
    {"cycles", 0, 64},
    {"cycles_taken", 0, 64},
    {"unit_cycles", 0, 64},
    {"cycles_not_taken", 0, 64},
    {"taken", 0, 16},
    {"data", 0, 16},
    {"mispredict", 0, 64},
    {"mispredict_soon", 0, 64},
    {"flag_cycles", 0, 16},
    {"base", 0, 64},
    {"least", 0, 64},
    {"most", 0, 80},
    {"load_halfword_odd", 0, 16},
    {"load_word_half", 0, 16},
    {"load_word_odd", 0, 16},
    {"store_halfword_odd", 0, 16},
    {"store_word_half", 0, 16},
    {"store_word_odd", 0, 16},
    {"link_is_base_cycles", 0, 16},
};
constexpr Key board_keys[] = {
    {"read_wait", 0, 255},  {"write_wait", 0, 255},  {"run_wait", 0, 64},      {"wait_states", 0, 255},
    {"bus_cycles", 0, 255}, {"read_cycles", 0, 255}, {"write_cycles", 0, 255}, {"beat_cycles", 1, 64},
};

bool unsure(const json& row) {
  const auto c = row.find("certainty");
  return c != row.end() && (*c == "inferred" || *c == "estimated");
}

std::string joined(const json& words) {
  std::string out;
  for (const json& w : words) out += (out.empty() ? "" : ", ") + w.get<std::string>();
  return out;
}

/// What of a program a core's row prices.
std::string exercise(const std::string& name, const json& row) {
  for (const char* key : {"ops", "of_ops"})
    if (row.contains(key)) return "the operations " + joined(row[key]);
  for (const char* key : {"classes", "of"})
    if (row.contains(key)) return "instructions of class " + joined(row[key]);
  return "what the row " + name + " is about";
}

void add(std::vector<Number>& out, const std::string& name, const std::string& pointer, const std::string& row_pointer,
         const json& row, std::int64_t value, const Key& key, std::string exercised) {
  Number n;
  n.parameter = {name, value, std::min(key.low, value), std::max(key.high, value), std::move(exercised)};
  n.pointer = pointer;
  n.row_pointer = row_pointer;
  n.certainty = row.value("certainty", "");
  n.source = row.value("source", "");
  out.push_back(std::move(n));
}

/// Rows stand at different depths: an object with a certainty is one; numbers may stand in it or one level deeper.
void core_numbers(const json& node, const std::string& at, std::vector<Number>& out) {
  constexpr const char* prefix = "/core/timing_rows/";
  if (!node.is_object()) return;
  if (node.contains("certainty")) {
    if (!unsure(node)) return;
    const auto numbers = [&](const json& object, const std::string& where) {
      for (const Key& key : core_keys)
        if (const auto v = object.find(key.name); v != object.end() && v->is_number_integer())
          add(out, where + "/" + key.name, prefix + where + "/" + key.name, prefix + at, node, v->get<std::int64_t>(),
              key, exercise(at, node));
    };
    numbers(node, at);
    if (const auto by = node.find("by_operands"); by != node.end()) numbers(*by, at + "/by_operands");
    return;
  }
  for (const auto& [key, value] : node.items()) core_numbers(value, at.empty() ? key : at + "/" + key, out);
}

void board_numbers(const json& board, std::vector<Number>& out) {
  for (const char* section : {"regions", "devices"}) {
    const json entries = board.value(section, json::object());
    for (const auto& [name, entry] : entries.items())
      for (const char* part : {"", "front_end", "bus"}) {
        if (*part && !entry.contains(part)) continue;
        const json& object = *part ? entry[part] : entry;
        const std::string at = fmt::format("{}/{}{}{}", section, name, *part ? "/" : "", part);
        for (const Key& key : board_keys)
          if (const auto row = object.find(key.name); row != object.end() && row->is_object() && unsure(*row) &&
                                                      row->contains("value") && (*row)["value"].is_number_integer())
            add(out, at + "/" + key.name, "/" + at + "/" + key.name + "/value", "/" + at + "/" + key.name, *row,
                (*row)["value"].get<std::int64_t>(), key, "accesses to " + name);
      }
  }
}

std::optional<std::string> read_core(const std::string& name) {
  std::ifstream in(models_dir() + "/cores/" + name + ".json", std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Result<std::vector<Number>> numbers_of(const std::string& board, const std::string& overlay) {
  std::vector<Number> out;
  std::string core, rows;
  if (is_generic_board(board)) {
    auto patch = overlay_rows(overlay);
    if (!patch) return patch.error();
    rows = std::move(*patch);
    core = board.substr(board.find(':') + 1);
    core = core.substr(0, core.find('@'));
  } else {
    const auto text = merged_board_text(board, overlay);
    if (!text) return text.error();
    // Checks it, too.
    const auto spec = load_board(board, overlay);
    if (!spec) return spec.error();
    board_numbers(json::parse(*text), out);
    core = spec->core.timing;
    rows = spec->core.timing_rows;
  }
  const auto text = read_core(core);
  if (!text) return Error{ExitCode::usage, fmt::format("there is no core file '{}'", core), "board " + board, "", ""};
  timing::LoadOptions options;
  options.read_core = [](std::string_view name) { return read_core(std::string(name)); };
  options.rows = rows;
  const auto merged = timing::CoreTiming::merged_text(*text, core, options);
  if (!merged) return merged.error();
  json core_rows = json::parse(*merged);
  core_rows.erase("peak_macs");  // no cycle rests on it
  core_numbers(core_rows, "", out);
  return out;
}

Result<std::vector<Number>> choose(std::vector<Number> all, const std::vector<std::string>& rows) {
  if (rows.empty()) return all;
  std::vector<Number> out;
  for (const std::string& row : rows) {
    const std::size_t before = out.size();
    for (const Number& n : all)
      if (n.parameter.name == row || n.parameter.name.starts_with(row + "/")) out.push_back(n);
    if (out.size() != before) continue;
    std::string names;
    for (const Number& n : all) names += (names.empty() ? "" : ", ") + n.parameter.name;
    return Error{ExitCode::usage, fmt::format("'{}' names no number that may be fitted", row), "--rows",
                 "inferred or estimated are: " + names, "documented and measured numbers are not touched"};
  }
  std::sort(out.begin(), out.end(),
            [](const Number& a, const Number& b) { return a.parameter.name < b.parameter.name; });
  out.erase(std::unique(out.begin(), out.end(),
                        [](const Number& a, const Number& b) { return a.parameter.name == b.parameter.name; }),
            out.end());
  return out;
}

}  // namespace mj::calibrate
