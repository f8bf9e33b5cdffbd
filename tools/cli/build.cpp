// microjoule build: a firmware ELF from a .tflite network.
#include "tools/build/build.h"

#include <fmt/format.h>

#include "tools/cli/cli.h"
#include "tools/report/format.h"

namespace mj::cli {

Result<int> build_main(const Args& args) {
  static const Syntax syntax{
      "build",
      "MODEL.tflite",
      "Makes a firmware that runs an int8 network with our runtime: reads the model, plans the arena, emits C and "
      "compiles it with arm-none-eabi-gcc or riscv64-unknown-elf-gcc.",
      {{"board,b", "ID", "the board to build for"},
       {"out,o", "FILE", "the ELF to write (default: the model's name with .elf, in this folder)"},
       {"keep-sources", "DIR", "keep the generated sources and the compiler's log there"},
       {"quiet,q", "", "say nothing when all goes well"}},
      "  microjoule build kws.tflite --board nucleo-l4r5zi -o kws.elf\n"
      "  microjoule build kws.tflite --board pico --keep-sources kws-src\n"};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  build::BuildRequest request;
  request.model = parsed->operands[0];
  request.output = parsed->get("out", request.model.stem().string() + ".elf");
  request.keep_dir = parsed->get("keep-sources");
  if (!parsed->has("board")) {
    std::string ids;
    for (const build::BoardTarget& t : build::builtin_targets()) ids += (ids.empty() ? "" : ", ") + t.id;
    return Error{ExitCode::usage, "build: --board is missing", "", "", "--board ID with one of: " + ids};
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
