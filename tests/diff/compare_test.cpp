// What is compared with what, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/diff/improved.h"

namespace mj::diff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Metric& metric(const Diff& d, const std::string& name) {
  for (const Metric& m : d.totals)
    if (m.name == name) return m;
  ADD_FAILURE() << "no " << name;
  return d.totals.front();
}

const LayerRow& layer(const Diff& d, const std::string& name) {
  for (const LayerRow& r : d.layers)
    if (r.name == name) return r;
  ADD_FAILURE() << "no " << name;
  return d.layers.front();
}

const FunctionRow& function(const Diff& d, const std::string& name) {
  for (const FunctionRow& r : d.functions)
    if (r.name == name) return r;
  ADD_FAILURE() << "no " << name;
  return d.functions.front();
}

template <class Rows>
double changes(const Rows& rows, auto value) {
  double sum = 0;
  for (const auto& r : rows) sum += (r.*value).change();
  return sum;
}

TEST(Compare, TheSameRunTwiceHasNoChange) {
  const Diff d = test::compared(test::sample(), test::sample());
  for (const Metric& m : d.totals) EXPECT_FALSE(m.value.changed()) << m.name;
  for (const LayerRow& r : d.layers) EXPECT_TRUE(r.match == Match::same && !r.cycles.changed()) << r.name;
  for (const FunctionRow& r : d.functions) EXPECT_TRUE(r.match == Match::same && !r.cycles.changed()) << r.name;
  for (const SizeRow& r : d.sizes) EXPECT_FALSE(r.bytes.changed()) << r.name;
  EXPECT_THAT(d.remarks, IsEmpty());
}

TEST(Compare, Totals) {
  const Diff d = test::compared(test::sample(), test::improved());
  EXPECT_EQ(metric(d, "cycles").value.change(), -199'000);
  EXPECT_DOUBLE_EQ(*metric(d, "cycles").value.percent(), -19.9);
  EXPECT_NEAR(metric(d, "energy").value.change(), -60e-6, 1e-12);
  EXPECT_NEAR(metric(d, "energy/inference, kws").value.change(), -30e-6, 1e-12);
  EXPECT_EQ(metric(d, "cycles/inference, kws").value.change(), -99'500);
  EXPECT_NEAR(metric(d, "latency, kws").value.change(), (0.0059416 - 0.0076) / 2, 1e-12);
  EXPECT_EQ(metric(d, "flash").value.change(), 96);
  EXPECT_FALSE(metric(d, "stack, peak").value.changed());
}

TEST(Compare, RowsSumToTheTotalsChange) {
  const Diff d = test::compared(test::sample(), test::improved());
  EXPECT_EQ(changes(d.layers, &LayerRow::cycles), -199'000);
  EXPECT_EQ(changes(d.functions, &FunctionRow::cycles), -199'000);
  EXPECT_EQ(changes(d.reasons, &ReasonRow::cycles), -199'000);
  EXPECT_NEAR(changes(d.layers, &LayerRow::energy_j), -60e-6, 1e-12);
  EXPECT_NEAR(changes(d.functions, &FunctionRow::energy_j), -60e-6, 1e-12);
}

TEST(Compare, TheLargestChangeIsFirst) {
  const Diff d = test::compared(test::sample(), test::improved());
  EXPECT_EQ(d.layers[0].op, "CONV_2D");
  EXPECT_EQ(d.layers[1].op, "SOFTMAX");
  std::vector<std::string> names;
  for (const FunctionRow& r : d.functions) names.push_back(r.name);
  EXPECT_THAT(names, ElementsAre("conv2d", "dot_product", "softmax", "main"));
}

TEST(Compare, SwappedRunsGiveOppositeChanges) {
  const Diff d = test::compared(test::improved(), test::sample());
  EXPECT_EQ(metric(d, "cycles").value.change(), 199'000);
  EXPECT_EQ(d.layers[0].cycles.change(), 200'000);
}

TEST(Compare, ALayerUnderAnotherNameIsRenamedAndNotNew) {
  auto b = test::sample();
  b.layers[1].name = "scores";
  const Diff d = test::compared(test::sample(), b);
  EXPECT_EQ(layer(d, "scores").match, Match::renamed);
  EXPECT_EQ(layer(d, "scores").name_a, "Identity");
  EXPECT_EQ(layer(d, "scores").cycles.change(), 0);
}

TEST(Compare, ALayerThatMovedIsFoundByItsName) {
  auto b = test::sample();
  auto relu = b.layers[0];
  relu.op = "RELU";
  relu.name = "extra";
  relu.index = 1;
  b.layers[1].index = 2;
  b.layers.insert(b.layers.begin() + 1, relu);
  const Diff d = test::compared(test::sample(), b);
  EXPECT_EQ(layer(d, "Identity").match, Match::same);
  EXPECT_EQ(*layer(d, "Identity").index_a, 1);
  EXPECT_EQ(*layer(d, "Identity").index_b, 2);
  EXPECT_EQ(layer(d, "extra").match, Match::added);
  EXPECT_EQ(layer(d, "extra").cycles.change(), 832'000);
  EXPECT_FALSE(layer(d, "extra").cycles.percent()) << "there is nothing that it could be a part of";
}

TEST(Compare, LayersOfAnotherOperationAreNotTheSame) {
  auto b = test::sample();
  b.layers[1].op = "LOGISTIC";
  b.layers[1].name = "scores";
  const Diff d = test::compared(test::sample(), b);
  EXPECT_EQ(layer(d, "scores").match, Match::added);
  EXPECT_EQ(layer(d, "Identity").match, Match::removed);
  EXPECT_EQ(layer(d, "Identity").cycles.change(), -60'000);
}

TEST(Compare, OneNetworkUnderAnotherNameIsTheSameNetwork) {
  auto b = test::sample();
  b.networks[0].name = "kws_v2";
  const Diff d = test::compared(test::sample(), b);
  EXPECT_EQ(layer(d, "Identity").match, Match::same);
  EXPECT_FALSE(metric(d, "latency, kws_v2").value.changed());
}

TEST(Compare, DifferentNumbersOfInferencesAreComparedByTheMean) {
  auto b = test::sample();
  b.networks[0].inferences = 1;
  b.networks[0].cycles = 450'000;
  b.networks[0].between_cycles = 4'000;
  b.layers[0].cycles = 416'000;
  b.layers[1].cycles = 30'000;
  const Diff d = test::compared(test::sample(), b);
  EXPECT_TRUE(d.per_inference);
  EXPECT_FALSE(d.layers.empty());
  for (const LayerRow& r : d.layers)
    if (r.kind != LayerRow::Kind::outside_of_inference) {
      EXPECT_FALSE(r.cycles.changed()) << r.name;
    }
  EXPECT_EQ(metric(d, "inferences, kws").value.change(), -1);
  EXPECT_FALSE(metric(d, "cycles/inference, kws").value.changed());
  EXPECT_THAT(d.remarks, ElementsAre(HasSubstr("different numbers of inferences")));
}

TEST(Compare, AFunctionInlinedInOneRunIsOneFunction) {
  const Diff d = test::compared(test::sample(), test::improved());
  const FunctionRow& f = function(d, "dot_product");
  EXPECT_EQ(f.match, Match::same);
  EXPECT_TRUE(f.inlined_a);
  EXPECT_FALSE(f.inlined_b);
  EXPECT_EQ(f.cycles.change(), -80'000);
}

TEST(Compare, FunctionsAddedAndRemoved) {
  auto a = test::sample(), b = test::sample();
  a.functions[3].name = "old";
  b.functions[3].name = "young";
  const Diff d = test::compared(a, b);
  EXPECT_EQ(function(d, "old").match, Match::removed);
  EXPECT_EQ(function(d, "old").cycles.change(), -60'000);
  EXPECT_EQ(function(d, "young").match, Match::added);
  EXPECT_NEAR(function(d, "young").energy_j.change(), 28e-6, 1e-9);
}

TEST(Compare, ClonesAndMovedFilesAreTheSameFunction) {
  auto b = test::sample();
  b.functions[1].name = "conv2d.constprop.0";
  b.functions[2].file = "/other/place/kernels.c";
  const Diff d = test::compared(test::sample(), b);
  EXPECT_EQ(function(d, "conv2d.constprop.0").match, Match::renamed);
  EXPECT_EQ(function(d, "conv2d.constprop.0").name_a, "conv2d");
  EXPECT_EQ(function(d, "main").match, Match::same);
}

TEST(Compare, NamesakesOfTwoFilesStayApart) {
  auto a = test::sample(), b = test::sample();
  for (auto* r : {&a, &b}) {
    r->functions[2].name = r->functions[3].name = "init";
    r->functions[3].file = "uart.c";
  }
  b.functions[3].self_cycles += 5;
  const Diff d = test::compared(a, b);
  EXPECT_EQ(d.functions[0].file, "uart.c");
  EXPECT_EQ(d.functions[0].cycles.change(), 5);
}

TEST(Compare, SectionsAndSymbols) {
  auto a = test::sample(), b = test::improved();
  a.memory.largest_symbols = {{"arena", 15'498}, {"gone", 9'000}, {"weights", 2'816}, {"tiny", 20}};
  b.memory.largest_symbols = {{"arena", 16'000}, {"weights", 2'816}, {"table", 100}, {"tidy", 19}};
  const Diff d = test::compared(a, b);
  std::vector<std::string> changed;
  for (const SizeRow& r : d.sizes)
    if (r.bytes.changed()) changed.push_back(r.name);
  EXPECT_THAT(changed, ElementsAre("gone", "arena", "table", ".text", "tiny"))
      << "tidy may have been there, too: A lists nothing below 20 bytes";
}

TEST(Compare, EnergyThatOneRunDoesntKnowIsNotCompared) {
  const Diff d = test::compared(test::unpriced(), test::sample());
  for (const Metric& m : d.totals) EXPECT_NE(m.unit, Unit::joules) << m.name;
  for (const LayerRow& r : d.layers) EXPECT_FALSE(r.energy_j.known());
  EXPECT_THAT(d.remarks,
              ElementsAre("energy is not compared, that of A is unknown: nobody published this core's current"));
}

TEST(Compare, OtherBoardsWhatIfsPricesAndEndsAreRemarks) {
  auto b = test::faulted();
  b.provenance.board = "pico";
  b.provenance.held_clock_hz = 48'000'000;
  b.provenance.held_wait_states = "2";
  b.energy_model.volts = 1.8;
  EXPECT_THAT(test::compared(test::sample(), b).remarks,
              ElementsAre("different boards: A nucleo-l4r5zi, B pico; cycles and prices are of different hardware",
                          "different what-ifs: A none, B clock 48 MHz, flash wait states 2",
                          HasSubstr("B did not end well, its numbers are of the part that ran: BusFault"),
                          HasSubstr("different energy prices: A table nucleo-l4r5zi, internal LDO at 3 V, B table")));
}

TEST(Compare, AnotherVersionOfTheTimingModelIsRefused) {
  auto b = test::sample();
  b.provenance.timing_model_version = "2";
  const auto d = compare(test::sample(), "a.mj.json", b, "b.mj.json");
  ASSERT_FALSE(d.ok());
  EXPECT_EQ(d.error().code, ExitCode::usage);
  EXPECT_EQ(d.error().text(), R"(error: these results can't be compared
  where: a.mj.json, b.mj.json
  why: they were timed by different models: version 1 and version 2
  try: run both firmwares again with this program)");
}

TEST(Compare, EmptyResultsAreNoTrouble) {
  EXPECT_FALSE(test::compared({}, {}).totals.empty());
  auto b = test::sample();
  b.provenance.timing_model_version = "";
  EXPECT_EQ(metric(test::compared({}, b), "cycles").value.change(), 1'000'000);
  EXPECT_EQ(metric(test::compared(b, {}), "cycles").value.change(), -1'000'000);
}

}  // namespace
}  // namespace mj::diff
