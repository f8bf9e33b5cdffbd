#include "tests/differential/known_differences.h"

#include <algorithm>
#include <string_view>

#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::OpClass;

namespace {

constexpr std::uint32_t q_bit = 1u << 27;

std::string_view op(const Executed& e) { return op_name(e.insn.op); }
bool is_mrs(const Executed& e, std::uint32_t sysm) { return e.insn.cls == OpClass::sys_read && e.insn.imm == sysm; }
bool opens_fp_context(Features features, const Executed& e) {
  const std::uint32_t open = features & security ? 12 : 4;  // FPCA, SFPA
  return e.insn.cls >= OpClass::fp_move && e.insn.cls <= OpClass::fp_sys && (e.before.control & open) != open;
}

constexpr KnownDifference unicorn[] = {
    {"SP keeps bits 1:0 (ARMv7-M B1.4.1: always zero)", [](Features, const Executed&) { return true; },
     [](const Executed&, ThumbState& t) { t.r[sp] &= ~3u, t.other_sp &= ~3u; }},
    {"a Non-secure SP keeps bits 1:0 (ARMv8-M B3.9: always zero)",
     [](Features, const Executed& e) {
       return is_mrs(e, sysm_msp | sysm_non_secure) || is_mrs(e, sysm_psp | sysm_non_secure) || is_mrs(e, sysm_sp_ns);
     },
     [](const Executed& e, ThumbState& t) { t.r[e.insn.rd] &= ~3u; }},
    {"SMLAD, SMLADX of 0x8000 everywhere: Q set by the sum of products (ARMv7-M A7.7.144: by the whole result)",
     [](Features, const Executed& e) {
       return (op(e) == "smlad" || op(e) == "smladx") && e.before.r[e.insn.rn] == 0x80008000 &&
              e.before.r[e.insn.rm] == 0x80008000;
     },
     [](const Executed&, ThumbState& t) { t.apsr &= ~q_bit; }},
    {"MSR APSR writes Q (ARMv6-M B1.4.2: there is none)",
     [](Features f, const Executed& e) { return !(f & v7m) && e.insn.cls == OpClass::sys_write; },
     [](const Executed&, ThumbState& t) { t.apsr &= ~q_bit; }},
    {"a new FP context clears all of FPSCR (ARMv7-M B1.5.7, ExecuteFPCheck(): only AHP, DN, FZ and RMode)",
     [](Features f, const Executed& e) {
       return opens_fp_context(f, e) && !e.behind_skipped_fp && (e.before.fpscr & 0xf800009f) != 0;
     },
     [](const Executed& e, ThumbState& t) {
       t.fpscr &= ~0xf800009fu;
       if (op(e).starts_with("vmrs_flags"))
         t.apsr &= ~0xf0000000u;
       else if (op(e).starts_with("vmrs"))
         t.r[e.insn.rd] &= ~0xf800009fu;
     },
     true},
    {"no new FP context behind an FP instruction that its condition skipped (ARMv7-M B1.5.7, ExecuteFPCheck(): by each "
     "that is executed)",
     [](Features f, const Executed& e) { return opens_fp_context(f, e) && e.behind_skipped_fp; },
     [](const Executed& e, ThumbState& t) {
       t.control &= ~12u;
       t.fpscr = 0;
       if (op(e).starts_with("vmrs_flags"))
         t.apsr &= ~0xf0000000u;
       else if (op(e).starts_with("vmrs"))
         t.r[e.insn.rd] = 0;
     },
     true},
    {"VCVT from fixed point rounds by FPSCR (ARMv7-M A7.7.229: to nearest)",
     [](Features, const Executed& e) {
       return op(e).starts_with("vcvt_f") && op(e).ends_with("_fixed") && (e.before.fpscr >> 22 & 3) != 0;
     },
     [](const Executed& e, ThumbState& t) {
       const unsigned d = e.insn.rd - s0;
       t.s[d] = 0;
       if (op(e).starts_with("vcvt_f64")) t.s[d + 1] = 0;
       t.fpscr &= ~0x9fu;
     }},
};

}  // namespace

std::span<const KnownDifference> known_of_unicorn() { return unicorn; }

}  // namespace mj::differential
