#include "sim/ending.h"

#include <fmt/format.h>

#include "sim/code_view.h"
#include "sim/fault_reason.h"
#include "sim/profile/attribution.h"
#include "sim/stuck.h"

namespace mj {

using namespace profile;
using engine::StopKind;

namespace {

/// "store of 4 bytes at 0x08000000 (flash region flash: it can't be written)", or the instruction.
std::string what_failed(Machine& machine, const Program& program, const engine::FaultRecord& from) {
  if (!from.has_access) return "instruction " + encoding_text(machine, program, from.pc);
  const BadAccess& a = from.access;
  const char* why = a.why == BadAccess::Why::read_only   ? ": it can't be written"
                    : a.why == BadAccess::Why::unaligned ? ": unaligned"
                    : a.why == BadAccess::Why::forbidden ? ": not permitted to this code"
                                                         : "";
  if (a.fetch) return fmt::format("instruction fetch from 0x{:08x} ({}{})", a.address, machine.place(a.address), why);
  return fmt::format("{} of {} byte{} at 0x{:08x} ({}{})", a.write ? "store" : "load", a.size, a.size == 1 ? "" : "s",
                     a.address, machine.place(a.address), why);
}

std::vector<std::string> backtrace(const Program& program, Address pc, const std::vector<Address>& stack) {
  std::vector<std::string> out{program.where(pc)};
  std::string last;
  unsigned times = 0;
  for (auto it = stack.rbegin(); it != stack.rend(); ++it) {
    const std::string name = frame_name(program, *it);
    if (it == stack.rbegin() && (*it == pc || name == frame_name(program, pc))) continue;
    if (out.size() > 1 && name == last) {
      out.back() = fmt::format("{}, {} times", name, ++times);
      continue;
    }
    out.push_back(name);
    last = name;
    times = 1;
  }
  return out;
}

/// What firmware that gave up by itself had found out, by the function that it gave up in; empty: not known.
std::string gave_up(Machine& machine, const Program& program) {
  struct Name {
    const char* function;
    const char* says;
  };
  static constexpr Name names[] = {
      {"vApplicationStackOverflowHook",
       "FreeRTOS found that a task's stack had overflowed (configCHECK_FOR_STACK_OVERFLOW)"},
      {"__stack_chk_fail", "a buffer on the stack was overrun (-fstack-protector)"},
      {"__assert_func", "an assertion failed"},
      {"__assert_fail", "an assertion failed"},
      {"__assert_no_args", "an assertion failed"},
      {"vAssertCalled", "an assertion of the operating system failed (configASSERT)"},
      {"__cxa_pure_virtual", "a pure virtual function was called"},
      {"__throw_bad_alloc", "operator new found no memory"},
      {"abort", "the firmware called abort()"},
  };
  const std::vector<Address> stack = machine.engine().calls().stack();
  for (const Name& name : names)
    for (std::size_t i = stack.size(); i-- > 0;)
      if (function_name(program.symbols, stack[i]) == name.function)
        return i == 0 ? name.says
                      : fmt::format("{}: {} was called by {}", name.says, name.function,
                                    function_name(program.symbols, stack[i - 1]));
  return "";
}

}  // namespace

std::optional<Fault> explain_fault(Machine& machine, const Program& program, const HeapWatch& heap) {
  const auto& from = machine.engine().first_fault();
  if (!from) return std::nullopt;
  Fault f;
  // An Arm core that can't take HardFault locks up within the exception that it was to take.
  f.exception =
      from->exception == 0 && program.is_arm() ? "HardFault" : machine.engine().arch().exception_name(from->exception);
  f.pc = from->pc;
  f.where = program.where(from->pc);
  f.status = from->status;
  f.cycle = from->cycle;
  f.what = what_failed(machine, program, *from);
  f.hint = fault_reason(machine, program, heap, *from);
  f.backtrace = backtrace(program, from->pc, from->call_stack);
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
      // A reset is no success: fault and assertion handlers end so, and what was to be run may not have been.
      s.kind = machine.was_reset() ? "reset" : "exited";
      s.firmware_status = stop.status;
      s.exit_code = stop.status == 0 ? ExitCode::ok : ExitCode::firmware_failed;
      s.message = machine.was_reset() ? "the firmware reset the chip: the run ends there"
                                      : fmt::format("the firmware ended with status {}", stop.status);
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
    const auto& last = machine.engine().lockup_fault();
    // Without an access in the same place it is the first fault's own exception that could not begin.
    if (last && (last->has_access || last->pc != fault->pc))
      s.hint = fmt::format("a fault while a fault was handled: {} at {}{}", what_failed(machine, program, *last),
                           program.where(last->pc),
                           program.is_arm() || !last->access.fetch ? "" : "; no handler is where mtvec points");
  } else if (faulted && (stop.kind != StopKind::exited || machine.was_reset())) {
    s.kind = "fault";
    s.exit_code = ExitCode::firmware_fault;
    s.message = fmt::format("{} at {}{}", fault->exception, fault->where,
                            machine.was_reset() ? "; its handler reset the chip" : "");
  } else if (s.exit_code != ExitCode::ok) {
    s.backtrace = backtrace(program, stop.pc, machine.engine().calls().stack());
  }
  return s;
}

std::string explain_why(const engine::Stop& stop, const Stop& told, Machine& machine, const Program& program,
                        const HeapWatch& heap) {
  if (!told.hint.empty() || told.kind == "fault") return told.hint;
  if (stop.kind == StopKind::exited) {
    if (told.exit_code == ExitCode::ok) return "";
    const std::string memory = out_of_memory(machine, heap);
    if (!memory.empty()) return memory;
    const std::string why = gave_up(machine, program);
    constexpr int aborted = 134;
    return why.empty() && stop.status == aborted
               ? "134 is 128 + SIGABRT (6): what abort(), and so a failed assertion, ends with in many C libraries"
               : why;
  }
  if (stop.kind == StopKind::lockup) return "";
  std::string why = out_of_memory(machine, heap);
  const std::string stuck = stuck_reason(stop, machine, program);
  if (!why.empty() && !stuck.empty()) why += "; ";
  return why + stuck;
}

}  // namespace mj
