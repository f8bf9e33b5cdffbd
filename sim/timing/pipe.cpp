#include "sim/timing/pipe.h"

#include <algorithm>
#include <bit>

namespace mj::timing {
namespace {

// Layout of PipeState::bytes. The last eight are the fetch queue's, or at_fold of cores without one.
enum : std::size_t { at_flags, at_tail, at_tail_writes, at_behind = 4, at_wide_run, at_unit, at_pending, at_fold = 16 };
enum : std::uint8_t { fold_foldable = 1, fold_wrote_flags = 2, fold_after_jump = 4 };
constexpr std::size_t pending_slots = 3, pending_slots_beside_fetch = 2;
enum : std::uint8_t {
  flag_16bit = 1,
  flag_multicycle = 2,
  flag_run_has_store = 4,
  flag_run_counts = 8,
  flag_waited = 16,
  flag_refetched = 32,
  flag_hidden = 64
};

std::size_t slots(const CoreTiming::Table& table) {
  static_assert(at_pending + 3 * pending_slots_beside_fetch <= FetchQueue::first_byte);
  return table.fetch_queue ? pending_slots_beside_fetch : pending_slots;
}

}  // namespace

Pipe::Pipe(const CoreTiming::Table& t, const PipeState& state) : table(t) {
  const auto& b = state.bytes;
  previous_is_16bit = b[at_flags] & flag_16bit;
  previous_multicycle = b[at_flags] & flag_multicycle;
  wide_run_has_store = b[at_flags] & flag_run_has_store;
  wide_run_counts = b[at_flags] & flag_run_counts;
  previous_waited = b[at_flags] & flag_waited;
  refetched = b[at_flags] & flag_refetched;
  alignment_hidden = b[at_flags] & flag_hidden;
  if (t.fold) {
    foldable = b[at_fold] & fold_foldable;
    wrote_flags = b[at_fold] & fold_wrote_flags;
    after_jump = b[at_fold] & fold_after_jump;
  }
  tail = b[at_tail] <= t.tails.size() ? b[at_tail] : 0;
  for (std::size_t k = 0; k < 2; ++k)
    if (b[at_tail_writes + k] != 0) tail_writes |= isa::reg_bit(b[at_tail_writes + k] - 1u);
  behind = b[at_behind];
  wide_run = b[at_wide_run];
  unit_free = b[at_unit];
  for (std::size_t k = 0; k < slots(t); ++k) {
    const std::uint8_t* slot = &b[at_pending + 3 * k];
    if (slot[0] != 0 && slot[1] < t.profiles.size())
      pending.push_back({static_cast<std::uint8_t>(slot[0] - 1), slot[1], -static_cast<std::int64_t>(slot[2])});
  }
}

PipeState Pipe::state() const {
  PipeState s;
  auto& b = s.bytes;
  b[at_flags] = static_cast<std::uint8_t>(
      (previous_is_16bit ? flag_16bit : 0) | (previous_multicycle ? flag_multicycle : 0) |
      (wide_run_has_store ? flag_run_has_store : 0) | (wide_run_counts ? flag_run_counts : 0) |
      (previous_waited ? flag_waited : 0) | (refetched ? flag_refetched : 0) | (alignment_hidden ? flag_hidden : 0));
  b[at_tail] = tail;
  isa::RegSet writes = tail != 0 ? tail_writes : 0;
  for (std::size_t k = 0; k < 2 && writes != 0; ++k, writes &= writes - 1)
    b[at_tail_writes + k] = static_cast<std::uint8_t>(std::countr_zero(writes) + 1);
  b[at_behind] = behind;
  b[at_wide_run] = wide_run;
  b[at_unit] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(unit_free - now, 0, 255));

  // Results that can still make someone wait, the longest first: if there are more than the slots hold, the shortest
  // waits are dropped.
  struct Late {
    std::int64_t left;
    Pending p;
  };
  std::vector<Late> late;
  for (const Pending& p : pending) {
    const std::int64_t left = p.done + table.reach(p.profile) - now;
    if (left > 0) late.push_back({left, p});
  }
  std::sort(late.begin(), late.end(),
            [](const Late& x, const Late& y) { return x.left != y.left ? x.left > y.left : x.p.reg < y.p.reg; });
  if (late.size() > slots(table)) late.resize(slots(table));
  std::sort(late.begin(), late.end(), [](const Late& x, const Late& y) { return x.p.reg < y.p.reg; });
  for (std::size_t k = 0; k < late.size() && k < pending_slots; ++k) {
    std::uint8_t* slot = &b[at_pending + 3 * k];
    slot[0] = static_cast<std::uint8_t>(late[k].p.reg + 1);
    slot[1] = late[k].p.profile;
    slot[2] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(now - late[k].p.done, 0, 255));
  }
  if (table.fold)
    b[at_fold] = static_cast<std::uint8_t>((foldable ? fold_foldable : 0) | (wrote_flags ? fold_wrote_flags : 0) |
                                           (after_jump ? fold_after_jump : 0));
  if (fetch) fetch->save(s);
  return s;
}

}  // namespace mj::timing
