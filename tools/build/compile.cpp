#include "tools/build/compile.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tuple>

#include "sim/base/did_you_mean.h"

extern char** environ;

namespace mj::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLog = "compiler.log";

/// Runs a program in `dir` with its output in `dir`/compiler.log; its exit status, or -1 when it didn't start.
int run(const std::vector<std::string>& arguments, const fs::path& dir) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // The messages that we read must be English ones; the locale changes nothing else in the result.
  std::string locale = "LC_ALL=C";
  std::vector<char*> environment;
  for (char** entry = environ; *entry; ++entry) {
    if (std::strncmp(*entry, "LC_ALL=", 7) != 0) environment.push_back(*entry);
  }
  environment.push_back(locale.data());
  environment.push_back(nullptr);

  const std::string dir_text = dir.string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, dir_text.c_str());
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, kLog, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string first_lines(const std::string& text, int count) {
  std::istringstream in(text);
  std::string out, line;
  for (int i = 0; i < count && std::getline(in, line); ++i) out += (i == 0 ? "" : "\n       ") + line;
  return out.empty() ? "it printed nothing" : out;
}

Error explain(const std::string& log, const BoardTarget& target) {
  // The linker's words: region `RAM' overflowed by 1234 bytes
  std::string why;
  for (const auto& [region, name, bytes] :
       {std::tuple("FLASH", "flash", target.code ? target.code->bytes : 0),
        std::tuple("RAM", target.code ? "RAM" : "memory for code and data", target.ram.bytes)}) {
    const std::string words = std::string("region `") + region + "' overflowed by ";
    const std::size_t at = log.find(words);
    if (at == std::string::npos) continue;
    const std::size_t digits = at + words.size();
    const std::string excess = log.substr(digits, log.find_first_not_of("0123456789", digits) - digits);
    if (!why.empty()) why += "; ";
    why += std::string(name) + " of " + std::to_string(bytes) + " bytes is too small by " + excess + " bytes";
  }
  if (!why.empty()) {
    return {ExitCode::usage, "the firmware does not fit the board", "board " + target.id, why,
            "a smaller network, or a board with more memory"};
  }
  return {ExitCode::internal, "the compiler rejected our sources", "board " + target.id, first_lines(log, 8),
          "keep the work directory and report this with the model"};
}

/// A board file may name a clock set-up that the runtime doesn't have.
Result<void> check_clock_setup(const BoardTarget& target, const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".c") names.push_back(entry.path().stem().string());
  }
  if (names.empty() || std::find(names.begin(), names.end(), target.clock) != names.end()) return {};
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return Error{ExitCode::usage, "the runtime has no clock set-up \"" + target.clock + "\"",
               "board " + target.id + ": firmware.clock_setup", "there are: " + all, did_you_mean(target.clock, names)};
}

}  // namespace

Result<fs::path> find_compiler(const std::string& toolchain) {
  const std::string program = toolchain + "-gcc";
  const char* path = std::getenv("PATH");
  std::istringstream directories(path ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const fs::path candidate = fs::path(directory.empty() ? "." : directory) / program;
    if (access(candidate.c_str(), X_OK) == 0) return fs::absolute(candidate);
  }
  const std::string package = toolchain == "arm-none-eabi" ? "gcc-arm-none-eabi" : "gcc-" + toolchain;
  return Error{ExitCode::usage, "no cross compiler " + program, "PATH", "it is not installed",
               "sudo apt install " + package};
}

Result<void> compile(const BoardTarget& target, const fs::path& runtime_dir, const fs::path& work_dir) {
  auto compiler = find_compiler(target.toolchain);
  if (!compiler) return compiler.error();

  std::vector<fs::path> sources;
  std::error_code failed;
  for (const char* folder : {"kernels", "src"}) {
    for (const auto& entry : fs::directory_iterator(runtime_dir / folder, failed)) {
      if (entry.path().extension() == ".c") sources.push_back(entry.path());
    }
  }
  std::sort(sources.begin(), sources.end());  // the directory's order is the host's, the link order must not be
  const fs::path port = runtime_dir / "port";
  if (auto known = check_clock_setup(target, port / "clock"); !known) return known.error();
  sources.push_back(target.startup == "arm" ? port / "arm" / "startup.c" : port / "riscv" / "startup.S");
  sources.push_back(port / "clock" / (target.clock + ".c"));
  sources.push_back(port / "console" / (target.console + ".c"));
  sources.push_back(port / "exit" / (target.exit + ".c"));
  for (const fs::path& source : sources) {
    if (failed || !fs::exists(source)) {
      return Error{ExitCode::usage, "the runtime's sources are incomplete", source.string(), "no such file",
                   "set MJ_RUNTIME_DIR to the runtime folder of microjoule"};
    }
  }

  std::vector<std::string> command = {compiler->string()};
  command.insert(command.end(), target.flags.begin(), target.flags.end());
  for (const char* flag :
       {"-std=c11",
        "-ffreestanding",
        "-O2",
        "-g",
        "-Wall",
        "-Wextra",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-common",
        "-fno-strict-aliasing",                // the arena holds tensors of several types
        "-fno-optimize-sibling-calls",         // a layer's function must still be on the stack while its kernel runs
        "-fno-tree-loop-distribute-patterns",  // memcpy must not become a call of memcpy
        "-fno-asynchronous-unwind-tables",
        "-gno-record-gcc-switches",
        "-I.",
        "-nostdlib",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
        "-Wl,--no-warn-rwx-segments",
        "-Wl,-z,max-page-size=16"}) {
    command.emplace_back(flag);
  }
  command.push_back("-I" + (runtime_dir / "include").string());
  command.push_back("-I" + (runtime_dir / "kernels").string());
  for (const auto& [folder, name] : {std::pair(work_dir.string(), "."), {runtime_dir.string(), "mjrt"}}) {
    command.push_back("-ffile-prefix-map=" + folder + "=" + name);
    command.push_back("-Wa,--debug-prefix-map=" + folder + "=" + name);  // the option above stops at assembly sources
  }
  for (const char* generated : {"model.c", "note.S"}) command.emplace_back(generated);
  for (const fs::path& source : sources) command.push_back(source.string());
  for (const char* last : {"-lgcc", "-Wl,-Tlink.ld", "-o", "firmware.elf"}) command.emplace_back(last);

  const int status = run(command, work_dir);
  if (status == 0) return {};
  if (status < 0) {
    return Error{ExitCode::usage, "the compiler did not run to its end", compiler->string(), "", "run it by hand"};
  }
  std::ifstream log(work_dir / kLog);
  std::stringstream text;
  text << log.rdbuf();
  return explain(text.str(), target);
}

}  // namespace mj::build
