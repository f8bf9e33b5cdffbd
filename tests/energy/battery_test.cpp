// Battery life, against numbers worked out by hand.
#include "energy/battery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/energy/tables.h"

namespace mj::energy {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// 200 mAh, 3 V (2 to 3.3), 10 ohm (20 at the end), no self-discharge, 10 mA without loss, 10 years.
Battery cell() {
  Battery b;
  b.name = "cell";
  b.capacity_mah = figure(200);
  b.volts = 3;
  b.end_volts = 2;
  b.full_volts = 3.3;
  b.internal_ohm = figure(10, 10, 20);
  b.self_discharge_percent_year = figure(0);
  b.pulse_limit_ma = 10;
  b.pulse_capacity_factor = figure(0.8, 0.5, 1);
  b.life_cap_years = 10;
  return b;
}

/// Every 10 s awake for 0.1 s with 1 mJ at 2 V (5 mA), then 1 uA.
Duty duty() {
  Duty d;
  d.period_s = 10;
  d.active_s = 0.1;
  d.active_j = {1e-3, 1e-3, 1e-3};
  d.volts = 2;
  d.sleep_ma = figure(0.001);
  d.sleep_name = "stop";
  return d;
}

Life life_of(const Battery& b, const Duty& d, double min_volts = 1.7, double max_volts = 0) {
  auto life = battery_life(b, d, min_volts, max_volts);
  if (!life) throw std::runtime_error(life.error().text());
  return *life;
}

TEST(BatteryLife, BehindAnLdoChargeIsWhatCounts) {
  // 1 mJ at 2 V is 0.5 mC; 9.9 s at 1 uA are 0.0099 mC: 0.5099 mC in 10 s.
  const Life l = life_of(cell(), duty());
  EXPECT_NEAR(l.average_ma.value, 0.05099, 1e-9);
  EXPECT_NEAR(l.peak_ma, 5, 1e-9);
  EXPECT_NEAR(l.days.value, 200 / (0.05099 * 24), 1e-6);  // 163 days
  EXPECT_THAT(l.warnings, IsEmpty());
}

TEST(BatteryLife, BehindASwitchingRegulatorEnergyIsWhatCounts) {
  Duty d = duty();
  d.regulator = Regulator::smps;
  // 1 mJ out of 3 V is a third of a mC, whatever the voltage that it was measured at.
  const Life l = life_of(cell(), d);
  EXPECT_NEAR(l.average_ma.value, (1e-3 / 3 * 1e3 + 0.0099) / 10, 1e-9);
  // The mean voltage of a discharge is not exactly known: 2.5 to 3.15 V.
  EXPECT_NEAR(l.average_ma.low, (1e-3 / 3.15 * 1e3 + 0.0099) / 10, 1e-9);
  EXPECT_NEAR(l.average_ma.high, (1e-3 / 2.5 * 1e3 + 0.0099) / 10, 1e-9);
}

TEST(BatteryLife, ACoinCellAndAMillijouleEvery10Seconds) {
  // The shipped CR2032: 225 mAh less 1 % a year; 1 mJ at 3 V in 30 ms (11 mA: pulses) and Stop at 2.8 uA.
  const auto all = load_batteries(MODELS);
  ASSERT_TRUE(all) << all.error().text();
  const auto cr2032 = std::find_if(all->begin(), all->end(), [](const Battery& b) { return b.name == "cr2032"; });
  ASSERT_NE(cr2032, all->end());
  Duty d;
  d.period_s = 10;
  d.active_s = 0.03;
  d.active_j = {1e-3, 0.8e-3, 1.2e-3};
  d.volts = 3;
  d.sleep_ma = figure(0.0028, 0.0012, 0.01);
  const Life l = life_of(*cr2032, d);
  EXPECT_NEAR(l.average_ma.value, 0.0333333 + 0.0027916, 1e-6);  // a third of a mC in 10 s; sleep for 9.97 of 10 s
  // 0.9 * 225 mAh over (0.036125 mA * 24 h + 2.25 mAh / 365.25 d)
  EXPECT_NEAR(l.days.value, 202.5 / (0.867 + 0.00616), 0.1);  // 231.9 days
  EXPECT_NEAR(l.days.low, 0.5 * 220 / ((0.04 + 0.00997) * 24 + 4.4 / 365.25), 0.1);
  EXPECT_NEAR(l.days.high, 240 / ((0.0266667 + 0.0011964) * 24 + 1.2 / 365.25), 0.1);
  EXPECT_THAT(l.warnings, ElementsAre(AllOf(HasSubstr("11.1 mA"), HasSubstr("cr2032"), HasSubstr("90 %")),
                                      HasSubstr("nearly empty battery to 1.67 V")));  // 2 V less 11.1 mA * 30 ohm
}

TEST(BatteryLife, SharesSumToAll) {
  Battery b = cell();
  b.self_discharge_percent_year = figure(365.25 * 24 / 1000);  // of 200 mAh: 2 uA
  const Life l = life_of(b, duty());
  ASSERT_EQ(l.shares.size(), 3u);
  EXPECT_EQ(l.shares[0].what, "inference");
  EXPECT_EQ(l.shares[1].what, "sleep (stop)");
  EXPECT_EQ(l.shares[2].what, "self-discharge");
  const double all_ua = 50 + 0.99 + 2;
  EXPECT_NEAR(l.shares[0].percent, 100 * 50 / all_ua, 0.01);
  EXPECT_NEAR(l.shares[1].percent, 100 * 0.99 / all_ua, 0.01);
  EXPECT_NEAR(l.shares[2].percent, 100 * 2 / all_ua, 0.01);
  EXPECT_NEAR(l.average_ma.value, 0.05099, 1e-9);  // self-discharge is no current out of the battery
  EXPECT_NEAR(l.days.value, 200 / (0.05299 * 24), 0.01);
}

TEST(BatteryLife, TheIntervalTakesEveryInputAtItsWorstAndBest) {
  Battery b = cell();
  b.capacity_mah = figure(200, 150, 250);
  Duty d = duty();
  d.active_j = {1e-3, 0.5e-3, 2e-3};
  d.sleep_ma = figure(0.001, 0, 0.01);
  const Life l = life_of(b, d);
  EXPECT_NEAR(l.days.low, 150 / ((1.0 + 0.099) / 10 * 24), 1e-6);
  EXPECT_NEAR(l.days.high, 250 / (0.25 / 10 * 24), 1e-6);
  EXPECT_LT(l.days.low, l.days.value);
  EXPECT_LT(l.days.value, l.days.high);
}

TEST(BatteryLife, PulsesAboveTheLimitCostCapacity) {
  Duty d = duty();
  d.active_s = 0.04;  // the same charge in less time: 12.5 mA
  const Life l = life_of(cell(), d), gentle = life_of(cell(), duty());
  EXPECT_NEAR(l.days.value / gentle.days.value, 0.8, 0.001);
  EXPECT_NEAR(l.days.low / gentle.days.low, 0.5, 0.001);
  EXPECT_THAT(l.warnings, ElementsAre(AllOf(HasSubstr("12.5 mA"), HasSubstr("above the 10 mA"), HasSubstr("80 %"))));
}

TEST(BatteryLife, AVoltageDropBelowTheSupplysNeedIsSaid) {
  Duty d = duty();
  d.active_s = 0.01;  // 50 mA: 0.5 V over 10 ohm, 1 V at the end
  EXPECT_THAT(life_of(cell(), d, 2.6).warnings.back(), AllOf(HasSubstr("from 3 V to 2.50 V"), HasSubstr("it resets")));
  EXPECT_THAT(life_of(cell(), d, 1.7).warnings.back(),
              AllOf(HasSubstr("nearly empty battery to 1.00 V"), HasSubstr("out of reach")));
  EXPECT_EQ(life_of(cell(), d, 0.9).warnings.size(), 1u);  // the pulse limit's only
}

TEST(BatteryLife, ABatteryAboveWhatThePinBearsNeedsARegulator) {
  EXPECT_THAT(life_of(cell(), duty(), 1.7, 3.2).warnings, ElementsAre(HasSubstr("a regulator is needed")));
  EXPECT_THAT(life_of(cell(), duty(), 1.7, 3.3).warnings, IsEmpty());
}

TEST(BatteryLife, ShelfLifeIsTheMost) {
  Duty d = duty();
  d.period_s = 3600;
  d.sleep_ma = figure(0.0001);
  const Life l = life_of(cell(), d);
  EXPECT_DOUBLE_EQ(l.days.value, 3652.5);
  EXPECT_DOUBLE_EQ(l.days.high, 3652.5);
  EXPECT_THAT(l.warnings, ElementsAre(HasSubstr("shelf life of 10 years")));
}

TEST(BatteryLife, WhoIsAwakeLongerThanThePeriodNeverSleeps) {
  Duty d = duty();
  d.period_s = 0.05;  // half of the time awake
  const Life l = life_of(cell(), d);
  EXPECT_NEAR(l.average_ma.value, 5, 1e-9);
  EXPECT_DOUBLE_EQ(l.shares[1].percent, 0);
  EXPECT_THAT(l.warnings, ElementsAre(HasSubstr("never sleeps")));
}

TEST(BatteryLife, NumbersWithoutMeaningAreRefused) {
  for (const double wrong : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), HUGE_VAL})
    for (double Duty::*input : {&Duty::period_s, &Duty::active_s, &Duty::volts}) {
      Duty d = duty();
      d.*input = wrong;
      const auto life = battery_life(cell(), d, 1.7);
      ASSERT_FALSE(life) << wrong;
      EXPECT_EQ(life.error().code, ExitCode::usage);
    }
}

}  // namespace
}  // namespace mj::energy
