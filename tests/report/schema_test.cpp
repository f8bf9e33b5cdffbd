// The published schema and what is written agree in both directions.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tests/report/sample.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

using nlohmann::json;

json schema_document() {
  std::ifstream file(MJ_RESULT_SCHEMA);
  return json::parse(file);
}

/// What the validator says against it; empty when it is valid.
std::string complaints(const json& document) {
  static const json schema_json = schema_document();
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (valijson::Validator().validate(schema, adapter, &results)) return "";
  std::string out = "invalid:";
  valijson::ValidationResults::Error error;
  while (results.popError(error)) out += "\n" + error.description;
  return out;
}

json written(const profile::RunResult& r) { return json::parse(mj::report::json(r, {})); }

/// The sample with every reason and list used, so that every key has something to say.
profile::RunResult full() {
  profile::RunResult r = test::faulted();
  for (Cycle& c : r.totals.reasons) c = 1;
  for (Cycle& c : r.layers[0].reasons) c = 1;
  for (Cycle& c : r.functions[0].reasons) c = 1;
  for (Cycle& c : r.phases[0].reasons) c = 1;
  r.roi = {{"bench_begin:bench_end", 0x08000100, 0x08000110, {{100, 50, 40, 38, test::reasons(40, 10, 0)}}, 2}};
  for (Cycle& c : r.roi[0].hits[0].reasons) c = 1;
  r.regions = {{1, "kernel", 50, 40}};
  r.provenance.held_clock_hz = 80'000'000;
  r.provenance.held_wait_states = "auto";
  profile::LayerComparison layer;
  layer.outcome = "differs";
  layer.inputs = "right";
  layer.computes = "wrong";
  layer.differences = {{"relu_3", 8000, 12, 3, {0, 1, 2, 3}, "-12", "-11"}};
  layer.remarks = {"right with single rounding"};
  r.compare = profile::Comparison{"kws.tflite", "model", 1, 0, 1, 0, 0, "its inputs are right", {layer}};
  r.unsure_rows = {{"costs/udiv", "inferred", "another core's rule", 3}};
  const profile::RunResult more = test::with_memory();
  r.layers[0].bytes_moved = more.layers[0].bytes_moved;
  r.networks[0].between_bytes_moved = more.networks[0].between_bytes_moved;
  r.phases[0].bytes_moved = more.phases[2].bytes_moved;
  r.totals.bytes_moved = more.totals.bytes_moved;
  r.memory.heaps = more.memory.heaps;
  r.memory.threads = more.memory.threads;
  r.user_figures = more.user_figures;
  r.silent_runtimes = {{"CMSIS-NN", 60, {"its kernels' names"}}};
  r.families = {{"__aeabi_fmul", "soft_float", 100, "the Arm run-time ABI's name"}};
  r.layers[0].parts = {{"", "soft_float", r.layers[0].cycles, r.layers[0].activity, r.layers[0].energy}};
  r.networks[0].between_parts = {
      {"quantising", "", r.networks[0].between_cycles, r.networks[0].activity, r.networks[0].between_energy}};
  r.phases[0].parts = {{"printing", "copying", r.phases[0].cycles, r.phases[0].activity, r.phases[0].energy}};
  return r;
}

/// Walks the schema beside all values that stand at its place; names properties that no value has.
void unused_keys(const json& root, json schema, const std::vector<json>& values, const std::string& at,
                 std::vector<std::string>& unused) {
  if (schema.contains("oneOf")) schema = schema["oneOf"].back();
  if (schema.contains("$ref")) schema = root.at(json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
  if (schema.contains("items")) {
    std::vector<json> items;
    for (const json& list : values) items.insert(items.end(), list.begin(), list.end());
    unused_keys(root, schema["items"], items, at + "/*", unused);
  }
  if (!schema.contains("properties")) return;
  for (const auto& [key, property] : schema["properties"].items()) {
    std::vector<json> found;
    for (const json& v : values)
      if (v.contains(key)) found.push_back(v[key]);
    if (found.empty())
      unused.push_back(at + "/" + key);
    else
      unused_keys(root, property, found, at + "/" + key, unused);
  }
}

TEST(Schema, AProducedResultIsValid) {
  EXPECT_EQ(complaints(written(test::sample())), "");
  EXPECT_EQ(complaints(written(full())), "");
  EXPECT_EQ(complaints(written(test::unpriced())), "");
}

TEST(Schema, EveryKeyOfTheSchemaIsProduced) {
  std::vector<std::string> unused;
  const json schema = schema_document();
  unused_keys(schema, schema, {written(full())}, "", unused);
  EXPECT_EQ(unused, std::vector<std::string>());
}

TEST(Schema, AMissingKeyAnUnknownKeyAndAWrongTypeAreInvalid) {
  for (const auto& damage : std::vector<void (*)(json&)>{
           [](json& j) { j["totals"].erase("time_s"); },
           [](json& j) { j["layers"][0]["joules"] = 1; },
           [](json& j) { j["totals"]["cycles_by_reason"]["magic"] = 1; },
           [](json& j) { j["stop"]["pc"] = 1234; },
           [](json& j) { j["schema_version"] = 1; },
           [](json& j) { j["totals"]["energy"].erase("tier"); },
           [](json& j) { j["layers"][0]["energy"]["femtojoules"]["core"] = 0.5; },
           [](json& j) { j["totals"]["activity"]["x"] = json::object(); },
           [](json& j) { j["timeline"]["spans"][0]["end"] = -1; },
       }) {
    json j = written(full());
    damage(j);
    EXPECT_NE(complaints(j), "");
  }
}

}  // namespace
}  // namespace mj::report
