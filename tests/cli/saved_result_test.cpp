// What works without running anything: saved results, networks and boards.
#include "tests/cli/program.h"
#include "tests/report/sample.h"
#include "tools/report/report.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Report : Program {
  Report() { file("run.json", report::json(sample(), {})); }
};
struct Inspect : Program {};
struct Boards : Program {};

TEST_F(Report, RendersInEveryFormat) {
  for (const report::Format& f : report::formats()) {
    report::Options options;
    options.saved = "run.json";
    const Answer answer = microjoule("report run.json --format " + std::string(f.name));
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.out, f.render(sample(), options)) << f.name;
    EXPECT_EQ(answer.err, "");
  }
}

TEST_F(Report, TheExitCodeIsOfTheRendering) {
  file("fault.json", report::json(faulted(), {}));
  EXPECT_EQ(microjoule("report fault.json").code, 0);
}

TEST_F(Report, ReadsAPipe) {
  EXPECT_THAT(microjoule("report - --format folded", "<run.json >.out").out, HasSubstr("Reset_Handler;main 108000\n"));
}

TEST_F(Report, ColoursOnlyOnDemandWithoutATerminal) {
  EXPECT_THAT(microjoule("report run.json").out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(microjoule("report run.json --color always").out, HasSubstr("\x1b[1mtotals"));
}

TEST_F(Report, DamagedResults) {
  const std::string whole = slurp(path("run.json"));
  file("cut.json", whole.substr(0, whole.size() / 2));
  refuses("report cut.json", 7, {"not a saved result", "where: cut.json"});
  file("other.json", "{}");
  refuses("report other.json", 7, {"other.json: /schema", "is missing"});
}

TEST_F(Inspect, ANetwork) {
  const Answer answer = microjoule("inspect " MJ_NETWORKS "/kws.tflite");
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("layers   13 layers, 2,656,768 MACs an inference"));
  EXPECT_THAT(answer.out, HasSubstr("0  CONV_2D            relu_3      49x10x1→25x5x64  320,000"));
}

TEST_F(Boards, ListShowAndCheck) {
  const Answer list = microjoule("boards");
  EXPECT_EQ(list.code, 0) << list.err;
  for (const char* id : {"nucleo-l4r5zi", "nano33ble", "pico", "ibex-demo", "mps2-an386", "virt32"})
    EXPECT_THAT(list.out, HasSubstr(std::string("\n  ") + id + " "));
  EXPECT_EQ(microjoule("boards list").out, list.out);
  const Answer show = microjoule("boards show pico");
  EXPECT_EQ(show.code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("cortex-m0plus"));
  EXPECT_THAT(show.out, HasSubstr("\nnumbers\n"));
  file("mine.json", R"({"extends": "pico", "name": "my board"})");
  EXPECT_THAT(microjoule("boards check mine.json").out, HasSubstr("mine.json: ok: my board, "));
}

}  // namespace
}  // namespace mj::test
