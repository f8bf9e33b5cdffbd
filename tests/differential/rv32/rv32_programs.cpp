// Campaigns of random RV32 programs against any machine that can write a signature (Spike, an RTL simulation):
//
//   rv32_programs --seed 7 --blocks 2000 --out p.elf
//   microjoule run p.elf --board virt32-max --dump-memory begin_signature:end_signature=ours.sig
//   spike --isa=... --misaligned +signature=theirs.sig +signature-granularity=4 p.elf
//   rv32_programs --seed 7 --blocks 2000 --compare ours.sig theirs.sig
//
// --features imac leaves out what isn't named: single letters, then extensions with underscores (imafc_zba_zcmp).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "isa/rv32/decode.h"
#include "tests/differential/rv32/program.h"

namespace {

using namespace mj::differential;

mj::isa::rv32::Features features_of(const std::string& text) {
  using namespace mj::isa::rv32;
  Features out = feature_machine | feature_zicsr | feature_zifencei;
  const std::size_t letters = std::min(text.find('_'), text.size());
  for (std::size_t k = 0; k < letters; ++k) out |= feature_of(text.substr(k, 1));
  for (std::size_t at = letters; at < text.size();) {
    const std::size_t end = std::min(text.find('_', at + 1), text.size());
    out |= feature_of(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

std::vector<std::string> lines(const char* path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

int compare(const Rv32Program& program, unsigned repeats, const char* ours_path, const char* theirs_path) {
  const auto ours = lines(ours_path), theirs = lines(theirs_path);
  const std::size_t words = program.signature_bytes / 4, window = program.window_bytes / 4;
  if (ours.size() != words || theirs.size() != words) {
    std::printf("%zu and %zu words, not %zu\n", ours.size(), theirs.size(), words);
    return 1;
  }
  constexpr std::size_t state = Rv32Program::state_bytes / 4;
  unsigned shown = 0;
  std::size_t last_run = ~std::size_t{0};
  for (std::size_t k = 0; k < words; ++k) {
    const std::size_t at = (k + window) % words;  // the window, which sums up everything, last
    if (ours[at] == theirs[at]) continue;
    if (at < window) {
      if (!shown) std::printf("window + 0x%zx: %s, %s\n", 4 * at, ours[at].c_str(), theirs[at].c_str());
      return 1;
    }
    const std::size_t run = (at - window) / state, slot = (at - window) % state;
    if (run != last_run && ++shown > 3) break;
    if (run != last_run && shown == 1)
      std::printf("%s", listing(program, static_cast<unsigned>(run / repeats)).c_str());
    last_run = run;
    std::printf("block %zu run %zu %s%zu: %s, %s\n", run / repeats, run % repeats,
                slot == 0   ? "fcsr"
                : slot < 32 ? "x"
                            : "f",
                slot == 0 ? 0 : slot % 32, ours[at].c_str(), theirs[at].c_str());
  }
  if (!shown) std::printf("equal: %llu instructions\n", static_cast<unsigned long long>(program.executed));
  return shown ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Rv32Options options;
  std::string features = "imafc_zba_zbb_zbs_zbc_zbkb_zicond_zcb_zcmp", out;
  std::vector<const char*> compared;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--seed") options.seed = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 0));
    if (name == "--blocks") options.blocks = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
    if (name == "--features") features = value;
    if (name == "--out") out = value;
    if (name == "--compare" && i + 2 < argc) compared = {argv[i + 1], argv[i + 2]};
  }
  options.features = features_of(features);
  const Rv32Program program = make_program(options);
  if (!compared.empty()) return compare(program, options.repeats, compared[0], compared[1]);
  if (out.empty()) {
    std::fprintf(stderr,
                 "rv32_programs --seed N --blocks N [--features ISA] --out FILE | --compare SIGNATURE SIGNATURE\n");
    return 2;
  }
  const auto elf = elf_of(program);
  std::ofstream(out, std::ios::binary)
      .write(reinterpret_cast<const char*>(elf.data()), static_cast<std::streamsize>(elf.size()));
  std::printf("%llu instructions drawn from the tables\n", static_cast<unsigned long long>(program.executed));
  for (std::size_t op = 0; op < program.of_op.size(); ++op)
    if (program.of_op[op] == 0) std::printf("none of %s\n", mj::isa::rv32::op_name(static_cast<std::uint16_t>(op)));
  return 0;
}
