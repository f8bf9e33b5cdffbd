// The .tflite reader: what it reads, and that no input, however broken, does more than give an error.
#include "sim/profile/model/tflite_reader.h"

#include <gmock/gmock.h>

#include "sim/profile/model/int8_graph.h"
#include "tests/model/files.h"
#include "tools/reference/reference.h"

namespace mj::model {
namespace {

using test::network;
using test::read_file;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(TfliteReader, ReadsTensorsOperatorsAndQuantisation) {
  // Given our example network with every kind of operator that MLPerf Tiny's networks don't have
  const auto graph = read_tflite_file(network("tiny.tflite"));
  ASSERT_TRUE(graph.ok()) << graph.error().text();

  // Then its operators come in execution order, by TensorFlow Lite's names
  std::vector<std::string> names;
  for (const Operator& op : graph->operators) names.push_back(op.name());
  EXPECT_THAT(names, ElementsAre("QUANTIZE", "PAD", "CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "MEAN",
                                 "FULLY_CONNECTED", "SOFTMAX"));
  // and a tensor has its shape, type, quantisation and data
  const Tensor& input = graph->tensors[graph->inputs[0]];
  EXPECT_EQ(input.shape_text(), "1x12x12x2");
  EXPECT_EQ(input.type, TensorType::int8);
  EXPECT_EQ(input.quantization.scale, std::vector<float>{1.0F / 64});
  EXPECT_EQ(input.quantization.zero_point, std::vector<std::int64_t>{5});
  EXPECT_FALSE(input.is_constant);
  const Tensor& weights = graph->tensors[graph->operators[2].inputs[1]];
  EXPECT_EQ(weights.shape_text(), "6x3x3x2");
  EXPECT_EQ(weights.quantization.scale.size(), 6U);
  EXPECT_EQ(weights.data.size(), 108U);
  EXPECT_EQ(graph->operators[4].options.depth_multiplier, 2);
  EXPECT_EQ(graph->operators[2].options.padding, Padding::valid);
}

TEST(TfliteReader, CountsMultiplyAccumulates) {
  // Published sizes of MLPerf Tiny's networks, whose shapes ours have
  const std::pair<const char*, std::uint64_t> expected[] = {
      {"kws.tflite", 2656768}, {"vww.tflite", 7489664}, {"ic.tflite", 12501632}, {"ad.tflite", 264192}};
  for (const auto& [file, macs] : expected) {
    const auto graph = read_tflite_file(network(file));
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    EXPECT_EQ(graph->macs(), macs) << file;
  }
}

TEST(TfliteReader, ReadsAModelAtAnyAddressAndWithBytesBehindIt) {
  // Given a model inside an image: at an odd address, with other data behind it
  const std::vector<std::byte> model = read_file(network("tiny.tflite"));
  for (std::size_t shift = 0; shift < 16; ++shift) {
    std::vector<std::byte> image(shift, std::byte{0x55});
    image.insert(image.end(), model.begin(), model.end());
    image.insert(image.end(), 100, std::byte{0xAA});
    // When it is read there, then it is the same model
    const auto graph = read_tflite(std::span(image).subspan(shift), "image");
    ASSERT_TRUE(graph.ok()) << shift << ": " << graph.error().text();
    EXPECT_EQ(graph->macs(), 22499U);
  }
}

TEST(TfliteReader, NamesWhatIsNotAModel) {
  const auto missing = read_tflite_file(network("no_such.tflite"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ExitCode::unreadable);

  const auto text = read_tflite(std::as_bytes(std::span("just some text, no model")), "notes.txt");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, ExitCode::unreadable);
  EXPECT_THAT(text.error().text(), HasSubstr("notes.txt"));
  EXPECT_THAT(text.error().text(), HasSubstr("TFL3"));
}

TEST(TfliteReader, AModelCutOffAnywhereIsAnError) {
  const std::vector<std::byte> model = read_file(network("tiny.tflite"));
  ASSERT_GT(model.size(), 3000U);
  for (std::size_t size = 0; size < model.size(); ++size) {
    // A copy of exactly that size, so that the sanitizer sees a single byte read behind it
    const std::vector<std::byte> cut(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(size));
    const auto graph = read_tflite(cut, "cut");
    if (!graph.ok()) {
      EXPECT_EQ(graph.error().code, ExitCode::unreadable);
    } else {
      // Only padding behind the last object may be missing
      EXPECT_GE(size + 16, model.size()) << "a model without its last " << model.size() - size << " bytes was read";
    }
  }
}

/// Reads, checks and runs: nothing of it may crash, whatever the bytes are.
void try_model(const std::vector<std::byte>& bytes) {
  const auto graph = read_tflite(bytes, "broken");
  if (!graph.ok()) return;
  for (const Tensor& tensor : graph->tensors) {
    if (tensor.is_constant && element_bits(tensor.type) != 0) {
      EXPECT_EQ(static_cast<std::int64_t>(tensor.data.size()), tensor.bytes());
    }
  }
  if (!check_int8(*graph).ok() || graph->macs() > 200000) return;
  std::int64_t elements = 0;
  for (const Tensor& tensor : graph->tensors) elements += tensor.elements();
  if (elements > 200000) return;  // valid, but not worth the time here
  EXPECT_TRUE(reference::run_reference(*graph, reference::pattern_inputs(*graph)).ok());
}

TEST(TfliteReader, AWrongByteAnywhereNeverCrashes) {
  const std::vector<std::byte> model = read_file(network("tiny.tflite"));
  for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
    for (std::size_t i = 0; i < model.size(); ++i) {
      std::vector<std::byte> broken = model;
      broken[i] ^= static_cast<std::byte>(flip);
      try_model(broken);
    }
  }
}

TEST(TfliteReader, WrongWordsNeverCrash) {
  const std::vector<std::byte> model = read_file(network("tiny.tflite"));
  for (const std::uint32_t word : {0U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 0x10000U}) {
    for (std::size_t i = 0; i + 4 <= model.size(); i += 4) {
      std::vector<std::byte> broken = model;
      std::memcpy(broken.data() + i, &word, 4);
      try_model(broken);
    }
  }
}

}  // namespace
}  // namespace mj::model
