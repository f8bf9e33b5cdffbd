#include "isa/rv32/disasm.h"

#include <array>
#include <charconv>
#include <string_view>
#include <type_traits>

#include "isa/disasm_template.h"
#include "isa/rv32/csr.h"
#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.def"
#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {
namespace {

constexpr Features standard_features = ~(feature_e | vendor_features);

constexpr std::string_view register_names[] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                               "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                               "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

constexpr std::string_view f_names[] = {"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
                                        "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
                                        "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

std::string reg(unsigned id) {
  if (id == sink_register) return std::string(register_names[0]);
  return std::string(id >= f0 ? f_names[id & 31] : register_names[id & 31]);
}
std::string decimal(std::uint32_t v) { return std::to_string(static_cast<std::int32_t>(v)); }
std::string hex(std::uint32_t v) {
  char digits[8];
  return "0x" + std::string(digits, std::to_chars(digits, digits + sizeof digits, v, 16).ptr);
}

std::string csr_text(std::uint32_t csr) {
  if (const std::string_view name = csr_name(csr); !name.empty()) return std::string(name);
  switch (csr) {
#define X(number, name) \
  case number:          \
    return #name;
    MJ_RV32_OTHER_CSRS(X)
#undef X
    default:
      break;
  }
  constexpr struct {
    std::uint32_t first, last;
    std::string_view name;
    std::uint32_t number;  ///< of the first
    std::string_view high;
  } series[] = {
      {0x323, 0x33f, "mhpmevent", 3, ""},  {0x723, 0x73f, "mhpmevent", 3, "h"},  {0x3a0, 0x3af, "pmpcfg", 0, ""},
      {0x3b0, 0x3ef, "pmpaddr", 0, ""},    {0xb03, 0xb1f, "mhpmcounter", 3, ""}, {0xb83, 0xb9f, "mhpmcounter", 3, "h"},
      {0xc03, 0xc1f, "hpmcounter", 3, ""}, {0xc83, 0xc9f, "hpmcounter", 3, "h"},
  };
  for (const auto& s : series)
    if (csr >= s.first && csr <= s.last)
      return std::string(s.name) + std::to_string(csr - s.first + s.number) + std::string(s.high);
  return hex(csr);
}

enum Condition : unsigned {
  always = 0,
  D0 = 1,
  N0 = 2,
  M0 = 4,
  I0 = 8,
  I1 = 16,
  Im1 = 32,
  DRA = 64,
  NRA = 128,
  C = 256,
  CLI = 512,
  CADD = 1024,
  I255 = 2048,
  NM = 4096,
};
constexpr unsigned operator&(Condition a, Condition b) { return static_cast<unsigned>(a) | b; }
constexpr unsigned operator&(unsigned a, Condition b) { return a | static_cast<unsigned>(b); }

struct Rule {
  Op op;
  unsigned when;  ///< all of these Conditions
  std::string_view text;
};
constexpr Rule rules[] = {
#define R(op, when, text) {Op::op, when, text},
    MJ_RV32_TEXTS(R)
#undef R
};

/// Writes one instruction's operands.
struct Writer {
  const Insn& i;

  /// The conditions that hold.
  unsigned holds() const {
    const bool narrow = i.size == 2;
    const bool has_shift = i.op == static_cast<std::uint16_t>(Op::slli) ||
                           i.op == static_cast<std::uint16_t>(Op::srli) || i.op == static_cast<std::uint16_t>(Op::srai);
    const std::uint32_t imm = has_shift ? i.shift : i.imm;
    return (i.rd == sink_register || i.rd == x0 ? D0 : 0u) | (i.rn == x0 ? N0 : 0u) | (i.rm == x0 ? M0 : 0u) |
           (imm == 0 ? I0 : 0u) | (imm == 1 ? I1 : 0u) | (imm == ~0u ? Im1 : 0u) | (i.rd == ra ? DRA : 0u) |
           (i.rn == ra ? NRA : 0u) | (narrow ? C : 0u) | (narrow && bits(i.raw, 15, 13) == 2 ? CLI : 0u) |
           (narrow && bits(i.raw, 15, 12) == 9 ? CADD : 0u) | (imm == 255 ? I255 : 0u) | (i.rn == i.rm ? NM : 0u);
  }

  std::string op() const { return op_name(i.op); }
  std::string d() const { return reg(i.rd); }
  std::string n() const { return reg(i.rn); }
  std::string m() const { return reg(i.rm); }
  std::string a() const { return reg(i.ra); }
  std::string imm() const { return decimal(i.imm); }
  std::string u() const { return hex(i.imm >> 12); }
  std::string up() const { return hex((i.imm - i.pc) >> 12); }
  std::string s() const { return hex(i.shift); }
  std::string width() const { return std::to_string(i.shift + 1u); }
  std::string to() const { return hex(i.imm); }
  std::string at() const { return decimal(i.imm) + "(" + n() + ")"; }
  std::string z() const { return std::to_string(i.aux); }
  std::string csr() const { return csr_text(i.imm); }
  std::string aqrl() const {
    constexpr std::string_view orders[] = {"", ".rl", ".aq", ".aqrl"};
    return std::string(orders[bits(i.raw, 26, 25)]);
  }

  /// The rounding mode of F's instructions, which frm's isn't written.
  std::string rounding() const {
    constexpr std::string_view modes[] = {",rne", ",rtz", ",rdn", ",rup", ",rmm", ",?", ",?", ""};
    return std::string(modes[bits(i.raw, 14, 12)]);
  }
  /// Zcmp's register lists, by their number of registers, and its two s registers.
  std::string list() const {
    if (i.kind == 1) return "{ra}";
    return "{ra,s0" + (i.kind == 2 ? "" : "-" + reg(semantics::list_register(i.kind - 1u))) + "}";
  }
  std::string down() const { return decimal(0 - i.imm); }

  /// Volume I, 2.7: predecessors and successors; a mode, rs1 or rd that is reserved means a full fence.
  std::string fence() const {
    const std::uint32_t mode = bits(i.raw, 31, 28), before = bits(i.raw, 27, 24), after = bits(i.raw, 23, 20);
    if (mode == 8 && before == 3 && after == 3) return ".tso";
    const bool full = before == 15 && after == 15;
    return mode != 0 || full ? "" : " " + sets(before) + "," + sets(after);
  }
  static std::string sets(std::uint32_t iorw) {
    std::string out;
    for (unsigned b = 0; b < 4; ++b)
      if (iorw & (8u >> b)) out += "iorw"[b];
    return out.empty() ? "unknown" : out;
  }
  /// Volume I, chapter 25: CSRs whose reads (frflags) and swaps (fsflags) have names of their own, "" for others.
  std::string_view fp_csr() const {
    constexpr std::string_view names[] = {"", "flags", "rm", "csr"};
    return i.imm < std::size(names) ? names[i.imm] : "";
  }
  bool is_counter() const {
    const std::uint32_t low = i.imm & ~0x80u;
    return low == csr_cycle || low == csr_time || low == csr_instret;
  }
  /// A read without a write: by CSRRS, CSRRC of x0, or of an immediate of 0. Which one makes no difference, and the
  /// operation is one; the text tells them apart.
  std::string csr_read() const {
    const std::uint32_t funct3 = bits(i.raw, 14, 12);
    if (funct3 == 2) {
      if (!fp_csr().empty()) return "fr" + std::string(fp_csr()) + " " + d();
      return is_counter() ? "rd" + csr() + " " + d() : "csrr " + d() + "," + csr();
    }
    const std::string name = funct3 == 3 ? "csrrc" : funct3 == 6 ? "csrrsi" : "csrrci";
    const std::string from = funct3 == 3 ? "zero" : "0";
    if (i.rd == sink_register) return "csr" + name.substr(4) + " " + csr() + "," + from;
    return name + " " + d() + "," + csr() + "," + from;
  }
  /// A write of `cycle`, which is read-only, is the 32-bit form of "unimp".
  std::string csrw() const {
    if (i.imm == csr_cycle && i.rn == x0) return "unimp";
    if (!fp_csr().empty()) return "fs" + std::string(fp_csr()) + " " + n();
    return "csrw " + csr() + "," + n();
  }
  std::string csr_swap() const {
    return fp_csr().empty() ? "csrrw " + d() + "," + csr() + "," : "fs" + std::string(fp_csr()) + " " + d() + ",";
  }
  std::string csr_swap_i() const {
    if (i.imm == 1 || i.imm == 2) return "fs" + std::string(fp_csr()) + "i " + d() + ",";
    return i.rd == sink_register ? "csrwi " + csr() + "," : "csrrwi " + d() + "," + csr() + ",";
  }
  std::string illegal() const {
    if (i.size == 2 && i.raw == 0) return "unimp";
    return (i.size == 2 ? ".2byte " : ".4byte ") + hex(i.raw);
  }
};

constexpr TextOperand<Writer> operands[] = {
    {"op", &Writer::op},
    {"d", &Writer::d},
    {"n", &Writer::n},
    {"m", &Writer::m},
    {"a", &Writer::a},
    {"i", &Writer::imm},
    {"u", &Writer::u},
    {"up", &Writer::up},
    {"s", &Writer::s},
    {"to", &Writer::to},
    {"at", &Writer::at},
    {"z", &Writer::z},
    {"csr", &Writer::csr},
    {"aqrl", &Writer::aqrl},
    {"rounding", &Writer::rounding},
    {"list", &Writer::list},
    {"down", &Writer::down},
    {"fence", &Writer::fence},
    {"csr_read", &Writer::csr_read},
    {"csrw", &Writer::csrw},
    {"csr_swap", &Writer::csr_swap},
    {"csr_swap_i", &Writer::csr_swap_i},
    {"width", &Writer::width},
    {"illegal", &Writer::illegal},
};

consteval bool all_operands_exist() {
  for (const Rule& rule : rules)
    if (!isa::operands_exist(operands, rule.text)) return false;
  return true;
}
static_assert(all_operands_exist(), "a rule of disasm.def names an operand that Writer doesn't know");

/// Where each operation's rules begin; they stand together. op_count rules and more: not found.
constexpr auto first_rules = [] {
  std::array<std::size_t, op_count> out{};
  out.fill(std::size(rules));
  for (std::size_t k = std::size(rules); k-- > 0;) out[static_cast<std::size_t>(rules[k].op)] = k;
  return out;
}();

}  // namespace

bool has_text(Op op) { return op < Op::count_ && first_rules[static_cast<std::size_t>(op)] < std::size(rules); }

std::string text(const Insn& insn) {
  const Op op = static_cast<Op>(insn.op);
  if (!has_text(op)) return op_name(insn.op);
  const Writer writer{insn};
  const unsigned holds = writer.holds();
  std::size_t k = first_rules[insn.op];
  while (k < std::size(rules) && rules[k].op == op && (rules[k].when & ~holds)) ++k;
  if (k == std::size(rules) || rules[k].op != op) return op_name(insn.op);

  return expand(operands, rules[k].text, writer);
}

std::string disassemble(std::span<const std::uint8_t> code, std::uint32_t pc, std::uint32_t mode) {
  if (code.size() < 2) return code.empty() ? "" : ".byte " + hex(code[0]);
  std::uint32_t raw = code[0] | code[1] << 8u;
  if (is_32bit(static_cast<std::uint16_t>(raw))) {
    if (code.size() < 4) return ".2byte " + hex(raw);
    raw |= code[2] << 16u | static_cast<std::uint32_t>(code[3]) << 24;
  }
  return text(decode(raw, pc, standard_features | mode));
}

static_assert(std::is_convertible_v<decltype(&disassemble), Disassembler>);

}  // namespace mj::isa::rv32
