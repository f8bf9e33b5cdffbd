// The 16-bit encodings (ARMv7-M A5.2; ARMv6-M A5.2 where the feature is 0).
//
// Where silicon, QEMU and we agree on something the manual calls UNPREDICTABLE: CMP (T2) of two low registers compares;
// MOVS Rd, Rm (T2) inside an IT block moves without flags.
#pragma once

#include <array>

#include "isa/thumb/encoding.h"

namespace mj::isa::thumb {

inline constexpr auto t16_rows = [] {
  using namespace encoding;
  using enum OpClass;
  return std::to_array<Row<Op>>({
      // Shift (immediate), add, subtract, move, compare: A5.2.1
      {picture("000 00 00000 mmm ddd"), Op::movs_reg, alu, fix<quiet_in_it<Op::mov_reg>>},
      {picture("000 00 sssss mmm ddd"), Op::lsls_imm, shift, fix<quiet_in_it<Op::lsl_imm>>},
      {picture("000 01 sssss mmm ddd"), Op::lsrs_imm, shift, fix<zero_is_32, quiet_in_it<Op::lsr_imm>>},
      {picture("000 10 sssss mmm ddd"), Op::asrs_imm, shift, fix<zero_is_32, quiet_in_it<Op::asr_imm>>},
      {picture("000 11 00 mmm nnn ddd"), Op::adds_reg, alu, fix<quiet_in_it<Op::add_reg>>},
      {picture("000 11 01 mmm nnn ddd"), Op::subs_reg, alu, fix<quiet_in_it<Op::sub_reg>>},
      {picture("000 11 10 iii nnn ddd"), Op::adds_imm, alu, fix<quiet_in_it<Op::add_imm>>},
      {picture("000 11 11 iii nnn ddd"), Op::subs_imm, alu, fix<quiet_in_it<Op::sub_imm>>},
      {picture("001 00 ddd iiiiiiii"), Op::movs_imm, alu, fix<quiet_in_it<Op::mov_imm>>},
      {picture("001 01 nnn iiiiiiii"), Op::cmp_imm, alu},
      {picture("001 10 ddd iiiiiiii"), Op::adds_imm, alu, fix<rn_is_rd, quiet_in_it<Op::add_imm>>},
      {picture("001 11 ddd iiiiiiii"), Op::subs_imm, alu, fix<rn_is_rd, quiet_in_it<Op::sub_imm>>},

      // Data processing: A5.2.2
      {picture("010000 0000 mmm ddd"), Op::ands_reg, alu, fix<rn_is_rd, quiet_in_it<Op::and_reg>>},
      {picture("010000 0001 mmm ddd"), Op::eors_reg, alu, fix<rn_is_rd, quiet_in_it<Op::eor_reg>>},
      {picture("010000 0010 mmm ddd"), Op::lsls_reg, shift, fix<rn_is_rd, quiet_in_it<Op::lsl_reg>>},
      {picture("010000 0011 mmm ddd"), Op::lsrs_reg, shift, fix<rn_is_rd, quiet_in_it<Op::lsr_reg>>},
      {picture("010000 0100 mmm ddd"), Op::asrs_reg, shift, fix<rn_is_rd, quiet_in_it<Op::asr_reg>>},
      {picture("010000 0101 mmm ddd"), Op::adcs_reg, alu, fix<rn_is_rd, quiet_in_it<Op::adc_reg>>},
      {picture("010000 0110 mmm ddd"), Op::sbcs_reg, alu, fix<rn_is_rd, quiet_in_it<Op::sbc_reg>>},
      {picture("010000 0111 mmm ddd"), Op::rors_reg, shift, fix<rn_is_rd, quiet_in_it<Op::ror_reg>>},
      {picture("010000 1000 mmm nnn"), Op::tst_reg, alu},
      {picture("010000 1001 nnn ddd"), Op::rsbs_imm, alu, fix<quiet_in_it<Op::rsb_imm>>},
      {picture("010000 1010 mmm nnn"), Op::cmp_reg, alu},
      {picture("010000 1011 mmm nnn"), Op::cmn_reg, alu},
      {picture("010000 1100 mmm ddd"), Op::orrs_reg, alu, fix<rn_is_rd, quiet_in_it<Op::orr_reg>>},
      {picture("010000 1101 mmm ddd"), Op::muls, mul, fix<rn_is_rd, quiet_in_it<Op::mul>>},
      {picture("010000 1110 mmm ddd"), Op::bics_reg, alu, fix<rn_is_rd, quiet_in_it<Op::bic_reg>>},
      {picture("010000 1111 mmm ddd"), Op::mvns_reg, alu, fix<quiet_in_it<Op::mvn_reg>>},

      // Special data, branch and exchange: A5.2.3
      {picture("010001 00 d mmmm ddd"), Op::add_reg, alu, fix<add_high>},
      {picture("010001 01 n mmmm nnn"), Op::cmp_reg, alu, fix<not_pc<N | M>>},
      {picture("010001 10 d mmmm ddd"), Op::mov_reg, alu, fix<mov_high>},
      {picture("010001 11 0 mmmm 000"), Op::bx, branch_reg, fix<branch_exchange>},
      {picture("010001 11 1 mmmm 000"), Op::blx, branch_link_reg, fix<not_pc<M>>},
      {picture("010001 11 0 mmmm 100"), Op::bxns, branch_reg, fix<not_sp_pc_m>, security},
      {picture("010001 11 1 mmmm 100"), Op::blxns, branch_link_reg, fix<not_sp_pc_m>, security},

      // Literal load: A7.7.44
      {picture("01001 ddd iiiiiiii"), Op::ldr_literal, load, fix<literal_words>},

      // Load or store single: A5.2.4
      {picture("0101 000 mmm nnn ddd"), Op::str_reg, store_reg},
      {picture("0101 001 mmm nnn ddd"), Op::strh_reg, store_reg},
      {picture("0101 010 mmm nnn ddd"), Op::strb_reg, store_reg},
      {picture("0101 011 mmm nnn ddd"), Op::ldrsb_reg, load},
      {picture("0101 100 mmm nnn ddd"), Op::ldr_reg, load},
      {picture("0101 101 mmm nnn ddd"), Op::ldrh_reg, load},
      {picture("0101 110 mmm nnn ddd"), Op::ldrb_reg, load},
      {picture("0101 111 mmm nnn ddd"), Op::ldrsh_reg, load},
      {picture("0110 0 iiiii nnn ddd"), Op::str_imm, store, fix<scale<2>>},
      {picture("0110 1 iiiii nnn ddd"), Op::ldr_imm, load, fix<scale<2>>},
      {picture("0111 0 iiiii nnn ddd"), Op::strb_imm, store},
      {picture("0111 1 iiiii nnn ddd"), Op::ldrb_imm, load},
      {picture("1000 0 iiiii nnn ddd"), Op::strh_imm, store, fix<scale<1>>},
      {picture("1000 1 iiiii nnn ddd"), Op::ldrh_imm, load, fix<scale<1>>},
      {picture("1001 0 ddd iiiiiiii"), Op::str_imm, store, fix<rn_is_sp, scale<2>>},
      {picture("1001 1 ddd iiiiiiii"), Op::ldr_imm, load, fix<rn_is_sp, scale<2>>},

      // PC- and SP-relative addresses: A7.7.7, A7.7.5
      {picture("1010 0 ddd iiiiiiii"), Op::adr, alu, fix<literal_words>},
      {picture("1010 1 ddd iiiiiiii"), Op::add_imm, alu, fix<rn_is_sp, scale<2>>},

      // Miscellaneous: A5.2.5
      {picture("1011 0000 0 iiiiiii"), Op::add_imm, alu, fix<rd_is_sp, rn_is_sp, scale<2>>},
      {picture("1011 0000 1 iiiiiii"), Op::sub_imm, alu, fix<rd_is_sp, rn_is_sp, scale<2>>},
      {picture("1011 0 0 i 1 iiiii nnn"), Op::cbz, branch_cond, fix<not_in_it, forward>, v7m_or_v8m},
      {picture("1011 1 0 i 1 iiiii nnn"), Op::cbnz, branch_cond, fix<not_in_it, forward>, v7m_or_v8m},
      {picture("1011 0010 00 mmm ddd"), Op::sxth, bitfield},
      {picture("1011 0010 01 mmm ddd"), Op::sxtb, bitfield},
      {picture("1011 0010 10 mmm ddd"), Op::uxth, bitfield},
      {picture("1011 0010 11 mmm ddd"), Op::uxtb, bitfield},
      {picture("1011 010 i iiiiiiii"), Op::push, store_multi, fix<stack_list<lr>>},
      {picture("1011 0110 011 - 0 0 - 0"), Op::cps, sys_write, fix<change_state>},
      {picture("1011 0110 011 - 0 0 - 1"), Op::cps, sys_write, fix<change_state>, v7m},  // FAULTMASK
      {picture("1011 1010 00 mmm ddd"), Op::rev, bitfield},
      {picture("1011 1010 01 mmm ddd"), Op::rev16, bitfield},
      {picture("1011 1010 11 mmm ddd"), Op::revsh, bitfield},
      {picture("1011 110 i iiiiiiii"), Op::pop, load_multi, fix<stack_list<pc>>},
      {picture("1011 1110 iiiiiiii"), Op::bkpt, trap},

      // If-Then and hints: A5.2.6; hints without a name execute as NOP
      {picture("1011 1111 tttt xxxx"), Op::it, it, fix<if_then>, v7m},
      {picture("1011 1111 ---- 0000"), Op::nop, nop},
      {picture("1011 1111 0001 0000"), Op::yield, nop},
      {picture("1011 1111 0010 0000"), Op::wfe, wait},
      {picture("1011 1111 0011 0000"), Op::wfi, wait},
      {picture("1011 1111 0100 0000"), Op::sev, nop},

      // Load and store multiple: A7.7.41, A7.7.159
      {picture("1100 0 nnn iiiiiiii"), Op::stm_wb, store_multi, fix<store_list_low>},
      {picture("1100 1 nnn iiiiiiii"), Op::ldm_wb, load_multi, fix<load_list_low>},

      // Branches, SVC, UDF: A5.2.7
      {picture("1101 tttt iiiiiiii"), Op::b_eq, branch_cond, fix<relative<8, 1>, by_condition>},
      {picture("1101 1110 iiiiiiii"), Op::undefined, trap},
      {picture("1101 1111 iiiiiiii"), Op::svc, trap},
      {picture("11100 iiiiiiiiiii"), Op::b, branch, fix<relative<11, 1>>},
  });
}();
static_assert(unambiguous(t16_rows));

}  // namespace mj::isa::thumb
