// Writes the seeds that only the program itself can make: a saved result, a budget with a baseline, instructions,
// a tensor, a layer table. `seeds DIRECTORY` fills one folder a target.
#include <random>

#include "isa/rv32/decode.h"
#include "isa/thumb/decode.h"
#include "sim/npy.h"
#include "sim/tensor_io.h"
#include "tests/fuzz/target.h"
#include "tests/model/note_section.h"
#include "tests/report/sample.h"
#include "tools/budget/budget.h"

using namespace mj;
namespace fs = std::filesystem;

namespace {

void put(const fs::path& file, std::string_view bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Some encodings of every 16- and 32-bit Thumb row: programs of 8 instructions each, as an input's length is its time.
void thumb(const fs::path& dir) {
  std::minstd_rand random(1);
  std::string program;
  unsigned count = 0, file = 0;
  const auto add = [&](std::uint32_t half) {
    program += static_cast<char>(half & 0xff);
    program += static_cast<char>(half >> 8 & 0xff);
  };
  const auto flush = [&] {
    put(dir / ("thumb_" + std::to_string(file)), std::string(1, static_cast<char>(file * 37)) + program);
    ++file;
    program.clear();
  };
  for (const auto& row : isa::thumb::rows_16bit()) {
    add(row.pattern.value | (static_cast<std::uint32_t>(random()) & ~row.pattern.mask & 0xffff));
    if (++count % 8 == 0) flush();
  }
  for (const auto& row : isa::thumb::rows_32bit()) {
    const std::uint32_t raw = row.pattern.value | (static_cast<std::uint32_t>(random()) & ~row.pattern.mask);
    add(raw >> 16);
    add(raw & 0xffff);
    if (++count % 8 == 0) flush();
  }
  flush();
}

}  // namespace

int main(int argc, char** argv) {
  fuzz::require(argc == 2, "usage: seeds DIRECTORY");
  const fs::path dir = argv[1];

  profile::RunResult run = test::sample();
  put(dir / "result_json" / "without_energy.json", report::json(run, {}));
  test::add_energy(run);
  const std::string saved = report::json(run, {});
  put(dir / "result_json" / "with_energy.json", saved);
  const auto first = budget::initial_budget(run);
  fuzz::require(first.ok(), "the sample run has a budget");
  put(dir / "budget_json" / "initial.json", *first);

  thumb(dir / "disasm");
  const std::vector<std::byte> note = test::section();
  put(dir / "note" / "one_layer", {reinterpret_cast<const char*>(note.data()), note.size()});
  model::NoteTensor tensor;
  tensor.name = "input";
  tensor.shape = {2, 4};
  tensor.bytes = 8;
  fs::create_directories(dir / "tensor");
  for (const char* name : {"x.npy", "x.bin"})
    fuzz::require(write_tensor((dir / "tensor" / name).string(), tensor, {1, 2, 3, 4, 5, 6, 7, 8}).ok(), "written");
  for (const model::TensorType type : {model::TensorType::int8, model::TensorType::int16, model::TensorType::float32}) {
    const auto file = npy_file({type, {1, 2, 1}, std::vector<std::byte>(model::element_bits(type) / 4)});
    fuzz::require(file.ok(), "written");
    put(dir / "npy" / (model::type_name(type) + ".npy"), *file);
  }
  return 0;
}
