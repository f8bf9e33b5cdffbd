// The trace holds to the Trace Event Format and shows the timeline's cycles at the clocks that were set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/report/sample.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json traced(const profile::RunResult& r) { return json::parse(trace(r, {})); }

std::vector<json> events_of(const json& trace, const std::string& phase, int track = 0) {
  std::vector<json> out;
  for (const json& e : trace["traceEvents"])
    if (e["ph"] == phase && (track == 0 || e["tid"] == track)) out.push_back(e);
  return out;
}

double begin_ns(const json& e) { return std::round(e["ts"].get<double>() * 1e3); }
double end_ns(const json& e) { return begin_ns(e) + std::round(e["dur"].get<double>() * 1e3); }

/// Slices of a track neither cross nor stand before an earlier one.
void expect_nested(const std::vector<json>& slices) {
  std::vector<double> open;
  double last = 0;
  for (const json& e : slices) {
    EXPECT_GE(begin_ns(e), last) << e;
    last = begin_ns(e);
    while (!open.empty() && open.back() <= begin_ns(e)) open.pop_back();
    if (!open.empty()) {
      EXPECT_LE(end_ns(e), open.back()) << e;
    }
    open.push_back(end_ns(e));
  }
}

std::vector<std::string> names(const std::vector<json>& events) {
  std::vector<std::string> out;
  for (const json& e : events) out.push_back(e["name"]);
  return out;
}

TEST(Trace, HoldsToTheTraceEventFormat) {
  const json t = traced(test::sample());
  EXPECT_EQ(t["displayTimeUnit"], "ns");
  const std::set<std::string> names_of_metadata{"process_name", "thread_name", "thread_sort_index"};
  for (const json& e : t["traceEvents"]) {
    const std::string phase = e["ph"];
    EXPECT_TRUE(e["name"].is_string() && e["pid"].is_number_integer()) << e;
    if (phase == "M") {
      EXPECT_TRUE(names_of_metadata.count(e["name"])) << e;
      EXPECT_TRUE(e["args"].is_object()) << e;
      continue;
    }
    EXPECT_TRUE(e["ts"].is_number() && e["ts"] >= 0) << e;
    if (phase == "X") {
      EXPECT_TRUE(e["dur"].is_number() && e["dur"] >= 0 && e["tid"].is_number_integer()) << e;
    } else if (phase == "i") {
      EXPECT_EQ(e["s"], "t") << e;
    } else {
      EXPECT_EQ(phase, "C") << e;
      EXPECT_TRUE(e["args"]["MHz"].is_number()) << e;
    }
  }
}

TEST(Trace, NamesItsProcessAndTracks) {
  std::vector<std::string> given;
  for (const json& e : events_of(traced(test::sample()), "M"))
    if (e["args"].contains("name")) given.push_back(e["args"]["name"]);
  EXPECT_THAT(given, ElementsAre("kws.elf on nucleo-l4r5zi", "layers", "functions"));
}

TEST(Trace, LayersStandWhereTheyRan) {
  const auto layers = events_of(traced(test::sample()), "X", 1);
  EXPECT_THAT(names(layers), ElementsAre("0 CONV_2D model/conv/Relu", "1 SOFTMAX Identity", "0 CONV_2D model/conv/Relu",
                                         "1 SOFTMAX Identity"));
  // 4,000 cycles at 4 MHz are 1,000 µs; the layer begins 46,000 cycles at 120 MHz later.
  EXPECT_EQ(layers[0]["ts"], 1383.333);
  EXPECT_EQ(layers[0]["dur"], 3475.0);
  EXPECT_EQ(layers[0]["args"]["cycles"], 417'000);
  EXPECT_EQ(layers[0]["args"]["macs"], 320'000);
  EXPECT_DOUBLE_EQ(layers[0]["args"]["mean_energy_j"], 125.0000000095e-6);
  EXPECT_EQ(layers[0]["args"]["energy_tier"], "datasheet");
  expect_nested(layers);
}

TEST(Trace, CallsNestAndLastAsLongAsTheirCycles) {
  const auto r = test::sample();
  const auto calls = events_of(traced(r), "X", 2);
  EXPECT_THAT(names(calls), ElementsAre("Reset_Handler", "main", "conv2d", "softmax", "conv2d", "softmax"));
  expect_nested(calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& span = r.timeline.spans[i];
    EXPECT_EQ(calls[i]["args"]["cycles"], span.end - span.begin);
    if (span.begin < 4'000) continue;
    const double ns = static_cast<double>(span.end - span.begin) / 0.12;
    EXPECT_NEAR(end_ns(calls[i]) - begin_ns(calls[i]), ns, 1) << "both ends are rounded to a nanosecond";
  }
  EXPECT_EQ(end_ns(calls[0]), 1e6 + std::round(996'000 / 0.12)) << "the whole run, over both clocks";
}

TEST(Trace, SlicesOfOneCycleStillNest) {
  auto r = test::sample();
  r.totals.clocks = {{133'000'000, 1'000'000}};
  r.timeline.spans.clear();
  for (Cycle c = 0; c < 1'000; c += 7) {
    r.timeline.spans.push_back({0, 0, c, c + 7});
    r.timeline.spans.push_back({1, 1, c + 3, c + 7});
    r.timeline.spans.push_back({2, 2, c + 6, c + 7});
  }
  expect_nested(events_of(traced(r), "X", 2));
}

TEST(Trace, CallsOfInterleavedThreadsGetTracksOfTheirOwn) {
  auto r = test::sample();
  r.timeline.spans = {{0, 0, 0, 100'000}, {1, 0, 50'000, 200'000}, {2, 1, 60'000, 90'000}, {3, 0, 150'000, 160'000}};
  const json t = traced(r);
  EXPECT_THAT(names(events_of(t, "X", 2)), ElementsAre("Reset_Handler", "conv2d", "softmax"));
  EXPECT_THAT(names(events_of(t, "X", 3)), ElementsAre("main"));
  EXPECT_THAT(t.dump(), HasSubstr("functions, thread 2"));
  expect_nested(events_of(t, "X", 2));
}

TEST(Trace, ClocksAreACounter) {
  const auto clocks = events_of(traced(test::sample()), "C");
  ASSERT_EQ(clocks.size(), 2U);
  EXPECT_EQ(clocks[0]["ts"], 0);
  EXPECT_EQ(clocks[0]["args"]["MHz"], 4);
  EXPECT_EQ(clocks[1]["ts"], 1000);
  EXPECT_EQ(clocks[1]["args"]["MHz"], 120);
}

TEST(Trace, WhatIsLeftOutIsSaid) {
  auto r = test::sample();
  r.timeline.layers_left_out = 1;
  const json t = traced(r);
  const auto remarks = events_of(t, "i");
  EXPECT_THAT(names(remarks), ElementsAre("1,212 calls of fewer than 100 cycles left out",
                                          "1 layer invocation left out after the last one shown"));
  EXPECT_EQ(remarks[1]["tid"], 1);
  EXPECT_EQ(t["otherData"]["left_out"].size(), 2U);
}

TEST(Trace, NothingLeftOutNeedsNoRemark) {
  auto r = test::sample();
  r.timeline.left_out = 0;
  EXPECT_TRUE(events_of(traced(r), "i").empty());
}

TEST(Trace, WithoutAClockTheAxisSaysWhatItIs) {
  auto r = test::sample();
  r.totals.clocks.clear();
  EXPECT_EQ(traced(r)["otherData"]["time_axis"], "no clock is known: a cycle is drawn as a microsecond");
}

TEST(Trace, AnEmptyResultIsAValidTrace) { EXPECT_EQ(traced({})["traceEvents"].size(), 5U); }

TEST(Trace, NamesMayHoldAnything) {
  auto r = test::sample();
  r.timeline.names[2] = "operator\"\"_s\n\xff";
  EXPECT_EQ(events_of(traced(r), "X", 2)[2]["name"], "operator\"\"_s\n\xef\xbf\xbd");
}

}  // namespace
}  // namespace mj::report
