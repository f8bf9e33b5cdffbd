// Simulated instructions per host CPU second: microjoule with cycles and profile on, beside plain qemu-system and
// Unicorn on the same images in one run. The machines that this runs on are noisy and shared: only the ratios mean
// something, so the programs take turns and the median of the rounds counts.
//
//   build/bench/bin/speed [rounds, default 5]
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

struct Program {
  std::string name;
  std::string command;  ///< its console must be the workload's checksum line
};

double child_seconds() {
  rusage u{};
  getrusage(RUSAGE_CHILDREN, &u);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return s(u.ru_utime) + s(u.ru_stime);
}

/// CPU seconds of a command, start-up included; its output's first line goes to `line`. Negative if it can't run.
double cpu_seconds(const std::string& command, std::string& line) {
  const double before = child_seconds();
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return -1;
  char text[256] = "";
  const bool any = std::fgets(text, sizeof text, pipe) != nullptr;
  while (std::fgetc(pipe) != EOF) {
  }
  pclose(pipe);
  line = any ? text : "";
  while (!line.empty() && line.back() < ' ') line.pop_back();
  return child_seconds() - before;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

bool exists(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const char* workloads[] = {"conv", "int", "mem"};
  struct Target {
    const char *name, *prefix, *board, *qemu;
  };
  const Target targets[] = {
      {"Cortex-M4", "m4", "mps2-an386",
       "qemu-system-arm -M mps2-an386 -display none -monitor none -serial none"
       " -semihosting-config enable=on,target=native -kernel "},
      {"RV32IMC", "rv", "virt32",
       "qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio -kernel "}};
  bool all_right = true;
  for (const Target& t : targets) {
    std::map<std::string, double> log_sum;
    fmt::print("\n{}: MIPS (ratio to plain qemu-system), CPU time, median of {}\n", t.name, rounds);
    fmt::print("{:<12}{:>16}{:>16}{:>16}{:>20}\n", "", "conv", "int", "mem", "geometric mean");
    std::map<std::string, std::vector<double>> mips;
    std::vector<std::string> order;
    for (int w = 1; w <= 3; ++w) {
      const std::string elf = fmt::format("{}/{}-{}.elf", IMAGES, t.prefix, w);
      const std::string saved = fmt::format("{}/{}-{}.mj.json", IMAGES, t.prefix, w);
      std::vector<Program> programs = {
          {"microjoule", fmt::format("{}/microjoule run {} --board {} -o {} 2>/dev/null", BIN, elf, t.board, saved)},
          {"qemu", std::string(t.qemu) + elf + " </dev/null 2>&1"}};
      if (std::string(t.prefix) == "m4" && exists(std::string(BIN) + "/unicorn_run"))
        programs.push_back({"unicorn", fmt::format("{}/unicorn_run {} 2>/dev/null", BIN, elf)});
      std::map<std::string, std::vector<double>> seconds;
      std::string expected;
      for (int round = 0; round < rounds; ++round)
        for (const Program& p : programs) {
          std::string line;
          seconds[p.name].push_back(cpu_seconds(p.command, line));
          if (expected.empty()) expected = line;
          if (line != expected || line.empty()) {
            fmt::print("{} {}: '{}' instead of '{}'\n", p.name, workloads[w - 1], line, expected);
            all_right = false;
          }
        }
      std::ifstream in(saved);
      const auto result = nlohmann::json::parse(in, nullptr, false);
      const double instructions = result.is_object() ? result["totals"]["instructions"].get<double>() : NAN;
      for (const Program& p : programs) {
        if (w == 1) order.push_back(p.name);
        mips[p.name].push_back(instructions / median(seconds[p.name]) / 1e6);
      }
    }
    for (const std::string& name : order) {
      double product = 1;
      fmt::print("{:<12}", name);
      for (std::size_t w = 0; w < 3; ++w) {
        const double ratio = mips[name][w] / mips["qemu"][w];
        product *= ratio;
        fmt::print("{:>16}", fmt::format("{:.0f} ({:.2f})", mips[name][w], ratio));
      }
      fmt::print("{:>20.2f}\n", std::cbrt(product));
    }
  }
  return all_right ? 0 : 1;
}
