// What every saved result must satisfy, and small helpers of the end-to-end tests.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace mj::test {

using nlohmann::json;

/// Fails unless the result is valid by models/schema/result.schema.json.
void expect_valid(const json& result);

/// Fails unless every cycle (and instruction) of the totals stands exactly once in each split of the result.
void expect_conserved(const json& result);

/// Sum of one integer key over a list of objects.
std::uint64_t sum(const json& rows, const std::string& key);

/// The text with which the firmware's report ends, all of `words` in it.
void expect_words(const std::string& text, const std::vector<std::string>& words);

/// Whether a program is installed.
inline bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// A fixture's path, or "" when it was not built (its cross compiler is missing).
inline std::string fixture(const std::string& name) {
  const std::string path = std::string(MJ_FIXTURES) + "/" + name + ".elf";
  return std::filesystem::exists(path) ? path : "";
}

/// Runs firmware as a user does and reads what was saved.
class Firmware : public Program {
 protected:
  struct Ran {
    Answer answer;      ///< exit code; stdout: console and text report; stderr
    json result;        ///< of `-o`; null when nothing was saved
    std::string saved;  ///< the same as bytes
  };

  /// `microjoule run <firmware> <options> -o result.mj.json`. What was saved must always be valid and conserved.
  Ran run(const std::string& firmware, const std::string& options = "") const {
    std::filesystem::remove(path("result.mj.json"));
    Ran ran{microjoule("run '" + firmware + "' " + options + " -o result.mj.json"), nullptr, ""};
    ran.saved = slurp(path("result.mj.json"));
    if (ran.saved.empty()) return ran;
    ran.result = json::parse(ran.saved, nullptr, false);
    EXPECT_FALSE(ran.result.is_discarded()) << "not JSON";
    expect_valid(ran.result);
    expect_conserved(ran.result);
    EXPECT_EQ(ran.result.at("stop").at("exit_code"), ran.answer.code);
    return ran;
  }
};

}  // namespace mj::test
