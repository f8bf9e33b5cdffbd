#include "sim/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "memory/picobin.h"
#include "sim/machine_parts.h"

namespace mj {

namespace {

constexpr std::size_t max_console = 16u << 20;  // a firmware that prints for ever must not take the host's memory

/// Why the bytes at `from` are not all in flash or RAM; empty if they are. Regions may adjoin each other.
std::string outside_memory(memory::Bus& bus, Address from, std::uint64_t bytes) {
  const memory::Region* last = nullptr;
  for (std::uint64_t at = from; at < from + bytes;) {
    const memory::Region* r = at >> 32 ? nullptr : bus.find(static_cast<Address>(at));
    if (!r || r->kind == memory::RegionKind::device)
      return last ? fmt::format("region {} ends at 0x{:08x}: {} bytes too many", last->name, at, from + bytes - at)
                  : fmt::format("the board has no memory at 0x{:08x}", from);
    last = r;
    at = std::uint64_t{r->base} + r->size;
  }
  return "";
}

}  // namespace

Machine::Machine(const BoardSpec& board, const MachineOptions& options)
    : board_(board),
      options_(options),
      clock_(options.clock_hz.value_or(board.core.reset_clock_hz)),
      wanted_hz_(clock_.hz()) {}

Machine::~Machine() = default;

Result<std::unique_ptr<Machine>> Machine::create(const BoardSpec& board, const MachineOptions& options,
                                                 std::function<bool(Address)> is_function) {
  std::unique_ptr<Machine> m(new Machine(board, options));
  if (auto built = m->build(std::move(is_function)); !built) return built.error();
  return m;
}

/// The time axis and the engine's counts go over to the new operating point together, at the end of the instruction.
void Machine::clock_or_waits_changed() {
  energy::OperatingPoint point{wanted_hz_, 0};
  const auto least = options_.least_flash_wait_states ? board_.least_wait_states(wanted_hz_) : std::nullopt;
  for (const auto& r : bus_.regions())
    if (r->flash && least && r->flash->wait_states() != *least) {
      r->flash->hold_wait_states(*least);  // comes back here
      return;
    }
  for (const auto& r : bus_.regions())
    if (r->flash) point.flash_wait_states = std::max(point.flash_wait_states, r->flash->wait_states());
  auto at = std::find(points_.begin(), points_.end(), point);
  if (at == points_.end() && points_.size() == engine::Engine::max_operating_points) {
    points_merged_ = true;
    at = points_.end() - 1;
  }
  const auto index = static_cast<unsigned>(at - points_.begin());
  if (at == points_.end()) points_.push_back(point);
  if (!engine_) return;
  if (index == engine_->operating_point()) clock_.set_hz(wanted_hz_, engine_->now());  // a merged one
  engine_->set_operating_point(index);
}

Address Machine::vectors_or_entry(const memory::ElfImage& image, Address lowest) const {
  if (!thumb_) return image.entry();
  // The vector table: the image's own section if it says so, else where the board expects it, else the lowest byte.
  Address boot = lowest;
  bool named = false;
  for (const char* name : {".isr_vector", ".vectors", ".vector_table", ".intvecs"})
    if (const memory::ElfSection* s = image.section(name); s && s->size) {
      boot = s->addr;
      named = true;
    }
  const auto holds = [&](Address a) {
    return std::any_of(image.segments().begin(), image.segments().end(),
                       [&](const memory::LoadSegment& s) { return a >= s.paddr && a + 8 <= s.paddr + s.bytes.size(); });
  };
  if (!named && board_.boot.vector_table && holds(*board_.boot.vector_table)) boot = *board_.boot.vector_table;
  return boot;
}

Result<void> Machine::load(const memory::ElfImage& image) {
  const bool arm = image.machine() == memory::Machine::arm;
  if (arm != (thumb_ != nullptr))
    return Error{
        ExitCode::usage,
        fmt::format("the image is for {}, the board's core for {}", arm ? "Arm" : "RISC-V", thumb_ ? "Arm" : "RISC-V"),
        image.name() + ", board " + board_.id, "machine of the ELF header",
        "choose a board of that architecture: microjoule boards"};
  std::optional<Address> lowest;
  for (const memory::LoadSegment& s : image.segments()) {
    // Bytes go to the load address; what the program uses at run time, .bss included, must be there, too.
    const std::pair<Address, std::uint64_t> spans[] = {{s.paddr, s.bytes.size()}, {s.vaddr, s.memsz}};
    for (const auto& [from, bytes] : spans)
      if (const std::string why = outside_memory(bus_, from, bytes); !why.empty())
        return Error{
            ExitCode::usage, "the image does not fit the board's memory",
            fmt::format("{}, board {}: load segment at 0x{:08x}, {} bytes", image.name(), board_.id, from, bytes), why,
            "check --board and the linker script; microjoule boards show " + board_.id + " lists the memory map"};
    if (s.bytes.empty()) continue;
    if (!lowest || s.paddr < *lowest) lowest = s.paddr;
    bus_.poke(s.paddr, reinterpret_cast<const std::uint8_t*>(s.bytes.data()), s.bytes.size());
  }
  if (!lowest)
    return Error{ExitCode::unsupported, "the image has nothing to load", image.name(), "no load segment with bytes",
                 ""};

  for (const auto& [at, word] : board_.boot.rom_words) {
    const auto byte = [word = word](unsigned n) { return static_cast<std::uint8_t>(word >> 8 * n); };
    const std::uint8_t bytes[] = {byte(0), byte(1), byte(2), byte(3)};
    bus_.poke(at, bytes, sizeof bytes);
  }

  std::optional<memory::ImageDef> def;
  if (board_.boot.image_def)
    def = memory::find_image_def(*board_.boot.image_def, !thumb_, [this](Address at) -> std::optional<std::uint32_t> {
      std::uint8_t b[4];
      if (!bus_.peek(at, b, sizeof b)) return std::nullopt;
      return b[0] | b[1] << 8 | b[2] << 16 | static_cast<std::uint32_t>(b[3]) << 24;
    });
  const Address boot = def && def->vector_table ? *def->vector_table : vectors_or_entry(image, *lowest);
  const auto start = arch_->reset(engine_->state(), boot);
  if (!start)
    return Error{ExitCode::usage, "the core has nowhere to start", fmt::format("vector table at 0x{:08x}", boot),
                 "no memory there", "check --board"};
  engine_->set_pc(def && def->entry ? *def->entry & ~1u : start->pc, start->mode);
  if (def && def->entry) engine_->state().r[arch_->sp] = def->stack;
  if (!board_.boot.skipped.empty()) load_notes_.push_back(board_.boot.skipped);
  return {};
}

memory::Device* Machine::device(std::string_view name) const {
  for (const auto& d : devices_)
    if (d->name() == name) return d.get();
  return nullptr;
}

bool Machine::has_memory_waits() const {
  return std::any_of(bus_.regions().begin(), bus_.regions().end(), [](const auto& r) {
    return r->kind != memory::RegionKind::device &&
           (r->flash || r->bus || r->read_wait || r->write_wait || r->run_wait);
  });
}

std::vector<Machine::SystemRegister> Machine::system_registers() const {
  std::vector<SystemRegister> all;
  if (thumb_)
    for (const auto& [name, number] : thumb_->unit.special_registers()) all.push_back({name, number});
  else
    for (auto& csr : rv32_->traps.csrs()) all.push_back({std::move(csr.name), csr.number});
  return all;
}

std::optional<std::uint32_t> Machine::read_system_register(std::uint32_t number) const {
  if (thumb_) return thumb_->unit.privileged_read(number, engine_->state().r);
  std::uint32_t value = 0;
  if (!rv32_->traps.debug_read(number, value)) return std::nullopt;
  return value;
}

bool Machine::write_system_register(std::uint32_t number, std::uint32_t value) {
  if (thumb_)
    thumb_->arch->debug_write(engine_->state(), number, value);
  else if (!rv32_->arch->debug_write(number, value))
    return false;
  engine_->kick();  // an interrupt may be enabled now
  return true;
}

std::string Machine::place(Address address) {
  const memory::Region* r = bus_.find(address);
  if (!r) return "no memory or device there";
  if (r->kind == memory::RegionKind::device) {
    const Address offset = address - r->base;
    const std::string_view known = r->device->register_name(offset);
    return fmt::format("device {} + 0x{:x}{}", r->name, offset, known.empty() ? "" : fmt::format(" ({})", known));
  }
  return fmt::format("{} region {}", r->kind == memory::RegionKind::flash ? "flash" : "RAM", r->name);
}

const isa::thumb::ExceptionUnit* Machine::exceptions() const { return thumb_ ? &thumb_->unit : nullptr; }

std::string Machine::interrupt_name(unsigned exception) const {
  std::string name = arch_->exception_name(exception);
  if (!thumb_ || exception < isa::thumb::external_0) return name;
  return with_device(std::move(name), exception - isa::thumb::external_0);
}

std::string Machine::with_device(std::string name, unsigned irq) const {
  for (const peripherals::DeviceSpec& d : board_.devices)
    if (std::find(d.irqs.begin(), d.irqs.end(), irq) != d.irqs.end()) return fmt::format("{} ({})", name, d.name);
  return name;
}

std::vector<std::string> Machine::enabled_interrupts() const {
  std::vector<std::string> names;
  if (thumb_) {
    for (unsigned e = isa::thumb::external_0; e < thumb_->unit.exception_count(); ++e)
      if (thumb_->unit.enabled(e)) names.push_back(interrupt_name(e));
    return names;
  }
  std::uint32_t mie = 0;
  rv32_->traps.debug_read(isa::rv32::csr_mie, mie);
  for (unsigned line = 0; line < 32; ++line) {
    if (!(mie >> line & 1)) continue;
    const auto& external = rv32_->traps.hazard3_irq();
    if (line == isa::rv32::irq_external && external.lines() != 0) {
      for (unsigned n = 0; n < external.lines(); ++n)
        if (external.enabled(n)) names.push_back(with_device(fmt::format("external interrupt {}", n), n));
    } else {
      names.emplace_back(isa::rv32::cause_text(isa::rv32::cause_interrupt | line));
    }
  }
  return names;
}

std::string Machine::interrupts_masked() const {
  const std::uint32_t* r = engine_->state().r;
  if (!thumb_) {
    std::uint32_t mstatus = 0;
    rv32_->traps.debug_read(isa::rv32::csr_mstatus, mstatus);
    return mstatus & 8 ? "" : "mstatus.MIE is 0";
  }
  if (r[isa::thumb::primask] & 1) return "PRIMASK is 1";
  if (r[isa::thumb::faultmask] & 1) return "FAULTMASK is 1";
  if (r[isa::thumb::basepri]) return fmt::format("BASEPRI is 0x{:02x}", r[isa::thumb::basepri]);
  return "";
}

void Machine::mute() {
  options_.console = {};
  options_.console_error = {};
  engine_->on_semihost = [this] { engine_->request_exit(0); };
}

void Machine::set_irq(unsigned number, bool level) {
  if (thumb_)
    thumb_->unit.set_level(isa::thumb::external_0 + number, level);
  else
    rv32_->traps.set_line(number, level);
  if (engine_) engine_->kick();
}

void Machine::ExternalInterrupts::set_irq(unsigned number, bool level) {
  machine.rv32_->traps.set_external(number, level);
  if (machine.engine_) machine.engine_->kick();
}

void Machine::put(std::string_view device, char byte) {
  if (device == Semihost::stderr_name) {
    if (options_.console_error) options_.console_error(byte);
    return;
  }

  if (console_.size() < max_console)
    console_.push_back(byte);
  else
    console_lost_ = true;
  if (options_.console) options_.console(byte);
}

void Machine::request_exit(int status) { engine_->request_exit(status); }

void Machine::request_reset() {
  reset_requested_ = true;
  engine_->request_exit(1);
}

void Machine::not_modelled(std::string_view device, std::uint32_t offset, std::string_view what) {
  ++not_modelled_[{std::string(device), offset, std::string(what)}];
}

}  // namespace mj
