// Campaigns: random programs of one family compared for as long as wanted.
//
//   differential --family v7em --count 20000000 --seed 7
//
// Unicorn 2.0.1 may end up in an endless loop of its own (lists of translated pages) after some 15 million
// instructions: take several seeds then. With qemu-system-arm as the judge instead of Unicorn; its image and what the
// programs left go to FOLDER:
//
//   differential --family v7em --count 300000 --seed 7 --qemu FOLDER
//
// Or the table of cases that tests/isa/thumb/table_test.cpp holds us to, the oracle being the judge:
//
//   differential --cases 3 --seed 1 > tests/isa/thumb/cases.txt
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/differential/qemu_thumb.h"
#include "tests/differential/thumb_campaign.h"

int main(int argc, char** argv) {
  using namespace mj::differential;
  std::string name;
  CampaignOptions options;
  std::string qemu_folder;
  unsigned cases = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--family")) name = argv[i + 1];
    if (!std::strcmp(argv[i], "--count")) options.instructions = std::strtoull(argv[i + 1], nullptr, 0);
    if (!std::strcmp(argv[i], "--cases")) cases = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (!std::strcmp(argv[i], "--differences")) options.differences = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (!std::strcmp(argv[i], "--qemu")) qemu_folder = argv[i + 1];
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
  if (!qemu_folder.empty()) {
    for (const QemuFamily& f : qemu_families())
      if (f.name == name) {
        const QemuReport report =
            compare_with_qemu(f, options.instructions, options.seed, qemu_folder, MJ_QEMU_BENCH, options.differences);
        std::fputs(text(f, report, options.seed).c_str(), stdout);
        return report.difference.empty() && report.trouble.empty() ? 0 : 1;
      }
    std::fprintf(stderr, "QEMU has v7m, v7em, m7 and v8m\n");
    return 2;
  }
  const Family* family = find_family(name);
  if (!family) {
    std::fprintf(stderr,
                 "usage: differential --family NAME [--count INSTRUCTIONS] [--seed N] [--differences MOST] [--qemu "
                 "FOLDER]\nfamilies:");
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
