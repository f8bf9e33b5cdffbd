// microjoule build: a firmware ELF from a .tflite network.
#include "tools/build/build.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/cli.h"
#include "tools/report/format.h"

namespace mj::cli {

Result<int> build_main(const Args& args) {
  static const Syntax syntax{
      "build",
      "MODEL.tflite",
      "Makes a firmware that runs an int8 network with our runtime: reads the model, plans the arena, emits C and "
      "compiles it with arm-none-eabi-gcc or riscv64-unknown-elf-gcc.",
      {{"board,b", "ID|FILE.json",
        "the board to build for, or a board file of your own with a \"firmware\" object (or one that extends such a "
        "board): memory map, console and clock come from the file that run reads, too"},
       {"out,o", "FILE", "the ELF to write (default: the model's name with .elf, in this folder)"},
       {"keep-sources", "DIR", "keep the generated sources and the compiler's log there"},
       {"quiet,q", "", "say nothing when all goes well"}},
      "  microjoule build kws.tflite --board nucleo-l4r5zi -o kws.elf\n"
      "  microjoule build kws.tflite --board pico --keep-sources kws-src\n"
      "  microjoule build kws.tflite --board my-board.json && microjoule run kws.elf --board my-board.json\n"};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  build::BuildRequest request;
  request.model = parsed->operands[0];
  request.output = parsed->get("out", request.model.stem().string() + ".elf");
  request.keep_dir = parsed->get("keep-sources");
  if (!parsed->has("board")) {
    return Error{ExitCode::usage, "build: --board is missing", "", "",
                 fmt::format("--board ID with one of: {}; or a board file of your own",
                             fmt::join(build::buildable_boards(), ", "))};
  }
  auto target = build::find_target(parsed->get("board"));
  if (!target) return target.error();
  request.target = std::move(*target);
  const auto built = build::build(request);
  if (!built) return built.error();
  if (parsed->has("quiet")) return 0;
  const auto kib = [](std::int64_t n) { return report::bytes(static_cast<std::uint64_t>(n)); };
  return print_text(fmt::format("{}: {}, {}, {} MACs, parameters {}, arena {}\n", built->elf.string(),
                                built->model_name, report::plural(built->layers, "layer"), report::count(built->macs),
                                kib(built->parameter_bytes), kib(built->arena_bytes)));
}

}  // namespace mj::cli
