// fcsr, frm and fflags (Volume I, 11.2) as views of the control word that F's arithmetic works with (isa/fp_arith.h).
#pragma once

#include <cstdint>

#include "isa/fp_arith.h"

namespace mj::isa::rv32 {

/// The control word's bits that are always set: RISC-V's NaNs are canonical (11.3), tininess is detected after rounding
/// (11.2).
inline constexpr std::uint32_t fp_control_fixed = ieee::control_default_nan | ieee::control_tiny_after;

/// frm stands as it was written in bits 18:16 of the control word, reserved values too; bit 19: it is one of those.
inline constexpr unsigned fp_control_frm = 16;
inline constexpr std::uint32_t fp_control_frm_reserved = 1u << 19;

/// All bits that choose the rounding.
inline constexpr std::uint32_t fp_control_rounding = ieee::control_rounding | ieee::control_tie_away;

/// The control word's bits of rounding mode rm = 0..4 (table 11.1: RNE, RTZ, RDN, RUP, RMM).
constexpr std::uint32_t control_of_rounding(std::uint32_t rm) {
  constexpr ieee::Rounding modes[] = {ieee::Rounding::tie_even, ieee::Rounding::zero, ieee::Rounding::minus_infinity,
                                      ieee::Rounding::plus_infinity};
  return rm == 4 ? std::uint32_t{ieee::control_tie_away} : static_cast<std::uint32_t>(modes[rm & 3]) << 22;
}

/// fcsr of a control word: frm in bits 7:5, NV DZ OF UF NX in bits 4:0.
constexpr std::uint32_t fcsr_of(std::uint32_t control) {
  std::uint32_t flags = 0;
  for (unsigned bit = 0; bit < 5; ++bit) flags |= (control >> bit & 1u) << (4 - bit);
  return (control >> fp_control_frm & 7u) << 5 | flags;
}

/// The control word of an fcsr value; bits above 7 are ignored.
constexpr std::uint32_t control_of_fcsr(std::uint32_t fcsr) {
  std::uint32_t flags = 0;
  for (unsigned bit = 0; bit < 5; ++bit) flags |= (fcsr >> bit & 1u) << (4 - bit);
  const std::uint32_t frm = fcsr >> 5 & 7u;
  return fp_control_fixed | flags | frm << fp_control_frm |
         (frm <= 4 ? control_of_rounding(frm) : fp_control_frm_reserved);
}

enum FpCsr : std::uint32_t { csr_fflags = 0x001, csr_frm = 0x002, csr_fcsr = 0x003 };
constexpr bool is_fp_csr(std::uint32_t csr) { return csr >= csr_fflags && csr <= csr_fcsr; }

/// One of the three CSRs, read from and written to the control word.
constexpr std::uint32_t read_fp_csr(std::uint32_t csr, std::uint32_t control) {
  const std::uint32_t fcsr = fcsr_of(control);
  return csr == csr_fflags ? fcsr & 0x1fu : csr == csr_frm ? fcsr >> 5 : fcsr;
}
constexpr std::uint32_t write_fp_csr(std::uint32_t csr, std::uint32_t value, std::uint32_t control) {
  const std::uint32_t fcsr = fcsr_of(control);
  if (csr == csr_fflags) return control_of_fcsr((fcsr & ~0x1fu) | (value & 0x1fu));
  if (csr == csr_frm) return control_of_fcsr((fcsr & 0x1fu) | (value & 7u) << 5);
  return control_of_fcsr(value);
}

}  // namespace mj::isa::rv32
