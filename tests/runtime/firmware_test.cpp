// Whole firmware, built for two machines and run by QEMU: its console says what the reference says.
//
// mps2-an386 runs the Armv7E-M DSP kernels, virt32 the plain C ones.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "sim/profile/model/note.h"
#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"
#include "tools/build/build.h"
#include "tools/build/compile.h"
#include "tools/reference/reference.h"

namespace mj::build {
namespace {

namespace fs = std::filesystem;
using reference::Bytes;

struct Ran {
  int status;
  std::string console;
};

Ran shell(const std::string& command) {
  Ran result{-1, ""};
  std::FILE* pipe = popen(("( " + command + " ) 2>&1 < /dev/null").c_str(), "r");
  if (!pipe) return result;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.console.append(buffer, n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

bool installed(const std::string& program) { return shell("command -v " + program).status == 0; }

struct Machine {
  const char* target;
  const char* toolchain;
  const char* qemu;
  const char* options;
};

constexpr Machine kMachines[] = {
    {"mps2-an386", "arm-none-eabi", "qemu-system-arm", "-M mps2-an386 -semihosting"},
    {"virt32", "riscv64-unknown-elf", "qemu-system-riscv32", "-M virt -bios none"},
};

class Firmware : public testing::TestWithParam<std::tuple<Machine, const char*>> {
 protected:
  void SetUp() override {
    machine = std::get<0>(GetParam());
    if (!installed(machine.qemu)) GTEST_SKIP() << "no " << machine.qemu << " here";
    if (!find_compiler(machine.toolchain).ok()) GTEST_SKIP() << "no " << machine.toolchain << "-gcc here";
    std::string name = (fs::temp_directory_path() / "mj-firmware-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override {
    if (!folder.empty()) fs::remove_all(folder);
  }

  void build_firmware(const fs::path& model_file) {
    auto read = model::read_tflite_file(model_file);
    ASSERT_TRUE(read.ok()) << read.error().text();
    graph = std::move(*read);
    const auto target = find_target(machine.target);
    ASSERT_TRUE(target.ok());
    const auto built = build({model_file, folder / "fw.elf", *target, {}, {}});
    ASSERT_TRUE(built.ok()) << built.error().text();
    // The note is what a host reads addresses from; objcopy takes the section out.
    const Ran dump = shell(std::string(machine.toolchain) +
                           "-objcopy --dump-section .note.microjoule=" + (folder / "note").string() + " " +
                           (folder / "fw.elf").string() + " " + (folder / "copy.elf").string());
    ASSERT_EQ(dump.status, 0) << dump.console;
    auto parsed = model::parse_note(test::read_file(folder / "note"));
    ASSERT_TRUE(parsed.ok()) << parsed.error().text();
    note = std::move(*parsed);
  }

  Ran run(const std::string& extra = "") const {
    return shell("timeout 60 " + std::string(machine.qemu) + " " + machine.options +
                 " -nographic -monitor none -serial stdio -kernel " + (folder / "fw.elf").string() + extra);
  }

  /// Loader options that place an input, and the mark that tells main() to leave it alone.
  std::string placed(const Bytes& input) const {
    const fs::path file = folder / "input.bin";
    std::FILE* f = std::fopen(file.c_str(), "wb");
    std::fwrite(input.data(), 1, input.size(), f);
    std::fclose(f);
    const Ran symbol = shell(std::string(machine.toolchain) + "-nm " + (folder / "fw.elf").string() +
                             " | grep ' mjrt_host_input$' | cut -d' ' -f1");
    return " -device loader,file=" + file.string() + ",force-raw=on,addr=" + std::to_string(note.inputs[0].address) +
           " -device loader,data=0x4d4a494e,data-len=4,addr=0x" + symbol.console.substr(0, 8);
  }

  /// The console's text for an output of the first tensor.
  std::string expected_console(const Bytes& output) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < output.size(); ++i) {
      if (static_cast<std::int8_t>(output[i]) > static_cast<std::int8_t>(output[best])) best = i;
    }
    char line[128];
    std::snprintf(line, sizeof line, " crc32=%08x argmax=%zu bytes=%zu first=", test::crc32(output), best,
                  output.size());
    std::string text = "mjrt " + note.model_name + "\noutput " + note.outputs[0].name + line;
    for (std::size_t i = 0; i < output.size() && i < 16; ++i) {
      std::snprintf(line, sizeof line, "%02x", std::to_integer<unsigned>(output[i]));
      text += line;
    }
    return text + "\n";
  }

  void expect_reference_output(const Bytes& input, const std::string& extra) {
    const auto outputs = reference::run_reference(graph, {input});
    ASSERT_TRUE(outputs.ok()) << outputs.error().text();
    const Ran ran = run(extra);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.console, expected_console((*outputs)[0]));
  }

  Machine machine{};
  fs::path folder;
  model::ModelGraph graph;
  model::NoteModel note;
};

class Examples : public Firmware {};

TEST_P(Examples, GivesTheGoldenOutputs) {
  const std::string name = std::get<1>(GetParam());
  build_firmware(test::network(name + ".tflite"));
  if (HasFatalFailure()) return;

  // Without an input from outside, the firmware takes its own pattern, which is input 0
  expect_reference_output(test::read_file(test::network(name + ".0.in.bin")), "");
  // With one, it takes that
  for (const char* i : {"1", "2"}) {
    const Bytes input = test::read_file(test::network(name + "." + i + ".in.bin"));
    expect_reference_output(input, placed(input));
  }
}

TEST_P(Examples, CarriesItsLayerTable) {
  build_firmware(test::network(std::string(std::get<1>(GetParam())) + ".tflite"));
  if (HasFatalFailure()) return;
  ASSERT_EQ(note.layers.size(), graph.operators.size());
  const Ran symbols = shell(std::string(machine.toolchain) + "-nm " + (folder / "fw.elf").string());
  auto address_of = [&symbols](const std::string& name) -> std::uint32_t {
    const std::size_t at = symbols.console.find(" " + name + "\n");
    if (at == std::string::npos || at < 10) return 0;
    return static_cast<std::uint32_t>(std::stoul(symbols.console.substr(at - 10, 8), nullptr, 16));
  };
  EXPECT_EQ(note.invoke_address, address_of("mjrt_invoke"));
  EXPECT_EQ(note.inputs[0].address, address_of("mjrt_input_data"));
  EXPECT_EQ(note.outputs[0].address, address_of("mjrt_output_data"));
  for (std::size_t i = 0; i < note.layers.size(); ++i) {
    const model::Operator& op = graph.operators[i];
    std::string name = op.name();
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    char function[64];
    std::snprintf(function, sizeof function, "mj_layer_%03zu_%s", i, name.c_str());
    EXPECT_EQ(note.layers[i].function, address_of(function)) << function;
    EXPECT_EQ(note.layers[i].macs, op.macs);
    EXPECT_EQ(note.layers[i].kind, op.kind);
    EXPECT_EQ(note.layers[i].output_shape, graph.tensors[op.outputs[0]].shape);
    EXPECT_EQ(note.layers[i].name, graph.tensors[op.outputs[0]].name);
    EXPECT_LE(note.layers[i].live_bytes, note.arena_bytes);
  }
}

class Trained : public Firmware {};

TEST_P(Trained, GivesTheReferencesOutput) {
  const fs::path file = fs::path(MJ_REFERENCE_MODELS_DIR) / (std::string(std::get<1>(GetParam())) + ".tflite");
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file.filename() << " here";
  build_firmware(file);
  if (HasFatalFailure()) return;
  expect_reference_output(reference::pattern_inputs(graph)[0], "");
  Bytes input(static_cast<std::size_t>(graph.tensors[graph.inputs[0]].bytes()));
  expect_reference_output(input, placed(input));
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i * 3 % 256);
  expect_reference_output(input, placed(input));
}

std::string name_of(const testing::TestParamInfo<std::tuple<Machine, const char*>>& test) {
  std::string name = std::string(std::get<0>(test.param).target) + "_" + std::get<1>(test.param);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, Examples,
                         testing::Combine(testing::ValuesIn(kMachines),
                                          testing::Values("kws", "vww", "ic", "ad", "tiny")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(MlperfTiny, Trained,
                         testing::Combine(testing::ValuesIn(kMachines),
                                          testing::Values("kws_ref_model", "vww_96_int8", "pretrainedResnet_quant",
                                                          "ad01_int8")),
                         name_of);

}  // namespace
}  // namespace mj::build
