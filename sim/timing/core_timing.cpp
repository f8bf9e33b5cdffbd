#include "sim/timing/core_timing.h"

#include <algorithm>
#include <bit>

#include "sim/timing/pipe.h"
#include "sim/timing/table.h"

namespace mj::timing {

using isa::OpClass;

std::string_view name(Certainty certainty) {
  constexpr std::string_view names[] = {"documented", "measured", "model", "inferred", "estimated"};
  return names[static_cast<std::size_t>(certainty)];
}

namespace {

std::uint32_t magnitude(std::uint32_t v, bool is_signed) { return is_signed && v >> 31 ? 0u - v : v; }
std::uint32_t significant_bits(std::uint32_t v) { return static_cast<std::uint32_t>(std::bit_width(v)); }

}  // namespace

std::uint32_t OperandRule::cycles(std::uint32_t a, std::uint32_t b) const {
  switch (kind) {
    case Kind::divisor_zero:
      return b == 0 ? least : base;
    case Kind::divisor_leading_bits:
      if (is_signed && b >> 31) return base - 1 + static_cast<std::uint32_t>(std::countl_one(b));
      return base + static_cast<std::uint32_t>(std::countl_zero(b));
    case Kind::dividend_negative:
      return base + (a >> 31 ? step : 0);
    case Kind::msb_difference: {
      const std::uint32_t high = significant_bits(magnitude(a, is_signed)),
                          low = significant_bits(magnitude(b, is_signed));
      if (b == 0 || high < low) return least;
      return std::min(most, base + (high - low) / step);
    }
    case Kind::multiplier_bits:
      return base + std::max(1u, significant_bits(b));
    case Kind::wide_operands:
      return base + (a >> 16 ? step : 0) + (b >> 16 ? step : 0);
    case Kind::signed_product: {
      const std::uint32_t a_negative = a >> 31, b_negative = is_signed ? b >> 31 : 0;
      const bool negative = a_negative != b_negative;
      const bool low_half_is_zero = a * b == 0;
      return base + (a_negative | b_negative ? step : 0) + (negative ? step : 0) +
             (negative && low_half_is_zero ? step : 0);
    }
    case Kind::quotient_bits: {
      const std::uint32_t high = significant_bits(magnitude(a, is_signed)),
                          low = significant_bits(magnitude(b, is_signed));
      if (high < low) return least;
      return std::clamp(base + high - low, least, most);
    }
  }
  return base;
}

std::uint32_t OperandRule::minimum() const {
  switch (kind) {
    case Kind::divisor_zero:
      return std::min(least, base);
    case Kind::multiplier_bits:
      return base + 1;
    case Kind::msb_difference:
    case Kind::quotient_bits:
      return std::min(least, base);
    case Kind::divisor_leading_bits:
    case Kind::dividend_negative:
    case Kind::wide_operands:
    case Kind::signed_product:
      return base;
  }
  return base;
}

const CostRow& CoreTiming::Table::cost(const isa::Insn& insn) const {
  if (insn.cls == OpClass::sys_read || insn.cls == OpClass::sys_write)
    for (const CsrRow& csr : csrs)
      if (insn.imm >= csr.first && insn.imm <= csr.last && (insn.cls == OpClass::sys_read ? csr.reads : csr.writes))
        return csr.cost;
  if (insn.op < cost_of_op.size() && cost_of_op[insn.op] != none) return costs[cost_of_op[insn.op]];
  return costs[cost_of_class[static_cast<std::size_t>(insn.cls)]];
}

bool FormRow::matches(const isa::Insn& insn) const {
  if (insn.op >= ops.size() || !ops[insn.op]) return false;
  switch (when) {
    case When::shifted_constant:
      // Eight significant bits somewhere above bit 7; repeated bytes have more.
      return insn.imm > 0xff && std::bit_width(insn.imm) - std::countr_zero(insn.imm) <= 8;
    case When::short_shift:
      return insn.shift <= most;
  }
  return false;
}

const FormRow* CoreTiming::Table::form(const isa::Insn& insn) const {
  for (const FormRow& row : forms)
    if (row.matches(insn)) return &row;
  return nullptr;
}

std::uint32_t CoreTiming::Table::reach(std::uint8_t id) const {
  std::uint32_t most = 0;
  for (const std::uint16_t row : profiles[id]) most = std::max(most, latencies[row].cycles);
  return most;
}

bool CoreTiming::looks_behind() const { return table_->fetch_queue && table_->fetch_queue->predictor; }

std::uint32_t CoreTiming::target_cost(std::uint32_t target, bool target_is_32bit, Exit how, OpClass cls,
                                      PipeState& state, OpClass behind) const {
  const Table& t = *table_;
  if (t.dual) return 0;  // fetch is wide enough for what the slots take
  if (t.fetch_queue) {
    // The exit's cycles hold the jump to an aligned target; what the target's place adds is seen here.
    Pipe pipe(t, state);
    pipe.fetch.emplace(*t.fetch_queue, state, target);
    if (!pipe.fetch->arrived()) return 0;
    // Hazard3 forgets its prediction whenever decode sees a FENCE.I, even one that the jump has just thrown away.
    if (behind == OpClass::barrier_fetch) pipe.fetch->forget();
    while (!pipe.fetch->holds(target_is_32bit ? 2 : 1)) pipe.pass(1);
    state = pipe.state();
    return static_cast<std::uint32_t>(pipe.now);
  }
  Pipe pipe(t, state);
  const bool refetches =
      pipe.refetched || how != Exit::fallthrough || cls == OpClass::barrier_fetch || cls == OpClass::barrier;
  const bool pays = refetches && !pipe.alignment_hidden && target_is_32bit && (target & 2) != 0 &&
                    has(t.target_alignment_classes, cls);
  if (!pays && !pipe.refetched && !pipe.alignment_hidden) return 0;
  pipe.refetched = pipe.alignment_hidden = false;
  const std::uint32_t cycles = pays ? t.target_alignment : 0;
  pipe.pass(cycles);
  state = pipe.state();
  return cycles;
}

bool CoreTiming::has_operand_rule(const isa::Insn& insn) const { return table_->cost(insn).rule.has_value(); }

std::uint32_t CoreTiming::operand_cycles(const isa::Insn& insn, std::uint32_t a, std::uint32_t b) const {
  const CostRow& cost = table_->cost(insn);
  return cost.rule ? cost.rule->cycles(a, b) - cost.rule->minimum() : 0;
}

Reason CoreTiming::operand_reason(const isa::Insn& insn) const { return table_->cost(insn).reason; }

std::uint32_t CoreTiming::unaligned_cycles(std::uint32_t address, unsigned size, bool store, unsigned hidden) const {
  if (!table_->unaligned || (address & (size - 1)) == 0) return 0;
  const UnalignedRow& row = *table_->unaligned;
  const bool crosses_word = (address & 3) + size > 4;
  if (row.crossing_word_only && !crosses_word) return 0;
  const std::uint32_t extra = size == 2       ? row.halfword_odd[store]
                              : (address & 1) ? row.word_odd[store]
                                              : row.word_half[store];
  return extra > hidden ? extra - hidden : 0;
}

std::uint32_t CoreTiming::refused_cycles(const isa::Insn& insn) const {
  const std::uint32_t own = table_->cost(insn).cycles;
  const std::uint32_t whole = table_->costs[table_->cost_of_class[static_cast<std::size_t>(OpClass::trap)]].cycles;
  return whole > own ? whole - own : 0;
}

std::uint16_t CoreTiming::operand_row(const isa::Insn& insn) const { return table_->cost(insn).row; }
std::uint16_t CoreTiming::unaligned_row() const { return table_->unaligned ? table_->unaligned->row : RowId{0}; }
std::uint16_t CoreTiming::target_row() const {
  return table_->fetch_queue ? table_->fetch_queue->row : table_->target_alignment_row;
}
std::uint16_t CoreTiming::skipped_row() const { return table_->skipped_row; }
const ExceptionCost& CoreTiming::unsure_exceptions() const { return table_->unsure_exceptions; }
bool CoreTiming::unsure(std::uint16_t row) const { return table_->unsure(row); }

bool CoreTiming::has_unaligned_cost() const { return table_->unaligned.has_value(); }
const PredictorParams* CoreTiming::predictor() const { return table_->predictor ? &*table_->predictor : nullptr; }
const StoreBuffer& CoreTiming::store_buffer() const { return table_->store_buffer; }

const ExceptionCost& CoreTiming::exceptions() const { return table_->exceptions; }
const std::optional<PeakMacs>& CoreTiming::peak_macs() const { return table_->peak_macs; }
std::uint32_t CoreTiming::skipped_cycles() const { return table_->skipped; }
const std::string& CoreTiming::name() const { return table_->name; }
const std::string& CoreTiming::title() const { return table_->title; }
const std::string& CoreTiming::isa() const { return table_->isa; }
const std::vector<std::string>& CoreTiming::features() const { return table_->features; }
std::span<const RowInfo> CoreTiming::rows() const { return table_->rows; }

}  // namespace mj::timing
