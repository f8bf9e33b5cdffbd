// Which graphs the runtime accepts, and what it says about the others.
#include "sim/profile/model/int8_graph.h"

#include <gmock/gmock.h>

#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"

namespace mj::model {
namespace {

using testing::HasSubstr;

class Int8Graph : public testing::Test {
 protected:
  void SetUp() override {
    auto read = read_tflite_file(test::network("tiny.tflite"));
    ASSERT_TRUE(read.ok());
    graph = std::move(*read);
  }

  void expect_refused(ExitCode code, const char* why) const {
    const auto checked = check_int8(graph);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, code);
    EXPECT_THAT(checked.error().text(), HasSubstr(why));
  }

  ModelGraph graph;
};

TEST_F(Int8Graph, AcceptsTheExamples) {
  for (const char* name : {"kws", "vww", "ic", "ad", "tiny"}) {
    const auto read = read_tflite_file(test::network(std::string(name) + ".tflite"));
    ASSERT_TRUE(read.ok());
    const auto checked = check_int8(*read);
    EXPECT_TRUE(checked.ok()) << checked.error().text();
  }
}

TEST_F(Int8Graph, NamesAnOperatorThatItDoesNotHave) {
  graph.operators[3].kind = static_cast<OpKind>(14);
  expect_refused(ExitCode::unsupported, "operator 3 (LOGISTIC)");
}

TEST_F(Int8Graph, RefusesFloatActivations) {
  graph.tensors[graph.operators[2].outputs[0]].type = TensorType::float32;
  expect_refused(ExitCode::unsupported, "float32");
}

TEST_F(Int8Graph, RefusesAValueUsedBeforeItIsComputed) {
  std::swap(graph.operators[2], graph.operators[3]);
  expect_refused(ExitCode::unreadable, "before it is computed");
}

TEST_F(Int8Graph, RefusesAnOutputOfTheWrongSize) {
  graph.tensors[graph.operators[2].outputs[0]].shape = {1, 11, 12, 6};
  expect_refused(ExitCode::unreadable, "the shapes give 12");
}

TEST_F(Int8Graph, RefusesWeightsThatDoNotFit) {
  graph.tensors[graph.operators[5].inputs[1]].shape = {6, 1, 1, 14};
  expect_refused(ExitCode::unreadable, "weights");
}

TEST_F(Int8Graph, RefusesAStrideOfZero) {
  graph.operators[3].options.stride_w = 0;
  expect_refused(ExitCode::unreadable, "out of range");
}

TEST_F(Int8Graph, RefusesPoolingThatRescales) {
  graph.tensors[graph.operators[3].outputs[0]].quantization.zero_point[0] += 1;
  expect_refused(ExitCode::unsupported, "quantised differently");
}

TEST_F(Int8Graph, RefusesAScaleOfZero) {
  graph.tensors[graph.operators[2].outputs[0]].quantization.scale[0] = 0;
  expect_refused(ExitCode::unreadable, "not positive");
}

}  // namespace
}  // namespace mj::model
