// The shipped tables and batteries: each loads, says what it rests on, and gives energies of the right size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "energy/battery.h"
#include "energy/ledger.h"
#include "energy/table.h"

namespace mj::energy {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> tables() {
  std::vector<std::string> boards;
  for (const auto& entry : fs::directory_iterator(fs::path(MODELS) / "energy"))
    boards.push_back(entry.path().stem().string());
  std::sort(boards.begin(), boards.end());
  return boards;
}

class ShippedTable : public testing::TestWithParam<std::string> {};

TEST_P(ShippedTable, LoadsAndBelongsToABoard) {
  const auto t = load_table(MODELS, GetParam());
  ASSERT_TRUE(t) << t.error().text();
  ASSERT_TRUE(*t);
  EXPECT_EQ((*t)->board, GetParam());
  EXPECT_TRUE(fs::exists(fs::path(MODELS) / "boards" / (GetParam() + ".json")));
  EXPECT_FALSE((*t)->unknown.empty());
}

TEST_P(ShippedTable, EverySupplyPricesACycle) {
  const auto t = load_table(MODELS, GetParam());
  ASSERT_TRUE(t && *t);
  for (const Supply& s : (*t)->supplies) {
    const auto l = Ledger::create(**t, {s.name, 0}, {{s.prices.back().high_hz, 0}});
    ASSERT_TRUE(l) << l.error().text();
    const Activities million{{700'000, 300'000, 0, 700'000, 20'000, 150'000}};
    const Interval i = l->interval(million);
    EXPECT_LT(i.low, i.value);
    EXPECT_LT(i.value, i.high);
    EXPECT_GT(i.value, 50e-6) << s.name;  // 50 pJ to 2 nJ a cycle
    EXPECT_LT(i.value, 2000e-6) << s.name;
    EXPECT_EQ(l->tier(million), s.tier);
    EXPECT_FALSE(s.modes.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, ShippedTable, testing::ValuesIn(tables()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(ShippedTables, WhereNobodyPublishedAFigureThereIsNone) {
  for (const char* board : {"ibex-demo", "mps2-an386", "virt32", "rtl-ibex-small"}) {
    const auto t = load_table(MODELS, board);
    ASSERT_TRUE(t);
    EXPECT_FALSE(*t) << board;
  }
}

TEST(ShippedTables, NucleoDrawsWhatWasMeasured) {
  // The mix of neural networks (73.1 % issue) at 120 MHz for a second: 25.65 mA on the LDO, 33.4 mW on the SMPS.
  const Activities second{{87'720'000, 32'280'000, 0, 87'720'000, 2'232'000, 17'640'000}};
  const auto t = load_table(MODELS, "nucleo-l4r5zi");
  ASSERT_TRUE(t && *t);
  const auto joules = [&](const std::string& supply, double volts) {
    const auto l = Ledger::create(**t, {supply, volts}, {{120'000'000, 5}});
    return l ? l->interval(second).value : 0;
  };
  EXPECT_NEAR(joules("ldo", 1.8), 1.8 * 25.65e-3, 1.8 * 0.05e-3);
  EXPECT_NEAR(joules("ldo", 3.0), 3.0 * 25.65e-3, 3.0 * 0.05e-3);
  EXPECT_NEAR(joules("smps", 3.0), 33.37e-3, 0.05e-3);
}

TEST(ShippedTables, NanoDrawsWhatTheDatasheetSays) {
  // CoreMark, 80 % issue: 3.3 mA from flash and 2.8 mA from RAM with DC/DC, 6.3 mA from flash with LDO, at 3 V.
  const auto t = load_table(MODELS, "nano33ble");
  ASSERT_TRUE(t && *t);
  const auto milliamperes = [&](const std::string& supply, bool flash) {
    const auto l = Ledger::create(**t, {supply, 3}, {{64'000'000, 2}});
    return l ? 1e3 / 3 * l->interval({{51'200'000, 12'800'000, 0, flash ? 51'200'000u : 0, 0, 0}}).value : 0;
  };
  EXPECT_NEAR(milliamperes("smps", true), 3.3, 0.01);
  EXPECT_NEAR(milliamperes("smps", false), 2.8, 0.01);
  EXPECT_NEAR(milliamperes("ldo", true), 6.3, 0.02);
}

TEST(ShippedBatteries, LoadAndAreWhole) {
  const auto all = load_batteries(MODELS);
  ASSERT_TRUE(all) << all.error().text();
  std::vector<std::string> names;
  for (const Battery& b : *all) {
    names.push_back(b.name);
    EXPECT_LT(b.end_volts, b.volts) << b.name;
    EXPECT_LT(b.volts, b.full_volts) << b.name;
    EXPECT_GT(b.capacity_mah.low, 0) << b.name;
    EXPECT_GT(b.life_cap_years, 0) << b.name;
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"cr2032", "aa", "lifes2-aa", "lipo-400", "lipo-1000"}));
}

TEST(ShippedBatteries, ABrokenCatalogueIsNamedWithItsPlace) {
  const fs::path dir = fs::temp_directory_path() / "mj_broken_batteries";
  fs::create_directories(dir);
  std::ifstream in(fs::path(MODELS) / "batteries.json");
  const std::string shipped{std::istreambuf_iterator<char>(in), {}};
  const auto error_of = [&](const std::string& from, const std::string& to) {
    std::string text = shipped;
    text.replace(text.find(from), from.size(), to);
    std::ofstream(dir / "batteries.json") << text;
    const auto all = load_batteries(dir.string());
    return all ? std::string("it loads") : all.error().text();
  };
  EXPECT_THAT(error_of("\"pulse_limit\"", "\"puls_limit\""), testing::HasSubstr("/batteries/0/puls_limit"));
  EXPECT_THAT(error_of("\"low\": 220", "\"low\": 230"), testing::HasSubstr("/batteries/0/capacity"));
  EXPECT_THAT(error_of("\"name\": \"aa\"", "\"name\": \"cr2032\""), testing::HasSubstr("another battery of this name"));
  EXPECT_THAT(error_of("\"batteries\": [", "\"batteries\": "), testing::HasSubstr("not valid JSON"));
  fs::remove_all(dir);
}

}  // namespace
}  // namespace mj::energy
