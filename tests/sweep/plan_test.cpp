// What --vary says, which points come of it, and what a board can't do.
#include "tools/sweep/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mj::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Axis axis(const std::string& text) {
  auto axes = parse_axes({text});
  EXPECT_TRUE(axes.ok()) << axes.error().text();
  return axes ? axes->front() : Axis{};
}

std::vector<std::string> texts(const Axis& a) {
  std::vector<std::string> out;
  for (const Value& v : a.values) out.push_back(v.text);
  return out;
}

/// The message with which an argument is refused; always a usage error.
std::string refusal(const std::vector<std::string>& varied) {
  const auto axes = parse_axes(varied);
  if (axes) return "accepted";
  EXPECT_EQ(axes.error().code, ExitCode::usage);
  return axes.error().text();
}

Plan plan(const std::vector<std::string>& varied, const std::string& board = "nucleo-l4r5zi") {
  auto axes = parse_axes(varied);
  EXPECT_TRUE(axes.ok()) << axes.error().text();
  auto made = make_plan(*axes, board, "");
  EXPECT_TRUE(made.ok()) << made.error().text();
  return made ? *made : Plan{};
}

// ---- reading --------------------------------------------------------------------------------------------------------

TEST(Vary, ClocksAreInMegahertzUnlessTheySayOtherwise) {
  EXPECT_THAT(texts(axis("clock=48,4.5,120MHz,32768Hz,1GHz,33.333333")),
              ElementsAre("48 MHz", "4.5 MHz", "120 MHz", "32.768 kHz", "1000 MHz", "33.333333 MHz"));
  EXPECT_EQ(axis("clock=33.333333").values[0].clock, Hertz{33'333'333});
  EXPECT_EQ(axis("clock=1Hz").values[0].clock, Hertz{1});
  EXPECT_EQ(axis("clock=32.768khz").values[0].clock, Hertz{32'768});
}

TEST(Vary, ProgrammedLeavesItToTheFirmware) {
  EXPECT_EQ(axis("clock=programmed").values[0].clock, std::nullopt);
  EXPECT_EQ(axis("flash.wait_states=programmed").values[0].wait_states, "");
}

TEST(Vary, WrongClocks) {
  EXPECT_THAT(refusal({"clock=-48"}), HasSubstr("'-48' is no clock"));
  EXPECT_THAT(refusal({"clock=-48"}), HasSubstr("it is negative"));
  EXPECT_THAT(refusal({"clock=0"}), HasSubstr("it must be above 0"));
  EXPECT_THAT(refusal({"clock=0.0"}), HasSubstr("it must be above 0"));
  EXPECT_THAT(refusal({"clock=1.5Hz"}), HasSubstr("no whole number of Hz"));
  EXPECT_THAT(refusal({"clock=1.2.3"}), HasSubstr("two points"));
  EXPECT_THAT(refusal({"clock=11GHz"}), HasSubstr("above 10000 MHz"));
  EXPECT_THAT(refusal({"clock=99999999999999999999"}), HasSubstr("above 10000 MHz"));
  for (const char* text : {"fast", "48m", "48 MHz", ".", "MHz", "1e6", "nan", "+48"})
    EXPECT_THAT(refusal({std::string("clock=") + text}), HasSubstr("is no clock")) << text;
}

TEST(Vary, WrongWaitStatesAndVolts) {
  for (const char* text : {"-1", "16", "4.5", "lots", "0x4"})
    EXPECT_THAT(refusal({std::string("flash.wait_states=") + text}), HasSubstr("is no number of flash wait states"));
  for (const char* text : {"0", "-1.8", "1000", "high", "nan", "inf"})
    EXPECT_THAT(refusal({std::string("volts=") + text}), HasSubstr("is no supply voltage"));
  EXPECT_THAT(texts(axis("volts=1.8,3V")), ElementsAre("1.8 V", "3 V"));
}

TEST(Vary, UnknownParametersSuggestTheNearest) {
  EXPECT_THAT(refusal({"clok=48"}), HasSubstr("unknown parameter 'clok'; did you mean \"clock\"?"));
  EXPECT_THAT(refusal({"flash.waitstates=4"}), HasSubstr("did you mean \"flash.wait_states\"?"));
  EXPECT_THAT(refusal({"temperature=25"}), HasSubstr("board, clock, flash.wait_states, supply, volts"));
  EXPECT_THAT(refusal({"clock"}), HasSubstr("has no '='"));
}

TEST(Vary, EmptyListsAndDoubleValues) {
  EXPECT_THAT(refusal({"clock="}), HasSubstr("--vary clock has no values"));
  EXPECT_THAT(refusal({"clock=48,,80"}), HasSubstr("an empty value"));
  EXPECT_THAT(refusal({"clock=48,"}), HasSubstr("an empty value"));
  EXPECT_THAT(refusal({"clock=48,48000kHz"}), HasSubstr("--vary clock has 48 MHz twice"));
  EXPECT_THAT(refusal({"volts=1.8,1.80"}), HasSubstr("1.8 V twice"));
  EXPECT_THAT(refusal({"flash.wait_states=4,04"}), HasSubstr("4 twice"));
  EXPECT_THAT(refusal({"board=pico,pico"}), HasSubstr("pico twice"));
  EXPECT_THAT(refusal({"clock=48", "volts=3", "clock=80"}), HasSubstr("clock is varied twice"));
}

// ---- points ---------------------------------------------------------------------------------------------------------

TEST(PlannedPoints, AreTheCrossProductTheLastParameterFastest) {
  const Plan p = plan({"clock=48,80", "board=nucleo-l4r5zi,pico", "flash.wait_states=programmed,4"});
  std::string order;
  for (const Point& point : p.points) order += fmt::format("{}\n", fmt::join(point.values, " "));
  EXPECT_EQ(order,
            "48 MHz nucleo-l4r5zi programmed\n"
            "48 MHz nucleo-l4r5zi 4\n"
            "48 MHz pico programmed\n"
            "48 MHz pico 4\n"
            "80 MHz nucleo-l4r5zi programmed\n"
            "80 MHz nucleo-l4r5zi 4\n"
            "80 MHz pico programmed\n"
            "80 MHz pico 4\n");
  EXPECT_EQ(p.points[6].clock_hz, Hertz{80'000'000});
  EXPECT_EQ(p.boards[p.points[6].board].spec.id, "pico");
}

TEST(PlannedPoints, AHeldClockTakesTheLeastWaitStatesOfTheBoardsTable) {
  const Plan p = plan({"board=nucleo-l4r5zi,nano33ble", "clock=20,21,120,programmed"}, "");
  const auto waits = [&](std::size_t i) { return p.points[i].wait_states; };
  EXPECT_EQ(waits(0), "0");  // nucleo-l4r5zi's table: 20 MHz without wait states
  EXPECT_EQ(waits(1), "1");
  EXPECT_EQ(waits(2), "5");
  EXPECT_EQ(waits(3), "");  // the firmware knows its own clock
  EXPECT_EQ(waits(4), "");  // nano33ble has nothing to choose
}

TEST(PlannedPoints, AutomaticAndWrittenWaitStatesAreTheSameSetting) {
  const Plan p = plan({"clock=120", "flash.wait_states=auto,5"});
  EXPECT_EQ(p.points[0].wait_states, "5");
  EXPECT_EQ(p.points[1].wait_states, "5");
}

TEST(PlannedPoints, MoreThanTenThousandAreTooMany) {
  std::string clocks = "clock=1", volts = "volts=1";
  for (int i = 2; i <= 101; ++i) clocks += fmt::format(",{}", i), volts += fmt::format(",{}", i * 0.1 + 1);
  const auto refused = make_plan(*parse_axes({clocks, volts}), "pico", "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ExitCode::usage);
  EXPECT_THAT(refused.error().text(), HasSubstr("more than 10000 points"));
}

// ---- what a board can't do ------------------------------------------------------------------------------------------

TEST(Impossible, AClockAboveTheBoards) {
  const Plan p = plan({"clock=64,65"}, "nano33ble");
  EXPECT_THAT(p.points[0].impossible, IsEmpty());
  EXPECT_EQ(p.points[1].impossible, "above the board's 64 MHz");
}

TEST(Impossible, AClockBelowTheBoards) {
  EXPECT_EQ(plan({"clock=48"}, "nano33ble").points[0].impossible, "the board's only clock is 64 MHz");
}

TEST(Impossible, TooFewWaitStatesForTheClock) {
  const Plan p = plan({"clock=80,120", "flash.wait_states=4"});
  EXPECT_THAT(p.points[0].impossible, IsEmpty());
  EXPECT_EQ(p.points[1].impossible, "120 MHz needs 5 flash wait states");
}

TEST(Impossible, WaitStatesThatTheBoardDoesNotHave) {
  EXPECT_EQ(plan({"flash.wait_states=4"}, "mps2-an386").points[0].impossible,
            "the board's flash has no wait states to choose");
  EXPECT_THAT(plan({"flash.wait_states=auto"}, "mps2-an386").points[0].impossible, IsEmpty());
}

TEST(Impossible, ProgrammedWaitStatesAtAClockThatIsNotTheFirmwares) {
  const Plan p = plan({"clock=programmed,48", "flash.wait_states=programmed"});
  EXPECT_THAT(p.points[0].impossible, IsEmpty());
  EXPECT_EQ(p.points[1].impossible, "the firmware's wait states are for the clock that it programs itself");
}

TEST(Impossible, ASupplyOrVoltageThatTheBoardDoesNotHave) {
  const Plan p = plan({"board=nucleo-l4r5zi,ibex-demo,nano33ble", "supply=ldo,smps", "volts=3,9"}, "");
  const auto why = [&](std::size_t i) { return p.points[i].impossible; };
  EXPECT_THAT(why(0), IsEmpty());
  EXPECT_THAT(why(1), testing::MatchesRegex("supply ldo takes .* V to .* V"));
  EXPECT_EQ(why(4), "no energy table for this board");
  for (std::size_t i = 8; i < 12; ++i)
    if (!why(i).empty()) {
      EXPECT_THAT(why(i), testing::AnyOf(HasSubstr("no supply"), HasSubstr("takes")));
    }
}

TEST(Impossible, ASupplyThatNoBoardHasIsATypingError) {
  const auto refused = make_plan(*parse_axes({"supply=lod"}), "nucleo-l4r5zi", "");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), HasSubstr("no board of this sweep has a supply 'lod'"));
  EXPECT_THAT(refused.error().text(), HasSubstr("did you mean \"ldo\"?"));
}

TEST(Impossible, UnknownBoardsAndFiles) {
  const auto unknown = make_plan(*parse_axes({"board=pico,pica"}), "", "");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ExitCode::usage);
  EXPECT_THAT(unknown.error().text(), HasSubstr("pica"));
  const auto missing = make_plan(*parse_axes({"board=gone.json"}), "", "");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ExitCode::unreadable);
  const auto table = make_plan(*parse_axes({"clock=48"}), "pico", "gone.json");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::sweep
