// Every wrong command line and unreadable file gives its exit code and a message: what, where, why, what to try.
#include "tests/cli/program.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Usage : Program {};
struct BadFile : Program {};

TEST_F(Usage, HelpAndVersionAreDataOnStdout) {
  const Answer help = microjoule("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* verb : {"run", "build", "inspect", "check", "sweep", "diff", "boards", "report"}) {
    EXPECT_THAT(help.out, HasSubstr("\n  " + std::string(verb) + " "));
    const Answer of_verb = microjoule(std::string(verb) + " --help");
    EXPECT_EQ(of_verb.code, 0);
    EXPECT_THAT(of_verb.out, StartsWith("usage: microjoule " + std::string(verb)));
    EXPECT_THAT(of_verb.out, HasSubstr("\nexamples:\n  microjoule " + std::string(verb)));
  }
  EXPECT_THAT(microjoule("--version").out, StartsWith("microjoule "));
}

TEST_F(Usage, NoVerbShowsTheHelpAndFails) {
  const Answer answer = microjoule("");
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.out, HasSubstr("verbs:"));
}

TEST_F(Usage, AnUnknownVerbOrOptionSuggestsTheNearest) {
  refuses("rum x.elf", 2, {"unknown verb 'rum'", "did you mean 'run'?", "try: microjoule --help"});
  refuses("run x.elf --bord pico", 2, {"unknown option '--bord'", "did you mean '--board'?"});
  refuses("run x.elf -z", 2, {"unknown option '-z'"});
  refuses("boards shwo pico", 2, {"'shwo'", "did you mean 'show'?"});
}

TEST_F(Usage, MissingAndSuperfluousArguments) {
  refuses("run", 2, {"FIRMWARE.elf is missing"});
  refuses("run a.elf b.elf", 2, {"'b.elf' is one argument too many"});
  refuses("run a.elf --board", 2, {"wrong option", "--board"});
  refuses("run a.elf --board a --board b", 2, {"--board is given twice"});
  refuses("build m.tflite", 2, {"--board is missing", "nucleo-l4r5zi"});
  refuses("boards show", 2, {"takes one board"});
}

TEST_F(Usage, WrongValues) {
  for (const char* n : {"0", "-5", "many", "1.5", "1e99", "10Q", "1.2.3", "99999999999999999999"})
    refuses("run a.elf --max-cycles=" + std::string(n), 2,
            {std::string("'") + n + "' is no value for --max-cycles", "try: a whole number: 1000, 2_000_000, 10M"});
  for (const char* s : {"0", "-1", "soon", "1w", "nan", "inf"})
    refuses("run a.elf --max-sim-time=" + std::string(s), 2, {"is no value for --max-sim-time", "500ms"});
  refuses("run a.elf --format xml", 2, {"unknown format 'xml'", "text, json, csv"});
  refuses("run a.elf --color red", 2, {"'red' is no value for --color"});
  refuses("run a.elf --format json --console -", 2, {"--console - needs --format text"});
}

TEST_F(Usage, NumbersMayBeWrittenInManyWays) {
  // The options are right, so it's the missing file that is told.
  for (const char* n : {"1", "2_000_000", "10M", "1.5G", "1e9", "2.50e3", "18446744073709551615"})
    refuses("run a.elf --max-cycles " + std::string(n), 7, {"a.elf"});
  for (const char* s : {"0.5", "2s", "500ms", "10us", "1e-3"})
    refuses("run a.elf --max-sim-time " + std::string(s), 7, {"a.elf"});
}

TEST_F(Usage, AnUnknownBoardSuggestsTheNearest) {
  file("m.elf", "");
  refuses("boards show nucleo-l4r5z", 2, {"nucleo-l4r5z", "did you mean", "nucleo-l4r5zi"});
  refuses("build " MJ_NETWORKS "/tiny.tflite --board pica -o x.elf", 2, {"pica", "pico"});
}

TEST_F(BadFile, MissingOrAFolder) {
  for (const char* verb : {"run", "inspect", "report"}) {
    refuses(std::string(verb) + " gone.elf", 7, {"microjoule: error:", "where: gone.elf"});
    refuses(std::string(verb) + " .", 7, {"microjoule: error:", "where: ."});
  }
  refuses("build gone.tflite --board pico", 7, {"gone.tflite"});
  refuses("boards check gone.json", 7, {"gone.json"});
}

TEST_F(BadFile, NotAnElf) {
  file("text.elf", "this is no firmware\n");
  file("empty.elf", "");
  file("cut.elf", std::string("\x7f"
                              "ELF\x01\x01\x01",
                              7));
  for (const char* verb : {"run", "inspect"}) {
    refuses(std::string(verb) + " text.elf", 7, {"microjoule: error: ", "where: text.elf"});
    refuses(std::string(verb) + " empty.elf", 7, {"microjoule: error: ", "where: empty.elf"});
    refuses(std::string(verb) + " cut.elf", 7, {"microjoule: error: ", "where: cut.elf"});
  }
}

TEST_F(BadFile, AnElfOfAnotherMachine) {
  // Our own program is an x86-64 (or other 64-bit) ELF.
  refuses("run '" MJ_PROGRAM "'", 6, {"microjoule: error: "});
}

TEST_F(BadFile, ATruncatedNetwork) {
  const std::string whole = slurp(MJ_NETWORKS "/tiny.tflite");
  file("cut.tflite", whole.substr(0, whole.size() / 2));
  refuses("inspect cut.tflite", 7, {"cut.tflite"});
  refuses("build cut.tflite --board pico -o x.elf", 7, {"cut.tflite"});
  EXPECT_FALSE(std::filesystem::exists(path("x.elf")));
}

TEST_F(BadFile, ABoardFileWithAWrongKey) {
  file("mine.json", R"({"extends": "pico", "colour": "green"})");
  refuses("boards check mine.json", 2, {"colour"});
  file("broken.json", "{");
  refuses("boards check broken.json", 7, {"broken.json"});
}

TEST_F(BadFile, OutputsThatCannotBeWrittenAreToldBeforeTheRun) {
  refuses("run gone.elf -o no/such/folder.json", 7, {"no/such/folder.json", "there is no such folder"});
  refuses("run gone.elf --output .", 7, {"it is a folder"});
}

TEST_F(BadFile, AFullDiskBehindStdoutIsAnError) {
  const Answer answer = microjoule("--help", ">/dev/full");
  EXPECT_EQ(answer.code, 7);
  EXPECT_THAT(answer.err, HasSubstr("cannot write to stdout"));
}

}  // namespace
}  // namespace mj::test
