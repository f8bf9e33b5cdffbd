#include "tools/sweep/firmware.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "memory/elf_image.h"
#include "sim/profile/model/int8_graph.h"
#include "sim/profile/model/tflite_reader.h"
#include "sim/propose.h"
#include "tools/build/build.h"
#include "tools/sweep/parallel.h"
#include "tools/sweep/store.h"

namespace mj::sweep {
namespace {

namespace fs = std::filesystem;

/// Fills in what identifies the file.
Result<void> identify(Firmware& firmware) {
  std::ifstream file(firmware.path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ExitCode::unreadable, "cannot read a file", firmware.path.string(), "", "check the path"};
  firmware.name = firmware.path.filename().string();
  firmware.content = content_name(bytes);
  return {};
}

}  // namespace

Result<std::vector<Firmware>> given_firmware(const fs::path& path, const Plan& plan) {
  if (const auto image = memory::ElfImage::load(path.string()); !image) return image.error();
  Firmware firmware;
  firmware.path = path;
  if (auto known = identify(firmware); !known) return known.error();
  return std::vector<Firmware>(plan.boards.size(), firmware);
}

Result<std::string> proposed_board(const fs::path& path) {
  const auto image = memory::ElfImage::load(path.string());
  if (!image) return image.error();
  const auto proposals = propose_board(*image);
  if (!proposals) return proposals.error();
  return proposals->front().board;
}

Result<std::vector<Firmware>> build_firmware(const fs::path& model, const Plan& plan, const fs::path& folder,
                                             unsigned jobs) {
  // A network that nothing can be built from is one error, not a row for each board.
  const auto graph = model::read_tflite_file(model);
  if (!graph) return graph.error();
  if (auto checked = model::check_int8(*graph); !checked) {
    Error error = checked.error();
    error.where = model.string() + ": " + error.where;
    return error;
  }
  std::vector<Firmware> all(plan.boards.size());
  std::vector<std::optional<Error>> failed(plan.boards.size());
  for_each_index(plan.boards.size(), jobs, [&](std::size_t i) {
    const Board& board = plan.boards[i];
    Firmware& firmware = all[i];
    firmware.of_our_making = true;
    firmware.path = folder / fmt::format("{}-{}.elf", model.stem().string(), board.spec.id);
    auto target = build::target_of(board.spec, board.argument);
    if (!target) {
      firmware.impossible = target.error().brief();
      return;
    }
    build::BuildRequest request;
    request.model = model;
    request.target = std::move(*target);
    // Complete or not there at all, should the program be killed.
    request.output = folder / fmt::format(".{}.tmp", board.spec.id);
    const auto built = build::build(request);
    if (!built) {
      const Error& error = built.error();
      if (error.code == ExitCode::internal || error.code == ExitCode::unreadable) failed[i] = error;
      firmware.impossible = error.brief();
      return;
    }
    std::error_code moved;
    fs::rename(request.output, firmware.path, moved);
    if (moved)
      failed[i] = Error{ExitCode::unreadable, "cannot write a file", firmware.path.string(), moved.message(), ""};
    else if (auto known = identify(firmware); !known)
      failed[i] = known.error();
  });
  for (const auto& error : failed)
    if (error) return *error;
  return all;
}

}  // namespace mj::sweep
