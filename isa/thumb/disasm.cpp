#include "isa/thumb/disasm.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <type_traits>

#include "isa/disasm_template.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/disasm.def"
#include "isa/thumb/encoding.h"
#include "isa/thumb/it_state.h"
#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"

namespace mj::isa::thumb {
namespace {

constexpr Features all_features = ~Features{0};

constexpr auto texts = [] {
  std::array<std::string_view, op_count> out{};
  out.fill("");
#define T(op, text) out[static_cast<std::size_t>(Op::op)] = text;
  MJ_THUMB_TEXTS(T)
#undef T
  return out;
}();

constexpr std::string_view core_names[] = {"r0", "r1", "r2",  "r3",  "r4",  "r5", "r6", "r7",
                                           "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"};
constexpr std::string_view conditions[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                           "hi", "ls", "ge", "lt", "gt", "le", ""};

std::string decimal(std::uint32_t v) { return std::to_string(v); }
/// Numbers up to 9 in decimal, others in hexadecimal.
std::string number(std::uint32_t v, bool always_hex = false) {
  if (v < 10 && !always_hex) return decimal(v);
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, v, 16).ptr;
  return "0x" + std::string(digits, end);
}
std::string immediate(std::uint32_t v) { return "#" + number(v); }
/// `minus_zero`: an offset of zero to be subtracted, which is another encoding than the one to be added.
std::string offset(std::uint32_t v, bool minus_zero) {
  if (v >> 31) return "#-" + number(0u - v);
  return v == 0 && minus_zero ? "#-0" : immediate(v);
}

/// The row that an encoding was decoded by: of those that match, the one that refines the others.
const Row<Op>* find_row(const Insn& insn) {
  const Row<Op>* best = nullptr;
  for (const Row<Op>& row : insn.size == 2 ? rows_16bit() : rows_32bit())
    if (row.pattern.matches(insn.raw) && (!best || row.pattern.refines(best->pattern))) best = &row;
  return best;
}

/// Writes one instruction's operands. `i` is the decoded instruction, `f` has the fields as they are encoded: some rows
/// turn them into something handier for execution.
struct Writer {
  const Insn& i;
  Insn f;
  const Row<Op>* row;

  explicit Writer(const Insn& insn) : i(insn), row(find_row(insn)) {
    f.raw = insn.raw;
    f.imm = 0;
    if (row) fill_fields(row->pattern, f);
  }

  bool wide() const { return i.size == 4; }
  bool bit(unsigned n) const { return (i.raw >> n) & 1; }
  std::uint32_t bits(unsigned high, unsigned low) const { return encoding::bits(i, high, low); }
  bool is(Op op) const { return i.op == static_cast<std::uint16_t>(op); }
  bool decoded_as(Op op) const { return row && row->op == op; }
  /// True if the row's picture has this letter.
  bool has_letter(char letter) const {
    for (std::size_t k = 0; k < field_count; ++k)
      if (field_letters[k] == letter) return row && row->pattern.fields[k] != 0;
    return false;
  }

  static std::string core(unsigned id) { return std::string(core_names[id & 15]); }
  static std::string single(unsigned id) { return "s" + decimal(id - s0); }
  static std::string twice(unsigned id) { return "d" + decimal((id - s0) / 2); }
  static std::string braces(std::string inner) { return "{" + std::move(inner) + "}"; }

  // ---- registers
  std::string d() const { return core(i.rd); }
  std::string n() const { return core(i.rn); }
  std::string m() const { return core(i.rm); }
  std::string a() const { return core(i.ra); }
  /// One register where the encoding has one field for both.
  std::string dn() const { return !wide() && i.rd == i.rn && !has_letter('n') ? d() : d() + ", " + n(); }
  /// ADD of any registers: with SP as the second operand it is "SP plus register" (A7.7.6), which names all three.
  std::string dn_m() const { return !wide() && i.rm == sp ? d() + ", sp, " + d() : dn() + ", " + m(); }
  std::string pc_m() const { return i.rm == sp ? "pc, sp, pc" : "pc, " + m(); }
  std::string sd() const { return single(i.rd); }
  std::string sn() const { return single(i.rn); }
  std::string sm() const { return single(i.rm); }
  std::string sa() const { return single(i.ra); }
  std::string dd() const { return twice(i.rd); }
  std::string ddn() const { return twice(i.rn); }
  std::string dm() const { return twice(i.rm); }
  static std::string word(unsigned id) { return twice(id) + "[" + decimal(id & 1) + "]"; }
  std::string word_d() const { return word(i.rd); }
  std::string word_m() const { return word(i.rm); }
  std::string mul() const { return wide() ? d() + ", " + n() + ", " + m() : d() + ", " + m() + ", " + d(); }

  // ---- width
  std::string w() const { return wide() ? ".w" : ""; }
  /// Encodings with a 12-bit offset; those with 8 bits have no narrow counterpart.
  std::string wup() const { return wide() && bit(23) ? ".w" : ""; }
  /// Bit 25: the immediate is plain (A5.3.3), not modified (A5.3.1).
  std::string plain() const { return !wide() ? "" : bit(25) ? "w" : ".w"; }

  // ---- numbers
  std::string imm() const { return immediate(i.imm); }
  std::string imm_high() const { return immediate(i.imm >> 16); }
  std::string to() const { return "#" + number(i.imm, true); }
  std::string s() const { return decimal(i.shift); }
  std::string k() const { return number(i.shift); }
  std::string lsb() const { return immediate(f.shift); }
  std::string width() const { return immediate(f.aux + 1u); }
  std::string to_msb() const { return immediate(f.aux - f.shift + 1u); }
  std::string sat() const { return immediate(f.imm); }
  std::string sat_signed() const { return immediate(f.imm + 1); }

  /// The constant of VMOV (A6.4.1) as %e.
  static std::string fp_constant(std::uint32_t value_bits) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, static_cast<double>(std::bit_cast<float>(value_bits)),
                                   std::chars_format::scientific, 6);
    return "#" + std::string(text, end.ptr);
  }
  std::string f32() const { return fp_constant(i.imm); }
  /// The constants of both sizes are the same numbers: sign, exponent -3..4, four bits of fraction.
  std::string f64() const {
    const int exponent = static_cast<int>((i.imm >> 20) & 0x7ff) - 1023;
    return fp_constant((i.imm & 0x80000000u) | static_cast<std::uint32_t>(exponent + 127) << 23 |
                       (i.imm & 0xfffff) << 3);
  }

  // ---- addresses
  std::string based(std::uint32_t by, bool minus_zero) const {
    const bool none = by == 0 && !minus_zero;
    return "[" + n() + (none ? "" : ", " + offset(by, minus_zero)) + "]";
  }
  std::string off() const { return based(i.imm, false); }
  std::string off8() const { return based(i.imm, wide() && !bit(23) && !bit(9)); }
  std::string off23() const { return based(i.imm, !bit(23)); }
  std::string pre8() const { return "[" + n() + ", " + up8() + "]!"; }
  std::string pre23() const { return "[" + n() + ", " + up23() + "]!"; }
  std::string up8() const { return offset(i.imm, !bit(9)); }
  std::string up23() const { return offset(i.imm, !bit(23)); }
  std::string rel_offset() const { return offset(i.imm - encoding::pc_aligned(i), wide() && !bit(23)); }
  std::string rel() const { return "[pc, " + rel_offset() + "]"; }
  std::string vrel() const { return rel_offset() == "#0" ? "[pc]" : rel(); }
  std::string preload() const {
    if (!has_letter('n')) return rel();
    if (has_letter('i') || bit(11)) return off8();
    return "[" + n() + ", " + m() + (i.shift ? ", lsl #" + s() : "") + "]";
  }

  // ---- lists
  std::string list() const {
    std::string out;
    for (unsigned r = 0; r < 16; ++r)
      if ((i.imm >> r) & 1) out += (out.empty() ? "" : ", ") + core(r);
    return braces(out);
  }
  /// Bit 8: double registers. An odd number of words of them is FSTMX, FLDMX.
  bool doubles() const { return bit(8); }
  bool has_x() const { return doubles() && bit(0); }
  std::string x() const { return has_x() ? "x" : ""; }
  std::string fplist() const {
    std::string out;
    const unsigned step = doubles() ? 2 : 1;
    for (unsigned r = i.rd; r + step <= i.rd + i.kind; r += step)
      out += (out.empty() ? "" : ", ") + (doubles() ? twice(r) : single(r));
    return braces(out);
  }
  std::string vldm() const { return has_x() ? "fldm" : "vldm"; }
  std::string vstm() const { return has_x() ? "fstm" : "vstm"; }
  std::string vpop() const { return has_x() ? "fldmiax sp!, " : "vpop "; }
  std::string vpush() const { return has_x() ? "fstmdbx sp!, " : "vpush "; }

  // ---- single operations
  /// The letters behind IT say then or else; the mask ends with a 1.
  std::string it() const {
    std::string out;
    for (unsigned b = 3; (i.aux & ((1u << b) - 1)) != 0; --b) out += ((i.aux >> b) & 1) == (i.kind & 1u) ? 't' : 'e';
    return out + " " + (i.kind == 14 ? "al" : std::string(conditions[i.kind]));
  }
  std::string cps() const {
    return std::string(i.imm & 4 ? "id " : "ie ") + (i.imm & 2 ? "i" : "") + (i.imm & 1 ? "f" : "");
  }
  std::string hint() const {
    const std::uint32_t which = wide() ? bits(7, 0) : bits(7, 4);
    if (which == 0 || !decoded_as(Op::nop)) return "nop" + w();
    return "hint" + w() + " " + immediate(which);
  }
  std::string barrier() const {
    constexpr std::string_view names[] = {"", "", "oshst", "osh", "", "", "nshst", "nsh",
                                          "", "", "ishst", "ish", "", "", "st",    "sy"};
    const std::string_view name = names[i.imm & 15];
    const bool instruction_barrier = is(Op::isb) && name != "sy";
    return name.empty() || instruction_barrier ? "#" + number(i.imm, true) : std::string(name);
  }
  std::string special() const {
    constexpr std::string_view names[] = {
        "apsr",   "iapsr", "eapsr", "xpsr", "", "ipsr",    "epsr",    "iepsr",       "msp",       "psp",    "msplim",
        "psplim", "",      "",      "",     "", "primask", "basepri", "basepri_max", "faultmask", "control"};
    const std::uint32_t sysm = i.imm & 0xff;
    if (sysm == sysm_sp_ns) return "sp_ns";
    const bool other = (sysm & sysm_non_secure) != 0;
    const std::uint32_t number_here = sysm & ~std::uint32_t{sysm_non_secure};
    if (number_here >= std::size(names) || names[number_here].empty()) return number(sysm);
    constexpr std::string_view masks[] = {"", "_g", "_nzcvq", "_nzcvqg"};
    return std::string(names[number_here]) + (other ? "_ns" : "") +
           std::string(is(Op::msr) ? masks[(i.imm >> 8) & 3] : "");
  }
  /// MOV pc, pc is a branch.
  std::string b() const { return decoded_as(Op::mov_reg) ? "mov pc, pc" : "b" + w() + " " + to(); }
  /// MOV Rd, pc has a constant result, as ADR.
  std::string adr() const {
    return decoded_as(Op::mov_reg) ? "mov " + d() + ", pc" : "adr" + w() + " " + d() + ", " + adr_offset();
  }
  std::string adr_offset() const { return offset(i.imm - encoding::pc_aligned(i), wide() && bit(23)); }

  /// What isn't an instruction; UDF is a row whose picture has an immediate.
  std::string inst() const {
    if (decoded_as(Op::undefined) && has_letter('i')) return "udf" + w() + " " + immediate(f.imm);
    std::string digits = number(i.raw, true).substr(2);
    digits.insert(0, 2u * i.size - digits.size(), '0');
    return (wide() ? ".inst.w 0x" : ".inst.n 0x") + digits;
  }

  /// CDP, MCR, MRC, MCRR, MRRC, LDC, STC and their second forms (A5.3.18), which all execute as "no coprocessor".
  std::string coprocessor() const {
    const std::string two = bit(28) ? "2" : "", p = "p" + decimal(bits(11, 8)) + ", ";
    const auto c = [](std::uint32_t reg) { return ", c" + decimal(reg); };
    const auto r = [](std::uint32_t reg) { return ", " + core(reg); };
    if (bits(25, 24) == 2) {
      const std::string last = c(bits(3, 0)) + ", " + immediate(bits(7, 5));
      if (!bit(4)) return "cdp" + two + " " + p + immediate(bits(23, 20)) + c(bits(15, 12)) + c(bits(19, 16)) + last;
      const bool flags = bit(20) && bits(15, 12) == pc;
      return (bit(20) ? "mrc" : "mcr") + two + " " + p + immediate(bits(23, 21)) +
             (flags ? ", apsr_nzcv" : r(bits(15, 12))) + c(bits(19, 16)) + last;
    }
    if (bits(24, 21) == 2)
      return (bit(20) ? "mrrc" : "mcrr") + two + " " + p + immediate(bits(7, 4)) + r(bits(15, 12)) + r(bits(19, 16)) +
             c(bits(3, 0));
    const bool index = bit(24), up = bit(23), wback = bit(21);
    const std::string base = "[" + core(bits(19, 16)), by = offset(up ? bits(7, 0) * 4 : 0u - bits(7, 0) * 4, !up);
    std::string address;
    if (index)
      address = base + (by == "#0" && !wback ? "" : ", " + by) + (wback ? "]!" : "]");
    else if (wback)
      address = base + "], " + by;
    else
      address = base + "], {" + number(bits(7, 0)) + "}";
    return (bit(20) ? "ldc" : "stc") + two + (bit(22) ? "l " : " ") + p.substr(0, p.size() - 2) + c(bits(15, 12)) +
           ", " + address;
  }
};

constexpr TextOperand<Writer> operands[] = {
    {"d", &Writer::d},
    {"n", &Writer::n},
    {"m", &Writer::m},
    {"a", &Writer::a},
    {"dn", &Writer::dn},
    {"Sd", &Writer::sd},
    {"Sn", &Writer::sn},
    {"Sm", &Writer::sm},
    {"Sa", &Writer::sa},
    {"Dd", &Writer::dd},
    {"Dn", &Writer::ddn},
    {"Dm", &Writer::dm},
    {"word_d", &Writer::word_d},
    {"word_m", &Writer::word_m},
    {"dn_m", &Writer::dn_m},
    {"pc_m", &Writer::pc_m},
    {"mul", &Writer::mul},
    {"w", &Writer::w},
    {"wup", &Writer::wup},
    {"W", &Writer::plain},
    {"i", &Writer::imm},
    {"i_high", &Writer::imm_high},
    {"to", &Writer::to},
    {"s", &Writer::s},
    {"k", &Writer::k},
    {"lsb", &Writer::lsb},
    {"width", &Writer::width},
    {"to_msb", &Writer::to_msb},
    {"sat", &Writer::sat},
    {"sat_signed", &Writer::sat_signed},
    {"f32", &Writer::f32},
    {"f64", &Writer::f64},
    {"off", &Writer::off},
    {"off8", &Writer::off8},
    {"off23", &Writer::off23},
    {"pre8", &Writer::pre8},
    {"pre23", &Writer::pre23},
    {"up8", &Writer::up8},
    {"up23", &Writer::up23},
    {"rel", &Writer::rel},
    {"vrel", &Writer::vrel},
    {"preload", &Writer::preload},
    {"list", &Writer::list},
    {"fplist", &Writer::fplist},
    {"x", &Writer::x},
    {"vldm", &Writer::vldm},
    {"vstm", &Writer::vstm},
    {"vpop", &Writer::vpop},
    {"vpush", &Writer::vpush},
    {"it", &Writer::it},
    {"cps", &Writer::cps},
    {"hint", &Writer::hint},
    {"barrier", &Writer::barrier},
    {"special", &Writer::special},
    {"b", &Writer::b},
    {"adr", &Writer::adr},
    {"inst", &Writer::inst},
    {"coprocessor", &Writer::coprocessor},
};

consteval bool all_operands_exist() {
  for (std::string_view text : texts)
    if (!isa::operands_exist(operands, text)) return false;
  return true;
}
static_assert(all_operands_exist(), "a rule of disasm.def names an operand that Writer doesn't know");

/// Puts the condition behind the mnemonic, before a width or data type.
void insert_condition(std::string& text, unsigned cond) {
  if (cond < 14) text.insert(std::min(text.find_first_of(". "), text.size()), conditions[cond]);
}

}  // namespace

bool has_text(Op op) { return op < Op::count_ && !texts[static_cast<std::size_t>(op)].empty(); }

std::string text(const Insn& insn) {
  const Op op = static_cast<Op>(insn.op);
  if (!has_text(op)) return op_name(insn.op);
  const Writer writer(insn);
  std::string out = expand(operands, texts[insn.op], writer);
  if (op != Op::undefined) insert_condition(out, insn.cond);
  return out;
}

std::string disassemble(std::span<const std::uint8_t> code, std::uint32_t pc, std::uint32_t it_state) {
  if (code.size() < 2) {
    return code.empty() ? "" : ".byte " + number(code[0], true);
  }
  const std::uint32_t hw1 = code[0] | code[1] << 8u;
  if (is_32bit(hw1) && code.size() < 4) {
    Insn cut;
    cut.raw = hw1, cut.size = 2;
    return text(cut);
  }
  const std::uint32_t hw2 = is_32bit(hw1) ? code[2] | code[3] << 8u : 0;
  const ItState it{static_cast<std::uint8_t>(it_state)};
  Insn insn = decode(hw1, hw2, pc, it.active(), all_features);
  apply_it(insn, it);
  return text(insn);
}

static_assert(std::is_convertible_v<decltype(&disassemble), Disassembler>);

}  // namespace mj::isa::thumb
