#include "isa/thumb/decode.h"

#include <array>

#include "isa/thumb/semantics/all.h"
#include "isa/thumb/t16.h"
#include "isa/thumb/t32.h"
#if __has_include("isa/thumb/vfp.h")
#include "isa/thumb/vfp.h"
#endif

namespace mj::isa::thumb {
namespace {

#if __has_include("isa/thumb/vfp.h")
template <std::size_t N, std::size_t M>
consteval std::array<Row<Op>, N + M> concatenate(const std::array<Row<Op>, N>& a, const std::array<Row<Op>, M>& b) {
  std::array<Row<Op>, N + M> all{};
  for (std::size_t i = 0; i < N; ++i) all[i] = a[i];
  for (std::size_t i = 0; i < M; ++i) all[N + i] = b[i];
  return all;
}
/// True if no row of `a` overlaps with one of `b` except by refinement. Together with the check of each table this is
/// unambiguous() of both, in portions that compilers evaluate without raised limits.
template <std::size_t N, std::size_t M>
consteval bool unambiguous_together(const std::array<Row<Op>, N>& a, const std::array<Row<Op>, M>& b) {
  for (const Row<Op>& x : a)
    for (const Row<Op>& y : b)
      if (x.pattern.overlaps(y.pattern) && !x.pattern.refines(y.pattern) && !y.pattern.refines(x.pattern)) return false;
  return true;
}
constexpr auto all_32bit_rows = concatenate(t32_rows, vfp_rows);
static_assert(unambiguous(vfp_rows));
static_assert(unambiguous_together(t32_rows, vfp_rows));
#else
constexpr auto& all_32bit_rows = t32_rows;
#endif

/// Coprocessor space (ARMv7-M A5.3.18) of coprocessors 10 and 11.
bool is_fp_space(std::uint32_t raw) {
  const bool coprocessor_space = (raw & 0xec000000) == 0xec000000 && (raw & 0x03000000) != 0x03000000;
  return coprocessor_space && ((raw >> 9) & 7) == 5;
}

const Row<Op>* find_row(std::uint32_t raw, bool is_wide) {
  static const Decoder<Op> narrow(t16_rows, 16), wide(all_32bit_rows, 32);
  return (is_wide ? wide : narrow).find(raw);
}

Features implied(Features features) { return features & (v7m | v8m) ? features | v7m_or_v8m : features; }

}  // namespace

Insn decode(std::uint32_t hw1, std::uint32_t hw2, std::uint32_t address, bool in_it, Features features) {
  const bool is_wide = is_32bit(hw1);
  hw1 &= 0xffff;
  hw2 &= 0xffff;

  Insn insn;
  insn.pc = address;
  insn.raw = is_wide ? hw1 << 16 | hw2 : hw1;
  insn.size = is_wide ? 4 : 2;
  const Insn blank = insn;

  const Row<Op>* row = find_row(insn.raw, is_wide);
  if (row && (row->feature & ~implied(features)) == 0) {
    insn.cond = in_it ? encoding::cond_in_it : 14;
    insn.cls = row->cls;
    insn.op = static_cast<std::uint16_t>(row->op);
    fill_fields(row->pattern, insn);
    if (row->fix) row->fix(insn);
    if (insn.op == static_cast<std::uint16_t>(Op::undefined)) insn = blank;
    if (insn.cond == encoding::cond_in_it) insn.cond = 14;
  }
  // Floating point without an FPU is "no coprocessor"; with one, what it doesn't know is undefined.
  if (is_wide && is_fp_space(insn.raw) && (features & v7m)) {
    const bool has_fpu = features & (fp_sp | fp_dp);
    const Op op = static_cast<Op>(insn.op);
    if (has_fpu && op == Op::coprocessor) return blank;
    if (!has_fpu && op == Op::undefined) {
      insn.op = static_cast<std::uint16_t>(Op::coprocessor);
      insn.cls = OpClass::coprocessor;
    }
  }
  return insn;
}

std::optional<Features> needed_features(std::uint32_t hw1, std::uint32_t hw2) {
  const Insn insn = decode(hw1, hw2, 0, false, ~Features{0});
  const Op op = static_cast<Op>(insn.op);
  if (op == Op::undefined || op == Op::coprocessor) return std::nullopt;
  return find_row(insn.raw, insn.size == 4)->feature;
}

std::string_view missing_extension(Features needed, Features has) {
  struct Name {
    Features bit;
    std::string_view text;
  };
  static constexpr Name names[] = {{security, "the Security Extension (Cortex-M23, M33)"},
                                   {fp_dp, "double-precision floating point (Cortex-M7)"},
                                   {fp_v5, "FPv5 floating point (Cortex-M7, M33)"},
                                   {fp_sp, "the floating-point extension (Cortex-M4, M7, M33)"},
                                   {dsp, "the DSP extension (Cortex-M4, M7, M33)"},
                                   {v8m_main, "Armv8-M Mainline (Cortex-M33)"},
                                   {v8m, "Armv8-M (Cortex-M23, M33)"},
                                   {v7m, "ARMv7-M (Cortex-M3, M4, M7, M33)"},
                                   {v7m_or_v8m, "ARMv7-M and Armv8-M (Cortex-M3, M4, M7, M23, M33)"}};
  for (const Name& name : names)
    if (needed & ~implied(has) & name.bit) return name.text;
  return "";
}

void apply_it(Insn& insn, ItState it) {
  if (it.active() && insn.op != static_cast<std::uint16_t>(Op::bkpt)) insn.cond = static_cast<std::uint8_t>(it.cond());
}

Effects effects(const Insn& insn) {
  DefUseContext c;
  if (insn.cond < 14) semantics::condition(c, insn.cond);
  switch (static_cast<Op>(insn.op)) {
#define X(name, ...)                       \
  case Op::name:                           \
    semantics::execute<Op::name>(c, insn); \
    break;
    MJ_THUMB_OPS(X)
#undef X
    case Op::count_:
      break;
  }
  return c.effects;
}

namespace {
constexpr const char* names[] = {
#define X(name, ...) #name,
    MJ_THUMB_OPS(X)
#undef X
};
}  // namespace

const char* op_name(std::uint16_t op) { return op < op_count ? names[op] : "?"; }

Op find_op(std::string_view op) {
  for (std::uint16_t i = 0; i < op_count; ++i)
    if (op == names[i]) return static_cast<Op>(i);
  return Op::count_;
}

std::span<const Row<Op>> rows_16bit() { return t16_rows; }
std::span<const Row<Op>> rows_32bit() { return all_32bit_rows; }

}  // namespace mj::isa::thumb
