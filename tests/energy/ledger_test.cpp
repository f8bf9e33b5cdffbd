// Pricing counts: exact sums, the laws of both kinds of regulator, clocks without a price, parts without a figure.
#include "energy/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tests/energy/tables.h"

namespace mj::energy {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Hertz mhz = 1'000'000;
const std::vector<OperatingPoint> at_100{{100 * mhz, 4}};

Ledger ledger(const Table& t, const Conditions& c = {}, const std::vector<OperatingPoint>& points = at_100) {
  auto made = Ledger::create(t, c, points);
  if (!made) throw std::runtime_error(made.error().text());
  return *made;
}

TEST(Ledger, PricesEachEventIntoItsPart) {
  // 1000 issuing cycles, 600 of them of code in flash, 300 stalled, 50 asleep; 20 flash reads, 200 RAM accesses.
  const Activities a{{1000, 300, 50, 600, 20, 200}};
  const Split s = ledger(table(), {"smps", 0}).price(a);
  EXPECT_EQ(s.core_fj, (1000 * 100 + 300 * 50) * 1000u);
  EXPECT_EQ(s.flash_fj, (600 * 10 + 20 * 40) * 1000u);
  EXPECT_EQ(s.ram_fj, 200 * 5 * 1000u);
  EXPECT_EQ(s.static_fj, 1300 * 10 * 1000u);  // awake cycles only: sleep's figure contains its own
  EXPECT_EQ(s.sleep_fj, 50 * 2 * 1000u);
  EXPECT_EQ(s.total(), 135'900'000u);
  EXPECT_NEAR(ledger(table(), {"smps", 0}).interval(a).value, 135.9e-9, 1e-18);
}

TEST(Ledger, AnLdoDrawsTheSameCurrentAtAnyVoltage) {
  const Activities a{{1000, 300, 50, 600, 20, 200}};
  const Split at_2 = ledger(table(), {"ldo", 2}).price(a), at_3 = ledger(table(), {"ldo", 3}).price(a);
  EXPECT_EQ(at_2.total(), 2 * 135'900'000u);  // pC times V
  EXPECT_EQ(at_3.total(), 3 * 135'900'000u);
  EXPECT_EQ(at_3.sleep_fj * 2, at_2.sleep_fj * 3);
}

TEST(Ledger, ASwitchingRegulatorDrawsTheSamePowerAtAnyVoltage) {
  const Activities a{{1000, 300, 50, 600, 20, 200}};
  EXPECT_EQ(ledger(table(), {"smps", 1.8}).price(a), ledger(table(), {"smps", 3.3}).price(a));
}

TEST(Ledger, TheFirstSupplyAndItsVoltageAreTheDefault) {
  const Ledger l = ledger(table());
  EXPECT_EQ(l.supply().name, "ldo");
  EXPECT_EQ(l.volts(), 2);
}

TEST(Ledger, UnknownSuppliesAndVoltagesAreRefused) {
  const auto supply = Ledger::create(table(), {"smsp", 0}, at_100);
  ASSERT_FALSE(supply);
  EXPECT_EQ(supply.error().code, ExitCode::usage);
  EXPECT_THAT(supply.error().text(), AllOf(HasSubstr("supplies: ldo, smps"), HasSubstr("did you mean \"smps\"?")));

  for (const double volts : {1.6, 3.7, -2.0, std::numeric_limits<double>::quiet_NaN()}) {
    const auto wrong = Ledger::create(table(), {"ldo", volts}, at_100);
    ASSERT_FALSE(wrong) << volts;
    EXPECT_THAT(wrong.error().text(), HasSubstr("1.7 to 3.6 V"));
  }
  EXPECT_FALSE(Ledger::create(Table{}, {}, at_100));
}

TEST(Ledger, PartsSumToTheWholeExactly) {
  // Prices that no whole number of femtojoules holds, a clock that does not divide: a seventh of everything.
  Table t = table();
  Prices& p = t.supplies[0].prices[0];
  p.issue = figure(100.0 / 7);
  p.static_part = figure(1.0 / 7);
  p.low_hz = 1;
  const Ledger l = ledger(t, {"ldo", 1.8}, {{100 * mhz, 4}, {48 * mhz, 2}, {33'333'333, 1}});
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Activities whole;
    Split sum;
    for (int part = 0; part < 5; ++part) {
      Activities a(1 + random() % 3);
      for (Activity& one : a) {
        one.issue_cycles = random() % 1'000'000'000'000;
        one.stall_cycles = random() % 1'000'000;
        one.sleep_cycles = random() % 1'000'000;
        one.code_flash_cycles = random() % 1'000'000;
        one.flash_reads = random() % 1'000'000;
        one.ram_accesses = random() % 1'000'000;
      }
      whole += a;
      sum += l.price(a);
    }
    ASSERT_EQ(l.price(whole), sum);
  }
}

TEST(Ledger, TheIntervalIsTheSupplysAwakeAndTheFiguresAsleep) {
  const Ledger l = ledger(table(), {"smps", 0});
  const Interval awake = l.interval({{1000, 0, 0, 0, 0, 0}});  // 110 nJ, -10 % to +20 %
  EXPECT_NEAR(awake.value, 110e-9, 1e-15);
  EXPECT_NEAR(awake.low, 99e-9, 1e-15);
  EXPECT_NEAR(awake.high, 132e-9, 1e-15);
  const Interval asleep = l.interval({{0, 0, 1000, 0, 0, 0}});  // 2 pJ a cycle, 1 to 4
  EXPECT_NEAR(asleep.value, 2e-9, 1e-15);
  EXPECT_NEAR(asleep.low, 1e-9, 1e-15);
  EXPECT_NEAR(asleep.high, 4e-9, 1e-15);
}

TEST(Ledger, NothingRanCostsNothing) {
  const Ledger l = ledger(table());
  for (const Activities& none : {Activities{}, Activities{{}}}) {
    EXPECT_EQ(l.price(none).total(), 0u);
    EXPECT_EQ(l.interval(none).high, 0);
    EXPECT_EQ(l.tier(none), "datasheet");
    EXPECT_THAT(l.remarks(none), IsEmpty());
  }
}

// ---- clocks ---------------------------------------------------------------------------------------------------------

TEST(Ledger, AClockOutsideOfThePricesIsExtrapolatedFromTheNearest) {
  // 50 MHz, an octave below: events cost the same, the static part twice as much a cycle; the interval is 30 % wider.
  const Ledger l = ledger(table(), {"smps", 0}, {{50 * mhz, 0}});
  const Activities a{{1000, 0, 0, 0, 0, 0}};
  EXPECT_EQ(l.price(a).core_fj, 100'000'000u);
  EXPECT_EQ(l.price(a).static_fj, 20'000'000u);
  EXPECT_NEAR(l.interval(a).low, 120e-9 * 0.6, 1e-15);
  EXPECT_NEAR(l.interval(a).high, 120e-9 * 1.5, 1e-15);
  EXPECT_EQ(l.tier(a), "extrapolated");
  EXPECT_THAT(l.remarks(a), ElementsAre(AllOf(HasSubstr("no energy figure at 50 MHz"), HasSubstr("from 100 MHz"),
                                              HasSubstr("wider by 30 %"))));
}

TEST(Ledger, AtAnotherClockSleepsClocksSlowDownButNotItsStaticPart) {
  // 1 mW static; asleep 3 (0.5 to 5) mW at 100 MHz: at 25 MHz 1.5 (0.5 to 2) mW, which is 60 (20 to 80) pJ a cycle.
  Table t = table();
  t.supplies[1].prices[0].sleep = figure(3, 0.5, 5);
  t.supplies[1].octave_percent = 0;
  const Ledger l = ledger(t, {"smps", 0}, {{25 * mhz, 0}});
  const Interval i = l.interval({{0, 0, 1000, 0, 0, 0}});
  EXPECT_NEAR(i.value, 60e-9, 1e-15);
  EXPECT_NEAR(i.low, 20e-9, 1e-15);
  EXPECT_NEAR(i.high, 80e-9, 1e-15);
}

TEST(Ledger, ThePricesOfTheRightClockAreTaken) {
  Table t = table();
  Prices slow = prices();
  slow.low_hz = 10 * mhz;
  slow.high_hz = 20 * mhz;
  slow.issue = figure(70);
  t.supplies[1].prices = {slow, prices()};
  const std::vector<OperatingPoint> points{{10 * mhz, 0}, {20 * mhz, 0}, {100 * mhz, 0}, {40 * mhz, 0}, {60 * mhz, 0}};
  const Ledger l = ledger(t, {"smps", 0}, points);
  const auto issue = [&](std::size_t point) {
    Activities a(point + 1);
    a[point].issue_cycles = 1;
    return l.price(a).core_fj;
  };
  EXPECT_EQ(issue(0), 70'000u);
  EXPECT_EQ(issue(1), 70'000u);
  EXPECT_EQ(issue(2), 100'000u);
  EXPECT_EQ(issue(3), 70'000u);   // one octave above 20, 1.3 below 100
  EXPECT_EQ(issue(4), 100'000u);  // 1.6 above 20, 0.7 below 100
}

TEST(Ledger, AStartUpAtOtherClocksDoesNotChangeTheTier) {
  // 50 cycles at 4 MHz, a million at 100 MHz, 50 more at 4 MHz with other wait states.
  const Ledger l = ledger(table(), {}, {{4 * mhz, 0}, {100 * mhz, 4}, {4 * mhz, 4}});
  const Activities a{{50, 0, 0, 0, 0, 0}, {1'000'000, 0, 0, 0, 0, 0}, {50, 0, 0, 0, 0, 0}};
  EXPECT_EQ(l.tier(a), "datasheet");
  EXPECT_THAT(l.remarks(a), ElementsAre(HasSubstr("no energy figure at 4 MHz: extrapolated, 0.03")));
}

TEST(Ledger, AClockOf0HzDoesNoHarm) {
  const Ledger l = ledger(table(), {}, {{0, 0}});
  const Activities a{{1000, 0, 10, 0, 0, 0}};
  EXPECT_GT(l.price(a).total(), 0u);
  EXPECT_LE(l.interval(a).low, l.interval(a).value);
  EXPECT_LE(l.interval(a).value, l.interval(a).high);
  EXPECT_EQ(l.tier(a), "extrapolated");
}

// ---- what nobody published ------------------------------------------------------------------------------------------

TEST(Ledger, PartsWithoutAFigureAreContainedInTheCoreAndSaidSo) {
  Table t = table();
  Prices& p = t.supplies[0].prices[0];
  p.flash_fetch = p.flash_read = p.ram_access = std::nullopt;
  const Ledger l = ledger(t);
  const Activities a{{1000, 0, 0, 600, 20, 200}};
  EXPECT_EQ(l.price(a).flash_fj, 0u);
  EXPECT_EQ(l.price(a).ram_fj, 0u);
  EXPECT_THAT(l.remarks(a), ElementsAre(AllOf(HasSubstr("flash"), HasSubstr("not separable from the core")),
                                        AllOf(HasSubstr("RAM"), HasSubstr("not separable from the core"))));
  EXPECT_THAT(l.remarks({{1000, 0, 0, 0, 0, 0}}), IsEmpty());  // nothing to separate
}

TEST(Ledger, SleepWithoutAFigureLiesBetweenNothingAndAStall) {
  Table t = table();
  t.supplies[1].prices[0].sleep = std::nullopt;
  const Ledger l = ledger(t, {"smps", 0});
  const Activities a{{0, 0, 1000, 0, 0, 0}};
  EXPECT_NEAR(l.interval(a).low, 0, 1e-15);
  EXPECT_NEAR(l.interval(a).value, 30e-9, 1e-15);
  EXPECT_NEAR(l.interval(a).high, 60e-9, 1e-15);  // 50 stalled and 10 static
  EXPECT_THAT(l.remarks(a), ElementsAre(HasSubstr("no figure for sleep")));
}

// ---- the range of the integers --------------------------------------------------------------------------------------

TEST(Ledger, BeyondItsRangeItSaysSo) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const Ledger l = ledger(table(), {"smps", 0});
  // 110 pJ a cycle: 1.7e14 of them are 18.4 kJ, where the femtojoules end.
  const Activities fits{{150'000'000'000'000, 0, 0, 0, 0, 0}}, beyond{{170'000'000'000'000, 0, 0, 0, 0, 0}};
  EXPECT_LT(l.price(fits).total(), most);
  EXPECT_THAT(l.remarks(fits), IsEmpty());
  EXPECT_EQ(l.price(beyond).total(), most);
  EXPECT_THAT(l.remarks(beyond), Contains(HasSubstr("at least")));
  EXPECT_EQ(l.price({{300'000'000'000'000, 0, 0, 0, 0, 0}}).core_fj, most);  // a single product beyond it
  Split twice = l.price(fits);
  twice += l.price(fits);
  EXPECT_EQ(twice.total(), most);  // no wrap
}

}  // namespace
}  // namespace mj::energy
