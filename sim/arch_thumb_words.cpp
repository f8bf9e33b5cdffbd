// Arm's registers, exceptions and fault status by name, for people.
#include <fmt/format.h>

#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"
#include "sim/arch_thumb.h"

namespace mj {

namespace thumb = isa::thumb;
using engine::HotState;

std::string ThumbArch::register_name(unsigned id) const {
  static constexpr const char* special[] = {"nf",       "zf",      "cf",      "vf",         "q",       "ge",
                                            "fpscr",    "primask", "basepri", "faultmask",  "control", "ipsr",
                                            "sp_other", "secure",  "splim",   "splim_other"};
  if (id == thumb::sp) return "sp";
  if (id == thumb::lr) return "lr";
  if (id < thumb::s0) return fmt::format("r{}", id);
  if (id < thumb::nf) return fmt::format("s{}", id - thumb::s0);
  return id - thumb::nf < std::size(special) ? special[id - thumb::nf] : "?";
}

std::string ThumbArch::exception_name(unsigned n) const {
  static constexpr const char* names[] = {"Thread",     "Reset",       "NMI",    "HardFault", "MemManage", "BusFault",
                                          "UsageFault", "SecureFault", "",       "",          "",          "SVCall",
                                          "DebugMon",   "reserved",    "PendSV", "SysTick"};
  if (n >= thumb::external_0) return fmt::format("IRQ {}", n - thumb::external_0);
  return names[n];
}

std::vector<std::string> ThumbArch::fault_status(const HotState&) const {
  struct Bit {
    std::uint32_t bit;
    const char* name;
  };
  static constexpr Bit cfsr_bits[] = {{thumb::cfsr_iaccviol, "IACCVIOL"},
                                      {thumb::cfsr_daccviol, "DACCVIOL"},
                                      {thumb::cfsr_munstkerr, "MUNSTKERR"},
                                      {thumb::cfsr_mstkerr, "MSTKERR"},
                                      {thumb::cfsr_mlsperr, "MLSPERR"},
                                      {thumb::cfsr_mmarvalid, "MMARVALID"},
                                      {thumb::cfsr_ibuserr, "IBUSERR"},
                                      {thumb::cfsr_preciserr, "PRECISERR"},
                                      {thumb::cfsr_impreciserr, "IMPRECISERR"},
                                      {thumb::cfsr_unstkerr, "UNSTKERR"},
                                      {thumb::cfsr_stkerr, "STKERR"},
                                      {thumb::cfsr_lsperr, "LSPERR"},
                                      {thumb::cfsr_bfarvalid, "BFARVALID"},
                                      {thumb::cfsr_undefinstr, "UNDEFINSTR"},
                                      {thumb::cfsr_invstate, "INVSTATE"},
                                      {thumb::cfsr_invpc, "INVPC"},
                                      {thumb::cfsr_nocp, "NOCP"},
                                      {thumb::cfsr_stkof, "STKOF"},
                                      {thumb::cfsr_unaligned, "UNALIGNED"},
                                      {thumb::cfsr_divbyzero, "DIVBYZERO"}};
  static constexpr Bit sfsr_bits[] = {{thumb::sfsr_invep, "INVEP"},         {thumb::sfsr_invis, "INVIS"},
                                      {thumb::sfsr_inver, "INVER"},         {thumb::sfsr_auviol, "AUVIOL"},
                                      {thumb::sfsr_invtran, "INVTRAN"},     {thumb::sfsr_lsperr, "LSPERR"},
                                      {thumb::sfsr_sfarvalid, "SFARVALID"}, {thumb::sfsr_lserr, "LSERR"}};
  static constexpr Bit hfsr_bits[] = {
      {thumb::hfsr_vecttbl, "VECTTBL"}, {thumb::hfsr_forced, "FORCED"}, {thumb::hfsr_debugevt, "DEBUGEVT"}};
  const auto words = [](const char* name, std::uint32_t value, const auto& bits) {
    std::string line = fmt::format("{} = 0x{:08x}", name, value);
    const char* glue = ": ";
    for (const Bit& b : bits)
      if (value & b.bit) {
        line += fmt::format("{}{}", glue, b.name);
        glue = ", ";
      }
    return line;
  };
  std::vector<std::string> out;
  if (unit_.config().profile == thumb::Profile::armv6m && !unit_.config().security)
    return out;  // ARMv6-M has no fault status registers
  if (unit_.config().security) {
    out.push_back(words("SFSR", unit_.sfsr, sfsr_bits));
    if (unit_.sfsr & thumb::sfsr_sfarvalid) out.push_back(fmt::format("SFAR = 0x{:08x}", unit_.sfar));
    out.push_back(words("CFSR_S", unit_.bank(true).cfsr, cfsr_bits));
    out.push_back(words("CFSR_NS", unit_.bank(false).cfsr, cfsr_bits));
  } else {
    out.push_back(words("CFSR", unit_.cfsr, cfsr_bits));
  }
  out.push_back(words("HFSR", unit_.hfsr, hfsr_bits));
  if (unit_.cfsr & thumb::cfsr_mmarvalid) out.push_back(fmt::format("MMFAR = 0x{:08x}", unit_.mmfar));
  if (unit_.cfsr & thumb::cfsr_bfarvalid) out.push_back(fmt::format("BFAR = 0x{:08x}", unit_.bfar));
  return out;
}

}  // namespace mj
