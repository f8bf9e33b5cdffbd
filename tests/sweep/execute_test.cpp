// Which runs a plan needs, what each point gets from them, and what happens to points that go wrong. What runs here is
// a formula instead of a simulator.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <sstream>

#include "sim/collect.h"
#include "tools/report/format.h"
#include "tools/sweep/render.h"
#include "tools/sweep/sweep.h"

namespace mj::sweep {
namespace {

using profile::RunResult;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Hertz programmed_hz = 10'000'000;

/// 1,000,000 cycles and 100,000 for each wait state; one layer from cycle 1,000 to the last but 1,000.
RunResult formula(const RunRequest& request) {
  RunResult r;
  r.provenance.board = request.board;
  r.provenance.held_clock_hz = request.clock_hz.value_or(0);
  r.provenance.held_wait_states = request.flash_wait_states;
  const Cycle waits = request.flash_wait_states.empty() ? 0 : std::stoul(request.flash_wait_states);
  const Hertz hz = request.clock_hz.value_or(programmed_hz);
  const auto at = [&](Cycle c) { return static_cast<double>(c) / static_cast<double>(hz); };
  const Cycle end = 1'000'000 + 100'000 * waits;
  r.totals.cycles = end;
  r.totals.time_s = at(end);
  r.totals.clocks = {{hz, end}};
  r.totals.cycles_estimate = {static_cast<double>(end), 0.9 * static_cast<double>(end), 1.1 * static_cast<double>(end),
                              "documented: by hand"};
  r.operating_points = {{hz, static_cast<std::uint32_t>(waits)}};
  energy::Activity all;
  all.issue_cycles = end;
  r.totals.activity = {all};
  profile::Network n;
  n.name = "net";
  n.inferences = 1;
  n.cycles = end - 2'000;
  energy::Activity inside;
  inside.issue_cycles = n.cycles;
  n.activity = {inside};
  profile::Layer l;
  l.invocations = 1;
  l.cycles = n.cycles;
  l.activity = n.activity;
  r.layers = {l};
  r.networks = {n};
  set_times(r);
  r.timeline.names = {"main", "invoke"};
  r.timeline.spans = {{0, 0, 0, end}, {1, 1, 1'000, end - 1'000}};
  r.timeline.layers = {{0, 1'000, end - 1'000}};
  r.stop.kind = "exited";
  r.memory.flash_used = 1'000;
  r.memory.flash_size = 10'000;
  r.memory.ram_static = 500;
  r.memory.ram_size = 1'000;
  r.memory.stack.used_bytes = 100;
  return r;
}

/// A nanojoule a cycle at 3 V, and in proportion; supply "smps" halves it.
Result<void> price_by_formula(RunResult& r, const energy::Conditions& c, const std::string&) {
  const double volts = c.volts > 0 ? c.volts : 3, factor = (c.supply == "smps" ? 0.5 : 1) * volts / 3;
  const auto energy = [&](Cycle cycles) {
    const double j = 1e-9 * factor * static_cast<double>(cycles);
    return profile::Energy{{}, j, 0.8 * j, 1.2 * j, "datasheet"};
  };
  r.totals.energy = energy(r.totals.cycles);
  for (auto& n : r.networks) n.energy = energy(n.cycles);
  r.energy_model.supply = c.supply.empty() ? "ldo" : c.supply;
  r.energy_model.volts = volts;
  r.energy_model.average_power_w = r.totals.energy->value_j / r.totals.time_s;
  return {};
}

class Execute : public testing::Test {
 protected:
  /// The plan with firmware for every board that needs no files.
  Request request(const std::vector<std::string>& varied, bool of_our_making, const std::string& board = "pico") {
    Request r;
    auto axes = parse_axes(varied);
    EXPECT_TRUE(axes.ok()) << axes.error().text();
    auto plan = make_plan(*axes, board, "");
    EXPECT_TRUE(plan.ok()) << plan.error().text();
    r.plan = std::move(*plan);
    r.subject = "net.elf";
    r.firmware.assign(r.plan.boards.size(), {"net.elf", "net.elf", "content", of_our_making, ""});
    r.backend.run = [this](const RunRequest& run) -> Result<RunResult> {
      const std::lock_guard lock(mutex);
      ran.push_back(fmt::format("{} {} '{}'", run.board, run.clock_hz.value_or(0) / 1'000'000, run.flash_wait_states));
      return formula(run);
    };
    r.backend.price = price_by_formula;
    return r;
  }
  Sweep swept(const Request& r) {
    auto sweep = execute(r);
    EXPECT_TRUE(sweep.ok()) << sweep.error().text();
    std::sort(ran.begin(), ran.end());
    return sweep ? *sweep : Sweep{};
  }
  /// "run re_timed re_timed", of all points.
  static std::string made(const Sweep& s) {
    std::string out;
    for (const Outcome& o : s.outcomes) {
      constexpr const char* names[] = {"nothing", "run", "same", "priced", "timed"};
      out += (out.empty() ? "" : " ") + std::string(names[static_cast<int>(o.made)]);
    }
    return out;
  }

  std::mutex mutex;
  std::vector<std::string> ran;
};

using Runs = Execute;
using Points = Execute;
using Bytes = Execute;

TEST_F(Runs, SupplyAndVoltsArePricedFromOneRun) {
  const Sweep s = swept(request({"supply=ldo,smps", "volts=1.8,3"}, false, "nucleo-l4r5zi"));
  EXPECT_THAT(ran, ElementsAre("nucleo-l4r5zi 0 ''"));
  EXPECT_EQ(s.runs, 1u);
  EXPECT_EQ(made(s), "run priced priced priced");
  EXPECT_DOUBLE_EQ(s.outcomes[0].figures.energy_j->value, 1e-9 * 998'000 * 1.8 / 3);
  EXPECT_DOUBLE_EQ(s.outcomes[3].figures.energy_j->value, 1e-9 * 998'000 / 2);
  EXPECT_THAT(s.remarks[0], HasSubstr("4 points, 1 run: 3 re-priced (supply and volts)"));
}

TEST_F(Runs, OfFirmwareOfOurOwnAClockIsTimedFromOneRunForEachNumberOfWaitStates) {
  const Sweep s = swept(request({"clock=21,40,41,60,120"}, true, "nucleo-l4r5zi"));
  EXPECT_THAT(ran, ElementsAre("nucleo-l4r5zi 120 '5'", "nucleo-l4r5zi 21 '1'", "nucleo-l4r5zi 41 '2'"));
  EXPECT_EQ(made(s), "run timed run timed run");
  EXPECT_EQ(s.outcomes[1].run_of, 0u);
  EXPECT_EQ(s.outcomes[3].run_of, 2u);
  EXPECT_DOUBLE_EQ(s.outcomes[1].figures.latency_s.value, 1'098'000 / 40e6);
  EXPECT_THAT(s.remarks[0], HasSubstr("5 points, 3 runs: 2 re-timed"));
}

TEST_F(Runs, OtherFirmwareMayLookAtATimerSoEachClockIsRun) {
  const Sweep s = swept(request({"clock=20,40,60"}, false));
  EXPECT_EQ(s.runs, 3u);
  EXPECT_EQ(made(s), "run run run");
  EXPECT_THAT(s.remarks[1], HasSubstr("may look at a timer"));
}

TEST_F(Runs, AClockThatTheFirmwareProgramsIsNotRetimed) {
  const Sweep s = swept(request({"clock=programmed,20,40"}, true));
  EXPECT_THAT(ran, ElementsAre("pico 0 ''", "pico 20 ''"));
  EXPECT_EQ(made(s), "run run timed");
}

TEST_F(Runs, ALimitInSecondsStopsEachClockElsewhere) {
  Request r = request({"clock=20,40"}, true);
  r.max_sim_time_s = 1;
  EXPECT_EQ(made(swept(r)), "run run");
}

TEST_F(Runs, ARunWhoseTimesDoNotFollowFromItsCyclesIsRunAgain) {
  Request r = request({"clock=20,40"}, true);
  r.backend.run = [run = r.backend.run](const RunRequest& q) {
    auto result = run(q);
    result->layers[0].time_s *= 2;
    return result;
  };
  EXPECT_EQ(made(swept(r)), "run run");
}

TEST_F(Runs, SettingsThatComeToTheSameShareARun) {
  const Sweep s = swept(request({"clock=120", "flash.wait_states=auto,5"}, false, "nucleo-l4r5zi"));
  EXPECT_EQ(made(s), "run same");
  EXPECT_THAT(s.remarks[0], HasSubstr("settings that come to the same"));
}

TEST_F(Points, ImpossibleOnesStayWithTheirReasonAndCostNoRun) {
  Request r = request({"board=mps2-an386,pico,ibex-demo", "clock=20,100"}, true, "");
  r.firmware[2].impossible = "the firmware does not fit the board: memory too small by 12 bytes";
  const Sweep s = swept(r);
  EXPECT_EQ(made(s), "run nothing run timed nothing nothing");
  EXPECT_EQ(s.outcomes[1].reason, "above the board's 25 MHz");
  EXPECT_EQ(s.outcomes[1].state, State::impossible);
  EXPECT_THAT(s.outcomes[4].reason, HasSubstr("too small by 12 bytes"));
  EXPECT_THAT(s.outcomes[5].reason, HasSubstr("above the board's 50 MHz"));
  const std::string table = text(s, {});
  EXPECT_THAT(table, HasSubstr("not possible: above the board's 25 MHz"));
  EXPECT_EQ(s.exit_code(), ExitCode::ok);
}

TEST_F(Points, ARefusedRunIsARowAndTheOthersGoOn) {
  Request r = request({"board=pico,virt32", "clock=20,40"}, true, "");
  r.backend.run = [](const RunRequest& q) -> Result<RunResult> {
    if (q.board == "pico")
      return Error{ExitCode::usage, "the image is for Arm, the board's core for RISC-V", "net.elf", "its header", ""};
    return formula(q);
  };
  const Sweep s = swept(r);
  EXPECT_EQ(made(s), "nothing nothing run timed");
  EXPECT_THAT(s.remarks[0],
              HasSubstr("4 points, 1 run: 1 re-timed (clock, where the wait states stay the same); 2 not"));
  for (int i : {0, 1}) {
    EXPECT_EQ(s.outcomes[i].state, State::impossible);
    EXPECT_THAT(s.outcomes[i].reason, HasSubstr("the image is for Arm"));
  }
}

TEST_F(Points, AFirmwareThatFailsIsNeitherOnTheFrontNorWithinTheBudget) {
  Request r = request({"clock=20,40"}, false);
  r.budget = *budget::read_budget(
      R"({"schema": "microjoule-budget", "schema_version": 1, "totals": {"cycles": {"max": 2000000}}})", "b.json");
  r.backend.run = [](const RunRequest& q) -> Result<RunResult> {
    RunResult result = formula(q);
    if (q.clock_hz == Hertz{40'000'000}) {
      result.stop.exit_code = ExitCode::firmware_fault;
      result.stop.message = "BusFault at main+0x10";
    }
    return result;
  };
  const Sweep s = swept(r);
  EXPECT_EQ(s.outcomes[0].passes, true);
  EXPECT_TRUE(s.outcomes[0].place.on_front);
  EXPECT_EQ(s.outcomes[1].state, State::failed);
  EXPECT_EQ(s.outcomes[1].reason, "BusFault at main+0x10");
  EXPECT_NE(s.outcomes[1].passes, true);
  EXPECT_FALSE(s.outcomes[1].place.on_front);
  EXPECT_THAT(text(s, {}), HasSubstr("failed: BusFault at main+0x10"));
}

TEST_F(Points, OurOwnBugIsARowAndTheExitCode) {
  Request r = request({"clock=20,40"}, false);
  r.backend.run = [](const RunRequest& q) -> Result<RunResult> {
    if (q.clock_hz == Hertz{20'000'000}) return Error{ExitCode::internal, "the run's cycles don't add up", "", "", ""};
    return formula(q);
  };
  const Sweep s = swept(r);
  EXPECT_THAT(s.outcomes[0].reason, HasSubstr("a bug of microjoule: the run's cycles don't add up"));
  EXPECT_EQ(s.outcomes[1].state, State::done);
  EXPECT_EQ(s.exit_code(), ExitCode::internal);
}

TEST_F(Points, ABudgetThatNoPointKeepsIsExitCode3) {
  Request r = request({"clock=20,40"}, true);
  const auto limit = [](double ms) {
    return *budget::read_budget(
        fmt::format(
            R"({{"schema": "microjoule-budget", "schema_version": 1, "totals": {{"latency_ms": {{"max": {}}}}}}})", ms),
        "b.json");
  };
  r.budget = limit(30);  // 50 ms at 20 MHz, 25 ms at 40 MHz
  Sweep s = swept(r);
  EXPECT_EQ(s.outcomes[0].passes, false);
  EXPECT_EQ(s.outcomes[1].passes, true);
  EXPECT_THAT(s.outcomes[0].over, ElementsAre(HasSubstr("latency_ms is 50 ms, allowed 30")));
  EXPECT_EQ(s.exit_code(), ExitCode::ok);
  EXPECT_THAT(text(s, {}), HasSubstr("latency_ms is 50 ms, allowed 30"));
  r.budget = limit(20);
  EXPECT_EQ(swept(r).exit_code(), ExitCode::budget);
}

TEST_F(Points, WithoutEnergyAreComparedAmongThemselves) {
  Request r = request({"board=pico,mps2-an386", "clock=20"}, true, "");
  r.backend.price = [](RunResult& result, const energy::Conditions& c, const std::string& table) -> Result<void> {
    if (result.provenance.board == "mps2-an386") {
      result.memory.flash_used = 1;  // better than pico in all that is known of both
      result.energy_model.remarks = {"nobody knows"};
      return {};
    }
    return price_by_formula(result, c, table);
  };
  const Sweep s = swept(r);
  EXPECT_TRUE(s.outcomes[0].place.on_front);
  EXPECT_TRUE(s.outcomes[1].place.on_front);
  EXPECT_EQ(s.outcomes[1].figures.energy_unknown, "nobody knows");
  const std::string table = text(s, {});
  EXPECT_THAT(table, HasSubstr("(*)"));
  EXPECT_THAT(table, HasSubstr("only with each other"));
}

TEST_F(Points, OfTwoBoardsWhoseIntervalsOverlapAreMarkedAsNotCertain) {
  const Sweep s = swept(request({"board=pico,virt32", "clock=20"}, true, ""));
  EXPECT_FALSE(s.outcomes[0].place.certain);
  EXPECT_THAT(text(s, {}), HasSubstr("≈: not certain"));
  const Sweep one = swept(request({"clock=20,40"}, true));
  EXPECT_TRUE(one.outcomes[0].place.certain && one.outcomes[1].place.certain);
  EXPECT_THAT(text(one, {}), Not(HasSubstr("≈")));
}

TEST_F(Points, AllFitInAHundredColumns) {
  const Sweep s = swept(request({"board=nucleo-l4r5zi,nano33ble,ibex-demo", "clock=48,33.333333",
                                 "flash.wait_states=auto,4", "supply=ldo,smps", "volts=1.8"},
                                true, ""));
  std::istringstream lines(text(s, {}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(report::columns(line), 100u) << line;
}

TEST(Figures, AreOfOneInferenceIfANetworkRan) {
  RunRequest run;
  run.clock_hz = 20'000'000;
  RunResult r = formula(run);
  ASSERT_TRUE(price_by_formula(r, {}, "").ok());
  r.networks[0].inferences = 2;
  const Figures f = figures_of(r);
  EXPECT_TRUE(f.per_inference);
  EXPECT_DOUBLE_EQ(f.cycles.value, 499'000);
  EXPECT_DOUBLE_EQ(f.cycles.low, 0.9 * 499'000);
  EXPECT_DOUBLE_EQ(f.latency_s.value, 499'000 / 20e6);
  EXPECT_DOUBLE_EQ(f.latency_s.high, 1.1 * 499'000 / 20e6);
  EXPECT_DOUBLE_EQ(f.energy_j->value, 1e-9 * 499'000);
  EXPECT_DOUBLE_EQ(f.energy_j->high, 1.2e-9 * 499'000);
}

TEST(Figures, AreOfTheWholeRunElse) {
  RunRequest run;
  run.clock_hz = 20'000'000;
  RunResult r = formula(run);
  ASSERT_TRUE(price_by_formula(r, {}, "").ok());
  r.networks[0].inferences = 0;  // its inference did not end
  const Figures f = figures_of(r);
  EXPECT_FALSE(f.per_inference);
  EXPECT_DOUBLE_EQ(f.cycles.value, 1'000'000);
  EXPECT_DOUBLE_EQ(f.latency_s.value, 0.05);
  EXPECT_DOUBLE_EQ(f.energy_j->value, 1e-3);
}

TEST(Figures, FitIfFlashAndRamWithTheStackAreWithinTheBoards) {
  Figures f;
  f.flash_size = 100, f.flash_used = 100, f.ram_size = 100, f.ram_static = 60, f.stack_used = 40;
  EXPECT_TRUE(f.fits());
  f.stack_used = 41;
  EXPECT_FALSE(f.fits());
  f.stack_used = 0, f.flash_used = 101;
  EXPECT_FALSE(f.fits());
  f.flash_size = 0;  // code in RAM
  EXPECT_TRUE(f.fits());
}

TEST_F(Bytes, DoNotDependOnTheNumberOfThreads) {
  const std::vector<std::string> varied{"board=pico,nano33ble,nucleo-l4r5zi,ibex-demo", "clock=10,20,30,40,50,60",
                                        "flash.wait_states=auto,5"};
  std::vector<std::string> first;
  for (const Format& f : formats()) first.push_back(f.render(swept(request(varied, false, "")), {}));
  for (const unsigned jobs : {2u, 7u, 64u}) {
    Request r = request(varied, false, "");
    r.jobs = jobs;
    const Sweep s = swept(r);
    for (std::size_t i = 0; i < formats().size(); ++i) EXPECT_EQ(formats()[i].render(s, {}), first[i]) << jobs;
  }
}

TEST_F(Bytes, OfEveryFormatNameEveryPoint) {
  const Sweep s = swept(request({"board=pico,ibex-demo", "clock=20,60"}, true, ""));
  const std::string rows = csv(s, {});
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 5);
  const auto commas = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
  std::istringstream lines(rows);
  std::string header, line;
  std::getline(lines, header);
  while (std::getline(lines, line)) EXPECT_EQ(commas(line), commas(header)) << line;
  EXPECT_THAT(markdown(s, {}), HasSubstr("| 3 | ibex-demo | 60 MHz |"));
  EXPECT_THAT(markdown(s, {}), HasSubstr("not possible: above the board's 50 MHz"));
}

}  // namespace
}  // namespace mj::sweep
