#include "tests/differential/rv32/program.h"

#include <cstdio>
#include <cstring>
#include <random>
#include <span>

#include "isa/rv32/csr.h"
#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/rv32/fcsr.h"
#include "isa/rv32/tables.h"
#include "tests/elf/elf_builder.h"

namespace mj::differential {

using namespace isa::rv32;
using isa::Insn;
using isa::OpClass;
using isa::RegSet;

namespace {

constexpr std::uint32_t window_bytes = 0x2000, pool_entries = 1024, entry_bytes = Rv32Program::state_bytes;
constexpr std::uint32_t reserved_registers = 1u << sp | 1u << gp | 1u << tp;

// ---- encodings of the frame

std::uint32_t i_type(std::uint32_t imm, unsigned n, unsigned funct3, unsigned d, unsigned opcode) {
  return imm << 20 | n << 15 | funct3 << 12 | d << 7 | opcode;
}
std::uint32_t s_type(std::uint32_t imm, unsigned m, unsigned n, unsigned funct3, unsigned opcode) {
  return (imm >> 5 & 0x7f) << 25 | m << 20 | n << 15 | funct3 << 12 | (imm & 0x1f) << 7 | opcode;
}
std::uint32_t addi(unsigned d, unsigned n, std::int32_t imm) {
  return i_type(static_cast<std::uint32_t>(imm) & 0xfff, n, 0, d, 0x13);
}
std::uint32_t auipc(unsigned d) { return d << 7 | 0x17; }
std::uint32_t lw(unsigned d, unsigned n, std::uint32_t imm) { return i_type(imm, n, 2, d, 0x03); }
std::uint32_t sw(unsigned m, unsigned n, std::uint32_t imm) { return s_type(imm, m, n, 2, 0x23); }
std::uint32_t flw(unsigned d, unsigned n, std::uint32_t imm) { return i_type(imm, n, 2, d, 0x07); }
std::uint32_t fsw(unsigned m, unsigned n, std::uint32_t imm) { return s_type(imm, m, n, 2, 0x27); }
std::uint32_t csrw(std::uint32_t csr, unsigned n) { return i_type(csr, n, 1, 0, 0x73); }
std::uint32_t csrr(unsigned d, std::uint32_t csr) { return i_type(csr, 0, 2, d, 0x73); }

// Branch offsets into an encoding.
std::uint32_t with_b(std::uint32_t raw, std::uint32_t o) {
  return (raw & 0x01fff07fu) | (o >> 12 & 1) << 31 | (o >> 5 & 0x3f) << 25 | (o >> 1 & 0xf) << 8 | (o >> 11 & 1) << 7;
}
std::uint32_t with_j(std::uint32_t raw, std::uint32_t o) {
  return (raw & 0xfffu) | (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12;
}
std::uint32_t with_cb(std::uint32_t raw, std::uint32_t o) {
  return (raw & 0xe383u) | (o >> 8 & 1) << 12 | (o >> 3 & 3) << 10 | (o >> 6 & 3) << 5 | (o >> 1 & 3) << 3 |
         (o >> 5 & 1) << 2;
}
std::uint32_t with_cj(std::uint32_t raw, std::uint32_t o) {
  return (raw & 0xe003u) | (o >> 11 & 1) << 12 | (o >> 4 & 1) << 11 | (o >> 8 & 3) << 9 | (o >> 10 & 1) << 8 |
         (o >> 6 & 1) << 7 | (o >> 7 & 1) << 6 | (o >> 1 & 7) << 3 | (o >> 5 & 1) << 2;
}

class Maker {
 public:
  explicit Maker(const Rv32Options& options) : o_(options), random_(options.seed) {
    p_.of_op.resize(op_count);
    for (const RvRow& row : all_rows)
      if ((row.feature & ~o_.features) == 0 && drawable(row.op) && !(o_.without && o_.without(row.op)))
        rows_.push_back(&row);
  }

  Rv32Program make() {
    // Where the data will be isn't known before the code is: its place is set aside at the front.
    const std::uint32_t front = 0x1000;
    pool_ = Rv32Program::base + front;
    const std::uint32_t pool_bytes = pool_entries * entry_bytes;
    p_.tohost = pool_ + pool_bytes;
    code_at_ = p_.tohost + 0x40;
    window_ = 0;
    p_.image.resize(code_at_ - Rv32Program::base);
    fill_pool();
    // The signature lies far enough behind for any code that the blocks can make.
    const std::uint32_t most_code = o_.blocks * (o_.drawn * 40 + 2048) + 0x1000;
    p_.signature = (code_at_ + most_code + 0xfffu) & ~0xfffu;
    p_.window_bytes = window_bytes;
    window_ = p_.signature + window_bytes / 2;
    p_.signature_bytes = window_bytes + o_.blocks * o_.repeats * entry_bytes;

    start();
    for (unsigned b = 0; b < o_.blocks; ++b) block();
    load_address(t0, p_.tohost);
    emit(addi(ra, x0, 1));
    emit(sw(ra, t0, 0));
    p_.halt = pc();
    emit(0x0000006f);  // j .
    std::uint32_t entry = code_at_ - Rv32Program::base;
    put(0, with_j(0x0000006f, entry));
    return std::move(p_);
  }

 private:
  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }
  bool chance(unsigned one_in) { return number() % one_in == 0; }
  std::uint32_t pc() const { return Rv32Program::base + static_cast<std::uint32_t>(p_.image.size()); }

  void put(std::size_t at, std::uint32_t word) { std::memcpy(&p_.image[at], &word, 4); }
  void emit(std::uint32_t raw) {
    const bool wide = is_32bit(static_cast<std::uint16_t>(raw));
    for (unsigned k = 0; k < (wide ? 4u : 2u); ++k) p_.image.push_back(static_cast<std::uint8_t>(raw >> (8 * k)));
  }
  void load_address(unsigned d, std::uint32_t address) {
    const std::uint32_t upper = (address + 0x800) & 0xfffff000u;
    emit(upper | d << 7 | 0x37);
    emit(addi(d, d, static_cast<std::int32_t>(address - upper)));
  }

  // ---- values

  std::uint32_t integer() {
    constexpr std::uint32_t edges[] = {0, 1, 2, 31, 32, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
    return chance(3) ? edges[number() % std::size(edges)] : number() >> (number() % 32);
  }
  std::uint32_t single() {
    constexpr std::uint32_t edges[] = {0,          1,          0x007fffff, 0x00800000, 0x00800001, 0x3f800000,
                                       0x3f800001, 0x34000000, 0x4f000000, 0x4f800000, 0x7f7fffff, 0x7f800000,
                                       0x7f800001, 0x7fc00000, 0x4b000000, 0x3f000000, 0x7fffffff};
    const std::uint32_t sign = number() & 0x80000000u, middle = (number() % 48 + 104) << 23;
    switch (number() % 4) {
      case 0:
        return sign | edges[number() % std::size(edges)];
      case 1:
        return sign | middle | (number() & number() & number() & 0x7fffffu);
      case 2:
        return sign | middle | (number() & 0x7fffffu);
      default:
        return number();
    }
  }
  void fill_pool() {
    for (std::uint32_t e = 0; e < pool_entries; ++e)
      for (unsigned n = 0; n < 64; ++n) {
        const std::uint32_t value = n == 0   ? number() % 5 << 5 | (chance(2) ? 0 : number() % 32)
                                    : n < 32 ? integer()
                                             : single();
        put(pool_ - Rv32Program::base + e * entry_bytes + 4 * n, value);
      }
  }

  // ---- the frame

  bool has_f() const { return (o_.features & feature_f) != 0; }

  void start() {
    emit(0x000062b7);  // lui t0,0x6: mstatus.FS
    emit(i_type(csr_mstatus, t0, 2, x0, 0x73));
    load_address(gp, p_.signature + window_bytes);
  }
  void block() {
    load_address(tp, pool_ + number() % (pool_entries - o_.repeats) * entry_bytes);
    load_address(sp, window_);
    emit(addi(t0, x0, static_cast<std::int32_t>(o_.repeats)));
    emit(csrw(csr_mscratch, t0));
    const std::uint32_t loop = pc();
    if (has_f()) {
      emit(lw(t0, tp, 0));
      emit(csrw(csr_fcsr, t0));
      for (unsigned n = 0; n < 32; ++n) emit(flw(n, tp, 128 + 4 * n));
    }
    for (unsigned n = 1; n < 32; ++n)
      if (!(reserved_registers >> n & 1)) emit(lw(n, tp, 4 * n));
    p_.block_at.push_back(pc());
    for (unsigned k = 0; k < o_.drawn; ++k) instruction(true);
    p_.executed += std::uint64_t{o_.drawn} * o_.repeats;
    for (unsigned n = 1; n < 32; ++n)
      if (n != gp) emit(sw(n, gp, 4 * n));
    if (has_f()) {
      for (unsigned n = 0; n < 32; ++n) emit(fsw(n, gp, 128 + 4 * n));
      emit(csrr(t0, csr_fcsr));
      emit(sw(t0, gp, 0));
    }
    emit(addi(gp, gp, entry_bytes));
    emit(addi(tp, tp, entry_bytes));
    emit(csrr(t0, csr_mscratch));
    emit(addi(t0, t0, -1));
    emit(csrw(csr_mscratch, t0));
    emit(with_b(0x63 | t0 << 15, 8));  // beqz t0,.+8
    emit(with_j(0x6f, loop - pc()));
  }

  // ---- drawn instructions

  static bool drawable(Op op) {
    switch (op) {
      case Op::illegal:
      case Op::ecall:
      case Op::ebreak:
      case Op::mret:
      case Op::wfi:
      case Op::fence_i:
      case Op::lr_w:  // a reservation may be lost at any time
      case Op::sc_w:
        return false;
      default:
        return true;
    }
  }
  static bool is(const Insn& i, Op op) { return i.op == static_cast<std::uint16_t>(op); }
  static bool is_zcmp_list(const Insn& i) {
    return is(i, Op::cm_push) || is(i, Op::cm_pop) || is(i, Op::cm_popret) || is(i, Op::cm_popretz);
  }

  /// Draws until one fits; `any`: control flow and memory accesses, too.
  void instruction(bool any) {
    while (!try_one(any)) {
    }
  }
  bool try_one(bool any) {
    const RvRow& row = *rows_[number() % rows_.size()];
    const std::uint32_t all = row.pattern.width == 16 ? 0xffffu : 0xffffffffu;
    std::uint32_t raw = (number() & all & ~row.pattern.mask) | row.pattern.value;
    if (row.feature == feature_zicsr) {
      raw = (raw & 0x000fffffu) | csr_fflags << 20;
      if (chance(3) && (raw >> 12 & 7) == 5 && (raw >> 15 & 31) <= 4) raw = (raw & 0x000fffffu) | csr_frm << 20;
      if (!has_f()) return false;
    }
    const Insn insn = decode(raw, pc(), o_.features);
    if (!drawable(static_cast<Op>(insn.op))) return false;
    const isa::Effects e = isa::rv32::effects(insn);
    const bool control = isa::ends_block(insn.cls) && insn.cls != OpClass::sys_write;
    const bool memory = e.loads + e.stores != 0;
    if (!any && (control || memory)) return false;
    if (is_zcmp_list(insn)) {
      list(insn, raw);
    } else {
      if (e.writes & reserved_registers) return false;
      if (memory && !prepare_base(insn)) return false;
      if (control) {
        if (!branch(insn, raw)) return false;
      } else {
        emit(raw);
      }
    }
    ++p_.of_op[insn.op];
    return true;
  }
  bool prepare_base(const Insn& insn) {
    if (insn.rn == sp) return insn.cls != OpClass::amo || true;
    if (insn.rn == x0 || (reserved_registers >> insn.rn & 1)) return false;
    std::int32_t offset = static_cast<std::int32_t>(number() % 2048) - 1024;
    if (insn.cls == OpClass::amo || chance(2)) offset &= ~3;
    emit(addi(insn.rn, sp, offset));
    return true;
  }
  void list(const Insn& insn, std::uint32_t raw) {
    const auto adjustment = static_cast<std::int32_t>(insn.imm);
    if (is(insn, Op::cm_push)) {
      emit(raw);
      emit(addi(sp, sp, adjustment));
      return;
    }
    emit(addi(sp, sp, -adjustment));
    if (!is(insn, Op::cm_pop)) {
      emit(auipc(t0));
      emit(addi(t0, t0, 14));
      emit(sw(t0, sp, insn.imm - 4u * insn.kind));
    }
    emit(raw);
  }
  /// Control transfers go over one instruction.
  bool branch(const Insn& insn, std::uint32_t raw) {
    const bool indirect = insn.cls == OpClass::branch_reg || insn.cls == OpClass::branch_link_reg;
    if (indirect && (insn.rn == x0 || (reserved_registers >> insn.rn & 1))) return false;
    std::size_t fix = p_.image.size();
    if (indirect) {
      emit(auipc(insn.rn));
      if (insn.size == 2) emit(addi(insn.rn, insn.rn, 0));
    }
    const std::size_t at = p_.image.size();
    emit(insn.size == 4 ? raw : raw);
    instruction(false);
    const auto over = static_cast<std::uint32_t>(p_.image.size() - at);
    if (indirect) {
      const auto from_auipc = static_cast<std::uint32_t>(p_.image.size() - fix);
      if (insn.size == 2)
        put(fix + 4, addi(insn.rn, insn.rn, static_cast<std::int32_t>(from_auipc | number() % 2)));
      else
        put(at, (raw & 0x000fffffu) | (from_auipc | number() % 2) << 20);
    } else if (insn.size == 4) {
      put(at, insn.cls == OpClass::branch_cond ? with_b(raw, over) : with_j(raw, over));
    } else {
      const std::uint32_t narrow = insn.cls == OpClass::branch_cond ? with_cb(raw, over) : with_cj(raw, over);
      p_.image[at] = static_cast<std::uint8_t>(narrow), p_.image[at + 1] = static_cast<std::uint8_t>(narrow >> 8);
    }
    return true;
  }

  const Rv32Options& o_;
  std::mt19937 random_;
  std::vector<const RvRow*> rows_;
  Rv32Program p_;
  std::uint32_t pool_ = 0, window_ = 0, code_at_ = 0;
};

}  // namespace

Rv32Program make_program(const Rv32Options& options) { return Maker(options).make(); }

std::vector<std::byte> elf_of(const Rv32Program& program) {
  test::ElfBuilder elf(EM_RISCV);
  elf.header.e_entry = Rv32Program::base;
  elf.header.e_flags = EF_RISCV_RVC;
  const auto text = elf.section(".text", SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR, Rv32Program::base, program.image);
  elf.load(text, Rv32Program::base, PF_R | PF_W | PF_X);
  elf.symbol("_start", Rv32Program::base, 0, STT_FUNC, STB_GLOBAL, text);
  elf.symbol("tohost", program.tohost, 8, STT_OBJECT, STB_GLOBAL, text);
  elf.symbol("fromhost", program.tohost + 8, 8, STT_OBJECT, STB_GLOBAL, text);
  elf.symbol("begin_signature", program.signature, 0, STT_NOTYPE, STB_GLOBAL, text);
  elf.symbol("end_signature", program.signature + program.signature_bytes, 0, STT_NOTYPE, STB_GLOBAL, text);
  return elf.build();
}

std::string listing(const Rv32Program& program, unsigned block) {
  std::string out;
  const std::uint32_t end = block + 1 < program.block_at.size() ? program.block_at[block + 1] : program.halt;
  for (std::uint32_t at = program.block_at[block]; at < end;) {
    const auto code = std::span(program.image).subspan(at - Rv32Program::base);
    const unsigned size = is_32bit(static_cast<std::uint16_t>(code[0] | code[1] << 8)) ? 4 : 2;
    char line[32];
    std::snprintf(line, sizeof line, "%08x  ", at);
    out += line + disassemble(code.first(size), at) + "\n";
    at += size;
  }
  return out;
}

}  // namespace mj::differential
