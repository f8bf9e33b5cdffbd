// What a user lays over a board (--overlay): over a (small) board with a file, and over one that is made for the image,
// which takes rows of the core's table only.
#include "isa/thumb/decode.h"
#include "sim/timing/core_timing.h"
#include "tests/fuzz/board_promises.h"

using namespace mj;

namespace {

void load_rows(const std::string& core, const std::string& rows) {
  const auto text_of_core = [](std::string_view name) -> std::optional<std::string> {
    std::ifstream in(models_dir() + "/cores/" + std::string(name) + ".json", std::ios::binary);
    if (!in || name.find('/') != std::string_view::npos) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  static const std::string shipped = *text_of_core("cortex-m4");
  timing::LoadOptions options;
  options.op_name = isa::thumb::op_name;
  options.read_core = text_of_core;
  options.rows = rows;
  const auto other = core == "cortex-m4" ? shipped : text_of_core(core);
  if (!other) return;
  if (const auto loaded = timing::CoreTiming::load(*other, core, options); !loaded.ok())
    fuzz::require_refusal(loaded.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string overlay(fuzz::text_of(data, size));
  const auto rows = overlay_rows(overlay);
  if (!rows.ok())
    fuzz::require_refusal(rows.error());
  else if (!rows->empty())
    load_rows("cortex-m4", *rows);
  const auto board = load_board("mps2-an386", overlay);
  if (!board.ok()) {
    fuzz::require_refusal(board.error());
    return 0;
  }
  fuzz::require_memory_map(*board);
  if (!rows.ok() && !board->core.timing_rows.empty()) load_rows(board->core.timing, board->core.timing_rows);
  return 0;
}
