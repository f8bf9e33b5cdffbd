// `microjoule sweep` as a user starts it: bad input, files that are kept, kills, and what its JSON promises.
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tests/cli/program.h"
#include "tests/sanitized.h"

extern char** environ;

namespace mj::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* network = sanitized ? MJ_NETWORKS "/tiny.tflite" : MJ_NETWORKS "/kws.tflite";

bool has_compilers() {
  for (const char* gcc : {"arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"})
    if (std::system((std::string("command -v ") + gcc + " >/dev/null 2>&1").c_str()) != 0) return false;
  return true;
}

/// What the validator says against it; empty when it is valid.
std::string complaints(const json& document) {
  static const json schema_json = json::parse(slurp(MJ_SWEEP_SCHEMA));
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (valijson::Validator().validate(schema, adapter, &results)) return "";
  std::string out = "invalid:";
  valijson::ValidationResults::Error error;
  while (results.popError(error)) out += "\n" + error.description;
  return out;
}

class SweepProgram : public Program {
 protected:
  /// Five boards and four clocks.
  static std::string five_boards(const std::string& options) {
    return fmt::format(
        "sweep --model '{}' --vary board=nucleo-l4r5zi,nano33ble,pico,ibex-demo,mps2-an386 --vary clock=16,24,64,120 "
        "{}",
        network, options);
  }
  /// All files below the folder with their bytes.
  std::map<std::string, std::string> contents(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(path(folder)))
      if (entry.is_regular_file()) all[entry.path().lexically_relative(path(folder)).string()] = slurp(entry.path());
    return all;
  }
  /// Files that are not in both folders with the same bytes.
  static std::vector<std::string> differing(const std::map<std::string, std::string>& a,
                                            const std::map<std::string, std::string>& b) {
    std::vector<std::string> names;
    for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)})
      for (const auto& [name, bytes] : *one)
        if (const auto at = other->find(name); at == other->end() || at->second != bytes) names.push_back(name);
    return names;
  }
  std::size_t runs_in(const std::string& folder) const {
    std::error_code failed;
    std::size_t n = 0;
    for (fs::directory_iterator at(path(folder) + "/runs", failed), end; !failed && at != end; at.increment(failed))
      n += at->path().extension() == ".json";
    return n;
  }
  /// Starts the sweep and kills it with SIGKILL once it has kept a run. False if it was done before.
  bool killed_half_way(const std::string& arguments, const std::string& folder) const {
    const std::string command = "cd '" + path("") + "' && exec '" MJ_PROGRAM "' " + arguments + " >/dev/null 2>&1";
    std::string shell = "/bin/sh", flag = "-c", text = command;
    char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv, environ), 0);
    int status = 0;
    while (runs_in(folder) == 0) {
      if (waitpid(child, &status, WNOHANG) == child) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
};

struct SweepUsage : SweepProgram {
  SweepUsage() { file("text.elf", "this is no firmware\n"); }
};
struct SweepRuns : SweepProgram {
  void SetUp() override {
    if (!has_compilers()) GTEST_SKIP() << "no cross compilers";
  }
};

// ---- bad input ------------------------------------------------------------------------------------------------------

TEST_F(SweepUsage, WhatToRunAndWhatToVary) {
  refuses("sweep --vary clock=48", 2, {"nothing to run", "--model"});
  refuses("sweep a.elf", 2, {"--vary is missing"});
  refuses("sweep a.elf --vary", 2, {"--vary"});
  refuses("sweep a.elf b.elf --vary clock=48", 2, {"'b.elf' is one argument too many"});
  refuses("sweep a.elf --model b.tflite --vary clock=48", 2, {"exclude each other"});
  refuses("sweep --model b.tflite --vary clock=48", 2, {"sweep --model needs boards"});
  refuses("sweep a.elf --board pico --vary board=pico", 2, {"--board and --vary board exclude each other"});
  refuses("sweep a.elf --vray clock=48", 2, {"unknown option '--vray'", "did you mean '--vary'?"});
}

TEST_F(SweepUsage, Values) {
  refuses("sweep a.elf --vary clok=48", 2, {"unknown parameter 'clok'", "did you mean \"clock\"?"});
  refuses("sweep a.elf --vary clock=-48", 2, {"'-48' is no clock", "it is negative"});
  refuses("sweep a.elf --vary clock=", 2, {"has no values"});
  refuses("sweep a.elf --vary clock=48,48", 2, {"48 MHz twice"});
  refuses("sweep a.elf --vary=clock=48 -v clock=80", 2, {"clock is varied twice"});
  refuses("sweep a.elf --vary board=pica", 2, {"pica", "did you mean", "pico"});
  refuses("sweep a.elf --vary clock=48 --board pico --jobs 0", 2, {"'0' is no value for --jobs"});
  refuses("sweep a.elf --vary clock=48 --board pico --format xml", 2, {"unknown format 'xml'", "text, csv, json, md"});
  std::string clocks = "1", volts = "1";
  for (int i = 2; i <= 101; ++i) clocks += fmt::format(",{}", i), volts += fmt::format(",{:.2f}", 1 + 0.01 * i);
  refuses("sweep a.elf --board pico --vary clock=" + clocks + " --vary volts=" + volts, 2, {"more than 10000 points"});
}

TEST_F(SweepUsage, FilesThatCannotBeRead) {
  refuses("sweep gone.elf --vary clock=48", 7, {"where: gone.elf"});
  refuses("sweep text.elf --vary clock=48", 7, {"where: text.elf"});
  refuses("sweep text.elf --board pico --vary clock=48", 7, {"where: text.elf"});
  refuses("sweep text.elf --vary board=gone.json", 7, {"gone.json"});
  refuses("sweep --model gone.tflite --vary board=pico", 7, {"gone.tflite"});
  refuses("sweep text.elf --board pico --vary clock=48 --budget gone.json", 7, {"gone.json"});
  refuses("sweep text.elf --board pico --vary clock=48 --energy-table gone.json", 7, {"gone.json"});
  refuses("sweep text.elf --board pico --vary clock=48 --out text.elf", 7, {"text.elf"});
  file("b.json", R"({"schema": "microjoule-budget", "schema_version": 1, "totals": {"cycles": {"max_increase": 1}}})");
  refuses("sweep text.elf --board pico --vary clock=48 --budget b.json", 2, {"the budget has no hard limits"});
  file("c.json", R"({"schema": "microjoule-budget", "schema_version": 1, "colour": "green"})");
  refuses("sweep text.elf --board pico --vary clock=48 --budget c.json", 2, {"c.json", "colour"});
}

// ---- sweeps ---------------------------------------------------------------------------------------------------------

TEST_F(SweepRuns, FiveBoardsAndFourClocksGiveATableAndAFront) {
  const Answer answer = microjoule(five_boards("--format json"));
  ASSERT_EQ(answer.code, 0) << answer.err;
  const json sweep = json::parse(answer.out);
  EXPECT_EQ(complaints(sweep), "");
  ASSERT_EQ(sweep["points"].size(), 20u);
  std::size_t front = 0, possible = 0;
  for (const json& p : sweep["points"]) {
    const bool done = p["state"] == "done";
    EXPECT_EQ(done, p["reason"] == "") << p;
    possible += done;
    if (!done) continue;
    front += p["pareto"]["on_front"].get<bool>();
    const json& latency = p["figures"]["latency_s"];
    EXPECT_LE(latency["low"], latency["value"]);
    EXPECT_LE(latency["value"], latency["high"]);
    // One inference at a held clock: its latency is its cycles' time.
    EXPECT_NEAR(latency["value"].get<double>() * p["clock_hz"].get<double>(), p["figures"]["cycles"]["value"], 1);
  }
  EXPECT_EQ(possible, 13u);  // nano33ble at 64 MHz only, ibex-demo up to 50, mps2-an386 to 25
  EXPECT_GT(front, 0u);
  EXPECT_LT(front, possible);
  EXPECT_LT(sweep["runs"], possible);
  EXPECT_EQ(sweep["points"][4]["reason"], "the board's only clock is 64 MHz");
  EXPECT_EQ(sweep["points"][7]["reason"], "above the board's 64 MHz");

  const Answer table = microjoule(five_boards("--color always"));
  EXPECT_THAT(table.out, HasSubstr("\x1b[1mpoints"));
  EXPECT_THAT(table.out, HasSubstr("not possible: above the board's 64 MHz"));
  EXPECT_THAT(table.out, HasSubstr("20 points, "));
  EXPECT_THAT(table.err, HasSubstr(fmt::format("{0}/{0} ", sweep["runs"].get<int>())));
}

TEST_F(SweepRuns, OneThreadOrMoreGiveTheSameBytes) {
  const Answer one = microjoule(five_boards("--jobs 1 --out one")), two = microjoule(five_boards("--jobs 3 --out two"));
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.out, two.out);
  const auto kept = contents("one");
  EXPECT_THAT(differing(kept, contents("two")), testing::IsEmpty());
  for (const char* file : {"sweep.txt", "sweep.csv", "sweep.json", "sweep.md", "firmware/"})
    EXPECT_TRUE(std::any_of(kept.begin(), kept.end(), [&](const auto& f) { return f.first.starts_with(file); }))
        << file;
  EXPECT_EQ(kept.at("sweep.txt"), one.out);
}

TEST_F(SweepRuns, KilledHalfWayAndStartedAgainGivesTheSameBytes) {
  const Answer whole = microjoule(five_boards("--out whole"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  ASSERT_TRUE(killed_half_way(five_boards("--jobs 1 --out killed"), "killed"));
  const std::size_t kept = runs_in("killed"), all = runs_in("whole");
  EXPECT_GE(kept, 1u);
  ASSERT_LT(kept, all) << "the sweep was over before it could be killed";
  EXPECT_FALSE(fs::exists(path("killed/sweep.txt")));

  const Answer again = microjoule(five_boards("--out killed"));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, whole.out);
  EXPECT_THAT(again.err, HasSubstr("kept from an earlier sweep"));
  EXPECT_THAT(differing(contents("killed"), contents("whole")), testing::IsEmpty());
}

TEST_F(SweepRuns, ADamagedRunIsToldAndRunAgain) {
  const std::string sweep =
      "sweep --model " MJ_NETWORKS "/tiny.tflite --vary board=nucleo-l4r5zi --vary clock=40,80,120 --out kept";
  EXPECT_EQ(microjoule(sweep + " --quiet").err, "");
  const auto whole = contents("kept");
  std::string damaged;
  for (const auto& [name, bytes] : whole)
    if (name.starts_with("runs/")) damaged = name;
  fs::resize_file(path("kept/" + damaged), whole.at(damaged).size() / 2);
  const Answer again = microjoule(sweep);
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr(damaged + ": damaged; it is run again"));
  EXPECT_THAT(differing(contents("kept"), whole), testing::IsEmpty());
}

TEST_F(SweepRuns, ARunOfAChangedBoardIsNotTakenForTheSame) {
  file("mine.json", R"({"extends": "mps2-an386", "name": "my board"})");
  const std::string sweep =
      fmt::format("sweep --model '{}' --vary board=mine.json --out kept", MJ_NETWORKS "/tiny.tflite");
  EXPECT_EQ(microjoule(sweep).code, 0);
  EXPECT_THAT(microjoule(sweep).err, HasSubstr("kept from an earlier sweep"));
  file("mine.json", R"({"extends": "mps2-an386", "name": "my other board"})");
  EXPECT_THAT(microjoule(sweep).err, testing::Not(HasSubstr("kept from an earlier sweep")));
}

TEST_F(SweepRuns, KeptResultsAreReportsOfTheirOwn) {
  const std::string tiny =
      fmt::format("sweep --model '{}' --vary board=pico --out kept --format json", MJ_NETWORKS "/tiny.tflite");
  const json sweep = json::parse(microjoule(tiny).out);
  EXPECT_EQ(complaints(sweep), "");
  const std::string saved = sweep["points"][0]["result_file"];
  EXPECT_THAT(microjoule("report kept/" + saved).out, HasSubstr("tiny"));
  EXPECT_TRUE(fs::exists(path("kept/firmware/tiny-pico.elf")));
}

TEST_F(SweepRuns, AFirmwareIsRunOnTheBoardItWasLinkedForUnlessToldOtherwise) {
  ASSERT_EQ(microjoule("build " MJ_NETWORKS "/tiny.tflite --board nucleo-l4r5zi -o tiny.elf").code, 0);
  const Answer proposed = microjoule("sweep tiny.elf --vary supply=ldo,smps --vary volts=3.0");
  EXPECT_EQ(proposed.code, 0) << proposed.err;
  EXPECT_THAT(proposed.out, HasSubstr("sweep of tiny.elf on nucleo-l4r5zi"));
  EXPECT_THAT(proposed.out, HasSubstr("2 points, 1 run: 1 re-priced"));

  // Of the other instruction set, and of other memories: rows with their reasons.
  const json others =
      json::parse(microjoule("sweep tiny.elf --vary board=nucleo-l4r5zi,ibex-demo,pico --format json").out);
  EXPECT_EQ(others["points"][0]["state"], "done");
  EXPECT_THAT(others["points"][1]["reason"].get<std::string>(), HasSubstr("the image is for Arm"));
  EXPECT_THAT(others["points"][2]["reason"].get<std::string>(), HasSubstr("does not fit"));
}

TEST_F(SweepRuns, ANetworkThatDoesNotFitIsARow) {
  file("small.json", R"({"extends": "mps2-an386", "name": "small",
    "regions": {"SSRAM23": {"kind": "ram", "base": "0x20000000", "size": "0x00002000", "source": "made up", "certainty": "model"},
                "SSRAM23_alias": null}})");
  const Answer answer =
      microjoule("sweep --model " MJ_NETWORKS "/kws.tflite --vary board=small.json,mps2-an386 --format json");
  ASSERT_EQ(answer.code, 0) << answer.err;
  const json sweep = json::parse(answer.out);
  EXPECT_EQ(sweep["points"][0]["state"], "not_possible");
  EXPECT_THAT(sweep["points"][0]["reason"].get<std::string>(), HasSubstr("too small by"));
  EXPECT_EQ(sweep["points"][1]["state"], "done");
}

TEST_F(SweepRuns, ABudgetMarksPointsAndDecidesTheExitCode) {
  const auto sweep = [&](const char* limit) {
    file("b.json", fmt::format(R"({{"schema": "microjoule-budget", "schema_version": 1, "totals": {{{}}}}})", limit));
    return microjoule("sweep --model " MJ_NETWORKS
                      "/tiny.tflite --vary board=mps2-an386,ibex-demo --vary clock=10,20 --budget b.json");
  };
  const Answer some = sweep(R"("ram_bytes": {"max": 1e9}, "flash_bytes": {"max": 0})");
  EXPECT_EQ(some.code, 0) << some.out;  // ibex-demo has no flash
  EXPECT_THAT(some.out, HasSubstr("pass"));
  EXPECT_THAT(some.out, HasSubstr("fail"));
  EXPECT_THAT(some.out, HasSubstr("flash_bytes is"));
  const Answer none = sweep(R"("cycles": {"max": 1})");
  EXPECT_EQ(none.code, 3);
  EXPECT_THAT(none.out, testing::Not(HasSubstr("pass")));
}

}  // namespace
}  // namespace mj::test
