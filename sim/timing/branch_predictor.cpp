#include "sim/timing/branch_predictor.h"

#include <algorithm>
#include <bit>

namespace mj::timing {

using isa::Insn;
using isa::OpClass;

BranchPredictor::BranchPredictor(const PredictorParams& params)
    : params_(params),
      targets_(params.targets),
      younger_(std::bit_ceil(std::max(params.targets, 1u))),
      taken_(params.histories),
      returns_(params.returns) {}

BranchPredictor::Kind BranchPredictor::kind(const Insn& b) const {
  switch (b.cls) {
    case OpClass::branch_cond:
      return Kind::conditional;
    case OpClass::branch_link:
      return Kind::call;
    case OpClass::branch_link_reg:
      return Kind::indirect_call;
    case OpClass::branch_reg:
      return (params_.return_registers >> (b.rn & 31u)) & 1u ? Kind::returns : Kind::indirect;
    default:
      return Kind::jump;
  }
}

std::uint32_t BranchPredictor::find(std::uint32_t packet) const {
  std::uint32_t e = 0;
  while (e < params_.targets && !(targets_[e].valid && targets_[e].packet == packet)) ++e;
  return e;
}

// Rocket's tree pseudo-LRU for any number of ways: a half that lies beyond the last way is never chosen.
std::uint32_t BranchPredictor::victim() const {
  std::uint32_t at = 1;
  const unsigned levels = static_cast<unsigned>(std::countr_zero(younger_.size()));
  for (unsigned level = levels; level-- > 0;) {
    const std::uint32_t upper_begins = ((at << 1 | 1u) << level) & static_cast<std::uint32_t>(younger_.size() - 1);
    at = at << 1 | (upper_begins < params_.targets && younger_[at] ? 1u : 0u);
  }
  return at & static_cast<std::uint32_t>(younger_.size() - 1);
}

void BranchPredictor::touch(std::uint32_t entry) {
  std::uint32_t at = 1;
  for (unsigned level = static_cast<unsigned>(std::countr_zero(younger_.size())); level-- > 0;) {
    const bool upper = (entry >> level) & 1u;
    younger_[at] = !upper;
    at = at << 1 | (upper ? 1u : 0u);
  }
}

void BranchPredictor::learn(std::uint32_t entry, std::uint32_t packet, const Insn& branch, std::uint32_t to) {
  if (params_.targets == 0) return;
  if (entry >= params_.targets) entry = victim();
  targets_[entry] = {true, packet, branch.pc, to};
  touch(entry);
}

// chipsalliance/rocket-chip, BTB.scala: the packet's number, folded, against the scrambled history in the upper bits.
std::uint32_t BranchPredictor::history_index(std::uint32_t packet) const {
  const std::uint32_t number = packet / params_.fetch_bytes;
  const auto bits = static_cast<unsigned>(std::countr_zero(params_.histories));
  std::uint32_t index = (number & (params_.histories - 1)) ^ ((number >> bits) & 3u);
  const unsigned length = params_.history_length, used = params_.history_bits;
  std::uint32_t hashed = history_;
  if (length != used) {
    constexpr double half_root_3 = 0.86602540378443864676;
    const auto factor = static_cast<std::uint32_t>(half_root_3 * static_cast<double>(1u << length));
    hashed = (factor * history_ & ((1u << length) - 1)) >> (length - used);
  }
  return (index ^ hashed << (bits - used)) & (params_.histories - 1);
}

BranchPredictor::Cost BranchPredictor::resolve(const Insn& b, std::uint32_t to, bool ahead) {
  const std::uint32_t next = b.pc + b.size;
  const std::uint32_t packet = (next - 2) & ~(params_.fetch_bytes - 1);  // where its last halfword is fetched
  const std::uint32_t entry = find(packet);
  const bool known = entry < params_.targets && targets_[entry].branch == b.pc;
  const Kind k = kind(b);

  bool predicted_taken = true, seen_by_decoder = true;  // also without an entry of the target buffer
  std::uint32_t predicted = k == Kind::conditional || k == Kind::jump || k == Kind::call ? b.imm : 0;
  switch (k) {
    case Kind::conditional: {
      const std::uint32_t at = params_.histories ? history_index(packet) : 0;
      const bool taken = to != next;
      predicted_taken = params_.histories && taken_[at];
      if (params_.histories) taken_[at] = taken;
      if (params_.history_length) history_ = (history_ >> 1) | (taken ? 1u << (params_.history_length - 1) : 0u);
      break;
    }
    case Kind::returns:
      if (depth_ != 0) {
        predicted = returns_[top_];
        top_ = top_ == 0 ? params_.returns - 1 : top_ - 1;
        --depth_;
        break;
      }
      [[fallthrough]];
    case Kind::indirect:
    case Kind::indirect_call:
      seen_by_decoder = false;
      predicted_taken = known;
      predicted = known ? targets_[entry].target : 0;
      break;
    case Kind::jump:
    case Kind::call:
      break;
  }
  if ((k == Kind::call || k == Kind::indirect_call) && params_.returns != 0) {
    top_ = top_ + 1 == params_.returns ? 0 : top_ + 1;
    returns_[top_] = next;
    depth_ = std::min(depth_ + 1, params_.returns);
  }

  if ((predicted_taken ? predicted : next) != to) {
    if (to != next) learn(entry, packet, b, to);
    return {params_.mispredict, true};
  }
  if (!predicted_taken) return {};
  if (known) {
    touch(entry);
    return {};
  }
  if (!seen_by_decoder || ahead) return {};  // a packet that waits anyway is not worth an entry
  learn(entry, packet, b, to);
  return {params_.late, false};
}

}  // namespace mj::timing
