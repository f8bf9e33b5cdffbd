// A comparison for programs: JSON and CSV, nothing left out.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/diff/diff.h"

namespace mj::diff {
namespace {

using json_t = nlohmann::ordered_json;

bool whole(Unit unit) { return unit == Unit::count || unit == Unit::cycles || unit == Unit::bytes; }

json_t number(Unit unit, const std::optional<double>& value) {
  if (!value) return nullptr;
  if (whole(unit) && *value == static_cast<double>(static_cast<std::int64_t>(*value)))
    return static_cast<std::int64_t>(*value);
  return *value;
}

json_t pair(Unit unit, const Pair& p) {
  json_t out{{"unit", name(unit)}, {"a", number(unit, p.a)}, {"b", number(unit, p.b)}};
  out["change"] = p.known() ? number(unit, p.change()) : json_t();
  out["change_percent"] = p.percent() && p.b ? json_t(*p.percent()) : json_t();
  return out;
}

json_t side(const Side& s) {
  const profile::Provenance& p = s.provenance;
  json_t out{{"file", s.file},
             {"firmware", p.firmware},
             {"firmware_crc32", p.firmware_crc32},
             {"board", p.board},
             {"core", p.core},
             {"compiler", p.compiler},
             {"held_clock_hz", p.held_clock_hz},
             {"held_wait_states", p.held_wait_states},
             {"exit_code", static_cast<int>(s.stop.exit_code)},
             {"cycles", {{"value", s.cycles.value}, {"low", s.cycles.low}, {"high", s.cycles.high}}}};
  out["energy"] = nullptr;
  if (s.energy)
    out["energy"] = {{"value_j", s.energy->value_j},
                     {"low_j", s.energy->low_j},
                     {"high_j", s.energy->high_j},
                     {"tier", s.energy->tier}};
  return out;
}

json_t index(const std::optional<int>& i) { return i ? json_t(*i) : json_t(); }

std::string_view kind_name(LayerRow::Kind kind) {
  constexpr std::string_view names[] = {"layer", "between_layers", "outside_of_inference"};
  return names[static_cast<std::size_t>(kind)];
}

/// Quoted where RFC 4180 asks for it.
std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string cell(Unit unit, const std::optional<double>& value) {
  if (!value) return "";
  return whole(unit) ? fmt::format("{:.17g}", *value) : fmt::format("{:.12g}", *value);
}

std::string line(std::string_view kind, std::string_view group, std::string_view row, std::string_view match,
                 std::string_view metric, Unit unit, const Pair& p) {
  if (!p.known()) return "";
  return fmt::format("{},{},{},{},{},{},{},{},{},{}\n", kind, field(group), field(row), match, field(metric),
                     name(unit), cell(unit, p.a), cell(unit, p.b), cell(unit, p.change()),
                     p.percent() && p.b ? fmt::format("{:.6g}", *p.percent()) : "");
}

}  // namespace

std::string json(const Diff& d, const report::Options&) {
  json_t out{{"schema", "microjoule-diff"},
             {"schema_version", 1},
             {"a", side(d.a)},
             {"b", side(d.b)},
             {"remarks", d.remarks},
             {"per_inference", d.per_inference}};
  json_t& totals = out["totals"] = json_t::array();
  for (const Metric& m : d.totals) {
    totals.push_back({{"name", m.name}});
    totals.back().update(pair(m.unit, m.value));
  }
  json_t& layers = out["layers"] = json_t::array();
  for (const LayerRow& r : d.layers)
    layers.push_back({{"kind", kind_name(r.kind)},
                      {"match", name(r.match)},
                      {"network", r.network},
                      {"index_a", index(r.index_a)},
                      {"index_b", index(r.index_b)},
                      {"op", r.op},
                      {"name", r.name},
                      {"name_a", r.name_a},
                      {"cycles", pair(Unit::cycles, r.cycles)},
                      {"energy", pair(Unit::joules, r.energy_j)},
                      {"macs", pair(Unit::count, r.macs)}});
  json_t& functions = out["functions"] = json_t::array();
  for (const FunctionRow& r : d.functions)
    functions.push_back({{"match", name(r.match)},
                         {"name", r.name},
                         {"name_a", r.name_a},
                         {"file", r.file},
                         {"inlined_a", r.inlined_a},
                         {"inlined_b", r.inlined_b},
                         {"self_cycles", pair(Unit::cycles, r.cycles)},
                         {"self_energy", pair(Unit::joules, r.energy_j)},
                         {"size", pair(Unit::bytes, r.bytes)}});
  json_t& reasons = out["reasons"] = json_t::array();
  for (const ReasonRow& r : d.reasons) reasons.push_back({{"name", r.name}, {"cycles", pair(Unit::cycles, r.cycles)}});
  json_t& sizes = out["sizes"] = json_t::array();
  for (const SizeRow& r : d.sizes)
    sizes.push_back({{"kind", r.kind}, {"region", r.region}, {"name", r.name}, {"size", pair(Unit::bytes, r.bytes)}});
  return out.dump(1, ' ', false, json_t::error_handler_t::replace) + "\n";
}

std::string csv(const Diff& d, const report::Options&) {
  std::string out = "kind,group,name,match,metric,unit,a,b,change,change_percent\n";
  for (const Metric& m : d.totals) out += line("total", "", m.name, "same", m.name, m.unit, m.value);
  for (const LayerRow& r : d.layers) {
    const bool is_layer = r.kind == LayerRow::Kind::layer;
    const std::string row = is_layer ? fmt::format("{} {} {}", r.index_b ? *r.index_b : *r.index_a, r.op, r.name) : "";
    out += line(kind_name(r.kind), r.network, row, name(r.match), "cycles", Unit::cycles, r.cycles);
    out += line(kind_name(r.kind), r.network, row, name(r.match), "energy", Unit::joules, r.energy_j);
  }
  for (const FunctionRow& r : d.functions) {
    out += line("function", r.file, r.name, name(r.match), "self_cycles", Unit::cycles, r.cycles);
    out += line("function", r.file, r.name, name(r.match), "self_energy", Unit::joules, r.energy_j);
    out += line("function", r.file, r.name, name(r.match), "size", Unit::bytes, r.bytes);
  }
  for (const ReasonRow& r : d.reasons) out += line("reason", "", r.name, "same", "cycles", Unit::cycles, r.cycles);
  for (const SizeRow& r : d.sizes) {
    const Match match = !r.bytes.a ? Match::added : !r.bytes.b ? Match::removed : Match::same;
    out += line(r.kind, r.region, r.name, name(match), "size", Unit::bytes, r.bytes);
  }
  return out;
}

}  // namespace mj::diff
