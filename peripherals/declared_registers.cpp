// A device that a board file describes register by register: for the clock, power and flash controllers of a chip that
// start-up code polls, where reset values, ready bits and a few effects are all that firmware sees of them.
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// Parameters, each a flat list of numbers:
///   reset          offset, value, ...                 declares registers
///   storage        offset, count, ...                 declares plain registers, 4 bytes apart, 0 at reset
///   read_only      offset, mask, ...                  bits that writes leave alone
///   follow_left    from, mask, to, shift, ...         bits of one register appear in another ("ready follows enable")
///   follow_right   likewise, to lower bits
///   core_hz_when   offset, mask, value, hz, ...       the core's clock while the masked register has this value
///   wait_states    offset, mask                       of the front end of region `flash`; likewise
///   icache, dcache, prefetch   offset, mask           on while the masked bits are not 0
///   flush          offset, mask                       emptied when one of these bits is written as 1
class DeclaredRegisters final : public RegisterMap {
 public:
  DeclaredRegisters(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    const auto list = [&](const char* key) {
      std::vector<std::uint32_t> out;
      for (const std::uint64_t n : spec.list(key)) out.push_back(static_cast<std::uint32_t>(n));
      return out;
    };
    const auto reset = list("reset"), storage = list("storage"), read_only = list("read_only");
    std::map<std::uint32_t, Register> registers;
    const auto declare = [&](std::uint32_t offset, std::uint32_t value) {
      offset &= ~3u;
      registers.emplace(offset, Register{.offset = offset, .name = "", .reset = value, .writable = 0xFFFFFFFF});
    };
    for (std::size_t i = 0; i + 1 < reset.size(); i += 2) declare(reset[i], reset[i + 1]);
    for (std::size_t i = 0; i + 1 < storage.size(); i += 2)
      for (std::uint32_t k = 0; k < storage[i + 1] && k < most_storage; ++k) declare(storage[i] + 4 * k, 0);
    for (std::size_t i = 0; i + 1 < read_only.size(); i += 2)
      if (const auto at = registers.find(read_only[i] & ~3u); at != registers.end())
        at->second.writable &= ~read_only[i + 1];
    std::vector<Register> rows;
    for (auto& [offset, row] : registers) {
      row.write = [this](std::uint32_t written, Cycle now) { changed(written, now); };
      rows.push_back(std::move(row));
    }
    define(std::move(rows));
    std::vector<Follow> follow;
    for (const bool left : {true, false}) {
      const auto rules = list(left ? "follow_left" : "follow_right");
      for (std::size_t i = 0; i + 3 < rules.size(); i += 4) {
        const int shift = static_cast<int>(rules[i + 3] & 31);
        follow.push_back({rules[i] & ~3u, rules[i + 1], rules[i + 2] & ~3u, left ? shift : -shift});
      }
    }
    define_follow(std::move(follow));
    clocks_ = list("core_hz_when");
    if (wiring_.flash && spec.has("flash")) timing_ = wiring_.flash(spec.text_or("flash", ""));
    wait_states_ = field(list("wait_states"));
    icache_ = field(list("icache"));
    dcache_ = field(list("dcache"));
    prefetch_ = field(list("prefetch"));
    flush_ = field(list("flush"));
    drive(0);
  }

  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override {
    written_ = offset & ~3u;
    RegisterMap::write(offset, size, value, now);
  }

 private:
  static constexpr std::uint32_t most_storage = 0x400;
  struct Field {
    std::uint32_t offset = 0, mask = 0;
  };
  static Field field(const std::vector<std::uint32_t>& numbers) {
    return numbers.size() < 2 ? Field{} : Field{numbers[0] & ~3u, numbers[1]};
  }
  std::uint32_t value(const Field& f) const {
    std::uint32_t v = get(f.offset) & f.mask, mask = f.mask;
    for (; mask && !(mask & 1); mask >>= 1) v >>= 1;
    return v;
  }
  bool concerns(const Field& f) const { return f.mask && f.offset == written_; }

  void changed(std::uint32_t written, Cycle now) {
    drive(now);
    if (!timing_) return;
    if (concerns(wait_states_)) timing_->set_wait_states(value(wait_states_));
    if (concerns(icache_)) timing_->set_icache(value(icache_) != 0);
    if (concerns(dcache_)) timing_->set_dcache(value(dcache_) != 0);
    if (concerns(prefetch_)) timing_->set_prefetch(value(prefetch_) != 0);
    if (concerns(flush_) && (written & flush_.mask)) timing_->flush();
  }

  void drive(Cycle now) {
    for (std::size_t i = 0; i + 3 < clocks_.size(); i += 4)
      if ((get(clocks_[i] & ~3u) & clocks_[i + 1]) == clocks_[i + 2]) {
        wiring_.clocks->drive(ClockNets::core, clocks_[i + 3], now);
        return;
      }
  }

  std::vector<std::uint32_t> clocks_;
  memory::FlashTiming* timing_ = nullptr;
  Field wait_states_, icache_, dcache_, prefetch_, flush_;
  std::uint32_t written_ = 0;
};

}  // namespace

DevicePtr make_declared_registers(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<DeclaredRegisters>(spec, wiring);
}

}  // namespace mj::peripherals
