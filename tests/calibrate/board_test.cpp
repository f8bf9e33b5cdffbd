// Calibration from end to end: "silicon" is the same model with numbers that the calibrated one doesn't know.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/engine/bench.h"
#include "tools/calibrate/calibrate.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* program = R"(
    func main
      movs r5, #100
    divides:
      ldr  r0, =1000003
      movs r1, #3
      udiv r2, r0, r1
      udiv r2, r2, r1
      subs r5, #1
      bne  divides
    divided:
      movs r5, #50
      ldr  r6, =0x21000000
    loads:
      ldr  r0, [r6]
      adds r3, #1
      subs r5, #1
      bne  loads
    loaded:
      b .
)";

class Calibration : public Arm {
 protected:
  void SetUp() override {
    Arm::SetUp();
    elf_ = assemble(folder_, "mps2-an386", program);
    // The board as we believe it to be: a slow external RAM whose wait states nobody measured.
    write("mine.json", R"({"extends": "mps2-an386",
      "regions": {"PSRAM": {"read_wait": {"value": 3, "unit": "cycle", "source": "guess", "certainty": "inferred"}}}})");
    // And as it is.
    write("silicon.json", R"({"extends": "mine.json",
      "core": {"timing_rows": {"costs": {"udiv": {"by_operands": {"base": 6}}}}},
      "regions": {"PSRAM": {"read_wait": {"value": 7}}}})");
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  RunRequest request(const std::string& board) const {
    RunRequest r;
    r.firmware = elf_;
    r.board = path(board);
    r.max_cycles = 100000;
    return r;
  }
  /// Cycles of a window on a board.
  Cycle measure(const std::string& board, const std::string& window, const std::string& overlay = "") {
    RunRequest r = request(board);
    r.roi = {window};
    r.overlay = overlay;
    const auto result = mj::run(r);
    EXPECT_TRUE(result.ok()) << result.error().text();
    return result->roi.at(0).hits.back().cycles;
  }
  std::string measurements(const std::vector<std::string>& windows, double uncertainty = 0) {
    nlohmann::json j;
    for (const std::string& w : windows)
      j["measurements"].push_back(
          {{"window", w}, {"cycles", measure("silicon.json", w)}, {"uncertainty_cycles", uncertainty}});
    return write("measured.json", j.dump());
  }
  Result<calibrate::Outcome> calibrated(const std::string& file, std::vector<std::string> rows = {}) {
    return calibrate::calibrate({request("mine.json"), file, std::move(rows)});
  }

  Folder folder_;
  std::string elf_;
};

TEST_F(Calibration, FindsADividersBaseAndARamsWaitStates) {
  const auto file = measurements({"main:divided", "divided:loaded"});
  ASSERT_NE(measure("mine.json", "main:divided"), measure("silicon.json", "main:divided"));
  const auto outcome = calibrated(file, {"costs/udiv/by_operands/base", "regions/PSRAM"});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  ASSERT_EQ(outcome->numbers.size(), 2u);
  EXPECT_THAT(outcome->fit.values, testing::ElementsAre(6, 7));
  for (std::size_t w = 0; w < 2; ++w) EXPECT_EQ(outcome->fit.after[w], outcome->windows[w].measured);
  EXPECT_THAT(outcome->overlay, HasSubstr("measured"));
}

TEST_F(Calibration, TheOverlayServesAsOverlayAndAsBoard) {
  const auto outcome =
      calibrated(measurements({"main:divided", "divided:loaded"}), {"costs/udiv/by_operands/base", "regions/PSRAM"});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  for (const char* window : {"main:divided", "divided:loaded", "main:loaded"}) {
    EXPECT_EQ(measure("mine.json", window, outcome->overlay), measure("silicon.json", window)) << window;
    write("calibrated.json", outcome->overlay);
    EXPECT_EQ(measure("calibrated.json", window), measure("silicon.json", window)) << window;
  }
  // What is measured is no longer there to be fitted, and the result says what was replaced.
  const auto left = calibrate::numbers_of(path("mine.json"), outcome->overlay);
  ASSERT_TRUE(left.ok());
  for (const auto& n : *left) EXPECT_THAT(n.parameter.name, Not(HasSubstr("costs/udiv")));
  RunRequest again = request("mine.json");
  again.overlay = outcome->overlay;
  const auto result = mj::run(again);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::any_of(result->diagnostics.begin(), result->diagnostics.end(), [](const profile::Diagnostic& d) {
    return d.where == "overlay" && d.text.find("/regions/PSRAM/read_wait/value") != std::string::npos;
  }));
}

TEST_F(Calibration, DocumentedNumbersAreNotOffered) {
  const auto all = calibrate::numbers_of(path("mine.json"), "");
  ASSERT_TRUE(all.ok()) << all.error().text();
  bool udiv = false;
  for (const auto& n : *all) {
    EXPECT_TRUE(n.certainty == "inferred" || n.certainty == "estimated") << n.parameter.name;
    EXPECT_NE(n.parameter.name, "costs/branch/cycles");
    udiv |= n.parameter.name == "costs/udiv/by_operands/base";
  }
  EXPECT_TRUE(udiv);
  const auto wrong = calibrate::choose(*all, {"costs/branch"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().why, HasSubstr("costs/udiv/by_operands/base"));
}

TEST_F(Calibration, OneWindowThatMixesBothIsRefused) {
  const auto outcome = calibrated(measurements({"main:loaded"}), {"costs/udiv/by_operands/base", "regions/PSRAM"});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ExitCode::usage);
  EXPECT_THAT(outcome.error().why, HasSubstr("regions/PSRAM/read_wait and costs/udiv/by_operands/base"));
  EXPECT_THAT(outcome.error().try_, HasSubstr("accesses to PSRAM"));
}

TEST_F(Calibration, NumbersThatAlwaysActTogetherAreRefused) {
  // All of the divides take the branch of the rule that has base: least and step can't be told, base and step can't
  // be told from each other by one kind of operand.
  const auto outcome = calibrated(measurements({"main:divided", "divided:loaded"}),
                                  {"costs/udiv/by_operands/base", "costs/udiv/by_operands/least"});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->fit.untouched.size(), 1u) << "least is not felt";
}

TEST_F(Calibration, AWindowThatIsNeverPassedIsAnError) {
  const auto file = write("measured.json", R"({"measurements": [{"window": "loaded:main", "cycles": 100}]})");
  const auto outcome = calibrated(file);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().what, HasSubstr("did not pass"));
}

TEST_F(Calibration, AnotherClockIsAnError) {
  const auto file =
      write("measured.json", R"({"measurements": [{"window": "main:divided", "cycles": 100, "clock_hz": 1234567}]})");
  const auto outcome = calibrated(file);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().what, HasSubstr("1,234,567 Hz"));
}

TEST_F(Calibration, WrongFilesAreToldWithTheirPlace) {
  const auto missing = calibrate::read_measurements(path("none.json"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ExitCode::unreadable);
  const auto wrong =
      calibrate::read_measurements(write("w.json", R"({"measurements": [{"window": "main", "cycles": 1}]})"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().where, HasSubstr("/measurements/0"));
}

TEST_F(Calibration, AGenericBoardTakesRowsOfItsCoreOnly) {
  RunRequest r;
  r.firmware = elf_;
  r.board = "generic:cortex-m4@25";
  r.max_cycles = 5000;
  r.overlay = R"({"core": {"timing_rows": {"costs": {"udiv": {"by_operands": {"base": 6}}}}}})";
  EXPECT_TRUE(mj::run(r).ok());
  r.overlay = R"({"regions": {}})";
  const auto refused = mj::run(r);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().where, HasSubstr("regions"));
  r.overlay = R"({"core": {"timing_rows": {"costs": {"udiv": {"by_operands": {"base": "six"}}}}}})";
  EXPECT_FALSE(mj::run(r).ok());
}

}  // namespace
}  // namespace mj::test
