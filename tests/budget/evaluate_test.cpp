// What a rule is held against, when it passes, and what explains a finding.
#include "tests/budget/runs.h"
#include "tools/budget/names.h"

namespace mj::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Passes at the figure itself and fails just below it.
void limited_at(const std::string& before, double figure, const std::string& after, const RunResult& run = accepted()) {
  const auto with = [&](double max) { return before + R"({"max": )" + fmt_number(max) + "}" + after; };
  EXPECT_TRUE(judge(with(figure), run).passed()) << before;
  const budget::Verdict v = judge(with(figure * 0.999), run);
  EXPECT_EQ(v.exit_code(), ExitCode::budget) << before;
  ASSERT_THAT(v.findings(), SizeIs(1)) << before;
  EXPECT_DOUBLE_EQ(v.findings()[0]->judged, figure) << before;
  EXPECT_NEAR(v.findings()[0]->over(), figure * 0.001, figure * 1e-9) << before;
}

TEST(Evaluate, EveryMetricOfTheTotals) {
  const auto total = [](const std::string& metric, double figure) {
    limited_at("\"totals\": {\"" + metric + "\": ", figure, "}");
  };
  total("cycles", 1'000'000);
  total("instructions", 800'000);
  total("latency_ms", 10);
  total("energy_uj", 300);
  total("flash_bytes", 36'536);
  total("ram_bytes", 20'480);
  total("ram_peak_bytes", 20'480 + 512);
  total("stack_bytes", 512);
}

TEST(Evaluate, NetworksAndLayersAreOfOneInference) {
  limited_at(R"("networks": [{"name": "kws", "cycles": )", 450'000, "}]");
  limited_at(R"("networks": [{"name": "k?s", "latency_ms": )", 3.8, "}]");
  limited_at(R"("networks": [{"name": "*", "energy_uj": )", 140, "}]");
  limited_at(R"("layers": [{"name": "relu", "cycles": )", 416'000, "}]");
  limited_at(R"("layers": [{"op": "SOFTMAX", "instructions": )", 25'000, "}]");
  limited_at(R"("layers": [{"index": 1, "latency_ms": )", 0.25, "}]");
  limited_at(R"("layers": [{"op": "CONV_2D", "energy_uj": )", 125, "}]");
}

TEST(Evaluate, FunctionsAndRegionsAreOfTheWholeRun) {
  limited_at(R"("functions": [{"name": "conv2d", "self_cycles": )", 530'000, "}]");
  limited_at(R"("functions": [{"name": "conv2d", "inclusive_cycles": )", 830'000, "}]");
  limited_at(R"("functions": [{"name": "softmax", "self_instructions": )", 29'500, "}]");
  limited_at(R"("functions": [{"name": "softmax", "self_energy_uj": )", 0.0177, "}]");
  limited_at(R"("regions": [{"name": "SRAM1", "used_bytes": )", 20'480, "}]");
}

TEST(Evaluate, APatternJudgesEachOrTheSum) {
  const budget::Verdict each = judge(R"("layers": [{"name": "*", "cycles": {"max": 100000}}])", accepted());
  ASSERT_THAT(each.checks, SizeIs(2));
  EXPECT_EQ(each.checks[0].subject, "layer 0 CONV_2D relu");
  EXPECT_FALSE(each.checks[0].passed);
  EXPECT_EQ(each.checks[1].subject, "layer 1 SOFTMAX Identity");
  EXPECT_TRUE(each.checks[1].passed);
  limited_at(R"("layers": [{"name": "*", "sum": true, "cycles": )", 446'000, "}]");
  limited_at(R"("functions": [{"name": "layer_?", "sum": true, "self_cycles": )", 3'000, "}]");
}

TEST(Evaluate, NothingMayBeLimitedToNothing) {
  RunResult r = accepted();
  r.memory.regions.push_back({"SRAM2", "ram", 0x20040000, 65'536, 0, {}});
  EXPECT_TRUE(judge(R"("regions": [{"name": "SRAM2", "used_bytes": {"max": 0}}])", r).passed());
}

TEST(Evaluate, OfAFusedLayersNameTheFirstPartIsEnough) {
  RunResult r = accepted();
  r.layers[0].name = "model/conv/Relu;model/conv/Conv2D";
  for (const char* name : {"model/conv/Relu", "*Relu", "*;model/conv/Conv2D"})
    EXPECT_EQ(judge(std::string(R"("layers": [{"name": ")") + name + R"(", "cycles": {"max": 1}}])", r).checks.size(),
              1u)
        << name;
}

TEST(Evaluate, Patterns) {
  using budget::matches;
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "aXbbYc"));
  EXPECT_FALSE(matches("a*b*c", "aXbbY"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("model/[conv]", "model/[conv]"));
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*b", std::string(2'000, 'a')));
}

TEST(Evaluate, TheHighEndOfTheIntervalOnlyWhereAsked) {
  const std::string with = R"("totals": {"cycles": {"max": 1100000)";
  EXPECT_TRUE(judge(with + "}}", accepted()).passed());
  const budget::Verdict v = judge(with + R"(, "confidence": "high"}})", accepted());
  ASSERT_THAT(v.findings(), SizeIs(1));
  EXPECT_EQ(v.findings()[0]->judged, 1'200'000);
  EXPECT_EQ(v.findings()[0]->actual.value, 1'000'000);
  EXPECT_EQ(v.findings()[0]->actual.low, 900'000);
  EXPECT_THAT(budget::text(v, {}, false), HasSubstr("judged was its high end, 1,200,000 cycles"));
  // What is counted exactly has no other end.
  EXPECT_TRUE(judge(R"("totals": {"flash_bytes": {"max": 36536, "confidence": "high"}})", accepted()).passed());
}

TEST(Evaluate, IncreasesAgainstABaseline) {
  const auto increase = [](const std::string& limit) {
    return judge(R"("totals": {"cycles": {)" + limit + "}}", regressed(), accepted());
  };
  EXPECT_TRUE(increase(R"("max_increase": 200000)").passed());
  EXPECT_FALSE(increase(R"("max_increase": 199999)").passed());
  EXPECT_TRUE(increase(R"("max_increase_percent": 20)").passed());
  const budget::Verdict v = increase(R"("max_increase_percent": 19.9)");
  ASSERT_THAT(v.findings(), SizeIs(1));
  EXPECT_EQ(v.findings()[0]->baseline, 1'000'000);
  EXPECT_NEAR(v.findings()[0]->allowed, 1'199'000, 1e-6);
  // Less than the baseline is no increase.
  EXPECT_TRUE(judge(R"("totals": {"cycles": {"max_increase": 0}})", accepted(), regressed()).passed());
  // One rule may hold several limits: each is a check.
  EXPECT_THAT(increase(R"("max": 1, "max_increase": 1, "max_increase_percent": 1)").findings(), SizeIs(3));
}

TEST(Evaluate, TheSumsBaselineHasWhatWasThereThen) {
  const std::string rules = R"("layers": [{"name": "*", "sum": true, "cycles": {"max_increase": 99999}}])";
  const budget::Verdict v = judge(rules, regressed(), accepted());
  ASSERT_THAT(v.findings(), SizeIs(1));
  EXPECT_EQ(v.findings()[0]->baseline, 446'000);
  EXPECT_EQ(v.findings()[0]->judged, 546'000);
}

// ---- what explains a finding ----------------------------------------------------------------------------------------

TEST(Contributors, ALayersFunctionAndLineThatGrewMost) {
  // conv2d's hottest line is 120, but 123 is the one that grew.
  const std::string rules = R"("layers": [{"name": "relu", "cycles": {"max": 416000}}])";
  EXPECT_THAT(explained(judge(rules, regressed(), accepted())), ElementsAre("function conv2d", "line kernels.c:123"));
  const budget::Verdict v = judge(rules, regressed(), accepted());
  const auto& c = v.findings()[0]->contributors;
  EXPECT_EQ(c[0].now, 515'000);
  EXPECT_EQ(c[0].before, 415'000);
  EXPECT_EQ(c[1].now, 330'000);
  EXPECT_EQ(c[1].before, 130'000);
}

TEST(Contributors, WithoutABaselineTheLargest) {
  EXPECT_THAT(explained(judge(R"("layers": [{"name": "relu", "cycles": {"max": 1}}])", accepted())),
              ElementsAre("function conv2d", "line kernels.c:120"));
  EXPECT_THAT(explained(judge(R"("layers": [{"op": "SOFTMAX", "cycles": {"max": 1}}])", accepted())),
              ElementsAre("function softmax", "line softmax.c:9"));
}

TEST(Contributors, OfTotalsAndNetworksTheLayerToo) {
  const auto all = ElementsAre("layer 0 CONV_2D relu", "function conv2d", "line kernels.c:123");
  EXPECT_THAT(explained(judge(R"("totals": {"cycles": {"max_increase": 1}})", regressed(), accepted())), all);
  EXPECT_THAT(explained(judge(R"("networks": [{"name": "kws", "latency_ms": {"max_increase": 0.1}}])", regressed(),
                              accepted())),
              all);
}

TEST(Contributors, OfAFunctionItsLineOrWhatItCalls) {
  EXPECT_THAT(explained(judge(R"("functions": [{"name": "conv2d", "self_cycles": {"max_increase": 1}}])", regressed(),
                              accepted())),
              ElementsAre("function conv2d", "line kernels.c:123"));
  EXPECT_THAT(explained(judge(R"("functions": [{"name": "invoke", "inclusive_cycles": {"max_increase": 1}}])",
                              regressed(), accepted())),
              ElementsAre("function conv2d", "line kernels.c:123"));
}

TEST(Contributors, LinesOfWhatIsInlined) {
  // conv2d itself is as it was; dot_product, which exists only inlined in it, takes longer.
  RunResult slow = regressed();
  slow.functions[0].self_cycles = 530'000;
  slow.functions[1].self_cycles = slow.functions[1].inclusive_cycles = 500'000;
  slow.lines[1].cycles = 130'000;
  slow.lines[2].cycles = 500'000;
  EXPECT_THAT(explained(judge(R"("layers": [{"name": "relu", "cycles": {"max_increase": 1}}])", slow, accepted())),
              ElementsAre("function conv2d (mostly dot_product, inlined)", "line dot.h:7"));
}

TEST(Contributors, LinesThatMovedAreFoundAgain) {
  // Ten lines were added above conv2d. Without knowing that, each of its lines would seem to be new.
  RunResult slow = regressed();
  for (profile::Line& l : slow.lines)
    if (l.function == "conv2d") l.line += 10;
  const budget::Verdict v = judge(R"("layers": [{"name": "relu", "cycles": {"max_increase": 1}}])", slow, accepted());
  EXPECT_THAT(explained(v), ElementsAre("function conv2d", "line kernels.c:133"));
  EXPECT_EQ(v.findings()[0]->contributors[1].before, 130'000);
}

TEST(Contributors, ClonesAreOneFunctionAndNamesakesAreTwo) {
  RunResult slow = regressed();
  slow.functions[0].name = slow.call_tree[4].name = "conv2d.constprop.0";
  for (profile::Line& l : slow.lines)
    if (l.function == "conv2d") l.function = "conv2d.constprop.0";
  const std::string rules = R"("layers": [{"name": "relu", "cycles": {"max_increase": 1}}])";
  const budget::Verdict v = judge(rules, slow, accepted());
  EXPECT_THAT(explained(v), ElementsAre("function conv2d", "line kernels.c:123"));
  EXPECT_EQ(v.findings()[0]->contributors[0].before, 415'000);

  using budget::function_identity;
  EXPECT_EQ(function_identity("f.isra.0.constprop.1"), "f");
  EXPECT_EQ(function_identity("f.part.0 (a.c)"), "f (a.c)");
  EXPECT_EQ(function_identity("f (b.c)"), "f (b.c)");
  EXPECT_EQ(function_identity("f (a.c) @0x08001234"), "f (a.c)");
  EXPECT_EQ(function_identity("[sleep]"), "[sleep]");
}

TEST(Contributors, AFunctionThatSeveralLayersShareIsSaidToBeShared) {
  RunResult r = accepted();
  r.call_tree[5].name = "layer_0";
  r.layers[1].function = "layer_0";
  const budget::Verdict v = judge(R"("layers": [{"op": "SOFTMAX", "cycles": {"max": 1}}])", r);
  ASSERT_THAT(v.findings(), SizeIs(1));
  EXPECT_EQ(v.findings()[0]->contributors[0].unit, "cycles in all layers of its function");
}

TEST(Contributors, OfMemoryItsSectionsAndTheDeepestStack) {
  RunResult large = accepted();
  large.memory.flash_used += 1'000;
  large.memory.regions[0].sections = {{".text", 36'532}, {".rodata", 1'004}};
  EXPECT_THAT(explained(judge(R"("totals": {"flash_bytes": {"max_increase": 1}})", large, accepted())),
              ElementsAre("section .rodata"));
  EXPECT_THAT(explained(judge(R"("totals": {"flash_bytes": {"max": 1}})", large)), ElementsAre("section .text"));
  EXPECT_THAT(explained(judge(R"("totals": {"stack_bytes": {"max": 1}})", accepted())),
              ElementsAre("deepest stack main > conv2d"));
  EXPECT_THAT(explained(judge(R"("regions": [{"name": "SRAM1", "used_bytes": {"max": 1}}])", accepted())),
              ElementsAre("section .bss"));
}

// ---- what can't be judged -------------------------------------------------------------------------------------------

TEST(NotJudged, ARuleThatMatchesNothing) {
  expect_refused(R"("layers": [{"name": "rely", "cycles": {"max": 1}}])", accepted(), {},
                 {"matches nothing", "budget.json#/layers/0/cycles", "relu, Identity", "did you mean \"relu\"?"});
  expect_refused(R"("layers": [{"op": "SOFTMAXX", "cycles": {"max": 1}}])", accepted(), {},
                 {"matches nothing", "CONV_2D, SOFTMAX", "did you mean \"SOFTMAX\"?"});
  expect_refused(R"("functions": [{"name": "conv3d", "self_cycles": {"max": 1}}])", accepted(), {},
                 {"/functions/0/self_cycles", "did you mean \"conv2d\"?"});
  expect_refused(R"("regions": [{"name": "SRAM2", "used_bytes": {"max": 1}}])", accepted(), {}, {"flash, SRAM1"});
  RunResult bare = accepted();
  bare.networks.clear();
  bare.layers.clear();
  expect_refused(R"("networks": [{"name": "*", "cycles": {"max": 1}}])", bare, {}, {"has no networks"});
}

TEST(NotJudged, EnergyWithoutATable) {
  expect_refused(R"("totals": {"energy_uj": {"max": 1}})", unpriced(), {},
                 {"energy is not known of this run", "#/totals/energy_uj", "nobody published this core's current"});
  expect_refused(R"("layers": [{"index": 0, "energy_uj": {"max": 1}}])", unpriced(), {}, {"#/layers/0/energy_uj"});
}

TEST(NotJudged, ANetworkThatNeverRan) {
  RunResult r = accepted();
  r.networks[0].inferences = 0;
  expect_refused(R"("networks": [{"name": "kws", "cycles": {"max": 1e9}}])", r, {}, {"no inference ran to its end"});
  expect_refused(R"("layers": [{"name": "relu", "cycles": {"max": 1e9}}])", r, {}, {"no inference ran to its end"});
}

TEST(NotJudged, AnIncreaseWithoutABaseline) {
  expect_refused(R"("totals": {"cycles": {"max_increase": 1}})", accepted(), {},
                 {"there is no baseline", "#/totals/cycles", "--update-baseline"});
}

TEST(NotJudged, ARunThatDidNotFinish) {
  // The budget's limits all hold, and it doesn't pass.
  const budget::Verdict v = judge(R"("totals": {"cycles": {"max": 1e12}})", faulted());
  EXPECT_FALSE(v.passed());
  EXPECT_EQ(v.exit_code(), ExitCode::firmware_fault);
  EXPECT_THAT(v.checks, SizeIs(0));
  EXPECT_THAT(budget::text(v, {}, false), HasSubstr("the run did not finish"));
  EXPECT_THAT(budget::text(v, {}, false), HasSubstr("BusFault at conv2d+0x10 (kernels.c:12); exit code 4"));
}

TEST(NotJudged, ABaselineOfAnotherKind) {
  const std::string rules = R"("totals": {"cycles": {"max": 2e6}})";
  RunResult other = accepted();
  other.provenance.board = "pico";
  expect_refused(rules, accepted(), other,
                 {"another board", "it ran on pico, this run on nucleo-l4r5zi", "--update-baseline"});
  other = accepted();
  other.provenance.timing_model_version = "0";
  expect_refused(rules, accepted(), other, {"another timing-model version", "of version 0, this run of 1"});
  other = accepted();
  other.provenance.held_clock_hz = 48'000'000;
  expect_refused(rules, accepted(), other, {"other conditions", "clock held at 48000000 Hz", "as programmed"});
  expect_refused(rules, accepted(), faulted(), {"the baseline's run did not finish"});
  other = accepted();
  other.energy_model.volts = 1.8;
  EXPECT_TRUE(judge(rules, accepted(), other).passed()) << "no joules are compared";
  expect_refused(R"("totals": {"energy_uj": {"max_increase": 1}})", accepted(), other,
                 {"energy is of other conditions", "ldo, 1.8 V", "ldo, 3 V"});
}

TEST(NotJudged, AnotherFirmwaresBaseline) {
  const std::string rules = R"("totals": {"cycles": {"max_increase": 1}})";
  RunResult other = accepted();
  other.networks[0].name = "vww";
  expect_refused(rules, accepted(), other, {"another firmware's baseline", "kws.elf has no network vww"});
  other = accepted();
  other.layers[1].name = "head";
  expect_refused(rules, accepted(), other, {"another firmware's baseline", "no layer 1 SOFTMAX head"});
  other = accepted();
  other.layers[1].op = "LOGISTIC";
  expect_refused(rules, accepted(), other, {"another firmware's baseline", "no layer 1 LOGISTIC Identity"});
  other = accepted();
  other.networks.clear();
  other.layers.clear();
  RunResult bare = other;
  for (profile::Function& f : other.functions) f.name = "other_" + f.name;
  expect_refused(rules, bare, other, {"another firmware's baseline", "function other_conv2d"});
  // A function renamed is daily work.
  other = bare;
  other.functions[3].name = "soft_max";
  EXPECT_TRUE(judge(rules, bare, other).passed());
  // But not one that the budget asks about.
  expect_refused(R"("functions": [{"name": "softmax", "self_cycles": {"max_increase": 1}}])", bare, other,
                 {"the baseline doesn't know", "function softmax", "function soft_max"});
}

}  // namespace
}  // namespace mj::test
