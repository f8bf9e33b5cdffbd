// What phases and layers were spent with: work and helpers by the names of functions.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::filesystem::path models() { return std::filesystem::path(MJ_RESULT_SCHEMA).parent_path().parent_path(); }

struct FamilyImage {
  const char* name;
  const char* board;
};
void PrintTo(const FamilyImage& i, std::ostream* out) { *out << i.name; }

/// Cycles of a row's parts of some work or helper; "*": any.
std::uint64_t cycles(const json& parts, const std::string& work, const std::string& helper) {
  std::uint64_t n = 0;
  for (const json& p : parts)
    if ((work == "*" || p.at("work") == work) && (helper == "*" || p.at("helper") == helper))
      n += p.at("cycles").get<std::uint64_t>();
  return n;
}

json parts_of_phase(const json& result, const std::string& kind) {
  for (const json& p : result.at("phases"))
    if (p.at("kind") == kind) return p.at("parts");
  ADD_FAILURE() << "no phase " << kind;
  return json::array();
}

class FamiliesOf : public Firmware, public testing::WithParamInterface<FamilyImage> {
 protected:
  Ran mapped() const {
    std::ofstream(path("layers.json")) << R"({"networks": [{"name": "mine", "inference": "infer", "layers": [
      {"function": "layer_copy", "op": "RESHAPE"}, {"function": "layer_float", "op": "SOFTMAX"},
      {"function": "layer_plain", "op": "ADD"}]}]})";
    return run(fixture(std::string("families_") + GetParam().name),
               std::string("--board ") + GetParam().board + " --layers layers.json");
  }
  void SetUp() override {
    if (fixture(std::string("families_") + GetParam().name).empty()) GTEST_SKIP() << "no cross compiler here";
  }
};

TEST_P(FamiliesOf, PhasesSayWhatTheyWere) {
  const Ran ran = mapped();
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  // Before the first inference features are extracted, mostly by the compiler's floating point.
  const json before = parts_of_phase(ran.result, "before");
  const auto all = sum(before, "cycles");
  EXPECT_GT(cycles(before, "features", "*"), all * 9 / 10) << before;
  EXPECT_GT(cycles(before, "features", "soft_float"), all / 2) << before;
  EXPECT_GT(cycles(before, "features", "copying"), 64U) << before;
  EXPECT_EQ(cycles(before, "printing", "*"), 0U) << before;
  // Between inferences the firmware prints, what printf calls included, and extracts the next features.
  const json between = parts_of_phase(ran.result, "between");
  EXPECT_GT(cycles(between, "printing", "*"), 28 * 8U) << between;
  EXPECT_GT(cycles(between, "features", "soft_float"), cycles(between, "printing", "*")) << between;
  // An idle thread's work is waiting, what it calls included.
  EXPECT_GT(cycles(between, "waiting", "*"), 32 * 8U) << between;
  // After the last one it prints and ends.
  const json after = parts_of_phase(ran.result, "after");
  EXPECT_EQ(cycles(after, "printing", "*"), cycles(between, "printing", "*")) << "the same text";
  EXPECT_EQ(cycles(after, "features", "*"), 0U) << after;
}

TEST_P(FamiliesOf, LayersSayWhichHelpersTheyLiveOn) {
  const Ran ran = mapped();
  const json& layers = ran.result.at("layers");
  ASSERT_EQ(layers.size(), 3U);
  const auto share = [&](int i, const std::string& helper) {
    const json& l = layers[static_cast<std::size_t>(i)];
    return 100 * cycles(l.at("parts"), "", helper) / l.at("cycles").get<std::uint64_t>();
  };
  EXPECT_GT(share(0, "copying"), 90U);
  EXPECT_GT(share(1, "soft_float"), 50U);
  EXPECT_EQ(share(2, ""), 100U) << "of a layer that calls nobody everything is its own code";
  const std::string& text = ran.answer.out;
  EXPECT_THAT(text, HasSubstr("layer 0 RESHAPE"));
  EXPECT_THAT(text, HasSubstr("copying memory 9"));
  EXPECT_THAT(text, HasSubstr("layer 1 SOFTMAX"));
  EXPECT_THAT(text, HasSubstr("soft-float "));
  EXPECT_THAT(text, Not(HasSubstr("layer 2 ADD  other")));
}

TEST_P(FamiliesOf, APartIsWhatItsFunctionsDid) {
  // Copying is memcpy's own code, wherever it is called from: by addresses it is counted quite differently.
  const json result = mapped().result;
  json by_part = json::object(), by_function = json::object();
  const auto add = [](json& to, const json& activity) {
    for (const json& at : activity)
      for (const auto& [key, n] : at.items()) to[key] = to.value(key, std::uint64_t{0}) + n.get<std::uint64_t>();
  };
  const auto parts = [&](const json& list) {
    for (const json& p : list)
      if (p.at("helper") == "copying") add(by_part, p.at("activity"));
  };
  for (const json& l : result.at("layers")) parts(l.at("parts"));
  for (const json& n : result.at("networks")) parts(n.at("between_layers_parts"));
  for (const json& p : result.at("phases")) parts(p.at("parts"));
  for (const json& f : result.at("functions"))
    if (f.at("name") == "memcpy") add(by_function, f.at("self_activity"));
  EXPECT_GT(by_function.at("stall_cycles"), 0U);
  EXPECT_EQ(by_part, by_function);
}

TEST_P(FamiliesOf, PartsArePricedLikeTheirRows) {
  // Any table will do: sums are checked of every result that is run here.
  std::ofstream(path("layers.json")) << R"({"networks": [{"name": "mine", "inference": "infer", "layers": [
      {"function": "layer_copy"}, {"function": "layer_float"}, {"function": "layer_plain"}]}]})";
  const Ran ran = run(fixture(std::string("families_") + GetParam().name),
                      std::string("--board ") + GetParam().board + " --layers layers.json --energy-table '" +
                          (models() / "energy/pico.json").string() + "'");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  const auto total = [](const json& energy) {
    std::uint64_t n = 0;
    for (const json& fj : energy.at("femtojoules")) n += fj.get<std::uint64_t>();
    return n;
  };
  std::uint64_t printing = 0, all = 0;
  for (const json& p : ran.result.at("phases"))
    for (const json& part : p.at("parts")) {
      const json& e = part.at("energy");
      EXPECT_EQ(e.at("tier"), p.at("energy").at("tier"));
      EXPECT_LT(e.at("low_j"), e.at("value_j"));
      EXPECT_GT(e.at("high_j"), e.at("value_j"));
      if (part.at("work") == "printing") printing += total(e);
    }
  EXPECT_GT(printing, 0U);
  // The report has a row for it, and the table of parts sums to the run.
  EXPECT_THAT(ran.answer.out, testing::ContainsRegex("\n +printing +- "));
  std::istringstream csv(microjoule("report result.mj.json --format csv-parts").out);
  std::uint64_t cycles = 0;
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "kind,network,index,op,name,work,helper,cycles,energy_j,energy_low_j,energy_high_j,tier");
  while (std::getline(csv, line)) {
    std::vector<std::string> cells(1);
    for (const char ch : line)
      if (ch == ',')
        cells.emplace_back();
      else
        cells.back() += ch;
    ASSERT_GE(cells.size(), 12U) << line;
    cycles += std::stoull(cells[7]);
    std::string fj = cells[8];
    all += std::stoull(fj.erase(fj.find('.'), 1));
  }
  EXPECT_EQ(cycles, ran.result.at("totals").at("cycles"));
  EXPECT_EQ(all, total(ran.result.at("totals").at("energy")));
}

TEST_P(FamiliesOf, NamesAreGivenWithTheirReason) {
  const json result = mapped().result;
  std::map<std::string, std::string> families;
  for (const json& f : result.at("families")) {
    families[f.at("function")] = f.at("family");
    EXPECT_GT(f.at("confidence_percent"), 50);
    EXPECT_FALSE(f.at("why").get<std::string>().empty());
  }
  EXPECT_EQ(families["printf"], "printing");
  EXPECT_EQ(families["memcpy"], "copying");
  EXPECT_EQ(families["extract_features"], "features");
  EXPECT_EQ(families.count("layer_plain"), 0U);
}

TEST_P(FamiliesOf, ResultsOfAnEarlierVersionWhosePartsAreCyclesAloneLoad) {
  json old = mapped().result;
  const auto cycles_alone = [](json& parts) {
    for (json& p : parts) {
      p.erase("activity");
      p.erase("energy");
    }
  };
  for (json& l : old.at("layers")) cycles_alone(l.at("parts"));
  for (json& p : old.at("phases")) cycles_alone(p.at("parts"));
  for (json& n : old.at("networks")) cycles_alone(n.at("between_layers_parts"));
  std::ofstream(path("old.mj.json")) << old;
  const Answer report =
      microjoule("report old.mj.json --energy-table '" + (models() / "energy/pico.json").string() + "'");
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.out, HasSubstr("what it was"));
  EXPECT_THAT(report.out, HasSubstr("copying memory"));
}

TEST_P(FamiliesOf, ResultsOfEarlierVersionsLoadAndSayNothing) {
  json old = mapped().result;
  for (json& l : old.at("layers")) l.erase("parts");
  for (json& p : old.at("phases")) p.erase("parts");
  for (json& n : old.at("networks")) n.erase("between_layers_parts");
  old.erase("families");
  std::ofstream(path("old.mj.json")) << old;
  const Answer report = microjoule("report old.mj.json");
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.out, Not(HasSubstr("what it was")));
}

INSTANTIATE_TEST_SUITE_P(Images, FamiliesOf,
                         testing::Values(FamilyImage{"m0", "generic:cortex-m0plus"}, FamilyImage{"rv32", "virt32"}),
                         [](const auto& i) { return std::string(i.param.name); });

class Unnamed : public Firmware {};

TEST_F(Unnamed, WithoutSymbolsNobodyKnowsAndTheReportSaysSo) {
  const std::string elf = fixture("families_m0_stripped");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const Ran ran = run(elf, "--board generic:cortex-m0plus");
  const json parts = parts_of_phase(ran.result, "program");
  EXPECT_EQ(cycles(parts, "", "unnamed"), sum(parts, "cycles")) << parts;
  EXPECT_THAT(ran.answer.out, HasSubstr("the image names none of the functions that ran there"));
}

}  // namespace
}  // namespace mj::test
