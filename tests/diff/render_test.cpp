// A comparison as people and programs get it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/diff/improved.h"
#include "tools/report/format.h"

namespace mj::diff {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shown(const profile::RunResult& a, const profile::RunResult& b, const report::Options& o = {}) {
  return text(test::compared(a, b), o);
}

TEST(Text, WhatGotBetter) {
  EXPECT_EQ(shown(test::sample(), test::improved()), R"(microjoule diff   a.mj.json → b.mj.json
  A           a.mj.json: kws.elf, CRC-32 3f2a9c01, nucleo-l4r5zi (cortex-m4)
  B           b.mj.json: kws.elf, CRC-32 0badcafe, nucleo-l4r5zi (cortex-m4)
  cycles      1,000,000 → 801,000 cycles: -199,000, -19.9 %
  energy      300.0 µJ → 240.0 µJ: -60.00 µJ, -20.0 %
  confidence  cycles A -3.0 % to +3.0 %, B -3.0 % to +3.0 %
              energy A -15.0 % to +20.0 %, datasheet; B -15.0 % to +20.0 %, datasheet
              both by the same model of the cycles: most of its error cancels in the change

totals
                                 A         B     change        %
  cycles                 1,000,000   801,000   -199,000  -19.9 %
  instructions             800,000   800,000  no change
  simulated time          10.00 ms  8.342 ms  -1.658 ms  -16.6 %
  energy                  300.0 µJ  240.0 µJ  -60.00 µJ  -20.0 %
  average power           30.00 mW  30.00 mW  no change
  cycles/inference, kws    450,000   350,500    -99,500  -22.1 %
  latency, kws            3.800 ms  2.971 ms  -829.2 µs  -21.8 %
  energy/inference, kws   140.0 µJ  110.0 µJ  -30.00 µJ  -21.4 %
  flash                   36,536 B  36,632 B      +96 B   +0.3 %
  RAM, static             20,480 B  20,480 B  no change
  stack, peak                512 B     512 B  no change
  RAM, peak               20,992 B  20,992 B  no change

layers   by the largest change; 2 rows without a change left out; µJ: datasheet, confidence above
  #  op       name             A cycles  B cycles    change        %  µJ change        %
  0  CONV_2D  model/conv/Relu   832,000   632,000  -200,000  -24.0 %    -60.000  -24.0 %
  1  SOFTMAX  Identity           60,000    61,000    +1,000   +1.7 %  no change

functions   by the largest change; 1 row without a change left out; self cycles; µJ: datasheet,
            confidence above
   A self   B self    change        %  µJ change        %    size  function
  132,000   12,000  -120,000  -90.9 %    -20.000  -40.0 %          conv2d
  700,000  620,000   -80,000  -11.4 %    -40.000  -20.0 %  +128 B  dot_product (inlined in A)
   60,000   61,000    +1,000   +1.7 %  no change                   softmax

why   by the largest change; 2 rows without a change left out
  reason  A cycles  B cycles    change        %
  issue    800,000   601,000  -199,000  -24.9 %

sizes   by the largest change; 2 rows without a change left out
           name                A         B  change       %
  section  flash .text  36,532 B  36,628 B   +96 B  +0.3 %
)");
}

TEST(Text, NoChangeIsSaidPlainly) {
  const std::string report = shown(test::sample(), test::sample());
  EXPECT_THAT(report, HasSubstr("  firmware    the same file in both\n"));
  EXPECT_THAT(report, HasSubstr("  cycles      no change: 1,000,000 cycles in both\n"));
  EXPECT_THAT(report, HasSubstr("  result      no change in anything that is compared\n"));
  for (const char* section : {"layers", "functions", "why", "sizes"})
    EXPECT_THAT(report, HasSubstr("\n" + std::string(section) + "   no change\n"));
}

TEST(Text, RenamedAddedAndRemovedRowsAreShownAsSuch) {
  auto a = test::sample(), b = test::sample();
  b.layers[0].name = "conv";
  b.layers[1].op = "LOGISTIC";
  b.functions[2].name = "main.constprop.0";
  b.functions[3].name = "logistic";
  const std::string report = shown(a, b);
  EXPECT_TRUE(std::regex_search(report, std::regex(R"(0 +CONV_2D +conv \(was mo[^\n]*832,000 +832,000 +no change)")))
      << report;
  EXPECT_TRUE(std::regex_search(report, std::regex(R"(1 +LOGISTIC +Identity +- +60,000 +\+60,000 +new)"))) << report;
  EXPECT_TRUE(std::regex_search(report, std::regex(R"(1 +SOFTMAX +Identity +60,000 +- +-60,000 +gone)"))) << report;
  EXPECT_THAT(report, HasSubstr("main.constprop.0 (was main)"));
}

TEST(Text, AChangeTooSmallForItsColumnIsNoZero) {
  auto b = test::improved();
  b.layers[1].energy->split.core_fj += 1;
  EXPECT_THAT(shown(test::sample(), b), HasSubstr("+1,000   +1.7 %     <0.001"));
}

TEST(Text, NothingIsWiderThanTheTerminal) {
  auto b = test::improved();
  b.functions[0].name = "tflite::reference_integer_ops::ConvPerChannel<signed char, signed char, int>::Evaluate(int)";
  b.layers[0].op = "DEPTHWISE_CONV_2D";
  b.layers[0].name = "functional_1/activation_3/Relu/with/a/long/path";
  b.provenance.compiler = std::string(200, 'c');
  for (unsigned width = 80; width <= 140; ++width) {
    report::Options options;
    options.width = width;
    std::istringstream report(shown(test::sample(), b, options));
    for (std::string line; std::getline(report, line);) ASSERT_LE(report::columns(line), width) << line;
  }
}

TEST(Text, RowsBeyondTheLimitAreCounted) {
  report::Options options;
  options.rows = 1;
  EXPECT_THAT(shown(test::sample(), test::improved(), options), HasSubstr("-79,000"));
  EXPECT_THAT(shown(test::sample(), test::improved(), options), HasSubstr("2 more functions"));
}

TEST(Text, NamesCantSteerTheTerminal) {
  auto b = test::improved();
  const std::string evil = "\x1b]0;owned\x07\r\n";
  b.provenance.compiler = b.layers[0].name = b.functions[0].name = b.networks[0].name = evil;
  EXPECT_THAT(shown(test::sample(), b), Not(HasSubstr("\x1b")));
}

TEST(Text, AnEmptyResultHasNoNumbersMadeUp) {
  const std::string report = shown({}, {});
  EXPECT_FALSE(std::regex_search(report, std::regex("\\b(nan|inf)\\b"))) << report;
}

TEST(Markdown, TablesForAJobSummary) {
  const std::string md = markdown(test::compared(test::sample(), test::improved()), {});
  EXPECT_THAT(md, HasSubstr("## microjoule diff\n"));
  EXPECT_THAT(md, HasSubstr("| cycles | 1,000,000 → 801,000 cycles: -199,000, -19.9 % |\n"));
  EXPECT_THAT(md, HasSubstr("| cycles | 1,000,000 | 801,000 | -199,000 | -19.9 % |\n"));
  EXPECT_THAT(
      md,
      HasSubstr("| 0 | CONV\\_2D | model/conv/Relu | 832,000 | 632,000 | -200,000 | -24.0 % | -60.000 | -24.0 % |\n"));
}

TEST(Json, HoldsEveryRow) {
  const auto j = nlohmann::json::parse(json(test::compared(test::sample(), test::improved()), {}));
  EXPECT_EQ(j["schema"], "microjoule-diff");
  EXPECT_EQ(j["a"]["file"], "a.mj.json");
  EXPECT_EQ(j["b"]["energy"]["tier"], "datasheet");
  EXPECT_EQ(j["totals"][0]["name"], "cycles");
  EXPECT_EQ(j["totals"][0]["change"], -199'000);
  EXPECT_TRUE(j["totals"][0]["change"].is_number_integer());
  EXPECT_EQ(j["layers"].size(), 4U) << "two layers, between, outside";
  EXPECT_EQ(j["layers"][0]["cycles"]["b"], 632'000);
  EXPECT_NEAR(j["layers"][0]["energy"]["change"].get<double>(), -60e-6, 1e-12);
  EXPECT_EQ(j["layers"][0]["energy"]["unit"], "J");
  EXPECT_EQ(j["functions"].size(), 4U);
}

TEST(Json, WhatIsUnknownIsNull) {
  const auto j = nlohmann::json::parse(json(test::compared(test::unpriced(), test::unpriced()), {}));
  EXPECT_TRUE(j["layers"][0]["energy"]["a"].is_null());
  EXPECT_TRUE(j["layers"][0]["energy"]["change"].is_null());
  EXPECT_TRUE(j["a"]["energy"].is_null());
}

TEST(Csv, OneRowANumber) {
  const std::string table = csv(test::compared(test::sample(), test::improved()), {});
  EXPECT_THAT(table, HasSubstr("kind,group,name,match,metric,unit,a,b,change,change_percent\n"
                               "total,,cycles,same,cycles,cycles,1000000,801000,-199000,-19.9\n"));
  EXPECT_THAT(table, HasSubstr("total,,\"latency, kws\",same,\"latency, kws\",s,0.0038,0.0029708,-0.0008292,"));
  EXPECT_THAT(table,
              HasSubstr("\nlayer,kws,0 CONV_2D model/conv/Relu;model/conv/Conv2D,same,energy,J,0.000250000000019,"
                        "0.000190000000019,-6e-05,-24\n"));
  EXPECT_THAT(table, HasSubstr("\nfunction,kernels.c,conv2d,same,self_cycles,cycles,132000,12000,-120000,-90.9091\n"));
  EXPECT_THAT(table, HasSubstr("\noutside_of_inference,,,same,cycles,cycles,100000,100000,0,0\n"));
  EXPECT_THAT(table, HasSubstr("\nsection,flash,.text,same,size,B,36532,36628,96,0.262783\n"));
}

TEST(Formats, AnUnknownNameListsTheKnownOnes) {
  const auto f = find_format("xml");
  ASSERT_FALSE(f.ok());
  EXPECT_EQ(f.error().code, ExitCode::usage);
  EXPECT_EQ(f.error().try_, "one of: text, json, csv, md");
}

}  // namespace
}  // namespace mj::diff
