#include "sim/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "isa/rv32/decode.h"
#include "isa/rv32/traps.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/exceptions.h"
#include "isa/thumb/features.h"
#include "peripherals/clint.h"
#include "peripherals/private_bus.h"
#include "peripherals/uart.h"
#include "sim/arch_rv32.h"
#include "sim/arch_thumb.h"
#include "sim/profile/counts.h"

namespace mj {

namespace {

constexpr std::size_t max_console = 16u << 20;  // a firmware that prints for ever must not take the host's memory

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The first row of models/<file> that is for `name`; null if there is none.
nlohmann::json row_of(const std::string& file, const std::string& name) {
  const auto text = read_file(models_dir() + "/" + file);
  if (!text) return nullptr;
  const auto j = nlohmann::json::parse(*text, nullptr, false);
  if (!j.is_object() || !j.contains("rows")) return nullptr;
  for (const auto& row : j["rows"]) {
    const auto& names = row["for"];
    if (std::find(names.begin(), names.end(), name) != names.end()) return row;
  }
  return nullptr;
}

/// Identification registers (models/identity.json) of the board's core, or of the board if it has a row of its own;
/// what is not there is 0.
std::map<std::string, std::uint32_t> identity(const BoardSpec& board) {
  std::map<std::string, std::uint32_t> out;
  auto row = row_of("identity.json", board.id);
  if (row.is_null()) row = row_of("identity.json", board.core.timing);
  if (row.is_object())
    for (const auto& [key, value] : row["registers"].items())
      out[key] = static_cast<std::uint32_t>(std::stoul(value.get<std::string>(), nullptr, 0));
  return out;
}

CycleConfidence confidence_of(const std::string& core) {
  CycleConfidence c;
  const auto row = row_of("accuracy.json", core);
  if (!row.is_object()) return c;
  c.tier = row.value("tier", c.tier);
  c.low_percent = row.value("low_percent", c.low_percent);
  c.high_percent = row.value("high_percent", c.high_percent);
  c.source = row.value("source", c.source);
  return c;
}

std::optional<std::uint32_t> thumb_feature(const std::string& name) {
  using namespace isa::thumb;
  if (name == "v7m") return v7m;
  if (name == "dsp") return dsp;
  if (name == "fp_sp") return fp_sp;
  if (name == "fp_dp") return fp_dp;
  if (name == "fp_v5") return fp_v5;
  if (name == "v8m") return v8m;
  if (name == "v8m_main") return v8m_main;
  if (name == "security") return security;
  if (name == "mpu") return 0;  // see mpu_config()
  return std::nullopt;
}

/// The MPU of a board whose core is said to have one; how many regions stands in MPU_TYPE of the identification.
isa::thumb::MpuConfig mpu_config(const BoardSpec& board, std::uint32_t features) {
  using namespace isa::thumb;
  MpuConfig config;
  const auto& names = board.core.features;
  const bool v6 = !(features & (isa::thumb::v7m | v8m));
  config.pmsav8 = (features & v8m) != 0;
  config.least_region = v6 ? 256 : 32;
  config.aliases = (features & isa::thumb::v7m) != 0;
  if (std::find(names.begin(), names.end(), "mpu") == names.end()) return config;
  const auto id = identity(board);
  if (const auto at = id.find("mpu_type"); at != id.end()) config.regions = at->second >> 8 & 0xff;
  return config;
}

isa::thumb::SauConfig sau_config(const BoardSpec& board) {
  isa::thumb::SauConfig config;
  config.regions = board.core.sau_regions;
  for (const IdauSpec& r : board.idau) {
    isa::thumb::IdauRange range;
    range.first = r.base;
    range.last = static_cast<Address>(r.base + (r.size - 1));
    range.attribution = r.attribution == "secure"     ? isa::thumb::Attribution::secure
                        : r.attribution == "callable" ? isa::thumb::Attribution::callable
                        : r.attribution == "exempt"   ? isa::thumb::Attribution::exempt
                                                      : isa::thumb::Attribution::non_secure;
    range.region = static_cast<std::uint8_t>(r.region);
    if (r.callable_bit) range.callable_bit = static_cast<std::uint8_t>(*r.callable_bit);
    config.idau.push_back(range);
  }
  return config;
}

std::optional<std::uint32_t> rv32_feature(const std::string& name) {
  using namespace isa::rv32;
  const Features bits = feature_of(name);
  return bits ? std::optional(bits) : std::nullopt;
}

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

Error unknown_feature(const BoardSpec& board, const std::string& feature) {
  return Error{ExitCode::unsupported, fmt::format("core feature '{}' is not supported", feature), "board " + board.id,
               "", "remove it from /core/features if the firmware does not need it"};
}

}  // namespace

struct Machine::ThumbCore {
  ThumbCore(const isa::thumb::ExceptionConfig& config, const isa::thumb::MpuConfig& mpu_config,
            isa::thumb::SauConfig sau_config)
      : unit(config), mpu(mpu_config), mpu_ns(mpu_config), sau(std::move(sau_config)) {}
  isa::thumb::ExceptionUnit unit;
  isa::thumb::Mpu mpu, mpu_ns;
  isa::thumb::Sau sau;
  bool security() const { return unit.config().security; }
  std::unique_ptr<ThumbArch> arch;
  std::unique_ptr<peripherals::PrivateBus> bus;
  bool reset_requested = false;
};

struct Machine::Rv32Core {
  Rv32Core(isa::rv32::TrapConfig config, isa::rv32::TrapUnit::CounterSource counters)
      : traps(std::move(config), std::move(counters)) {}
  isa::rv32::TrapUnit traps;
  std::unique_ptr<Rv32Arch> arch;
};

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

Result<void> Machine::build(std::function<bool(Address)> is_function) {
  const std::string cores = models_dir() + "/cores/";
  const auto text = read_file(cores + board_.core.timing + ".json");
  if (!text)
    return Error{ExitCode::unreadable, fmt::format("no core file '{}'", board_.core.timing), cores,
                 "board " + board_.id + " names it at /core/timing", ""};
  timing::LoadOptions load_options;
  load_options.op_name = [thumb = board_.core.isa == "thumb"](std::uint16_t op) -> const char* {
    if (thumb) return op < isa::thumb::op_count ? isa::thumb::op_name(op) : nullptr;
    return op < isa::rv32::op_count ? isa::rv32::op_name(op) : nullptr;
  };
  load_options.read_core = [&](std::string_view name) { return read_file(cores + std::string(name) + ".json"); };
  load_options.rows = board_.core.timing_rows;
  auto loaded = timing::CoreTiming::load(*text, board_.core.timing, load_options);
  if (!loaded) return loaded.error();
  timing_ = std::move(loaded).value();
  confidence_ = confidence_of(board_.core.timing);

  build_memory();
  if (auto core = board_.core.isa == "thumb" ? build_thumb() : build_rv32(); !core) return core;
  if (auto devices = build_devices(); !devices) return devices;
  // What devices drove while being made is the state at reset, not a change.
  clock_.set_hz(wanted_hz_, 0);
  points_.clear();
  clock_or_waits_changed();
  engine_ =
      std::make_unique<engine::Engine>(engine::Engine::Parts{*arch_, bus_, events_, *timing_}, std::move(is_function));
  engine_->on_operating_point = [this](unsigned, Cycle now) { clock_.set_hz(wanted_hz_, now); };
  if (thumb_) {
    const auto id = identity(board_);
    const auto get = [&](const char* key) {
      const auto at = id.find(key);
      return at == id.end() ? 0u : at->second;
    };
    if (const auto at = id.find("exclusive_mask"); at != id.end()) thumb_->arch->exclusive_mask = at->second;
    peripherals::PrivateBusConfig config;
    config.scb.cpuid = get("cpuid");
    config.scb.mvfr0 = get("mvfr0");
    config.scb.mvfr1 = get("mvfr1");
    config.scb.mvfr2 = get("mvfr2");
    config.scb.clidr = get("clidr");
    config.scb.ctr = get("ctr");
    config.scb.ccsidr_data = get("ccsidr_data");
    config.scb.ccsidr_instruction = get("ccsidr_instruction");
    config.scb.ccr_ones = get("ccr_ones");
    if (id.count("itcmcr"))
      config.scb.m7 = peripherals::M7Control{get("itcmcr"), get("dtcmcr"), get("ahbpcr"), get("ahbscr"), get("cacr")};
    config.systick.reference_divider = board_.core.systick_reference_divider;
    config.dwt.ctrl = get("dwt_ctrl");
    config.dwt.counts = [this] {
      const profile::ProfilingCounters c = profile::profiling_counters(*engine_, *timing_);
      return peripherals::DwtConfig::Counts{c.cpi, c.exception, c.sleep, c.load_store, c.folded};
    };
    config.caches = [this](bool instruction, bool data) {
      for (const auto& r : bus_.regions())
        if (r->flash && r->flash->of_core()) {
          r->flash->set_icache(instruction);
          r->flash->set_dcache(data);
        }
    };
    config.dwt.pc = [this] { return engine_->current_pc(); };
    thumb_->bus = std::make_unique<peripherals::PrivateBus>(
        config, thumb_->unit, thumb_->mpu, engine_->state().r, events_, static_cast<DiagnosticSink&>(*this),
        [this] {
          engine_->kick();
          thumb_->arch->state_changed(engine_->state());
        },
        [this] {
          not_modelled("SCB", 0xd0c, "system reset requested by AIRCR.SYSRESETREQ: the run ends here");
          engine_->request_exit(0);
        },
        thumb_->security() ? peripherals::SecurityParts{&thumb_->mpu_ns, &thumb_->sau} : peripherals::SecurityParts{});
    const auto add = [&](memory::Device& device, Address base) {
      memory::Region region;
      region.name = std::string(device.name());
      region.kind = memory::RegionKind::device;
      region.base = base;
      region.size = peripherals::PrivateBus::device_size;
      region.device = &device;
      bus_.add(std::move(region));
    };
    engine_->on_sleep = [this](bool asleep, Cycle now) { thumb_->bus->dwt().set_sleeping(asleep, now); };
    add(thumb_->bus->scs(), peripherals::PrivateBus::scs_base);
    if (thumb_->security()) add(thumb_->bus->scs_ns(), peripherals::PrivateBus::scs_ns_base);
    if (thumb_->unit.config().profile == isa::thumb::Profile::armv7m)
      add(thumb_->bus->dwt(), peripherals::PrivateBus::dwt_base);
  }
  // What the user types reaches firmware the way that it reads its console: by semihosting or by the board's UART.
  if (auto* uart = dynamic_cast<peripherals::Uart*>(device(board_.console)); uart && !options_.console_input.empty())
    uart->feed(options_.console_input);
  semihost_ = std::make_unique<Semihost>(
      Semihost::Wiring{bus_, *this, *this, *this, [this] { return engine_->now(); },
                       [this] { return clock_.seconds(engine_->now()); }, [this] { return clock_.hz(); }},
      options_.files_folder, options_.console_input, options_.command_line);
  engine_->on_semihost = [this] {
    std::uint32_t* r = engine_->state().r;
    const unsigned op = thumb_ ? 0 : 10;  // r0, r1; a0, a1
    r[op] = semihost_->call(r[op], r[op + 1]);
  };
  return {};
}

void Machine::build_memory() {
  std::map<std::string, memory::Region> made;
  // An alias may stand before what it shares.
  for (const bool alias : {false, true})
    for (const RegionSpec& spec : board_.regions) {
      if (spec.alias_of.empty() == alias) continue;
      memory::Region r;
      r.name = spec.name;
      r.kind = spec.kind;
      r.base = spec.base;
      r.size = spec.size;
      r.read_wait = spec.read_wait;
      r.write_wait = spec.write_wait;
      r.run_wait = spec.run_wait;
      r.unsure = spec.unsure_waits;
      if (alias) {
        const memory::Region& target = made.at(spec.alias_of);
        r.bytes = target.bytes;
        r.bytes_offset = target.bytes_offset + static_cast<std::uint32_t>(spec.alias_offset);
        r.flash = target.flash;
        r.unsure |= target.unsure;
      } else {
        r.bytes = std::make_shared<std::vector<std::uint8_t>>(spec.size);
        // Erased flash reads as ones; RAM starts as zeros so that every run is the same.
        if (spec.kind == memory::RegionKind::flash) std::fill(r.bytes->begin(), r.bytes->end(), std::uint8_t{0xff});
      }
      if (spec.front_end) {
        r.flash = std::make_shared<memory::FlashTiming>(*spec.front_end);
        if (options_.flash_wait_states) r.flash->hold_wait_states(*options_.flash_wait_states);
        r.flash->on_wait_states([this] { clock_or_waits_changed(); });
      }
      made[spec.name] = r;
      bus_.add(std::move(r));
    }
}

Result<void> Machine::build_thumb() {
  std::uint32_t features = 0;
  for (const std::string& name : board_.core.features) {
    const auto bit = thumb_feature(name);
    if (!bit) return unknown_feature(board_, name);
    features |= *bit;
  }
  isa::thumb::ExceptionConfig config;
  config.profile = features & isa::thumb::v7m ? isa::thumb::Profile::armv7m : isa::thumb::Profile::armv6m;
  config.fpu = (features & (isa::thumb::fp_sp | isa::thumb::fp_dp)) != 0;
  config.dsp = (features & isa::thumb::dsp) != 0;
  config.interrupts = board_.core.irq_count;
  config.priority_bits = board_.core.nvic_priority_bits;
  const auto id = identity(board_);
  if (const auto at = id.find("unprivileged"); at != id.end()) config.unprivileged = at->second != 0;
  config.v8m = (features & isa::thumb::v8m) != 0;
  config.security = (features & isa::thumb::security) != 0;
  thumb_ = std::make_unique<ThumbCore>(config, mpu_config(board_, features), sau_config(board_));
  thumb_->arch = std::make_unique<ThumbArch>(thumb_->unit, thumb_->mpu, config.security ? &thumb_->mpu_ns : nullptr,
                                             config.security ? &thumb_->sau : nullptr, bus_, *timing_, features);
  arch_ = thumb_->arch.get();
  return {};
}

Result<void> Machine::build_rv32() {
  using namespace isa::rv32;
  std::uint32_t features = feature_machine;
  for (const std::string& name : board_.core.features) {
    const auto bit = rv32_feature(name);
    if (!bit) return unknown_feature(board_, name);
    features |= *bit;
  }
  const auto id = identity(board_);
  const auto get = [&](const char* key, std::uint32_t otherwise) {
    const auto at = id.find(key);
    return at == id.end() ? otherwise : at->second;
  };
  TrapConfig config;
  config.misa = get("misa", 0);
  config.mvendorid = get("mvendorid", 0);
  config.marchid = get("marchid", 0);
  config.mimpid = get("mimpid", 0);
  config.user_mode = get("user_mode", 0) != 0;
  config.user_counters = get("user_counters", 0);
  config.inhibit_exists = get("mcountinhibit", 1) != 0;
  config.inhibit_reset = get("mcountinhibit_reset", 0);
  config.event_counters = get("event_counters", 1) != 0;
  config.pmp.entries = get("pmp_entries", 0);
  config.pmp.csrs = get("pmp_csrs", config.pmp.entries == 0 ? 0 : config.pmp.entries <= 16 ? 16 : 64);
  config.pmp.grain = get("pmp_grain", 0);
  config.compressed = (features & feature_c) != 0;
  config.fpu = (features & feature_f) != 0;
  config.ebreak_tval = get("ebreak_tval", 0) != 0;
  config.mtvec_base_mask = get("mtvec_base_mask", 0xfffffffc);
  config.mtvec_direct = get("mtvec_vectored_only", 0) == 0;
  config.mtvec_reset = board_.boot.reset_mtvec.value_or(0);
  if (get("fast_interrupts", 0)) {
    config.fast_first = true;
    config.interrupts |= 0x7fffu << irq_fast_0;
  }
  config.presented_interrupts = get("presented_interrupts", 0) != 0;
  if (config.presented_interrupts) config.mcause_mask = 0x800000ff;
  config.vector_addresses = get("vector_addresses", 0) != 0;
  config.exception_vector = get("exception_vector", 0);
  config.hardware_stacking = get("hardware_stacking", 0) != 0;
  rv32_ = std::make_unique<Rv32Core>(config, [this] {
    CounterTotals totals;
    totals.cycles = engine_->now();
    totals.retired = engine_->retired();
    for (const auto& d : devices_)
      if (const auto* clint = dynamic_cast<const peripherals::Clint*>(d.get()))
        totals.time = clint->mtime(totals.cycles);
    return totals;
  });
  rv32_->arch = std::make_unique<Rv32Arch>(rv32_->traps, bus_, *timing_,
                                           Rv32Arch::Options{features, get("misaligned_access", 0) != 0});
  rv32_->arch->on_protection = [this](auto protection) {
    if (engine_) engine_->set_protection(std::move(protection));
  };
  if (config.presented_interrupts)
    rv32_->arch->interrupts.present = [this](std::optional<unsigned> number) {
      rv32_->traps.present(number);
      if (engine_) engine_->kick();
    };
  rv32_->traps.on_event_counter = [this](std::uint32_t csr) {
    not_modelled("CSR", csr, "event counter: mhpmcounter and mhpmevent read 0");
  };
  arch_ = rv32_->arch.get();
  return {};
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

Result<void> Machine::build_devices() {
  clocks_.drive(peripherals::ClockNets::core, board_.core.reset_clock_hz, 0);
  if (options_.clock_hz) clocks_.hold_core(*options_.clock_hz);
  clocks_.on_change(peripherals::ClockNets::core, [this](Cycle) {
    if (const Hertz hz = clocks_.hz(peripherals::ClockNets::core)) wanted_hz_ = hz;
    clock_or_waits_changed();
  });
  peripherals::Wiring wiring;
  wiring.events = &events_;
  wiring.clocks = &clocks_;
  wiring.irqs = this;
  wiring.console = this;
  wiring.exit = this;
  wiring.diagnostics = this;
  if (rv32_ && rv32_->arch->interrupts.present) wiring.interrupts = &rv32_->arch->interrupts;
  wiring.peek = [this](Address from, std::uint8_t* to, std::size_t n) { return bus_.peek(from, to, n); };
  wiring.callable_memory = [this](std::uint32_t bits) {
    if (!thumb_ || !thumb_->security()) return;
    thumb_->sau.set_callable(bits);
    if (engine_) thumb_->arch->state_changed(engine_->state());
  };
  wiring.poke = [this](Address to, const std::uint8_t* from, std::size_t n) { return bus_.poke(to, from, n); };
  wiring.program = [this](std::string_view region, bool on) {
    // Its pages stay out of the write tables, so that each store comes by the bus.
    for (const auto& r : bus_.regions())
      if (r->name == region) r->kind = on ? memory::RegionKind::ram : memory::RegionKind::flash;
  };
  wiring.retired = [this] { return engine_ ? engine_->retired() : 0; };
  wiring.flash = [this](std::string_view region) -> memory::FlashTiming* {
    for (const auto& r : bus_.regions())
      if (r->name == region) return r->flash.get();
    return nullptr;
  };
  if (auto made = peripherals::build_devices(board_.devices, wiring, devices_); !made) return made;
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const peripherals::DeviceSpec& spec = board_.devices[i];
    memory::Region region;
    region.name = spec.name;
    region.kind = memory::RegionKind::device;
    region.base = spec.base;
    region.size = spec.size;
    region.read_wait = spec.read_wait;
    region.write_wait = spec.write_wait;
    region.unsure = spec.unsure_waits;
    region.device = devices_[i].get();
    for (const Address alias : spec.aliases) {
      memory::Region same = region;
      same.base = alias;
      bus_.add(std::move(same));
    }
    bus_.add(std::move(region));
  }
  return {};
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

  Address boot = image.entry();
  if (thumb_) {
    // The vector table: the image's own section if it says so, else where the board expects it, else the lowest byte.
    boot = *lowest;
    bool named = false;
    for (const char* name : {".isr_vector", ".vectors", ".vector_table", ".intvecs"})
      if (const memory::ElfSection* s = image.section(name); s && s->size) {
        boot = s->addr;
        named = true;
      }
    const auto holds = [&](Address a) {
      return std::any_of(image.segments().begin(), image.segments().end(), [&](const memory::LoadSegment& s) {
        return a >= s.paddr && a + 8 <= s.paddr + s.bytes.size();
      });
    };
    if (!named && board_.boot.vector_table && holds(*board_.boot.vector_table)) boot = *board_.boot.vector_table;
  }
  const auto start = arch_->reset(engine_->state(), boot);
  if (!start)
    return Error{ExitCode::usage, "the core has nowhere to start", fmt::format("vector table at 0x{:08x}", boot),
                 "no memory there", "check --board"};
  engine_->set_pc(start->pc, start->mode);
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
    return r->kind != memory::RegionKind::device && (r->flash || r->read_wait || r->write_wait);
  });
}

std::vector<Machine::SystemRegister> Machine::system_registers() const {
  std::vector<SystemRegister> all;
  if (rv32_)
    for (auto& csr : rv32_->traps.csrs()) all.push_back({std::move(csr.name), csr.number});
  return all;
}

std::optional<std::uint32_t> Machine::read_system_register(std::uint32_t number) const {
  std::uint32_t value = 0;
  if (!rv32_ || !rv32_->traps.debug_read(number, value)) return std::nullopt;
  return value;
}

bool Machine::write_system_register(std::uint32_t number, std::uint32_t value) {
  if (!rv32_ || !rv32_->arch->debug_write(number, value)) return false;
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
  const unsigned irq = exception - isa::thumb::external_0;
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
  rv32_->traps.csr_read(0x304, mie);
  for (unsigned line = 0; line < 32; ++line)
    if (mie >> line & 1) names.emplace_back(isa::rv32::cause_text(isa::rv32::cause_interrupt | line));
  return names;
}

std::string Machine::interrupts_masked() const {
  const std::uint32_t* r = engine_->state().r;
  if (!thumb_) {
    std::uint32_t mstatus = 0;
    rv32_->traps.csr_read(0x300, mstatus);
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

void Machine::not_modelled(std::string_view device, std::uint32_t offset, std::string_view what) {
  ++not_modelled_[{std::string(device), offset, std::string(what)}];
}

}  // namespace mj
