// Energy tables from files: what is read, and broken ones, each mistake named with its place.
#include "energy/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace mj::energy {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* whole_table = R"({
  "title": "Bench", "scope": "the microcontroller",
  "unknown": ["sleep"],
  "supplies": [{
    "name": "ldo", "title": "internal LDO", "regulator": "ldo",
    "voltage": {"value": 3.3, "low": 1.7, "high": 3.6, "unit": "V", "source": "a", "certainty": "documented"},
    "accuracy": {"low_percent": -10, "high_percent": 20, "tier": "datasheet", "source": "b", "certainty": "estimated"},
    "extrapolation": {"percent_per_octave": 30, "source": "c", "certainty": "estimated"},
    "prices": [{
      "clock": {"low": 1000000, "high": 20000000, "unit": "Hz"},
      "issue": {"value": 100, "low": 90, "high": 110, "unit": "pC", "source": "d", "certainty": "measured"},
      "stall": {"value": 50, "low": 40, "high": 60, "unit": "pC", "source": "e", "certainty": "estimated"},
      "static": {"value": 250, "low": 200, "high": 300, "unit": "uA", "source": "f", "certainty": "estimated"}
    }, {
      "clock": {"low": 40000000, "high": 80000000, "unit": "Hz"},
      "issue": {"value": 120, "low": 90, "high": 130, "unit": "pC", "source": "d", "certainty": "measured"},
      "stall": {"value": 60, "low": 40, "high": 70, "unit": "pC", "source": "e", "certainty": "estimated"},
      "flash_fetch": {"value": 1, "low": 0, "high": 2, "unit": "pC", "source": "g", "certainty": "estimated"},
      "flash_read": {"value": 2, "low": 0, "high": 3, "unit": "pC", "source": "g", "certainty": "estimated"},
      "ram_access": {"value": 3, "low": 0, "high": 4, "unit": "pC", "source": "g", "certainty": "estimated"},
      "static": {"value": 2, "low": 1, "high": 3, "unit": "mA", "source": "f", "certainty": "estimated"},
      "sleep": {"value": 1, "low": 0.5, "high": 2, "unit": "mA", "source": "h", "certainty": "estimated"}
    }],
    "low_power_modes": [
      {"name": "stop", "keeps_ram": true,
       "current": {"value": 2, "low": 1, "high": 5, "unit": "uA", "source": "i", "certainty": "documented"}}]
  }]
})";

class EnergyTable : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() / ("mj_energy_" + std::string(info->name()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  Result<Table> load(const std::string& text) {
    const auto path = dir_ / "mine.json";
    std::ofstream(path, std::ios::binary) << text;
    return load_table_file(path.string());
  }
  /// The whole table with the first `from` replaced.
  Error error_of(const std::string& from, const std::string& to) {
    std::string text = whole_table;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    const auto table = load(text.replace(at, from.size(), to));
    EXPECT_FALSE(table) << to;
    return table ? Error{} : table.error();
  }

  std::filesystem::path dir_;
};

TEST_F(EnergyTable, IsReadInItsUnits) {
  const auto t = load(whole_table);
  ASSERT_TRUE(t) << t.error().text();
  EXPECT_EQ(t->board, "mine");
  EXPECT_EQ(t->scope, "the microcontroller");
  EXPECT_EQ(t->unknown, std::vector<std::string>{"sleep"});
  const Supply* s = t->supply("ldo");
  ASSERT_TRUE(s);
  EXPECT_FALSE(t->supply("smps"));
  EXPECT_EQ(s->regulator, Regulator::ldo);
  EXPECT_EQ(s->volts, 3.3);
  EXPECT_EQ(s->min_volts, 1.7);
  EXPECT_EQ(s->max_volts, 3.6);
  EXPECT_EQ(s->low_percent, -10);
  EXPECT_EQ(s->high_percent, 20);
  EXPECT_EQ(s->octave_percent, 30);
  EXPECT_EQ(s->tier, "datasheet");
  EXPECT_EQ(s->source, "b");

  ASSERT_EQ(s->prices.size(), 2u);
  EXPECT_EQ(s->prices[0].low_hz, 1'000'000u);
  EXPECT_EQ(s->prices[0].high_hz, 20'000'000u);
  EXPECT_EQ(s->prices[0].issue.value, 100);
  EXPECT_EQ(s->prices[0].issue.low, 90);
  EXPECT_EQ(s->prices[0].issue.high, 110);
  EXPECT_EQ(s->prices[0].issue.certainty, "measured");
  EXPECT_DOUBLE_EQ(s->prices[0].static_part.value, 0.25);  // 250 uA in mA
  EXPECT_FALSE(s->prices[0].flash_fetch || s->prices[0].flash_read || s->prices[0].ram_access || s->prices[0].sleep);
  EXPECT_EQ(s->prices[1].flash_fetch->value, 1);
  EXPECT_EQ(s->prices[1].flash_read->value, 2);
  EXPECT_EQ(s->prices[1].ram_access->value, 3);
  EXPECT_EQ(s->prices[1].sleep->value, 1);

  ASSERT_EQ(s->modes.size(), 1u);
  EXPECT_EQ(s->modes[0].name, "stop");
  EXPECT_TRUE(s->modes[0].keeps_ram);
  EXPECT_DOUBLE_EQ(s->modes[0].current_ma.value, 0.002);
}

TEST_F(EnergyTable, AWrongKeyIsNamedWithWhatIsAllowed) {
  const Error e = error_of("\"flash_fetch\"", "\"flash_fech\"");
  EXPECT_EQ(e.code, ExitCode::usage);
  EXPECT_THAT(e.text(), AllOf(HasSubstr("mine.json#/supplies/0/prices/1/flash_fech"), HasSubstr("allowed here: clock"),
                              HasSubstr("did you mean \"flash_fetch\"?")));
}

TEST_F(EnergyTable, ANegativePriceIsRefused) {
  const Error e = error_of("\"value\": 50, \"low\": 40", "\"value\": 50, \"low\": -40");
  EXPECT_EQ(e.code, ExitCode::usage);
  EXPECT_THAT(e.text(), AllOf(HasSubstr("#/supplies/0/prices/0/stall/low"), HasSubstr("-40")));
}

TEST_F(EnergyTable, AValueOutsideOfItsIntervalIsRefused) {
  EXPECT_THAT(error_of("\"value\": 100, \"low\": 90", "\"value\": 100, \"low\": 101").text(),
              AllOf(HasSubstr("low, value and high must ascend"), HasSubstr("#/supplies/0/prices/0/issue"),
                    HasSubstr("101, 100, 110")));
  EXPECT_THAT(error_of("\"high\": 5, \"unit\": \"uA\"", "\"high\": 1.5, \"unit\": \"uA\"").text(),
              HasSubstr("#/supplies/0/low_power_modes/0/current"));
  EXPECT_THAT(error_of("\"high\": 3.6", "\"high\": 3.2").text(), HasSubstr("#/supplies/0/voltage"));
}

TEST_F(EnergyTable, NumbersNeedTheirSource) {
  EXPECT_THAT(error_of("\"unit\": \"pC\", \"source\": \"d\", ", "\"unit\": \"pC\", ").text(),
              HasSubstr("#/supplies/0/prices/0/issue"));
  EXPECT_THAT(error_of("\"measured\"", "\"guessed\"").text(), HasSubstr("#/supplies/0/prices/0/issue/certainty"));
}

TEST_F(EnergyTable, TheUnitsMustFitTheRegulator) {
  EXPECT_THAT(error_of("\"regulator\": \"ldo\"", "\"regulator\": \"smps\"").text(),
              AllOf(HasSubstr("wrong unit"), HasSubstr("expected: pJ")));
  EXPECT_THAT(error_of("\"uA\", \"source\": \"f\"", "\"mW\", \"source\": \"f\"").text(),
              AllOf(HasSubstr("#/supplies/0/prices/0/static/unit"), HasSubstr("expected: mA or uA")));
}

TEST_F(EnergyTable, ClocksMustAscendAndNotOverlap) {
  EXPECT_THAT(error_of("\"low\": 40000000", "\"low\": 20000000").text(),
              AllOf(HasSubstr("not overlap"), HasSubstr("#/supplies/0/prices/1/clock")));
  EXPECT_THAT(error_of("\"low\": 1000000", "\"low\": 30000000").text(),
              AllOf(HasSubstr("low must not be above high"), HasSubstr("#/supplies/0/prices/0/clock")));
  EXPECT_EQ(error_of("\"low\": 1000000", "\"low\": 0").code, ExitCode::usage);
}

TEST_F(EnergyTable, TruncatedFilesAreUnreadable) {
  const std::string text = whole_table;
  for (std::size_t length = 0; length + 1 < text.size(); length += 37) {
    const auto table = load(text.substr(0, length));
    ASSERT_FALSE(table) << length;
    EXPECT_EQ(table.error().code, ExitCode::unreadable) << length;
    EXPECT_THAT(table.error().where, HasSubstr("mine.json:")) << length;  // with the line
  }
}

TEST_F(EnergyTable, StrangeFilesAreErrorsToo) {
  EXPECT_EQ(load("[]").error().code, ExitCode::usage);
  EXPECT_EQ(load("{}").error().code, ExitCode::usage);
  EXPECT_EQ(load("{\"title\": 1e999}").error().code, ExitCode::unreadable);
  EXPECT_EQ(load(std::string(1'000'000, '[')).error().code, ExitCode::unreadable);
  EXPECT_EQ(load_table_file((dir_ / "none.json").string()).error().code, ExitCode::unreadable);
  EXPECT_EQ(load_table_file(dir_.string()).error().code, ExitCode::unreadable);
}

TEST_F(EnergyTable, BoardsWithoutATableHaveNone) {
  for (const char* board : {"virt32", "no-such-board", "", "../models/energy/pico", "/dev/null"}) {
    const auto table = load_table(MODELS, board);
    ASSERT_TRUE(table) << table.error().text();
    EXPECT_FALSE(*table) << board;
  }
}

}  // namespace
}  // namespace mj::energy
