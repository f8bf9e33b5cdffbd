// Puts a machine together from the files under models/: memory, core, devices, engine.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "isa/rv32/decode.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/features.h"
#include "peripherals/clint.h"
#include "peripherals/uart.h"
#include "sim/machine_parts.h"
#include "sim/model_rows.h"
#include "sim/profile/counts.h"

namespace mj {

namespace {

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
isa::thumb::MpuConfig mpu_config(const BoardSpec& board, std::uint32_t mpu_type, std::uint32_t features) {
  using namespace isa::thumb;
  MpuConfig config;
  const auto& names = board.core.features;
  const bool v6 = !(features & (isa::thumb::v7m | v8m));
  config.pmsav8 = (features & v8m) != 0;
  config.least_region = v6 ? 256 : 32;
  config.aliases = (features & isa::thumb::v7m) != 0;
  if (std::find(names.begin(), names.end(), "mpu") == names.end()) return config;
  config.regions = mpu_type >> 8 & 0xff;
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

Error unknown_feature(const BoardSpec& board, const std::string& feature) {
  return Error{ExitCode::unsupported, fmt::format("core feature '{}' is not supported", feature), "board " + board.id,
               "", "remove it from /core/features if the firmware does not need it"};
}

}  // namespace

Result<void> Machine::build(std::function<bool(Address)> is_function) {
  const std::string cores = models_dir() + "/cores/";
  const auto text = read_core_file(board_.core.timing);
  if (!text)
    return Error{ExitCode::unreadable, fmt::format("no core file '{}'", board_.core.timing), cores,
                 "board " + board_.id + " names it at /core/timing", ""};
  timing::LoadOptions load_options;
  load_options.op_name = [thumb = board_.core.isa == "thumb"](std::uint16_t op) -> const char* {
    if (thumb) return op < isa::thumb::op_count ? isa::thumb::op_name(op) : nullptr;
    return op < isa::rv32::op_count ? isa::rv32::op_name(op) : nullptr;
  };
  load_options.read_core = read_core_file;
  load_options.rows = board_.core.timing_rows;
  auto loaded = timing::CoreTiming::load(*text, board_.core.timing, load_options);
  if (!loaded) return loaded.error();
  timing_ = std::move(loaded).value();
  auto confidence = confidence_of(board_.core.timing);
  if (!confidence) return confidence.error();
  confidence_ = std::move(confidence).value();

  build_memory();
  const auto id = Identity::of(board_);
  if (!id) return id.error();
  if (auto core = board_.core.isa == "thumb" ? build_thumb(*id) : build_rv32(*id); !core) return core;
  if (auto devices = build_devices(); !devices) return devices;
  // What devices drove while being made is the state at reset, not a change.
  clock_.set_hz(wanted_hz_, 0);
  points_.clear();
  clock_or_waits_changed();
  engine_ =
      std::make_unique<engine::Engine>(engine::Engine::Parts{*arch_, bus_, events_, *timing_}, std::move(is_function));
  engine_->on_operating_point = [this](unsigned, Cycle now) { clock_.set_hz(wanted_hz_, now); };
  if (thumb_) build_private_bus(*id);
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
  const timing::StoreBuffer& buffer = timing_->store_buffer();
  const auto behind_bus = [](const RegionSpec& r) { return r.bus.has_value(); };
  if (buffer.entries || std::any_of(board_.regions.begin(), board_.regions.end(), behind_bus))
    bus_.make_data_port({buffer.entries, buffer.merge_bytes});
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
      r.alias = alias;
      if (alias) {
        const memory::Region& target = made.at(spec.alias_of);
        r.bytes = target.bytes;
        r.bytes_offset = target.bytes_offset + static_cast<std::uint32_t>(spec.alias_offset);
        r.flash = target.flash;
        r.bus = target.bus;
        r.unsure |= target.unsure;
      } else {
        r.bytes = std::make_shared<std::vector<std::uint8_t>>(spec.size);
        // Erased flash reads as ones; RAM starts as zeros so that every run is the same.
        if (spec.kind == memory::RegionKind::flash) std::fill(r.bytes->begin(), r.bytes->end(), std::uint8_t{0xff});
      }
      if (spec.bus) r.bus = spec.bus;
      if (spec.front_end) {
        r.flash = std::make_shared<memory::FlashTiming>(*spec.front_end);
        if (options_.flash_wait_states) r.flash->hold_wait_states(*options_.flash_wait_states);
        r.flash->on_wait_states([this] { clock_or_waits_changed(); });
        if (auto* port = bus_.data_port(); port && r.flash->of_core()) port->use(r.flash);
      }
      made[spec.name] = r;
      bus_.add(std::move(r));
    }
}

Result<void> Machine::build_thumb(const Identity& id) {
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
  config.unprivileged = id.get("unprivileged", config.unprivileged) != 0;
  config.v8m = (features & isa::thumb::v8m) != 0;
  config.security = (features & isa::thumb::security) != 0;
  thumb_ = std::make_unique<ThumbCore>(config, mpu_config(board_, id.get("mpu_type"), features), sau_config(board_));
  thumb_->arch = std::make_unique<ThumbArch>(thumb_->unit, thumb_->mpu, config.security ? &thumb_->mpu_ns : nullptr,
                                             config.security ? &thumb_->sau : nullptr, bus_, *timing_, features);
  arch_ = thumb_->arch.get();
  return {};
}

void Machine::build_private_bus(const Identity& id) {
  thumb_->arch->exclusive_mask = id.get("exclusive_mask", thumb_->arch->exclusive_mask);
  peripherals::PrivateBusConfig config;
  config.scb.cpuid = id.get("cpuid");
  config.scb.mvfr0 = id.get("mvfr0");
  config.scb.mvfr1 = id.get("mvfr1");
  config.scb.mvfr2 = id.get("mvfr2");
  config.scb.clidr = id.get("clidr");
  config.scb.ctr = id.get("ctr");
  config.scb.ccsidr_data = id.get("ccsidr_data");
  config.scb.ccsidr_instruction = id.get("ccsidr_instruction");
  config.scb.ccr_ones = id.get("ccr_ones");
  if (id.has("itcmcr"))
    config.scb.m7 =
        peripherals::M7Control{id.get("itcmcr"), id.get("dtcmcr"), id.get("ahbpcr"), id.get("ahbscr"), id.get("cacr")};
  config.systick.reference_divider = board_.core.systick_reference_divider;
  config.dwt.ctrl = id.get("dwt_ctrl");
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
  config.maintain = [this](const peripherals::CacheMaintenance& m) { maintain_caches(m); };
  update_cache_policies();
  config.dwt.pc = [this] { return engine_->current_pc(); };
  thumb_->bus = std::make_unique<peripherals::PrivateBus>(
      config, thumb_->unit, thumb_->mpu, engine_->state().r, events_, static_cast<DiagnosticSink&>(*this),
      [this] {
        engine_->kick();
        thumb_->arch->state_changed(engine_->state());
        if (thumb_->mpu.version() != thumb_->policies_of) update_cache_policies();
      },
      [this] {
        not_modelled("SCB", 0xd0c, "system reset requested by AIRCR.SYSRESETREQ: the run ends here");
        request_reset();
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

void Machine::maintain_caches(const peripherals::CacheMaintenance& m) {
  using Of = peripherals::CacheMaintenance::Of;
  using Operation = memory::DataPort::Operation;
  for (const auto& r : bus_.regions())
    if (m.of == Of::code && r->flash && r->flash->of_core() && r->kind == memory::RegionKind::flash) {
      if (m.all)
        r->flash->invalidate_code();
      else
        r->flash->invalidate_code(m.operand);
    }
  memory::DataPort* port = bus_.data_port();
  if (m.of != Of::data || !port) return;
  const Operation operation = !m.clean       ? Operation::invalidate
                              : m.invalidate ? Operation::clean_and_invalidate
                                             : Operation::clean;
  if (m.by_way)
    port->maintain_by_way(operation, m.operand);
  else
    port->maintain(operation, m.operand);
}

void Machine::update_cache_policies() {
  thumb_->policies_of = thumb_->mpu.version();
  memory::DataPort* port = bus_.data_port();
  if (!port) return;
  std::vector<memory::CachePolicyRange> ranges;
  for (const isa::thumb::MpuMemory& m : thumb_->mpu.memory()) {
    using isa::thumb::Cacheable;
    const auto policy = m.cacheable == Cacheable::write_through    ? memory::CachePolicy::write_through
                        : m.cacheable == Cacheable::write_back     ? memory::CachePolicy::write_back
                        : m.cacheable == Cacheable::write_allocate ? memory::CachePolicy::write_allocate
                                                                   : memory::CachePolicy::none;
    ranges.push_back({m.first, m.last, policy});
  }
  port->set_policies(std::move(ranges));
}

Result<void> Machine::build_rv32(const Identity& id) {
  using namespace isa::rv32;
  std::uint32_t features = feature_machine;
  for (const std::string& name : board_.core.features) {
    const auto bit = rv32_feature(name);
    if (!bit) return unknown_feature(board_, name);
    features |= *bit;
  }
  TrapConfig config;
  config.misa = id.get("misa");
  config.mvendorid = id.get("mvendorid");
  config.marchid = id.get("marchid");
  config.mimpid = id.get("mimpid");
  config.user_mode = id.get("user_mode") != 0;
  config.user_counters = id.get("user_counters", 0b111);  // Zicntr
  config.inhibit_exists = id.get("mcountinhibit", 1) != 0;
  config.inhibit_reset = id.get("mcountinhibit_reset");
  config.inhibit_mask = id.get("mcountinhibit_mask", config.inhibit_mask);
  config.mcounteren_mask = id.get("mcounteren_mask", config.user_counters);
  config.event_counters = id.get("event_counters", 1) != 0;
  config.pmp.entries = id.get("pmp_entries");
  config.pmp.csrs = id.get("pmp_csrs", config.pmp.entries == 0 ? 0 : config.pmp.entries <= 16 ? 16 : 64);
  config.pmp.grain = id.get("pmp_grain");
  config.pmp.hazard3 = id.get("pmp_hazard3") != 0;
  config.pmp.xwr_reversed = id.get("pmp_xwr_reversed") != 0;
  for (unsigned entry = 0; entry < config.pmp.entries; ++entry)
    if (const std::string key = fmt::format("pmp{}", entry); id.has((key + "_cfg").c_str()))
      config.pmp.wired.push_back(
          {entry, static_cast<std::uint8_t>(id.get((key + "_cfg").c_str())), id.get((key + "_addr").c_str())});
  config.compressed = (features & feature_c) != 0;
  config.fpu = (features & feature_f) != 0;
  config.ebreak_tval = id.get("ebreak_tval") != 0;
  config.mtvec_base_mask = id.get("mtvec_base_mask", 0xfffffffc);
  config.mtvec_direct = id.get("mtvec_vectored_only") == 0;
  config.mtvec_reset = board_.boot.reset_mtvec.value_or(0) | id.get("mtvec_reset_mode");
  config.mstatus_reset = id.get("mstatus");
  config.interrupts |= id.get("fast_interrupts") << irq_fast_0;
  config.fast_highest_first = id.get("fast_highest_first") != 0;
  config.fast_first = !config.fast_highest_first && id.get("fast_interrupts") != 0;
  config.presented_interrupts = id.get("presented_interrupts") != 0;
  config.mcause_mask = id.get("mcause_mask", config.presented_interrupts ? 0x800000ff : config.mcause_mask);
  config.tval = id.get("mtval", 1) != 0;
  config.mstatus_storage = id.get("mstatus_storage");
  config.cpuctrl = id.get("cpuctrlsts") != 0;
  config.user_masked = id.get("user_masked") != 0;
  config.hazard3_irq = {id.get("xh3irq_lines"), id.get("xh3irq_priority_bits")};
  config.hazard3_power = (features & feature_xh3power) != 0;
  config.performance_counter = id.get("performance_counter") != 0;
  for (const Identity::Csrs& r : id.csrs()) {
    if (r.value)
      config.constant_csrs.push_back({r.first, r.last, *r.value});
    else
      config.absent_csrs.push_back({r.first, r.last});
  }
  config.vector_addresses = id.get("vector_addresses") != 0;
  config.exception_vector = id.get("exception_vector");
  config.hardware_stacking = id.get("hardware_stacking") != 0;
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
                                           Rv32Arch::Options{features, id.get("misaligned_access") != 0});
  rv32_->arch->on_protection = [this](auto protection) {
    if (engine_) engine_->set_protection(std::move(protection));
  };
  if (config.presented_interrupts)
    rv32_->arch->interrupts.present = [this](std::optional<unsigned> number) {
      rv32_->traps.present(number);
      if (engine_) engine_->kick();
    };
  rv32_->traps.on_event_counter = [this](std::uint32_t csr) {
    not_modelled("CSR", csr, "event counter: counts no such event");
  };
  arch_ = rv32_->arch.get();
  return {};
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
  if (rv32_) wiring.core_lines = this;
  if (rv32_ && rv32_->traps.hazard3_irq().lines() != 0) wiring.irqs = &external_;
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

}  // namespace mj
