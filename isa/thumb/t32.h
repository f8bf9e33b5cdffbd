// The 32-bit encodings without floating point (ARMv7-M A5.3; ARMv6-M A5.3 where the feature is 0), as hw1 : hw2.
#pragma once

#include <array>

#include "isa/thumb/encoding.h"

namespace mj::isa::thumb {

inline constexpr auto t32_rows = [] {
  using namespace encoding;
  using enum OpClass;
  return std::to_array<Row<Op>>({
      // Data processing (modified immediate): A5.3.1. Rd = 1111 with flags: compare; Rn = 1111: move
      {picture("11110 i 0 0000 0 nnnn 0 iii dddd iiiiiiii"), Op::and_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 0000 1 nnnn 0 iii dddd iiiiiiii"), Op::ands_imm, alu, fix<general<D | N>, expand_imm_carry>,
       v7m},
      {picture("11110 i 0 0000 1 nnnn 0 iii 1111 iiiiiiii"), Op::tst_imm, alu, fix<general<N>, expand_imm_carry>, v7m},
      {picture("11110 i 0 0001 0 nnnn 0 iii dddd iiiiiiii"), Op::bic_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 0001 1 nnnn 0 iii dddd iiiiiiii"), Op::bics_imm, alu, fix<general<D | N>, expand_imm_carry>,
       v7m},
      {picture("11110 i 0 0010 0 nnnn 0 iii dddd iiiiiiii"), Op::orr_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 0010 1 nnnn 0 iii dddd iiiiiiii"), Op::orrs_imm, alu, fix<general<D | N>, expand_imm_carry>,
       v7m},
      {picture("11110 i 0 0010 0 1111 0 iii dddd iiiiiiii"), Op::mov_imm, alu, fix<general<D>, expand_imm>, v7m},
      {picture("11110 i 0 0010 1 1111 0 iii dddd iiiiiiii"), Op::movs_imm, alu, fix<general<D>, expand_imm_carry>, v7m},
      {picture("11110 i 0 0011 0 nnnn 0 iii dddd iiiiiiii"), Op::orn_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 0011 1 nnnn 0 iii dddd iiiiiiii"), Op::orns_imm, alu, fix<general<D | N>, expand_imm_carry>,
       v7m},
      {picture("11110 i 0 0011 0 1111 0 iii dddd iiiiiiii"), Op::mvn_imm, alu, fix<general<D>, expand_imm>, v7m},
      {picture("11110 i 0 0011 1 1111 0 iii dddd iiiiiiii"), Op::mvns_imm, alu, fix<general<D>, expand_imm_carry>, v7m},
      {picture("11110 i 0 0100 0 nnnn 0 iii dddd iiiiiiii"), Op::eor_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 0100 1 nnnn 0 iii dddd iiiiiiii"), Op::eors_imm, alu, fix<general<D | N>, expand_imm_carry>,
       v7m},
      {picture("11110 i 0 0100 1 nnnn 0 iii 1111 iiiiiiii"), Op::teq_imm, alu, fix<general<N>, expand_imm_carry>, v7m},
      {picture("11110 i 0 1000 0 nnnn 0 iii dddd iiiiiiii"), Op::add_imm, alu,
       fix<expand_imm, add_immediate<Op::add_sp_imm>>, v7m},
      {picture("11110 i 0 1000 1 nnnn 0 iii dddd iiiiiiii"), Op::adds_imm, alu,
       fix<expand_imm, add_immediate<Op::adds_sp_imm>>, v7m},
      {picture("11110 i 0 1000 1 nnnn 0 iii 1111 iiiiiiii"), Op::cmn_imm, alu, fix<not_pc<N>, expand_imm>, v7m},
      {picture("11110 i 0 1010 0 nnnn 0 iii dddd iiiiiiii"), Op::adc_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 1010 1 nnnn 0 iii dddd iiiiiiii"), Op::adcs_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 1011 0 nnnn 0 iii dddd iiiiiiii"), Op::sbc_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 1011 1 nnnn 0 iii dddd iiiiiiii"), Op::sbcs_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 1101 0 nnnn 0 iii dddd iiiiiiii"), Op::sub_imm, alu,
       fix<expand_imm, add_immediate<Op::sub_sp_imm>>, v7m},
      {picture("11110 i 0 1101 1 nnnn 0 iii dddd iiiiiiii"), Op::subs_imm, alu,
       fix<expand_imm, add_immediate<Op::subs_sp_imm>>, v7m},
      {picture("11110 i 0 1101 1 nnnn 0 iii 1111 iiiiiiii"), Op::cmp_imm, alu, fix<not_pc<N>, expand_imm>, v7m},
      {picture("11110 i 0 1110 0 nnnn 0 iii dddd iiiiiiii"), Op::rsb_imm, alu, fix<general<D | N>, expand_imm>, v7m},
      {picture("11110 i 0 1110 1 nnnn 0 iii dddd iiiiiiii"), Op::rsbs_imm, alu, fix<general<D | N>, expand_imm>, v7m},

      // Data processing (plain binary immediate): A5.3.3
      {picture("11110 i 1 0000 0 nnnn 0 iii dddd iiiiiiii"), Op::add_imm, alu, fix<add_immediate<Op::add_sp_imm>>, v7m},
      {picture("11110 i 1 0000 0 1111 0 iii dddd iiiiiiii"), Op::adr, alu, fix<general<D>, address_up>, v7m},
      {picture("11110 x 1 0010 0 iiii 0 iii dddd iiiiiiii"), Op::movw, alu, fix<general<D>, wide_imm<0>>, v7m_or_v8m},
      {picture("11110 i 1 0101 0 nnnn 0 iii dddd iiiiiiii"), Op::sub_imm, alu, fix<add_immediate<Op::sub_sp_imm>>, v7m},
      {picture("11110 i 1 0101 0 1111 0 iii dddd iiiiiiii"), Op::adr, alu, fix<general<D>, address_down>, v7m},
      {picture("11110 x 1 0110 0 iiii 0 iii dddd iiiiiiii"), Op::movt, alu, fix<general<D>, wide_imm<16>>, v7m_or_v8m},
      {picture("11110 0 1 1000 0 mmmm 0 sss dddd ss 0 iiiii"), Op::ssat, saturate, fix<general<D | M>, saturation>,
       v7m},
      {picture("11110 0 1 1001 0 mmmm 0 sss dddd ss 0 iiiii"), Op::ssat, saturate,
       fix<general<D | M>, shifts_right, saturation>, v7m},
      {picture("11110 0 1 1001 0 mmmm 0 000 dddd 00 0 iiiii"), Op::ssat16, saturate,
       fix<general<D | M>, below_16, saturation>, dsp},
      {picture("11110 0 1 1010 0 nnnn 0 sss dddd ss 0 xxxxx"), Op::sbfx, bitfield,
       fix<general<D | N>, bitfield_extract_signed>, v7m},
      {picture("11110 0 1 1011 0 nnnn 0 sss dddd ss 0 xxxxx"), Op::bfi, bitfield, fix<general<D | N>, bitfield_insert>,
       v7m},
      {picture("11110 0 1 1011 0 1111 0 sss dddd ss 0 xxxxx"), Op::bfc, bitfield, fix<general<D>, bitfield_insert>,
       v7m},
      {picture("11110 0 1 1100 0 mmmm 0 sss dddd ss 0 iiiii"), Op::usat, saturate, fix<general<D | M>, saturation>,
       v7m},
      {picture("11110 0 1 1101 0 mmmm 0 sss dddd ss 0 iiiii"), Op::usat, saturate,
       fix<general<D | M>, shifts_right, saturation>, v7m},
      {picture("11110 0 1 1101 0 mmmm 0 000 dddd 00 0 iiiii"), Op::usat16, saturate,
       fix<general<D | M>, below_16, saturation>, dsp},
      {picture("11110 0 1 1110 0 nnnn 0 sss dddd ss 0 xxxxx"), Op::ubfx, bitfield,
       fix<general<D | N>, bitfield_extract>, v7m},

      // Branches and miscellaneous control: A5.3.4
      {picture("11110 - tttt ------ 10 - 0 - -----------"), Op::b_eq, branch_cond, fix<conditional_wide>, v7m},
      {picture("11110 - ---------- 10 - 1 - -----------"), Op::b, branch, fix<wide_branch>, v7m_or_v8m},
      {picture("11110 - ---------- 11 - 1 - -----------"), Op::bl, branch_link, fix<wide_branch>},
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 iiiiiiii"), Op::msr, sys_write,
       fix<general<N>, special_register, with_mask>},
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 00010001"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v7m},
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 00010010"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v7m},
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 00010011"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v7m},
      // Armv8-M (DDI0553 C2.4.107)
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 00001010"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v8m},  // MSPLIM
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 00001011"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v8m},  // PSPLIM
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10001000"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // MSP_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10001001"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // PSP_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10001010"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // MSPLIM_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10001011"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // PSPLIM_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10010000"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // PRIMASK_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10010001"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v8m_main | security},  // BASEPRI_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10010011"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, v8m_main | security},  // FAULTMASK_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10010100"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // CONTROL_NS
      {picture("11110 0 1110 0 0 nnnn 10 0 0 xx 0 0 10011000"), Op::msr, sys_write,
       fix<general<N>, v7m_register, with_mask>, security},  // SP_NS
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 --------"), Op::nop, nop, nullptr, v7m},
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 00000001"), Op::yield, nop, nullptr, v7m},
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 00000010"), Op::wfe, wait, nullptr, v7m},
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 00000011"), Op::wfi, wait, nullptr, v7m},
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 00000100"), Op::sev, nop, nullptr, v7m},
      {picture("11110 0 1110 1 0 1111 10 0 0 0 000 1111 iiii"), Op::dbg, nop, nullptr, v7m},
      {picture("11110 0 1110 1 1 1111 10 0 0 1111 0010 1111"), Op::clrex, nop, nullptr, v7m_or_v8m},
      {picture("11110 0 1110 1 1 1111 10 0 0 1111 0100 iiii"), Op::dsb, barrier},
      {picture("11110 0 1110 1 1 1111 10 0 0 1111 0101 iiii"), Op::dmb, barrier},
      {picture("11110 0 1110 1 1 1111 10 0 0 1111 0110 iiii"), Op::isb, barrier_fetch},
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd iiiiiiii"), Op::mrs, sys_read, fix<general<D>, special_register>},
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 00010001"), Op::mrs, sys_read, fix<general<D>, v7m_register>, v7m},
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 00010010"), Op::mrs, sys_read, fix<general<D>, v7m_register>, v7m},
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 00010011"), Op::mrs, sys_read, fix<general<D>, v7m_register>, v7m},
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 00001010"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       v8m},  // MSPLIM
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 00001011"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       v8m},  // PSPLIM
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10001000"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // MSP_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10001001"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // PSP_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10001010"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // MSPLIM_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10001011"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // PSPLIM_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10010000"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // PRIMASK_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10010001"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       v8m_main | security},  // BASEPRI_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10010011"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       v8m_main | security},  // FAULTMASK_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10010100"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},  // CONTROL_NS
      {picture("11110 0 1111 1 0 1111 10 0 0 dddd 10011000"), Op::mrs, sys_read, fix<general<D>, v7m_register>,
       security},                                                                  // SP_NS
      {picture("11110 1 1111 11 iiii 10 1 0 iiiiiiiiiiii"), Op::undefined, trap},  // UDF.W

      // Load and store multiple: A5.3.5
      {picture("1110100 01 0 x 0 nnnn 0 - 0 -------------"), Op::stm, store_multi, fix<store_list>, v7m},
      {picture("1110100 01 0 x 1 nnnn - - 0 -------------"), Op::ldm, load_multi, fix<load_list>, v7m},
      {picture("1110100 10 0 x 0 nnnn 0 - 0 -------------"), Op::stmdb, store_multi, fix<store_list>, v7m},
      {picture("1110100 10 0 x 1 nnnn - - 0 -------------"), Op::ldmdb, load_multi, fix<load_list>, v7m},

      // Load and store dual, exclusive, table branch: A5.3.6
      {picture("1110100 0010 0 nnnn dddd aaaa iiiiiiii"), Op::strex, OpClass::store_exclusive,
       fix<scale<2>, encoding::store_exclusive>, v7m_or_v8m},
      {picture("1110100 0010 1 nnnn dddd 1111 iiiiiiii"), Op::ldrex, OpClass::load_exclusive,
       fix<scale<2>, encoding::load_exclusive>, v7m_or_v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 0100 aaaa"), Op::strexb, OpClass::store_exclusive,
       fix<encoding::store_exclusive>, v7m_or_v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 0101 aaaa"), Op::strexh, OpClass::store_exclusive,
       fix<encoding::store_exclusive>, v7m_or_v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 0100 1111"), Op::ldrexb, OpClass::load_exclusive,
       fix<encoding::load_exclusive>, v7m_or_v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 0101 1111"), Op::ldrexh, OpClass::load_exclusive,
       fix<encoding::load_exclusive>, v7m_or_v8m},
      {picture("1110100 0110 1 nnnn 1111 0000 0000 mmmm"), Op::tbb, branch_table, fix<table>, v7m},
      {picture("1110100 0110 1 nnnn 1111 0000 0001 mmmm"), Op::tbh, branch_table, fix<table>, v7m},
      // Security Extension: DDI0553 C2.4.175 (SG), C2.4.250-251 (TT, TTT, TTA, TTAT), C2.4.293 (VLLDM), C2.4.297
      // (VLSTM)
      {picture("11101001 01111111 11101001 01111111"), Op::sg, sys_write, nullptr, v8m},
      {picture("1110100 0010 0 nnnn 1111 dddd 00 000000"), Op::tt, sys_read, fix<general<D>, not_pc<N>>, v8m},
      {picture("1110100 0010 0 nnnn 1111 dddd 01 000000"), Op::ttt, sys_read, fix<general<D>, not_pc<N>>, v8m},
      {picture("1110100 0010 0 nnnn 1111 dddd 10 000000"), Op::tta, sys_read, fix<general<D>, not_pc<N>>, security},
      {picture("1110100 0010 0 nnnn 1111 dddd 11 000000"), Op::ttat, sys_read, fix<general<D>, not_pc<N>>, security},
      {picture("11101100 001 1 nnnn 0000 1010 00000000"), Op::vlldm, sys_write, fix<not_pc<N>>, v8m_main | security},
      {picture("11101100 001 0 nnnn 0000 1010 00000000"), Op::vlstm, sys_write, fix<not_pc<N>>, v8m_main | security},

      {picture("1110100 0 x 1 1 0 nnnn dddd aaaa iiiiiiii"), Op::strd_post, store_dual, fix<dual<true>>, v7m},
      {picture("1110100 0 x 1 1 1 nnnn dddd aaaa iiiiiiii"), Op::ldrd_post, load_dual, fix<dual<true>>, v7m},
      {picture("1110100 1 x 1 0 0 nnnn dddd aaaa iiiiiiii"), Op::strd_imm, store_dual, fix<dual<false>>, v7m},
      {picture("1110100 1 x 1 0 1 nnnn dddd aaaa iiiiiiii"), Op::ldrd_imm, load_dual, fix<dual<false>>, v7m},
      {picture("1110100 1 x 1 0 1 1111 dddd aaaa iiiiiiii"), Op::ldrd_literal, load_dual, fix<dual_literal>, v7m},
      {picture("1110100 1 x 1 1 0 nnnn dddd aaaa iiiiiiii"), Op::strd_pre, store_dual, fix<dual<true>>, v7m},
      {picture("1110100 1 x 1 1 1 nnnn dddd aaaa iiiiiiii"), Op::ldrd_pre, load_dual, fix<dual<true>>, v7m},

      // Load-acquire, store-release: Armv8-M C2.4.52-57 (LDA ...), C2.4.196-201 (STL ...)
      {picture("1110100 0110 1 nnnn dddd 1111 1010 1111"), Op::lda, load, fix<acquire_release>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1010 1111"), Op::stl, store, fix<acquire_release>, v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 1110 1111"), Op::ldaex, OpClass::load_exclusive,
       fix<encoding::load_exclusive>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1110 aaaa"), Op::stlex, OpClass::store_exclusive,
       fix<encoding::store_exclusive>, v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 1000 1111"), Op::ldab, load, fix<acquire_release>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1000 1111"), Op::stlb, store, fix<acquire_release>, v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 1100 1111"), Op::ldaexb, OpClass::load_exclusive,
       fix<encoding::load_exclusive>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1100 aaaa"), Op::stlexb, OpClass::store_exclusive,
       fix<encoding::store_exclusive>, v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 1001 1111"), Op::ldah, load, fix<acquire_release>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1001 1111"), Op::stlh, store, fix<acquire_release>, v8m},
      {picture("1110100 0110 1 nnnn dddd 1111 1101 1111"), Op::ldaexh, OpClass::load_exclusive,
       fix<encoding::load_exclusive>, v8m},
      {picture("1110100 0110 0 nnnn dddd 1111 1101 aaaa"), Op::stlexh, OpClass::store_exclusive,
       fix<encoding::store_exclusive>, v8m},

      // Load and store single: A5.3.7 (word), A5.3.8 (halfword, hints), A5.3.9 (byte, hints), A5.3.10 (store)
      {picture("1111100 0 000 0 nnnn dddd ------------"), Op::strb_imm, store, fix<other_forms<Op::strbt>>, v7m},
      {picture("1111100 0 100 0 nnnn dddd iiiiiiiiiiii"), Op::strb_imm, store, fix<offset12>, v7m},
      {picture("1111100 0 001 0 nnnn dddd ------------"), Op::strh_imm, store, fix<other_forms<Op::strht>>, v7m},
      {picture("1111100 0 101 0 nnnn dddd iiiiiiiiiiii"), Op::strh_imm, store, fix<offset12>, v7m},
      {picture("1111100 0 010 0 nnnn dddd ------------"), Op::str_imm, store, fix<other_forms<Op::strt>>, v7m},
      {picture("1111100 0 110 0 nnnn dddd iiiiiiiiiiii"), Op::str_imm, store, fix<offset12>, v7m},
      {picture("1111100 0 000 1 nnnn dddd ------------"), Op::ldrb_imm, load, fix<other_forms<Op::ldrbt>>, v7m},
      {picture("1111100 0 000 1 1111 dddd iiiiiiiiiiii"), Op::ldrb_imm, load, fix<literal12>, v7m},
      {picture("1111100 0 100 1 nnnn dddd iiiiiiiiiiii"), Op::ldrb_imm, load, fix<offset12>, v7m},
      {picture("1111100 0 100 1 1111 dddd iiiiiiiiiiii"), Op::ldrb_imm, load, fix<literal12>, v7m},
      {picture("1111100 1 000 1 nnnn dddd ------------"), Op::ldrsb_imm, load, fix<other_forms<Op::ldrsbt>>, v7m},
      {picture("1111100 1 000 1 1111 dddd iiiiiiiiiiii"), Op::ldrsb_imm, load, fix<literal12>, v7m},
      {picture("1111100 1 100 1 nnnn dddd iiiiiiiiiiii"), Op::ldrsb_imm, load, fix<offset12>, v7m},
      {picture("1111100 1 100 1 1111 dddd iiiiiiiiiiii"), Op::ldrsb_imm, load, fix<literal12>, v7m},
      {picture("1111100 0 001 1 nnnn dddd ------------"), Op::ldrh_imm, load, fix<other_forms<Op::ldrht>>, v7m},
      {picture("1111100 0 001 1 1111 dddd iiiiiiiiiiii"), Op::ldrh_imm, load, fix<literal12>, v7m},
      {picture("1111100 0 101 1 nnnn dddd iiiiiiiiiiii"), Op::ldrh_imm, load, fix<offset12>, v7m},
      {picture("1111100 0 101 1 1111 dddd iiiiiiiiiiii"), Op::ldrh_imm, load, fix<literal12>, v7m},
      {picture("1111100 1 001 1 nnnn dddd ------------"), Op::ldrsh_imm, load, fix<other_forms<Op::ldrsht>>, v7m},
      {picture("1111100 1 001 1 1111 dddd iiiiiiiiiiii"), Op::ldrsh_imm, load, fix<literal12>, v7m},
      {picture("1111100 1 101 1 nnnn dddd iiiiiiiiiiii"), Op::ldrsh_imm, load, fix<offset12>, v7m},
      {picture("1111100 1 101 1 1111 dddd iiiiiiiiiiii"), Op::ldrsh_imm, load, fix<literal12>, v7m},
      {picture("1111100 0 010 1 nnnn dddd ------------"), Op::ldr_imm, load, fix<other_forms<Op::ldrt>>, v7m},
      {picture("1111100 0 010 1 1111 dddd iiiiiiiiiiii"), Op::ldr_imm, load, fix<literal12>, v7m},
      {picture("1111100 0 110 1 nnnn dddd iiiiiiiiiiii"), Op::ldr_imm, load, fix<offset12>, v7m},
      {picture("1111100 0 110 1 1111 dddd iiiiiiiiiiii"), Op::ldr_imm, load, fix<literal12>, v7m},

      // Data processing (shifted register): A5.3.11
      {picture("1110101 0000 0 nnnn 0 sss dddd ss tt mmmm"), Op::and_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0000 1 nnnn 0 sss dddd ss tt mmmm"), Op::ands_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0000 1 nnnn 0 sss 1111 ss tt mmmm"), Op::tst_reg, alu, fix<general<N | M>, shifted>, v7m},
      {picture("1110101 0001 0 nnnn 0 sss dddd ss tt mmmm"), Op::bic_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0001 1 nnnn 0 sss dddd ss tt mmmm"), Op::bics_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0010 0 nnnn 0 sss dddd ss tt mmmm"), Op::orr_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0010 1 nnnn 0 sss dddd ss tt mmmm"), Op::orrs_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0010 0 1111 0 sss dddd ss tt mmmm"), Op::mov_reg, alu, fix<move_shifted<false>>, v7m},
      {picture("1110101 0010 1 1111 0 sss dddd ss tt mmmm"), Op::movs_reg, alu, fix<move_shifted<true>>, v7m},
      {picture("1110101 0011 0 nnnn 0 sss dddd ss tt mmmm"), Op::orn_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0011 1 nnnn 0 sss dddd ss tt mmmm"), Op::orns_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0011 0 1111 0 sss dddd ss tt mmmm"), Op::mvn_reg, alu, fix<general<D | M>, shifted>, v7m},
      {picture("1110101 0011 1 1111 0 sss dddd ss tt mmmm"), Op::mvns_reg, alu, fix<general<D | M>, shifted>, v7m},
      {picture("1110101 0100 0 nnnn 0 sss dddd ss tt mmmm"), Op::eor_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0100 1 nnnn 0 sss dddd ss tt mmmm"), Op::eors_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 0100 1 nnnn 0 sss 1111 ss tt mmmm"), Op::teq_reg, alu, fix<general<N | M>, shifted>, v7m},
      {picture("1110101 0110 0 nnnn 0 sss dddd ss 00 mmmm"), Op::pkhbt, simd, fix<general<D | N | M>, pack_bottom_top>,
       dsp},
      {picture("1110101 0110 0 nnnn 0 sss dddd ss 10 mmmm"), Op::pkhtb, simd, fix<general<D | N | M>, zero_is_32>, dsp},
      {picture("1110101 1000 0 nnnn 0 sss dddd ss tt mmmm"), Op::add_reg, alu, fix<add_shifted<Op::add_sp_reg>>, v7m},
      {picture("1110101 1000 1 nnnn 0 sss dddd ss tt mmmm"), Op::adds_reg, alu, fix<add_shifted<Op::adds_sp_reg>>, v7m},
      {picture("1110101 1000 1 nnnn 0 sss 1111 ss tt mmmm"), Op::cmn_reg, alu, fix<not_pc<N>, general<M>, shifted>,
       v7m},
      {picture("1110101 1010 0 nnnn 0 sss dddd ss tt mmmm"), Op::adc_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 1010 1 nnnn 0 sss dddd ss tt mmmm"), Op::adcs_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 1011 0 nnnn 0 sss dddd ss tt mmmm"), Op::sbc_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 1011 1 nnnn 0 sss dddd ss tt mmmm"), Op::sbcs_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 1101 0 nnnn 0 sss dddd ss tt mmmm"), Op::sub_reg, alu, fix<add_shifted<Op::sub_sp_reg>>, v7m},
      {picture("1110101 1101 1 nnnn 0 sss dddd ss tt mmmm"), Op::subs_reg, alu, fix<add_shifted<Op::subs_sp_reg>>, v7m},
      {picture("1110101 1101 1 nnnn 0 sss 1111 ss tt mmmm"), Op::cmp_reg, alu, fix<not_pc<N>, general<M>, shifted>,
       v7m},
      {picture("1110101 1110 0 nnnn 0 sss dddd ss tt mmmm"), Op::rsb_reg, alu, fix<general<D | N | M>, shifted>, v7m},
      {picture("1110101 1110 1 nnnn 0 sss dddd ss tt mmmm"), Op::rsbs_reg, alu, fix<general<D | N | M>, shifted>, v7m},

      // Data processing (register): A5.3.12
      {picture("11111010 000 0 nnnn 1111 dddd 0000 mmmm"), Op::lsl_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 000 1 nnnn 1111 dddd 0000 mmmm"), Op::lsls_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 001 0 nnnn 1111 dddd 0000 mmmm"), Op::lsr_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 001 1 nnnn 1111 dddd 0000 mmmm"), Op::lsrs_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 010 0 nnnn 1111 dddd 0000 mmmm"), Op::asr_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 010 1 nnnn 1111 dddd 0000 mmmm"), Op::asrs_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 011 0 nnnn 1111 dddd 0000 mmmm"), Op::ror_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 011 1 nnnn 1111 dddd 0000 mmmm"), Op::rors_reg, shift, fix<general<D | N | M>>, v7m},
      {picture("11111010 0000 nnnn 1111 dddd 1 0 ss mmmm"), Op::sxtah, bitfield, fix<general<D | N | M>, rotated>, dsp},
      {picture("11111010 0000 1111 1111 dddd 1 0 ss mmmm"), Op::sxth, bitfield, fix<general<D | M>, rotated>, v7m},
      {picture("11111010 0001 nnnn 1111 dddd 1 0 ss mmmm"), Op::uxtah, bitfield, fix<general<D | N | M>, rotated>, dsp},
      {picture("11111010 0001 1111 1111 dddd 1 0 ss mmmm"), Op::uxth, bitfield, fix<general<D | M>, rotated>, v7m},
      {picture("11111010 0010 nnnn 1111 dddd 1 0 ss mmmm"), Op::sxtab16, bitfield, fix<general<D | N | M>, rotated>,
       dsp},
      {picture("11111010 0010 1111 1111 dddd 1 0 ss mmmm"), Op::sxtb16, bitfield, fix<general<D | M>, rotated>, dsp},
      {picture("11111010 0011 nnnn 1111 dddd 1 0 ss mmmm"), Op::uxtab16, bitfield, fix<general<D | N | M>, rotated>,
       dsp},
      {picture("11111010 0011 1111 1111 dddd 1 0 ss mmmm"), Op::uxtb16, bitfield, fix<general<D | M>, rotated>, dsp},
      {picture("11111010 0100 nnnn 1111 dddd 1 0 ss mmmm"), Op::sxtab, bitfield, fix<general<D | N | M>, rotated>, dsp},
      {picture("11111010 0100 1111 1111 dddd 1 0 ss mmmm"), Op::sxtb, bitfield, fix<general<D | M>, rotated>, v7m},
      {picture("11111010 0101 nnnn 1111 dddd 1 0 ss mmmm"), Op::uxtab, bitfield, fix<general<D | N | M>, rotated>, dsp},
      {picture("11111010 0101 1111 1111 dddd 1 0 ss mmmm"), Op::uxtb, bitfield, fix<general<D | M>, rotated>, v7m},

  // Parallel addition and subtraction: A5.3.13 (signed), A5.3.14 (unsigned)
#define MJ_PARALLEL(prefix, code)                                                                                     \
  {picture("11111010 1001 nnnn 1111 dddd " code " mmmm"), Op::prefix##add16, simd, fix<general<D | N | M>>, dsp},     \
      {picture("11111010 1010 nnnn 1111 dddd " code " mmmm"), Op::prefix##asx, simd, fix<general<D | N | M>>, dsp},   \
      {picture("11111010 1110 nnnn 1111 dddd " code " mmmm"), Op::prefix##sax, simd, fix<general<D | N | M>>, dsp},   \
      {picture("11111010 1101 nnnn 1111 dddd " code " mmmm"), Op::prefix##sub16, simd, fix<general<D | N | M>>, dsp}, \
      {picture("11111010 1000 nnnn 1111 dddd " code " mmmm"), Op::prefix##add8, simd, fix<general<D | N | M>>, dsp},  \
      {picture("11111010 1100 nnnn 1111 dddd " code " mmmm"), Op::prefix##sub8, simd, fix<general<D | N | M>>, dsp}
      MJ_PARALLEL(s, "0000"),
      MJ_PARALLEL(q, "0001"),
      MJ_PARALLEL(sh, "0010"),
      MJ_PARALLEL(u, "0100"),
      MJ_PARALLEL(uq, "0101"),
      MJ_PARALLEL(uh, "0110"),
#undef MJ_PARALLEL

      // Miscellaneous operations: A5.3.15
      {picture("11111010 1000 nnnn 1111 dddd 1000 mmmm"), Op::qadd, saturate, fix<general<D | N | M>>, dsp},
      {picture("11111010 1000 nnnn 1111 dddd 1001 mmmm"), Op::qdadd, saturate, fix<general<D | N | M>>, dsp},
      {picture("11111010 1000 nnnn 1111 dddd 1010 mmmm"), Op::qsub, saturate, fix<general<D | N | M>>, dsp},
      {picture("11111010 1000 nnnn 1111 dddd 1011 mmmm"), Op::qdsub, saturate, fix<general<D | N | M>>, dsp},
      {picture("11111010 1001 nnnn 1111 dddd 1000 mmmm"), Op::rev, bitfield, fix<general<D | M>, rm_twice>, v7m},
      {picture("11111010 1001 nnnn 1111 dddd 1001 mmmm"), Op::rev16, bitfield, fix<general<D | M>, rm_twice>, v7m},
      {picture("11111010 1001 nnnn 1111 dddd 1010 mmmm"), Op::rbit, bitfield, fix<general<D | M>, rm_twice>, v7m},
      {picture("11111010 1001 nnnn 1111 dddd 1011 mmmm"), Op::revsh, bitfield, fix<general<D | M>, rm_twice>, v7m},
      {picture("11111010 1010 nnnn 1111 dddd 1000 mmmm"), Op::sel, simd, fix<general<D | N | M>>, dsp},
      {picture("11111010 1011 nnnn 1111 dddd 1000 mmmm"), Op::clz, bitfield, fix<general<D | M>, rm_twice>, v7m},

      // Multiply, multiply accumulate, absolute difference: A5.3.16. Ra = 1111: no accumulator
      {picture("111110110 000 nnnn aaaa dddd 0000 mmmm"), Op::mla, mac, fix<general<D | N | M | A>>, v7m},
      {picture("111110110 000 nnnn 1111 dddd 0000 mmmm"), Op::mul, mul, fix<general<D | N | M>>, v7m},
      {picture("111110110 000 nnnn aaaa dddd 0001 mmmm"), Op::mls, mac, fix<general<D | N | M | A>>, v7m},
#define MJ_MULTIPLY(code1, code2, with, with_class, without, without_class)                                         \
  {picture("111110110 " code1 " nnnn aaaa dddd " code2 " mmmm"), Op::with, with_class, fix<general<D | N | M | A>>, \
   dsp},                                                                                                            \
      {picture("111110110 " code1 " nnnn 1111 dddd " code2 " mmmm"), Op::without, without_class,                    \
       fix<general<D | N | M>>, dsp}
      MJ_MULTIPLY("001", "0000", smlabb, mac, smulbb, mul),
      MJ_MULTIPLY("001", "0001", smlabt, mac, smulbt, mul),
      MJ_MULTIPLY("001", "0010", smlatb, mac, smultb, mul),
      MJ_MULTIPLY("001", "0011", smlatt, mac, smultt, mul),
      MJ_MULTIPLY("010", "0000", smlad, mac, smuad, mul),
      MJ_MULTIPLY("010", "0001", smladx, mac, smuadx, mul),
      MJ_MULTIPLY("011", "0000", smlawb, mac, smulwb, mul),
      MJ_MULTIPLY("011", "0001", smlawt, mac, smulwt, mul),
      MJ_MULTIPLY("100", "0000", smlsd, mac, smusd, mul),
      MJ_MULTIPLY("100", "0001", smlsdx, mac, smusdx, mul),
      MJ_MULTIPLY("101", "0000", smmla, mul_high, smmul, mul_high),
      MJ_MULTIPLY("101", "0001", smmlar, mul_high, smmulr, mul_high),
      MJ_MULTIPLY("111", "0000", usada8, simd, usad8, simd),
#undef MJ_MULTIPLY
      {picture("111110110 110 nnnn aaaa dddd 0000 mmmm"), Op::smmls, mul_high, fix<general<D | N | M | A>>, dsp},
      {picture("111110110 110 nnnn aaaa dddd 0001 mmmm"), Op::smmlsr, mul_high, fix<general<D | N | M | A>>, dsp},

      // Long multiply, divide: A5.3.17. rd is RdLo, ra is RdHi
      {picture("111110111 000 nnnn dddd aaaa 0000 mmmm"), Op::smull, mul_long, fix<long_result>, v7m},
      {picture("111110111 001 nnnn 1111 dddd 1111 mmmm"), Op::sdiv, div, fix<general<D | N | M>>, v7m_or_v8m},
      {picture("111110111 010 nnnn dddd aaaa 0000 mmmm"), Op::umull, mul_long, fix<long_result>, v7m},
      {picture("111110111 011 nnnn 1111 dddd 1111 mmmm"), Op::udiv, div, fix<general<D | N | M>>, v7m_or_v8m},
      {picture("111110111 100 nnnn dddd aaaa 0000 mmmm"), Op::smlal, mac_long, fix<long_result>, v7m},
      {picture("111110111 100 nnnn dddd aaaa 1000 mmmm"), Op::smlalbb, mac_long, fix<long_result>, dsp},
      {picture("111110111 100 nnnn dddd aaaa 1001 mmmm"), Op::smlalbt, mac_long, fix<long_result>, dsp},
      {picture("111110111 100 nnnn dddd aaaa 1010 mmmm"), Op::smlaltb, mac_long, fix<long_result>, dsp},
      {picture("111110111 100 nnnn dddd aaaa 1011 mmmm"), Op::smlaltt, mac_long, fix<long_result>, dsp},
      {picture("111110111 100 nnnn dddd aaaa 1100 mmmm"), Op::smlald, mac_long, fix<long_result>, dsp},
      {picture("111110111 100 nnnn dddd aaaa 1101 mmmm"), Op::smlaldx, mac_long, fix<long_result>, dsp},
      {picture("111110111 101 nnnn dddd aaaa 1100 mmmm"), Op::smlsld, mac_long, fix<long_result>, dsp},
      {picture("111110111 101 nnnn dddd aaaa 1101 mmmm"), Op::smlsldx, mac_long, fix<long_result>, dsp},
      {picture("111110111 110 nnnn dddd aaaa 0000 mmmm"), Op::umlal, mac_long, fix<long_result>, v7m},
      {picture("111110111 110 nnnn dddd aaaa 0110 mmmm"), Op::umaal, mac_long, fix<long_result>, dsp},

      // Coprocessor: A5.3.18. Coprocessors 10 and 11 are the FPU's rows (vfp.h) where there is one
      {picture("111 - 110 ----- ---- ---- ---- ---- ----"), Op::coprocessor, coprocessor, nullptr, v7m},
      {picture("111 - 110 0000 - ---- ---- ---- ---- ----"), Op::undefined, trap, nullptr, v7m},
      {picture("111 - 1110 ---- ---- ---- ---- ---- ----"), Op::coprocessor, coprocessor, nullptr, v7m},
  });
}();
static_assert(unambiguous(t32_rows));

}  // namespace mj::isa::thumb
