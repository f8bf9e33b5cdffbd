// --dump-layer and --compare: layers' tensors as files, and which layer is the first that is wrong.
#include "memory/elf_image.h"
#include "sim/npy.h"
#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"
#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Target {
  const char* board;
  const char* compiler;
  std::string nothing;  ///< the instruction that returns at once
};

void PrintTo(const Target& t, std::ostream* out) { *out << t.board; }

class Compare : public Firmware, public testing::WithParamInterface<Target> {
 protected:
  void SetUp() override {
    if (!installed(GetParam().compiler)) GTEST_SKIP() << "no " << GetParam().compiler << " here";
  }
  std::string build(const std::string& name) {
    const Answer a = microjoule("build '" + network(name + ".tflite").string() + "' --board " + GetParam().board +
                                " -o " + name + ".elf");
    EXPECT_EQ(a.code, 0) << a.err;
    return path(name + ".elf");
  }
  static std::string model(const std::string& name) { return "--compare '" + network(name + ".tflite").string() + "'"; }
  /// Where the byte of this symbol stands in the file.
  static std::size_t offset_of(const std::string& elf, const std::string& symbol) {
    const auto image = memory::ElfImage::load(elf);
    EXPECT_TRUE(image.ok());
    const memory::ElfSymbol* s = image->symbol(symbol);
    if (!s) return std::string::npos;
    const std::string file = slurp(elf);
    for (const auto& segment : image->segments()) {
      const std::uint32_t at = (s->value & ~1u) - segment.vaddr;
      if ((s->value & ~1u) < segment.vaddr || at >= segment.bytes.size()) continue;
      return file.find(std::string(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size())) + at;
    }
    return std::string::npos;
  }
  std::string patched(const std::string& elf, std::size_t at, const std::string& bytes) {
    std::string file = slurp(elf);
    EXPECT_LT(at, file.size());
    if (at < file.size()) file.replace(at, bytes.size(), bytes);
    this->file("patched.elf", file);
    return path("patched.elf");
  }
};

TEST_P(Compare, EachLayerOfOurRuntimeIsWhatTheReferenceComputes) {
  for (const char* name : {"tiny", "kws"}) {
    const std::string elf = build(name);
    const Ran ran = run(elf, model(name));
    ASSERT_EQ(ran.answer.code, 0) << ran.answer.err << ran.answer.out;
    const json& c = ran.result.at("compare");
    EXPECT_EQ(c.at("kind"), "model");
    EXPECT_EQ(c.at("reference"), std::string(name) + ".tflite");
    EXPECT_EQ(c.at("equal"), ran.result.at("layers").size());
    EXPECT_EQ(c.at("differing"), 0);
    EXPECT_EQ(c.at("not_compared"), 0);
    EXPECT_EQ(c.at("first_wrong"), -1);
    for (const json& l : c.at("layers")) {
      EXPECT_EQ(l.at("inputs"), "right");
      EXPECT_EQ(l.at("computes"), "right");
      EXPECT_TRUE(l.at("remarks").empty()) << l.dump();
    }
    EXPECT_THAT(ran.answer.out, HasSubstr(std::string("compare   inference 1 against ") + name + ".tflite"));
  }
}

TEST_P(Compare, TheRunIsTheSameWithAndWithout) {
  const std::string elf = build("tiny");
  const Ran plain = run(elf), dumped = run(elf, "--dump-layer all"), compared = run(elf, model("tiny"));
  EXPECT_EQ(plain.saved, dumped.saved);
  json without = compared.result;
  without.erase("compare");
  EXPECT_EQ(without, plain.result);
}

TEST_P(Compare, AKernelThatComputesNothingIsNamed) {
  // Given firmware whose max pooling returns at once
  const std::string elf = build("tiny");
  const std::string broken = patched(elf, offset_of(elf, "mjrt_max_pool"), GetParam().nothing);
  const Ran ran = run(broken, model("tiny"));
  EXPECT_EQ(ran.answer.code, 8) << ran.answer.err;
  const json& c = ran.result.at("compare");
  EXPECT_EQ(c.at("first_wrong"), 3);
  const json& l = c.at("layers")[3];
  EXPECT_EQ(ran.result.at("layers")[l.at("layer").get<std::size_t>()].at("op"), "MAX_POOL_2D");
  EXPECT_EQ(l.at("outcome"), "differs");
  EXPECT_EQ(l.at("inputs"), "right");
  EXPECT_EQ(l.at("computes"), "wrong");
  EXPECT_EQ(l.at("differences")[0].at("tensor"), "max_pool_7");
  EXPECT_EQ(l.at("differences")[0].at("elements"), 6 * 6 * 6);
  // The layers before are equal, those behind compute right from what they get
  for (std::size_t i = 0; i < c.at("layers").size(); ++i) {
    SCOPED_TRACE(i);
    if (i < 3) {
      EXPECT_EQ(c.at("layers")[i].at("outcome"), "equal");
    } else if (i > 3) {
      EXPECT_EQ(c.at("layers")[i].at("computes"), "right");
    }
  }
  EXPECT_THAT(ran.answer.out, AllOf(HasSubstr("layer 3 MAX_POOL_2D max_pool_7"), HasSubstr("its inputs are right"),
                                    HasSubstr("compute right from the inputs that they get")));
}

TEST_P(Compare, AWrongWeightIsFoundInItsLayer) {
  // Given firmware one of whose weights of layer 5 is another one
  const std::string elf = build("tiny");
  const auto graph = model::read_tflite_file(network("tiny.tflite"));
  ASSERT_TRUE(graph.ok());
  const auto& weights = graph->tensors[graph->operators[5].inputs[1]].data;
  const std::string file = slurp(elf);
  const std::size_t at = file.find(std::string(reinterpret_cast<const char*>(weights.data()), weights.size()));
  ASSERT_NE(at, std::string::npos);
  const Ran ran = run(patched(elf, at, std::string(1, static_cast<char>(file[at] ^ 0x60))), model("tiny"));
  EXPECT_EQ(ran.answer.code, 8) << ran.answer.err;
  const json& c = ran.result.at("compare");
  EXPECT_EQ(c.at("first_wrong"), 5);
  EXPECT_EQ(c.at("layers")[5].at("inputs"), "right");
  EXPECT_EQ(c.at("layers")[5].at("computes"), "wrong");
}

TEST_P(Compare, ALayersTensorsAreFilesThatAnotherRunCanBeHeldAgainst) {
  const std::string elf = build("tiny");
  const Ran dumped = run(elf, "--dump-layer all --dump-dir before");
  ASSERT_EQ(dumped.answer.code, 0) << dumped.answer.err;
  EXPECT_THAT(dumped.answer.err, HasSubstr("18 tensors of 9 layers written to before"));
  // The last output is the network's
  const std::string image = slurp(path("before/layer-008.out-0.npy"));
  const auto out = parse_npy(image, "out");
  ASSERT_TRUE(out.ok()) << out.error().text();
  EXPECT_EQ(out->shape, (std::vector<std::int64_t>{1, 5}));
  const json about = json::parse(slurp(path("before/layer-002.json")));
  EXPECT_EQ(about.at("op"), "CONV_2D");
  EXPECT_EQ(about.at("outputs")[0].at("file"), "layer-002.out-0.npy");
  EXPECT_EQ(about.at("outputs")[0].at("shape"), (json{1, 12, 12, 6}));
  EXPECT_EQ(about.at("outputs")[0].at("zero_point").size(), 1U);

  const Ran same = run(elf, "--compare before");
  EXPECT_EQ(same.answer.code, 0) << same.answer.err;
  EXPECT_EQ(same.result.at("compare").at("kind"), "tensors");
  EXPECT_EQ(same.result.at("compare").at("equal"), 9);
  const std::string broken = patched(elf, offset_of(elf, "mjrt_max_pool"), GetParam().nothing);
  const Ran other = run(broken, "--compare before/");
  EXPECT_EQ(other.answer.code, 8);
  EXPECT_EQ(other.result.at("compare").at("first_wrong"), 3);
  EXPECT_EQ(other.result.at("compare").at("layers")[3].at("computes"), "wrong");
  EXPECT_EQ(other.result.at("compare").at("layers")[4].at("inputs"), "wrong");

  // A file that is broken is told, and the report is there all the same
  file("before/layer-002.out-0.npy", "nothing");
  const Answer unreadable = microjoule("run tiny.elf --compare before --quiet");
  EXPECT_EQ(unreadable.code, 7);
  EXPECT_THAT(unreadable.err, AllOf(HasSubstr("not a .npy file"), HasSubstr("layer-002.out-0.npy")));
  EXPECT_THAT(unreadable.out, HasSubstr("verdict"));
}

INSTANTIATE_TEST_SUITE_P(OnBoard, Compare,
                         testing::Values(Target{"nucleo-l4r5zi", "arm-none-eabi-gcc", "\x70\x47"},
                                         Target{"ibex-demo", "riscv64-unknown-elf-gcc", "\x82\x80"}),
                         [](const auto& test) { return std::string(test.param.board).substr(0, 4); });

// ---- an interpreter whose kernels write a pattern -----------------------------------------------------------------

class CompareInterpreter : public Firmware, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    elf = fixture(std::string("interpreter_") + GetParam() + "_stripped");
    board = std::string(GetParam()).starts_with("rv32") ? "--board virt32 " : "--board mps2-an386 ";
    if (elf.empty()) GTEST_SKIP() << "no cross compiler here";
  }
  std::string elf, board;
};

TEST_P(CompareInterpreter, TensorsAreWhereTheInterpretersTableSays) {
  // Given kernels that write (index of the output tensor + element) of 7 bits, in the first inference and in the second
  const Ran ran = run(elf, board + "--dump-layer all --dump-dir d --dump-inference 2");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  const auto read = model::read_tflite_file(network("tiny.tflite"));
  ASSERT_TRUE(read.ok());
  for (std::size_t i = 0; i < read->operators.size(); ++i) {
    const std::int32_t t = read->operators[i].outputs[0];
    const auto array = parse_npy(slurp(path("d/layer-00" + std::to_string(i) + ".out-0.npy")), "x");
    ASSERT_TRUE(array.ok()) << array.error().text();
    ASSERT_EQ(array->bytes.size(), static_cast<std::size_t>(read->tensors[t].bytes()));
    for (std::size_t k = 0; k < array->bytes.size(); ++k)
      ASSERT_EQ(std::to_integer<std::size_t>(array->bytes[k]), (static_cast<std::size_t>(t) + k) & 0x7f) << i;
  }
  // Against the model every layer is wrong, and each is located
  const Ran compared = run(elf, board + "--compare '" + network("tiny.tflite").string() + "'");
  EXPECT_EQ(compared.answer.code, 8);
  EXPECT_EQ(compared.result.at("compare").at("first_wrong"), 0);
  EXPECT_EQ(compared.result.at("compare").at("not_compared"), 0);
  EXPECT_EQ(compared.result.at("compare").at("layers")[0].at("inputs"), "right");
  // A model of another network is refused, and so is an inference that there isn't
  const std::string again = "run '" + elf + "' " + board + "--quiet ";
  EXPECT_THAT(microjoule(again + "--compare '" + network("kws.tflite").string() + "'").err,
              AllOf(HasSubstr("the model is not the firmware's"), HasSubstr("layer 0 QUANTIZE")));
  EXPECT_THAT(microjoule(again + "--dump-layer 1 --dump-inference 3").err, HasSubstr("did not run in inference 3"));
}

INSTANTIATE_TEST_SUITE_P(Images, CompareInterpreter, testing::Values("m4_writes", "rv32_writes"),
                         [](const auto& test) { return std::string(test.param); });

TEST_F(Firmware, BuildsForTwoArchitecturesAreHeldAgainstEachOther) {
  const std::string arm = fixture("interpreter_m4_writes"), riscv = fixture("interpreter_rv32_writes"),
                    broken = fixture("interpreter_rv32_broken");
  if (arm.empty() || riscv.empty()) GTEST_SKIP() << "a cross compiler is missing here";
  ASSERT_EQ(run(arm, "--board mps2-an386 --dump-layer all --dump-dir arm").answer.code, 0);
  EXPECT_EQ(run(riscv, "--board virt32 --compare arm").answer.code, 0);
  // Given a kernel that writes something else for tensor 12 or so: the output of operator 5
  const Ran ran = run(broken, "--board virt32 --compare arm");
  EXPECT_EQ(ran.answer.code, 8);
  const json& c = ran.result.at("compare");
  ASSERT_EQ(c.at("first_wrong"), 5);
  EXPECT_EQ(c.at("layers")[5].at("inputs"), "right");
  EXPECT_EQ(c.at("layers")[5].at("differences")[0].at("differing"), 1);
  EXPECT_EQ(c.at("layers")[5].at("differences")[0].at("first"), (json{0, 0, 0, 3}));
}

TEST_F(Firmware, WhatIsNotThereIsToldInWords) {
  const std::string elf = fixture("mps2_prints");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const std::string on = "run '" + elf + "' --board mps2-an386 ";
  refuses(on + "--compare gone.tflite", 7, {"gone.tflite", "no such file"});
  refuses(on + "--dump-dir x", 2, {"--dump-dir needs --dump-layer"});
  refuses(on + "--dump-inference 2", 2, {"--dump-inference needs"});
  refuses(on + "--dump-layer 1 --dump-inference 0", 2, {"'0' is no value"});
  const Answer none = microjoule(on + "--dump-layer 1");
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, AllOf(HasSubstr("the firmware has no layer '1'"), HasSubstr("no network was recognised")));
}

}  // namespace
}  // namespace mj::test
