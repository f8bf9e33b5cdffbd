// A user's board file; "extends" reaches the shipped ones.
#include "tests/fuzz/board_promises.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  const auto board = load_board(scratch.write("mine.json", fuzz::text_of(data, size)));
  if (!board.ok()) {
    fuzz::require_refusal(board.error());
    return 0;
  }
  fuzz::require_memory_map(*board);
  board->budget_bytes(BudgetKind::flash);
  board->least_wait_states(64'000'000);
  return 0;
}
