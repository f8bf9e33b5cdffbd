// The program `microjoule`: finds the verb, runs it, turns whatever goes wrong into a message and an exit code.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "sim/version.h"
#include "tools/cli/cli.h"

namespace mj::cli {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list{
      {"run", "run a firmware ELF on a board's model and report cycles and joules per layer and function", run_main},
      {"check", "hold a run against a budget; exit code 3 when a limit is exceeded", check_main},
      {"sweep", "run over many boards and settings: table and Pareto front", sweep_main},
      {"calibrate", "fit inferred numbers of the model to cycles measured on your board", calibrate_main},
      {"diff", "compare two saved results: totals, layers, functions, sizes", diff_main},
      {"report", "render a saved result again, in any format", report_main},
      {"build", "make a firmware ELF from a .tflite network and our runtime", build_main},
      {"inspect", "show what is in a firmware ELF or a .tflite network, without running it", inspect_main},
      {"boards", "list, show and check boards", boards_main},
  };
  return list;
}

namespace {

std::string help() {
  std::string out =
      "microjoule runs Cortex-M and RISC-V firmware without the board and reports where its cycles and joules went.\n\n"
      "usage: microjoule VERB [options] ...\n\nverbs:\n";
  for (const Verb& v : verbs()) out += fmt::format("  {:<9} {}\n", v.name, v.what);
  return out +
         "\n`microjoule VERB --help` tells a verb's options, with examples. `microjoule --version` tells the version.\n"
         "\nexit codes:\n"
         "  0  all went well            5  time or cycle limit reached\n"
         "  1  the firmware failed      6  something that is not supported yet\n"
         "  2  wrong option or config   7  an input can't be read, or an output not written\n"
         "  3  a budget was exceeded    8  a layer differs from its reference\n"
         "  4  the firmware faulted    70  a bug in microjoule\n";
}

Result<int> dispatch(const Args& args) {
  const std::string first = args.empty() ? "--help" : args[0];
  if (first == "--help" || first == "-h" || first == "help" || first == "--version") {
    const auto done = print_text(first == "--version" ? fmt::format("microjoule {}\n", version) : help());
    if (!done) return done.error();
    return static_cast<int>(args.empty() ? ExitCode::usage : ExitCode::ok);
  }
  std::vector<std::string> names;
  for (const Verb& v : verbs()) {
    if (v.name == first) return v.run({args.begin() + 1, args.end()});
    names.emplace_back(v.name);
  }
  return Error{ExitCode::usage, fmt::format("unknown verb '{}'{}", first, did_you_mean(first, names)), "", "",
               "microjoule --help"};
}

int internal_error(const char* what) {
  std::fprintf(stderr,
               "microjoule: internal error: %s\n  This is a bug in microjoule %s, not in your firmware.\n"
               "  try: report it with the command line, the input files and this message\n",
               what, version);
  return static_cast<int>(ExitCode::internal);
}

}  // namespace
}  // namespace mj::cli

int main(int argc, char** argv) try {
  const auto code = mj::cli::dispatch({argv + 1, argv + argc});
  if (code) return *code;
  mj::cli::complain(code.error());
  return static_cast<int>(code.error().code);
} catch (const std::exception& e) {
  return mj::cli::internal_error(e.what());
} catch (...) {
  return mj::cli::internal_error("an unknown exception");
}
