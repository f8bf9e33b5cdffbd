// A user's board file; "extends" reaches the shipped ones.
#include "sim/board.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  const auto board = load_board(scratch.write("mine.json", fuzz::text_of(data, size)));
  if (!board.ok()) {
    fuzz::require_refusal(board.error());
    return 0;
  }
  std::uint64_t end = 0;
  for (const RegionSpec& r : board->regions) {
    fuzz::require(r.base >= end && r.size > 0, "regions ascend and are disjoint");
    end = r.base + r.size;
    fuzz::require(end <= std::uint64_t{1} << 32, "regions lie in the address space");
  }
  board->budget_bytes(BudgetKind::flash);
  board->least_wait_states(64'000'000);
  return 0;
}
