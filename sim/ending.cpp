#include "sim/ending.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "isa/rv32/decode.h"
#include "isa/rv32/f.h"
#include "sim/profile/attribution.h"

namespace mj {

using namespace profile;
using engine::StopKind;

namespace {

/// Which extension the instruction at `pc` is of if this core doesn't have it; else empty.
std::string lacking(Machine& machine, const Program& program, Address pc) {
  const Arch& arch = machine.engine().arch();
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "";
  machine.bus().peek(pc + 2, b.data() + 2, 2);
  const std::string feature = arch.feature_of(b.data());
  if (feature.empty()) {
    const std::uint32_t raw = b[0] | b[1] << 8u | b[2] << 16u | static_cast<std::uint32_t>(b[3]) << 24u;
    isa::rv32::Features features = isa::rv32::feature_machine;
    for (const std::string& f : machine.board().core.features) features |= isa::rv32::feature_of(f);
    if (program.is_arm() || !isa::rv32::is_fp(isa::rv32::decode(raw, pc, features))) return "";
    return "is the FPU on? mstatus.FS is Off after reset (start-up code: csrs mstatus, 0x2000), and frm must hold one "
           "of "
           "the modes 0 to 4";
  }
  const std::string text = arch.text(std::span(b).first(arch.is_wide(b.data()) ? 4 : 2), pc);
  const std::string& built_for = program.image.target().arch;
  return fmt::format("{} is of {}; the core of {} is a {} without it, the image is built for {}",
                     text.substr(0, text.find(' ')), feature, machine.board().id, machine.board().core.timing,
                     built_for.empty() ? "an unnamed core" : built_for);
}

/// What to look at first; may be empty.
std::string hint(Machine& machine, const Program& program, const engine::FaultRecord& from) {
  constexpr Address null_page = 0x100, near_stack = 0x400;
  if (!from.has_access) {
    const bool state = std::any_of(from.status.begin(), from.status.end(),
                                   [](const std::string& s) { return s.find("INVSTATE") != std::string::npos; });
    if (state) return "a branch to an address whose bit 0 is clear: a null or overwritten function pointer?";
    return lacking(machine, program, from.pc);
  }
  const BadAccess& a = from.access;
  if (a.why == BadAccess::Why::unaligned) return "";
  if (a.address < null_page)
    return a.fetch ? "a call through a null pointer?"
                   : "a null pointer with a small offset? look at the registers above";
  const Address sp = from.registers[machine.engine().arch().sp];
  if (!a.fetch && (a.address - sp <= near_stack || sp - a.address <= near_stack))
    return fmt::format("stack overflow? the stack pointer is 0x{:08x}, and the stack began at 0x{:08x}", sp,
                       machine.engine().stack_top());
  if (a.why == BadAccess::Why::unmapped)
    return "is the board right, and does the linker script match its memory? microjoule boards show " +
           machine.board().id;
  return "";
}

/// "0xde07 (udf #7)": the instruction as the manuals write it, and its text.
std::string encoding_at(Machine& machine, const Program& program, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "not readable";
  const bool arm = program.is_arm(), wide = machine.engine().arch().is_wide(b.data());
  machine.bus().peek(pc, b.data(), wide ? 4 : 2);
  std::string text = machine.engine().arch().text(std::span(b).first(wide ? 4 : 2), pc);
  text = text.starts_with('.') ? "" : fmt::format(" ({})", text);  // ".inst.n 0xb650": no instruction of any core
  if (!wide) return fmt::format("0x{:04x}{}", b[0] | b[1] << 8, text);
  // As the manuals write them: Thumb's two halfwords in order, RISC-V's one word.
  const std::uint32_t low = b[0] | b[1] << 8u, high = b[2] | b[3] << 8u;
  return fmt::format("0x{:08x}{}", arm ? low << 16 | high : high << 16 | low, text);
}

}  // namespace

std::optional<Fault> explain_fault(Machine& machine, const Program& program) {
  const auto& from = machine.engine().first_fault();
  if (!from) return std::nullopt;
  Fault f;
  f.exception = machine.engine().arch().exception_name(from->exception);
  f.pc = from->pc;
  f.where = program.where(from->pc);
  f.status = from->status;
  f.cycle = from->cycle;
  if (from->has_access) {
    const BadAccess& a = from->access;
    const char* why = a.why == BadAccess::Why::read_only   ? ": it can't be written"
                      : a.why == BadAccess::Why::unaligned ? ": unaligned"
                      : a.why == BadAccess::Why::forbidden ? ": not permitted to this code"
                                                           : "";
    f.what = a.fetch ? fmt::format("instruction fetch from 0x{:08x} ({}{})", a.address, machine.place(a.address), why)
                     : fmt::format("{} of {} byte{} at 0x{:08x} ({}{})", a.write ? "store" : "load", a.size,
                                   a.size == 1 ? "" : "s", a.address, machine.place(a.address), why);
  } else {
    f.what = fmt::format("instruction {}", encoding_at(machine, program, from->pc));
  }
  f.hint = hint(machine, program, *from);
  f.backtrace.push_back(program.where(from->pc));
  for (auto it = from->call_stack.rbegin(); it != from->call_stack.rend(); ++it) {
    const std::string name = function_name(program.symbols, *it);
    if (it == from->call_stack.rbegin() && name == function_name(program.symbols, from->pc)) continue;
    f.backtrace.push_back(name);
  }
  const unsigned shown = machine.engine().arch().sp == 2 ? 32 : 15;
  for (unsigned i = 0; i < shown; ++i)
    f.registers.push_back(fmt::format("{} = 0x{:08x}", machine.engine().arch().register_name(i), from->registers[i]));
  if (machine.engine().fault_count() > 1)
    f.status.push_back(machine.engine().fault_count() == 2 ? "1 more fault followed; this is the first"
                                                           : fmt::format("{} more faults followed; this is the first",
                                                                         machine.engine().fault_count() - 1));
  return f;
}

Stop explain_stop(const engine::Stop& stop, Machine& machine, const Program& program, const std::optional<Fault>& fault,
                  const std::string& limit) {
  Stop s;
  s.pc = stop.pc;
  s.where = program.where(stop.pc);
  const bool faulted = machine.engine().first_fault() && machine.engine().arch().in_fault(machine.engine().state());
  switch (stop.kind) {
    case StopKind::exited:
      s.kind = "exited";
      s.firmware_status = stop.status;
      s.exit_code = stop.status == 0 ? ExitCode::ok : ExitCode::firmware_failed;
      s.message = fmt::format("the firmware ended with status {}", stop.status);
      break;
    case StopKind::limit:
    case StopKind::paused:
      s.kind = "limit";
      s.exit_code = ExitCode::limit;
      s.message = fmt::format("the limit of {} was reached at {}", limit, s.where);
      break;
    case StopKind::spin_forever:
      s.kind = "spin_forever";
      s.exit_code = ExitCode::limit;
      s.message = fmt::format("endless loop at {}: nothing pending can end it", s.where);
      break;
    case StopKind::sleep_forever:
      s.kind = "sleep_forever";
      s.exit_code = ExitCode::limit;
      s.message = fmt::format("asleep at {}: no enabled interrupt can wake the core", s.where);
      break;
    case StopKind::lockup:
      s.kind = "lockup";
      s.exit_code = ExitCode::firmware_fault;
      s.message = fmt::format("the core locked up at {}", s.where);
      break;
  }
  if (stop.kind == StopKind::lockup && fault) {
    s.message += fmt::format(", after {} at {}", fault->exception, fault->where);
  } else if (faulted && stop.kind != StopKind::exited) {
    s.kind = "fault";
    s.exit_code = ExitCode::firmware_fault;
    s.message = fmt::format("{} at {}", fault->exception, fault->where);
  }
  return s;
}

}  // namespace mj
