#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/sample.h"
#include "tests/sanitized.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

std::string saved(const profile::RunResult& r) { return json(r, {}); }

/// The saved sample after somebody changed it.
std::string edited(auto change) {
  auto j = nlohmann::ordered_json::parse(saved(test::faulted()));
  change(j);
  return j.dump();
}

void expect_error(const std::string& text, const std::string& where, const std::string& why) {
  const auto r = read_json(text, "x.json");
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ExitCode::unreadable);
  EXPECT_NE(r.error().where.find(where), std::string::npos) << r.error().text();
  EXPECT_NE(r.error().why.find(why), std::string::npos) << r.error().text();
}

TEST(Json, WhatWasSavedIsReadAndSavedAgainByteForByte) {
  for (const auto& r : {test::sample(), test::faulted(), test::unpriced(), test::with_memory(), profile::RunResult()}) {
    const std::string first = saved(r);
    const auto read = read_json(first, "x.json");
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_EQ(saved(*read), first);
  }
}

TEST(Json, EveryFormatRendersARereadResultAsItRendersTheRun) {
  const profile::RunResult run = test::faulted();
  const auto read = read_json(saved(run), "x.json");
  ASSERT_TRUE(read.ok());
  for (const Format& f : formats()) EXPECT_EQ(f.render(*read, {}), f.render(run, {})) << f.name;
}

TEST(Json, AResultThatWasSavedBeforeBytesHeapsAndThreadsWereCountedIsRead) {
  auto j = nlohmann::ordered_json::parse(saved(test::with_memory()));
  j.erase("user_figures");
  j.erase("silent_runtimes");
  j["provenance"].erase("peak_macs");
  for (const char* key : {"threads", "heaps", "heap_unknown"}) j["memory"].erase(key);
  for (const char* list : {"layers", "phases"})
    for (auto& row : j[list]) row.erase("bytes_moved");
  for (auto& n : j["networks"]) n.erase("between_layers_bytes_moved");
  j["totals"].erase("bytes_moved");
  const auto read = read_json(j.dump(), "x.json");
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->memory.ram_peak(), 20'480U + 512U);
  auto expected = test::sample();
  expected.provenance.peak_macs.reset();
  EXPECT_EQ(text(*read, {}), text(expected, {}));
}

TEST(Json, AUsersFigureOfALayerThatIsNotThereIsRefused) {
  auto r = test::with_memory();
  r.user_figures[0].layer = 7;
  expect_error(saved(r), "/user_figures/0/layer", "is no row of /layers");
}

TEST(Json, NumbersKeepAllTheirDigits) {
  profile::RunResult r = test::sample();
  r.totals.cycles = 18'446'744'073'709'551'615U;
  r.totals.time_s = 0.1 + 0.2;
  const auto read = read_json(saved(r), "x.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->totals.cycles, r.totals.cycles);
  EXPECT_EQ(read->totals.time_s, r.totals.time_s);
}

TEST(Json, ConsoleBytesThatAreNoTextBecomeReplacementCharacters) {
  profile::RunResult r;
  r.console = "\xff ok";
  const auto read = read_json(saved(r), "x.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->console, "\xef\xbf\xbd ok");
}

TEST(Json, EveryTruncationIsAnError) {
  const std::string whole = saved(test::faulted());
  // The last two bytes are "}\n": the file is complete without the newline only. Each truncation is read from its
  // begin, which takes the square of the size: under the sanitizer some of them, and all of the end.
  const std::size_t end = whole.size() - 1;
  for (std::size_t n = 0; n < end; n += n + 100 < end ? test::count(1, 13) : 1) {
    const auto r = read_json(std::string_view(whole).substr(0, n), "x.json");
    ASSERT_FALSE(r.ok()) << n;
    ASSERT_EQ(r.error().code, ExitCode::unreadable) << n;
  }
  EXPECT_TRUE(read_json(std::string_view(whole).substr(0, whole.size() - 1), "x.json").ok());
}

TEST(Json, ChangedBytesNeverCrashTheReaderOrARenderer) {
  const std::string whole = saved(test::faulted());
  const std::string_view damages("9\"}-\0", 5);
  for (std::size_t i = 0; i < whole.size(); i += test::count(3, 17)) {
    std::string damaged = whole;
    damaged[i] = damages[i % damages.size()];
    const auto r = read_json(damaged, "x.json");
    if (!r.ok()) continue;
    for (const Format& f : formats()) EXPECT_FALSE(f.render(*r, {}).empty());
  }
}

TEST(Json, AnErrorPointsToTheKey) {
  expect_error(edited([](auto& j) { j["layers"][1].erase("cycles"); }), "x.json: /layers/1/cycles", "missing");
  expect_error(edited([](auto& j) { j["totals"]["cycles"] = "many"; }), "/totals/cycles", "string");
  expect_error(edited([](auto& j) { j["totals"]["cycles"] = -1; }), "/totals/cycles", "");
  expect_error(edited([](auto& j) { j["functions"][0]["size_bytes"] = 1ULL << 40; }), "/functions/0/size_bytes",
               "too large");
  expect_error(edited([](auto& j) { j["fault"]["pc"] = "0x123456789"; }), "/fault/pc", "address");
  expect_error(edited([](auto& j) { j["stop"]["exit_code"] = 300; }), "/stop/exit_code", "exit code");
  expect_error(edited([](auto& j) { j["totals"]["cycles_by_reason"]["magic"] = 5; }), "/totals/cycles_by_reason",
               "reason");
}

TEST(Json, IndicesThatLeadNowhereAreErrors) {
  expect_error(edited([](auto& j) { j["call_tree"][2]["parent"] = 3; }), "/call_tree/2/parent", "row above");
  expect_error(edited([](auto& j) { j["layers"][0]["network"] = 1; }), "/layers/0/network", "row of /networks");
  expect_error(edited([](auto& j) { j["timeline"]["spans"][0]["name"] = 4; }), "/timeline/spans/0/name", "row of");
  expect_error(edited([](auto& j) { j["timeline"]["layers"][0]["layer"] = 2; }), "/timeline/layers/0/layer", "row of");
  expect_error(edited([](auto& j) { j["layers"][0]["activity"]["2"] = j["layers"][0]["activity"]["1"]; }), "/layers/0",
               "operating point");
  expect_error(edited([](auto& j) { j["totals"]["activity"]["99999999999"] = j["totals"]["activity"]["1"]; }),
               "/totals/activity/99999999999", "no index");
}

TEST(Json, AnObjectOfVeryManyKeysIsReadInNoTime) {
  // A reader that searched keys one by one would need an hour for these 7 MB, and the test would time out
  std::string text = "{\"schema\": \"another\"";
  for (int i = 0; i < 600'000; ++i) text += ",\"k" + std::to_string(i) + "\": 0";
  expect_error(text + "}", "/schema_version", "is missing");
}

TEST(Json, AnotherFileOrAnotherVersionIsToldApart) {
  expect_error("[]", "x.json", "not an object");
  expect_error("", "x.json", "not complete JSON");
  expect_error(R"({"schema": "other", "schema_version": 1})", "x.json", "'other'");
  expect_error(edited([](auto& j) { j["schema_version"] = 1; }), "x.json", "schema_version is 1");
}

}  // namespace
}  // namespace mj::report
