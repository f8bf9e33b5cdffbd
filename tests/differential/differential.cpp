// Campaigns: random programs of one family compared for as long as wanted.
//
//   differential --family v7em --count 20000000 --seed 7
//
// Or the table of cases that tests/isa/thumb/table_test.cpp holds us to, the oracle being the judge:
//
//   differential --cases 3 --seed 1 > tests/isa/thumb/cases.txt
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/differential/thumb_campaign.h"

int main(int argc, char** argv) {
  using namespace mj::differential;
  std::string name;
  CampaignOptions options;
  unsigned cases = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--family")) name = argv[i + 1];
    if (!std::strcmp(argv[i], "--count")) options.instructions = std::strtoull(argv[i + 1], nullptr, 0);
    if (!std::strcmp(argv[i], "--cases")) cases = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (!std::strcmp(argv[i], "--differences")) options.differences = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (!std::strcmp(argv[i], "--seed")) options.seed = std::strtoull(argv[i + 1], nullptr, 0);
  }
  if (cases) {
    std::map<std::string, std::vector<std::string>> table;
    for (const char* core : {"m7", "v8m"})
      for (const auto& [op, lines] : collect_cases(*find_family(core), cases, options.seed, 40'000, table))
        if (!lines.empty()) table[op] = lines;
    for (const auto& [op, lines] : table) {
      std::printf("%s\n", op.c_str());
      for (const std::string& line : lines) std::printf("  %s\n", line.c_str());
    }
    return 0;
  }
  const Family* family = find_family(name);
  if (!family) {
    std::fprintf(stderr,
                 "usage: differential --family NAME [--count INSTRUCTIONS] [--seed N] [--differences MOST]\nfamilies:");
    for (const Family& f : families()) std::fprintf(stderr, " %s", std::string(f.name).c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  options.progress = [&](const CampaignReport& r) {
    std::fprintf(stderr, "%s: %llu instructions\n", name.c_str(), static_cast<unsigned long long>(r.instructions));
  };
  const CampaignReport report = run_campaign(*family, options);
  std::fputs(text(*family, report, options.seed).c_str(), stdout);
  return report.difference.empty() ? 0 : 1;
}
