// The host reference against goldens.
#include <gmock/gmock.h>

#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"
#include "tools/reference/reference.h"

namespace mj::reference {
namespace {

using test::network;
using test::read_file;

class Networks : public testing::TestWithParam<const char*> {};

TEST_P(Networks, ReferenceGivesTheGoldenOutputs) {
  const std::string name = GetParam();
  const auto graph = model::read_tflite_file(network(name + ".tflite"));
  ASSERT_TRUE(graph.ok()) << graph.error().text();
  for (const char* i : {"0", "1", "2"}) {
    // Given one of the network's inputs
    const Bytes input = read_file(network(name + "." + i + ".in.bin"));
    // When the reference runs it
    const auto outputs = run_reference(*graph, {input});
    ASSERT_TRUE(outputs.ok()) << outputs.error().text();
    // Then the output is the golden one
    EXPECT_EQ((*outputs)[0], read_file(network(name + "." + i + ".out.bin"))) << name << " input " << i;
  }
  EXPECT_EQ(pattern_inputs(*graph)[0], read_file(network(name + ".0.in.bin")));
}

INSTANTIATE_TEST_SUITE_P(Examples, Networks, testing::Values("kws", "vww", "ic", "ad", "tiny"),
                         [](const auto& test) { return std::string(test.param); });

/// CRC-32 of the output that TensorFlow Lite Micro's reference kernels (commit 90b983c, built for x86-64) give for a
/// trained MLPerf Tiny network, on three inputs: the firmware's pattern, all zeros, and the sawtooth 3 * i mod 256.
struct Trained {
  const char* name;
  std::uint32_t pattern, zeros, sawtooth;
};

class TrainedNetworks : public testing::TestWithParam<Trained> {};

TEST_P(TrainedNetworks, ReferenceAgreesWithTensorFlowLiteMicro) {
  const std::filesystem::path file =
      std::filesystem::path(MJ_REFERENCE_MODELS_DIR) / (std::string(GetParam().name) + ".tflite");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file.filename() << " here";
  const auto graph = model::read_tflite_file(file);
  ASSERT_TRUE(graph.ok()) << graph.error().text();

  const std::vector<Bytes> pattern = pattern_inputs(*graph);
  Bytes zeros(pattern[0].size()), sawtooth(pattern[0].size());
  for (std::size_t i = 0; i < sawtooth.size(); ++i) sawtooth[i] = static_cast<std::byte>(i * 3 % 256);
  auto crc = [&graph](const Bytes& input) {
    const auto outputs = run_reference(*graph, {input});
    return outputs.ok() ? test::crc32((*outputs)[0]) : 0;
  };
  EXPECT_EQ(crc(pattern[0]), GetParam().pattern);
  EXPECT_EQ(crc(zeros), GetParam().zeros);
  EXPECT_EQ(crc(sawtooth), GetParam().sawtooth);
}

INSTANTIATE_TEST_SUITE_P(MlperfTiny, TrainedNetworks,
                         testing::Values(Trained{"kws_ref_model", 0x124a640eU, 0x7976663dU, 0xfc17dc01U},
                                         Trained{"vww_96_int8", 0xccf8c6c3U, 0xee846106U, 0x90d2a596U},
                                         Trained{"pretrainedResnet_quant", 0x930f0c26U, 0xb00abbf8U, 0xd36453e0U},
                                         Trained{"ad01_int8", 0x3d1a6596U, 0x0b222412U, 0x1e27c953U}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mj::reference
