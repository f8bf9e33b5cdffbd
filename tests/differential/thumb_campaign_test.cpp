// A bounded campaign per family: programs drawn from the decode tables end here as they do in Unicorn and in QEMU.
//
//   MJ_DIFFERENTIAL_COUNT=20000000 MJ_DIFFERENTIAL_SEED=7     more, others
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "tests/differential/qemu_thumb.h"
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
  options.instructions = from_environment("MJ_DIFFERENTIAL_COUNT", 300'000);
  options.seed = from_environment("MJ_DIFFERENTIAL_SEED", 20240607);
  const CampaignReport report = run_campaign(GetParam(), options);
  std::cout << text(GetParam(), report, options.seed);
  EXPECT_TRUE(report.difference.empty());
  EXPECT_GE(report.instructions, options.instructions);
  EXPECT_EQ(report.rows_drawn, report.rows) << "rows of the tables that no program had";
}

INSTANTIATE_TEST_SUITE_P(Families, ThumbPrograms, testing::ValuesIn(families().begin(), families().end()),
                         [](const auto& i) { return std::string(i.param.name); });

class ThumbProgramsOnABoard : public testing::TestWithParam<QemuFamily> {};

TEST_P(ThumbProgramsOnABoard, EndAsInQemu) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("qemu_" + std::string(GetParam().name) + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::uint64_t count = from_environment("MJ_DIFFERENTIAL_QEMU_COUNT", 5'000);
  const std::uint64_t seed = from_environment("MJ_DIFFERENTIAL_SEED", 20240607);
  const QemuReport report = compare_with_qemu(GetParam(), count, seed, folder.string(), MJ_QEMU_BENCH);
  std::cout << text(GetParam(), report, seed);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(report.trouble, "");
  EXPECT_EQ(report.differences, 0u);
  EXPECT_GE(report.instructions, count);
}

INSTANTIATE_TEST_SUITE_P(Machines, ThumbProgramsOnABoard,
                         testing::ValuesIn(qemu_families().begin(), qemu_families().end()),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace

void PrintTo(const QemuFamily& f, std::ostream* out) { *out << f.name; }
void PrintTo(const Family& f, std::ostream* out) { *out << f.name; }

}  // namespace mj::differential
