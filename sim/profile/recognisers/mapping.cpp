#include "sim/profile/recognisers/mapping.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/base/checked_json.h"
#include "sim/base/did_you_mean.h"
#include "sim/profile/recognisers/functions.h"

namespace mj::profile {

using nlohmann::json;

Result<Address> mapped_place(const std::string& text, const std::string& where, const Program& program) {
  Address a = 0;
  if (text.starts_with("0x")) {
    const auto [rest, failed] = std::from_chars(text.data() + 2, text.data() + text.size(), a, 16);
    if (failed == std::errc() && rest == text.data() + text.size()) return program.is_arm() ? a & ~1u : a;
  }
  if (const Symbol* s = program.symbols.find(text); s && s->is_function) return s->start;
  std::vector<std::string> names;
  for (const Symbol& s : program.symbols.functions()) names.push_back(s.name);
  return Error{ExitCode::usage, fmt::format("'{}' is no function of the image", text), where, "",
               names.empty() ? "the image has no symbols: give an address like 0x08000100" : did_you_mean(text, names)};
}

Result<Candidate> read_mapping(const std::string& path, const Program& program) {
  const auto checked = checked_json_file(path, layers_schema(), "layer mapping");
  if (!checked) return checked.error();
  const json& file = *checked;
  Candidate c;
  c.runtime = "mapped by the user";
  c.confidence = 100;
  c.reasons = {"the mapping in " + path.substr(path.find_last_of('/') + 1)};
  std::vector<FunctionNetwork> networks;
  const json given = file.value("networks", json::array());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const json& from = given[i];
    const std::string pointer = fmt::format("{}#/networks/{}", path, i);
    FunctionNetwork n;
    n.network.name = from.value("name", given.size() > 1 ? fmt::format("network {}", i) : "network");
    n.network.runtime = c.runtime;
    n.network.recognised_by = c.reasons.front();
    n.network.confidence = c.confidence;
    if (from.contains("inference")) {
      const auto at = mapped_place(from["inference"], pointer + "/inference", program);
      if (!at) return at.error();
      n.inference = *at;
      c.functions.push_back(*at);
    }
    for (std::size_t k = 0; k < from["layers"].size(); ++k) {
      const json& row = from["layers"][k];
      const std::string where = fmt::format("{}/layers/{}", pointer, k);
      FunctionLayer l;
      const auto function = mapped_place(row["function"], where + "/function", program);
      if (!function) return function.error();
      l.function = *function;
      if (row.contains("call_site")) {
        const auto site = mapped_place(row["call_site"], where + "/call_site", program);
        if (!site) return site.error();
        l.call_site = *site;
      }
      l.layer.index = static_cast<int>(k);
      l.layer.network = static_cast<int>(i);
      l.layer.op = row.value("op", "layer");
      l.layer.name = row.value("name", row["function"].get<std::string>());
      l.layer.input_shapes = row.value("inputs", l.layer.input_shapes);
      l.layer.weight_shapes = row.value("weights", l.layer.weight_shapes);
      l.layer.output_shapes = row.value("outputs", l.layer.output_shapes);
      l.layer.macs = row.value("macs", std::uint64_t{0});
      l.layer.parameter_bytes = row.value("parameter_bytes", std::uint64_t{0});
      n.network.macs += l.layer.macs;
      c.functions.push_back(l.function);
      c.layers.push_back(l.layer);
      c.layer_functions.push_back(l.function);
      n.layers.push_back(std::move(l));
    }
    c.networks.push_back(n.network);
    networks.push_back(std::move(n));
  }
  c.listen = [networks](const Stage& stage) { return listen_to_functions(networks, stage); };
  return c;
}

}  // namespace mj::profile
