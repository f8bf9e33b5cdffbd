// A run at another clock without running: byte for byte what a run gives. This holds the runtime to looking at no timer
// on every board that firmware can be built for.
#include "tools/sweep/retime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "sim/price.h"
#include "sim/run.h"
#include "tests/sanitized.h"
#include "tools/build/build.h"
#include "tools/build/compile.h"
#include "tools/report/report.h"

namespace mj::sweep {
namespace {

namespace fs = std::filesystem;

class Retime : public testing::TestWithParam<std::string> {
 protected:
  Retime() {
    std::string name = (fs::temp_directory_path() / "mj-retime-XXXXXX").string();
    folder = mkdtemp(name.data());
  }
  ~Retime() override { fs::remove_all(folder); }

  /// Firmware of an example network for the board; false if its compiler is not installed.
  bool build(const std::string& network, const std::string& board) {
    auto target = build::find_target(board);
    EXPECT_TRUE(target.ok()) << target.error().text();
    if (!build::find_compiler(target->toolchain)) return false;
    build::BuildRequest request;
    request.model = fs::path(MJ_NETWORKS) / (network + ".tflite");
    request.output = request_.firmware = folder / "fw.elf";
    request.target = *target;
    const auto built = build::build(request);
    EXPECT_TRUE(built.ok()) << built.error().text();
    request_.board = board;
    return built.ok();
  }
  profile::RunResult run(Hertz hz, const std::string& wait_states) {
    request_.clock_hz = hz;
    request_.flash_wait_states = wait_states;
    auto result = mj::run(request_);
    EXPECT_TRUE(result.ok()) << result.error().text();
    return result ? *result : profile::RunResult{};
  }
  /// Everything that is saved of the run at `other` comes out of the run at `first`.
  void expect_same(Hertz first, Hertz other, const std::string& wait_states) {
    SCOPED_TRACE(request_.board + " from " + std::to_string(first) + " to " + std::to_string(other));
    auto retimed = retime(run(first, wait_states), other);
    ASSERT_TRUE(retimed);
    ASSERT_TRUE(price(*retimed, {}).ok());
    const std::string want = report::json(run(other, wait_states), {}), got = report::json(*retimed, {});
    EXPECT_TRUE(want == got) << "first difference at byte "
                             << std::mismatch(want.begin(), want.end(), got.begin(), got.end()).first - want.begin();
  }

  fs::path folder;
  RunRequest request_;
};

TEST_P(Retime, IsByteForByteTheRunAtThatClock) {
  if (!build("tiny", GetParam())) GTEST_SKIP() << "no cross compiler";
  const auto board = load_board(GetParam());
  ASSERT_TRUE(board.ok());
  const Hertz most = board->core.max_clock_hz ? board->core.max_clock_hz : 100'000'000;
  // Enough for every clock: too few are warned of, at some clocks and not at others.
  const std::string waits =
      board->wait_states.empty() ? "" : std::to_string(board->least_wait_states(most).value_or(5));
  if (board->core.min_clock_hz == most) GTEST_SKIP() << "this board has one clock only";
  // Clocks whose periods have no short form, so that every rounding shows.
  for (const Hertz hz : {most / 3, most / 7 + 1, Hertz{32'768}}) {
    if (hz < board->core.min_clock_hz) continue;
    expect_same(most, hz, waits);
    expect_same(hz, most, waits);
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& board) {
  std::string name = board.param;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(Boards, Retime, testing::ValuesIn(build::buildable_boards()), test_name);

TEST_F(Retime, HoldsForALargerNetwork) {
  if (test::sanitized) GTEST_SKIP() << "the other builds show it";
  if (!build("kws", "nucleo-l4r5zi")) GTEST_SKIP() << "no cross compiler";
  expect_same(100'000'000, 119'999'999, "5");
}

// ---- what it refuses ------------------------------------------------------------------------------------------------

/// 100 cycles at 10 MHz, 80 of them an inference.
profile::RunResult small() {
  profile::RunResult r;
  r.provenance.held_clock_hz = 10'000'000;
  r.totals.cycles = 100;
  r.totals.time_s = 100 / 10e6;
  r.totals.clocks = {{10'000'000, 100}};
  r.operating_points = {{10'000'000, 0}};
  profile::Network n;
  n.cycles = 80;
  n.activity = {{70, 10, 0, 0, 0, 0}};
  n.time_s = 80 / 10e6;
  r.networks = {n};
  return r;
}

TEST(RetimeRefuses, NothingOfAWholeRun) {
  const auto r = retime(small(), 20'000'000);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->totals.time_s, 100 / 20e6);
  EXPECT_EQ(r->networks[0].time_s, 80 / 20e6);
  EXPECT_EQ(r->operating_points[0].clock_hz, Hertz{20'000'000});
  EXPECT_EQ(r->totals.clocks[0].hz, Hertz{20'000'000});
  EXPECT_EQ(r->provenance.held_clock_hz, Hertz{20'000'000});
}

TEST(RetimeRefuses, AClockThatWasNotHeld) {
  profile::RunResult r = small();
  r.provenance.held_clock_hz = 0;
  EXPECT_FALSE(retime(r, 20'000'000));
}

TEST(RetimeRefuses, TimesThatItCannotReproduce) {
  profile::RunResult r = small();
  r.networks[0].time_s *= 1 + 1e-15;
  EXPECT_FALSE(retime(r, 20'000'000));
}

TEST(RetimeRefuses, AClockThatChangedAllTheSame) {
  profile::RunResult r = small();
  r.operating_points.push_back({5'000'000, 0});
  EXPECT_FALSE(retime(r, 20'000'000));
}

}  // namespace
}  // namespace mj::sweep
