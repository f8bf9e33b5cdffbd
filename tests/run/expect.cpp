#include "tests/run/expect.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace mj::test {

void expect_valid(const json& result) {
  static const json document = json::parse(slurp(MJ_RESULT_SCHEMA));
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema);
  valijson::ValidationResults complaints;
  const valijson::adapters::NlohmannJsonAdapter adapter(result);
  if (valijson::Validator().validate(schema, adapter, &complaints)) return;
  valijson::ValidationResults::Error e;
  while (complaints.popError(e)) {
    std::string at;
    for (const std::string& step : e.context) at += step;
    ADD_FAILURE() << "the result is not valid: " << at << ": " << e.description;
  }
}

std::uint64_t sum(const json& rows, const std::string& key) {
  std::uint64_t total = 0;
  for (const json& row : rows) total += row.at(key).get<std::uint64_t>();
  return total;
}

namespace {

std::uint64_t sum_of_values(const json& object) {
  std::uint64_t total = 0;
  for (const json& value : object) total += value.get<std::uint64_t>();
  return total;
}

}  // namespace

void expect_conserved(const json& r) {
  const json& totals = r.at("totals");
  const auto cycles = totals.at("cycles").get<std::uint64_t>();
  EXPECT_EQ(sum_of_values(totals.at("cycles_by_reason")), cycles) << "reasons";
  EXPECT_EQ(sum(totals.at("clocks"), "cycles"), cycles) << "clocks";
  EXPECT_EQ(sum(r.at("functions"), "self_cycles"), cycles) << "functions";
  EXPECT_EQ(sum(r.at("call_tree"), "self_cycles"), cycles) << "call tree";
  EXPECT_EQ(r.at("call_tree").at(0).at("inclusive_cycles"), cycles) << "call tree's root";
  EXPECT_EQ(sum(r.at("lines"), "cycles"), cycles) << "lines";
  const auto instructions = totals.at("instructions").get<std::uint64_t>();
  EXPECT_EQ(sum(r.at("functions"), "self_instructions"), instructions) << "functions";
  EXPECT_EQ(sum(r.at("lines"), "instructions"), instructions) << "lines";

  for (const json& f : r.at("functions"))
    EXPECT_EQ(sum_of_values(f.at("self_cycles_by_reason")), f.at("self_cycles")) << f.at("name");
  // A node's inclusive cycles are its own and its children's; a child stands below its parent.
  const json& tree = r.at("call_tree");
  std::vector<std::uint64_t> inclusive(tree.size());
  for (std::size_t i = tree.size(); i-- > 0;) {
    inclusive[i] += tree[i].at("self_cycles").get<std::uint64_t>();
    EXPECT_EQ(tree[i].at("inclusive_cycles"), inclusive[i]) << "call tree, row " << i;
    if (i > 0) inclusive[tree[i].at("parent").get<std::size_t>()] += inclusive[i];
  }

  std::uint64_t everywhere = sum(r.at("layers"), "cycles") + sum(r.at("phases"), "cycles");
  std::uint64_t issued = sum(r.at("layers"), "instructions") + sum(r.at("phases"), "instructions");
  for (const json& n : r.at("networks")) {
    everywhere += n.at("between_layers_cycles").get<std::uint64_t>();
    issued += n.at("between_layers_instructions").get<std::uint64_t>();
  }
  EXPECT_EQ(everywhere, r.at("totals").at("cycles")) << "layers, between layers and phases";
  EXPECT_EQ(issued, r.at("totals").at("instructions")) << "layers, between layers and phases";
  // Bytes moved stand once in a layer, between layers or in a phase.
  const auto moved = [](const json& rows, const json& region, const char* key) {
    std::uint64_t n = 0;
    for (const json& row : rows)
      if (row.at("region") == region) n += row.at(key).get<std::uint64_t>();
    return n;
  };
  for (const json& total : totals.at("bytes_moved"))
    for (const char* key : {"read", "written", "instructions"}) {
      std::uint64_t n = 0;
      for (const json& l : r.at("layers")) n += moved(l.at("bytes_moved"), total.at("region"), key);
      for (const json& w : r.at("networks")) n += moved(w.at("between_layers_bytes_moved"), total.at("region"), key);
      for (const json& p : r.at("phases")) n += moved(p.at("bytes_moved"), total.at("region"), key);
      EXPECT_EQ(n, total.at(key)) << "bytes " << key << " of " << total.at("region");
    }
  // A network's cycles are its layers' and those between them; the rest of the run lies outside of networks.
  const json& networks = r.at("networks");
  EXPECT_LE(sum(networks, "cycles"), cycles);
  for (std::size_t n = 0; n < networks.size(); ++n) {
    std::uint64_t layers = 0;
    for (const json& l : r.at("layers"))
      if (l.at("network") == n) layers += l.at("cycles").get<std::uint64_t>();
    EXPECT_EQ(layers + networks[n].at("between_layers_cycles").get<std::uint64_t>(), networks[n].at("cycles"));
  }
  for (const json& l : r.at("layers"))
    EXPECT_EQ(sum_of_values(l.at("cycles_by_reason")), l.at("cycles")) << l.at("name");
  // What was done in a row is the whole row.
  for (const json& l : r.at("layers")) EXPECT_EQ(sum(l.at("parts"), "cycles"), l.at("cycles")) << l.at("name");
  for (const json& p : r.at("phases")) EXPECT_EQ(sum(p.at("parts"), "cycles"), p.at("cycles")) << p.at("kind");
  for (const json& n : networks)
    EXPECT_EQ(sum(n.at("between_layers_parts"), "cycles"), n.at("between_layers_cycles")) << n.at("name");
  // Also in the terms that energy is priced in, and in joules.
  const auto whole = [](const json& row, const char* activity, const char* parts, const char* energy) {
    json events = json::object(), joules = json::object();
    const auto add = [](json& to, const json& from) {
      if (to.is_null()) to = json::object();
      for (const auto& [key, n] : from.items()) to[key] = to.value(key, std::uint64_t{0}) + n.get<std::uint64_t>();
    };
    for (const json& p : row.at(parts)) {
      for (const auto& [point, at] : p.at("activity").items()) add(events[point], at);
      if (p.contains("energy")) add(joules, p.at("energy").at("femtojoules"));
    }
    if (activity) {
      EXPECT_EQ(events.dump(), json(row.at(activity)).dump());
    }
    if (!row.at(energy).is_null() && !row.at(parts).empty()) {
      EXPECT_EQ(joules, row.at(energy).at("femtojoules"));
    }
  };
  for (const json& l : r.at("layers")) whole(l, "activity", "parts", "energy");
  for (const json& p : r.at("phases")) whole(p, "activity", "parts", "energy");
  for (const json& n : networks) whole(n, nullptr, "between_layers_parts", "between_layers_energy");
}

void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words) EXPECT_THAT(text, testing::HasSubstr(word));
}

}  // namespace mj::test
