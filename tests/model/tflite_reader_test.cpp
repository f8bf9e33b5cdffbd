// The .tflite reader: what it reads, and that no input, however broken, does more than give an error.
#include "sim/profile/model/tflite_reader.h"

#include <flatbuffers/flatbuffers.h>
#include <gmock/gmock.h>

#include <span>

#include "sim/profile/model/int8_graph.h"
#include "tests/model/files.h"
#include "tests/sanitized.h"
#include "tflite_subset_generated.h"
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

/// A model of one operator; the first tensor is its input, the last its output, those between are int8 weights.
std::vector<std::byte> model_of(std::int32_t code, const std::vector<std::vector<std::int32_t>>& shapes) {
  flatbuffers::FlatBufferBuilder file;
  std::vector<flatbuffers::Offset<fb::TensorInfo>> tensors;
  std::vector<flatbuffers::Offset<fb::Constant>> buffers{fb::CreateConstant(file)};
  std::vector<std::int32_t> inputs;
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    std::size_t bytes = 1;
    for (const std::int32_t d : shapes[t]) bytes *= static_cast<std::size_t>(d);
    const bool is_weight = t > 0 && t + 1 < shapes.size();
    if (is_weight) buffers.push_back(fb::CreateConstant(file, file.CreateVector(std::vector<std::uint8_t>(bytes))));
    const auto buffer = is_weight ? static_cast<std::uint32_t>(buffers.size() - 1) : 0U;
    tensors.push_back(fb::CreateTensorInfo(file, file.CreateVector(shapes[t]), fb::Type(9), buffer));
    if (t + 1 < shapes.size()) inputs.push_back(static_cast<std::int32_t>(t));
  }
  const std::vector<std::int32_t> outputs{static_cast<std::int32_t>(shapes.size()) - 1};
  const auto id = fb::CreateOperatorId(file, 0, 0, 1, code);
  const auto call = fb::CreateOperatorCall(file, 0, file.CreateVector(inputs), file.CreateVector(outputs));
  const auto calls = file.CreateVector(std::vector{call});
  const auto graph = fb::CreateGraph(file, file.CreateVector(tensors), file.CreateVector(std::vector{0}),
                                     file.CreateVector(outputs), calls);
  const auto ids = file.CreateVector(std::vector{id});
  const auto graphs = file.CreateVector(std::vector{graph});
  file.Finish(fb::CreateModelFile(file, 3, ids, graphs, 0, file.CreateVector(buffers)), "TFL3");
  const auto* bytes = reinterpret_cast<const std::byte*>(file.GetBufferPointer());
  return {bytes, bytes + file.GetSize()};
}

TEST(TfliteReader, RecurrentOperatorsMultiplyEachVectorWithAllTheirMatrices) {
  // An LSTM over 7 time steps of 5 features with 3 units: 4 gates of 3x5 and 3x3 weights each
  std::vector<std::vector<std::int32_t>> lstm{{1, 7, 5}};
  lstm.insert(lstm.end(), 4, {3, 5});
  lstm.insert(lstm.end(), 4, {3, 3});
  lstm.push_back({1, 7, 3});
  auto graph = read_tflite(model_of(44, lstm), "lstm");
  ASSERT_TRUE(graph.ok()) << graph.error().text();
  EXPECT_EQ(graph->macs(), 7U * 4 * (3 * 5 + 3 * 3));
  // An SVDF of 6 filters over 5 features that remembers 4 steps
  graph = read_tflite(model_of(27, {{2, 5}, {6, 5}, {6, 4}, {2, 6}}), "svdf");
  ASSERT_TRUE(graph.ok()) << graph.error().text();
  EXPECT_EQ(graph->macs(), 2U * 6 * (5 + 4));
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

TEST(TfliteReader, ASmallFileThatWouldBecomeGigabytesIsRefused) {
  // Given a file of 104 KB whose 1000 tensors are all the same table, with a name of 100 KB
  flatbuffers::FlatBufferBuilder file;
  const auto name = file.CreateString(std::string(100'000, 'n'));
  fb::TensorInfoBuilder tensor(file);
  tensor.add_name(name);
  const auto tensors = file.CreateVector(std::vector(1000, tensor.Finish()));
  fb::GraphBuilder graph(file);
  graph.add_tensors(tensors);
  const auto graphs = file.CreateVector(std::vector{graph.Finish()});
  fb::ModelFileBuilder model(file);
  model.add_version(3);
  model.add_graphs(graphs);
  file.Finish(model.Finish(), "TFL3");
  ASSERT_LT(file.GetSize(), 110'000U);

  // Then it is refused
  const auto read = read_tflite(std::as_bytes(std::span(file.GetBufferPointer(), file.GetSize())), "broken");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ExitCode::unreadable);
  EXPECT_THAT(read.error().text(), HasSubstr("far larger than its file"));
}

TEST(TfliteReader, ZeroPointsMayStandAtAnyMultipleOf4) {
  // Given a tensor with the zero points 5 and 6, once at a multiple of 8 and once 4 bytes behind one
  for (const std::size_t words_behind : {0U, 1U}) {
    flatbuffers::FlatBufferBuilder file;
    file.CreateVector(std::vector<std::int32_t>(words_behind));
    const auto words = file.CreateVector(std::vector<std::int32_t>{5, 0, 6, 0});
    const std::uint32_t two_longs = 2;
    std::memcpy(file.GetCurrentBufferPointer(), &two_longs, sizeof two_longs);  // not four words
    const auto scales = file.CreateVector(std::vector<float>{1.0F, 2.0F});
    const auto shape = file.CreateVector(std::vector<std::int32_t>{2});
    fb::QuantizationBuilder quantization(file);
    quantization.add_scale(scales);
    quantization.add_zero_point(words.o);
    const auto quantized = quantization.Finish();
    fb::TensorInfoBuilder tensor(file);
    tensor.add_shape(shape);
    tensor.add_quantization(quantized);
    const auto tensors = file.CreateVector(std::vector{tensor.Finish()});
    fb::GraphBuilder graph(file);
    graph.add_tensors(tensors);
    const auto graphs = file.CreateVector(std::vector{graph.Finish()});
    fb::ModelFileBuilder model(file);
    model.add_version(3);
    model.add_graphs(graphs);
    file.Finish(model.Finish(), "TFL3");

    // Then both are read (the sanitizer build sees a load that is not aligned)
    const auto read = read_tflite(std::as_bytes(std::span(file.GetBufferPointer(), file.GetSize())), "net");
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_THAT(read->tensors[0].quantization.zero_point, ElementsAre(5, 6));
  }
}

/// Reads, checks and runs: nothing of it may crash, whatever the bytes are. An inference takes a hundred times as long
/// as the reader: under the sanitizer only every 23rd changed model is executed, too.
void try_model(const std::vector<std::byte>& bytes, std::size_t i) {
  const auto graph = read_tflite(bytes, "broken");
  if (!graph.ok()) return;
  for (const Tensor& tensor : graph->tensors) {
    if (tensor.is_constant && element_bits(tensor.type) != 0) {
      EXPECT_EQ(static_cast<std::int64_t>(tensor.data.size()), tensor.bytes());
    }
  }
  if (!check_int8(*graph).ok() || graph->macs() > 200000 || i % test::count(1, 23) != 0) return;
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
      try_model(broken, i);
    }
  }
}

TEST(TfliteReader, WrongWordsNeverCrash) {
  const std::vector<std::byte> model = read_file(network("tiny.tflite"));
  for (const std::uint32_t word : {0U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 0x10000U}) {
    for (std::size_t i = 0; i + 4 <= model.size(); i += 4) {
      std::vector<std::byte> broken = model;
      std::memcpy(broken.data() + i, &word, 4);
      try_model(broken, i / 4);
    }
  }
}

}  // namespace
}  // namespace mj::model
