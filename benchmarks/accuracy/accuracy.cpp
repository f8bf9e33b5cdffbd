// Our predictions beside published measurements.
//
//   build/bench/bin/accuracy [energy] [--csv]
//   build/bench/bin/accuracy cycles [--rtl DIR] [--programs DIR] [--csv]
//   build/bench/bin/accuracy latency [--programs DIR] [--csv]
//
// Exit code 0, 1 if intervals cover less than 80 % of the energy rows or a program failed its own check, else that of
// the error.
#include <fmt/format.h>

#include <string>

#include "benchmarks/accuracy/suites.h"

int main(int argc, char** argv) {
  using namespace mj::accuracy;
  auto format = Format::markdown;
  bool cycles = false, latency = false, understood = true;
  CycleOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    std::string* const folder = word == "--rtl" ? &options.rtl : word == "--programs" ? &options.programs : nullptr;
    if (word == "--csv")
      format = Format::csv;
    else if (i == 1 && (word == "energy" || word == "cycles" || word == "latency"))
      cycles = word == "cycles", latency = word == "latency";
    else if ((cycles || (latency && word == "--programs")) && folder && i + 1 < argc)
      *folder = argv[++i];
    else
      understood = false;
  }
  if (!understood) {
    fmt::print(stderr,
               "usage: accuracy [energy] [--csv]\n       accuracy cycles [--rtl DIR] [--programs DIR] [--csv]\n"
               "       accuracy latency [--programs DIR] [--csv]\n");
    return 2;
  }
  const auto outcome = cycles    ? cycle_suites(options, format)
                       : latency ? latency_suite(options.programs, format)
                                 : energy_suite(format);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().text());
    return static_cast<int>(outcome.error().code);
  }
  fmt::print("{}", outcome->text);
  fmt::print(stderr, "{}", outcome->notes);
  return outcome->passed ? 0 : 1;
}
