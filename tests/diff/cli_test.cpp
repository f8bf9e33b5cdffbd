// `microjoule diff` as a user starts it.
#include "tests/cli/program.h"
#include "tests/diff/improved.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

struct DiffVerb : Program {
  DiffVerb() {
    file("a.json", report::json(sample(), {}));
    file("b.json", report::json(improved(), {}));
  }
};

TEST_F(DiffVerb, RendersInEveryFormatAndEndsWithZeroWhateverChanged) {
  const diff::Diff d = diff::compare(sample(), "a.json", improved(), "b.json").value();
  for (const diff::Format& f : diff::formats()) {
    const Answer answer = microjoule("diff a.json b.json --format " + std::string(f.name));
    EXPECT_EQ(answer.code, 0) << answer.err;
    EXPECT_EQ(answer.out, f.render(d, {})) << f.name;
    EXPECT_EQ(answer.err, "");
  }
}

TEST_F(DiffVerb, ReadsAPipe) {
  EXPECT_THAT(microjoule("diff a.json -", "<b.json >.out").out, HasSubstr("1,000,000 → 801,000 cycles"));
}

TEST_F(DiffVerb, AFirmwareIsNoResultAndTheMessageSaysWhatToDo) {
  file("fw.elf",
       "\x7f"
       "ELF\x01\x01\x01");
  refuses("diff a.json fw.elf", 2,
          {"a firmware image, not a saved result", "where: fw.elf", "microjoule run fw.elf -o result.mj.json"});
}

TEST_F(DiffVerb, AnotherTimingModelIsRefused) {
  auto r = improved();
  r.provenance.timing_model_version = "0";
  file("old.json", report::json(r, {}));
  refuses("diff old.json a.json", 2, {"can't be compared", "version 0 and version 1", "run both firmwares again"});
}

TEST_F(DiffVerb, DamagedMissingAndOldFilesAreTold) {
  const std::string whole = slurp(path("a.json"));
  file("cut.json", whole.substr(0, whole.size() / 2));
  refuses("diff a.json cut.json", 7, {"not a saved result", "where: cut.json"});
  refuses("diff gone.json a.json", 7, {"where: gone.json"});
  std::string old = whole;
  const std::string key = "\"schema_version\": ";
  old.replace(old.find(key) + key.size(), 1, "1");
  file("old.json", old);
  refuses("diff old.json a.json", 7, {"a result of another version", "its schema_version is 1"});
}

TEST_F(DiffVerb, WrongArguments) {
  refuses("diff a.json", 2, {"A.mj.json B.mj.json is missing"});
  refuses("diff a.json b.json c.json", 2, {"'c.json' is one argument too many"});
  refuses("diff a.json b.json --format xml", 2, {"unknown format 'xml'", "one of: text, json, csv, md"});
}

}  // namespace
}  // namespace mj::test
