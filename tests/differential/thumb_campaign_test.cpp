// A bounded campaign per family: programs drawn from the decode tables end here as they do in Unicorn.
//
//   MJ_DIFFERENTIAL_COUNT=20000000 MJ_DIFFERENTIAL_SEED=7     more, others
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/differential/thumb_campaign.h"

namespace mj::differential {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

class ThumbPrograms : public testing::TestWithParam<Family> {};

TEST_P(ThumbPrograms, EndAsInUnicorn) {
  CampaignOptions options;
  options.instructions = from_environment("MJ_DIFFERENTIAL_COUNT", 100'000);
  options.seed = from_environment("MJ_DIFFERENTIAL_SEED", 20240607);
  const CampaignReport report = run_campaign(GetParam(), options);
  std::cout << text(GetParam(), report, options.seed);
  EXPECT_TRUE(report.difference.empty());
  EXPECT_GE(report.instructions, options.instructions);
  EXPECT_EQ(report.rows_drawn, report.rows) << "rows of the tables that no program had";
}

INSTANTIATE_TEST_SUITE_P(Families, ThumbPrograms, testing::ValuesIn(families().begin(), families().end()),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace

void PrintTo(const Family& f, std::ostream* out) { *out << f.name; }

}  // namespace mj::differential
