// Our predictions beside published measurements.
//
//   build/bench/bin/accuracy [energy] [--csv]
//
// Exit code 0, 1 if intervals cover less than 80 % of the rows, else that of the error.
#include <fmt/format.h>

#include <cstring>

#include "benchmarks/accuracy/suites.h"

int main(int argc, char** argv) {
  auto format = mj::accuracy::Format::markdown;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--csv") == 0) {
      format = mj::accuracy::Format::csv;
    } else if (std::strcmp(argv[i], "energy") != 0) {
      fmt::print(stderr, "usage: accuracy [energy] [--csv]\n");
      return 2;
    }
  }
  const auto outcome = mj::accuracy::energy_suite(format);
  if (!outcome) {
    fmt::print(stderr, "{}", outcome.error().text());
    return static_cast<int>(outcome.error().code);
  }
  fmt::print("{}", outcome->text);
  return outcome->enough_covered ? 0 : 1;
}
