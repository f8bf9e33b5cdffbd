#include "memory/bus.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace mj::memory {

namespace {
template <class T>
T* zero_table() {
  // calloc, not a vector: untouched parts of the 8 MiB stay unmapped on the host.
  auto* table = static_cast<T*>(std::calloc(Bus::page_count, sizeof(T)));
  if (!table) throw std::bad_alloc();
  return table;
}
}  // namespace

Bus::Bus()
    : read_pages_(zero_table<std::uintptr_t>()),
      write_pages_(zero_table<std::uintptr_t>()),
      cached_pages_(zero_table<const Region*>()),
      code_pages_(page_count) {}

Bus::~Bus() {
  std::free(read_pages_);
  std::free(write_pages_);
  std::free(cached_pages_);
}

DataPort& Bus::make_data_port(const DataPort::Params& params) {
  port_ = std::make_unique<DataPort>(params);
  return *port_;
}

Region& Bus::add(Region region) {
  auto at = std::find_if(regions_.begin(), regions_.end(), [&](const auto& r) { return r->base > region.base; });
  assert(at == regions_.end() || region.base + region.size <= (*at)->base);
  assert(at == regions_.begin() || (*std::prev(at))->base + (*std::prev(at))->size <= region.base);
  at = regions_.insert(at, std::make_unique<Region>(std::move(region)));
  map_pages(**at);
  return **at;
}

void Bus::map_pages(const Region& region, Address from, Address to) {
  if (region.kind == RegionKind::device) return;
  const std::uint64_t page = std::uint64_t{1} << page_bits;
  const std::uint64_t first = std::max((region.base + page - 1) & ~(page - 1), from & ~(page - 1));
  const std::uint64_t last = std::min((region.base + region.size) & ~(page - 1), (to | (page - 1)) + 1);
  ProtectionRange run{0, 0xffffffff, 0xff};
  if (protection_ && first < last) run = protection_->run_at(static_cast<Address>(first));
  for (std::uint64_t a = first; a < last; a += page) {
    const auto bias = reinterpret_cast<std::uintptr_t>(region.host(static_cast<Address>(a))) - a;
    const auto at = static_cast<Address>(a);
    if (at > run.last) run = protection_->run_at(at);
    const auto page_end = at + static_cast<Address>(page - 1);
    const std::uint8_t permits = run.last >= page_end ? run.permits : protection_->permits(at, page_end);
    const bool free_read = region.read_wait == 0 && !region.flash && !region.bus && (permits & permit_read);
    const bool free_write =
        region.kind == RegionKind::ram && region.write_wait == 0 && !region.bus && (permits & permit_write);
    read_pages_[a >> page_bits] = free_read ? bias : 0;
    cached_pages_[a >> page_bits] =
        region.flash && region.read_wait == 0 && (permits & permit_read) ? &region : nullptr;
    write_pages_[a >> page_bits] = free_write && !code_pages_[a >> page_bits] ? bias : 0;
  }
}

Region* Bus::find(Address a) {
  if (last_ && last_->contains(a, 1)) return last_;
  auto at = std::upper_bound(regions_.begin(), regions_.end(), a,
                             [](Address x, const std::unique_ptr<Region>& r) { return x < r->base; });
  if (at == regions_.begin()) return nullptr;
  --at;
  if (!(*at)->contains(a, 1)) return nullptr;
  return last_ = at->get();
}

Bus::Outcome Bus::read(Address a, unsigned size, Cycle now) {
  Outcome out;
  Region* r = find(a);
  if (!r || !r->contains(a, size)) {
    out.fault = AccessFault::unmapped;
    return out;
  }
  out.traffic_row = r->traffic_row;
  out.extra_cycles = r->read_wait;
  out.unsure = r->unsure;
  if (port_ && port_->buffers_stores() && (r->read_wait || r->write_wait)) {
    out.buffered_cycles = port_->drain(now).buffered;
    out.extra_cycles += out.buffered_cycles;
  }
  if (r->kind == RegionKind::device) {
    out.device = true;
    out.value = r->device->read(a - r->base, size, now);
    return out;
  }
  if (r->flash) {
    const std::uint64_t before = r->flash->array_reads();
    const bool cacheable = !r->flash->of_core() || !port_ || port_->policy(a) != CachePolicy::none;
    out.extra_cycles += r->flash->data_read(a, now, cacheable);
    out.flash = true;
    out.cache_miss = r->flash->cause().miss;
    out.queued_cycles = r->flash->cause().queued;
    out.array_reads = static_cast<std::uint32_t>(r->flash->array_reads() - before);
  }
  if (r->bus) {
    const DataPort::Cost cost = port_->read(a, now, *r->bus, r->host(a));
    out.extra_cycles += cost.cycles;
    out.queued_cycles = cost.queued;
    out.buffered_cycles += cost.buffered;
    out.cache_miss = cost.miss;
  }
  std::memcpy(&out.value, r->host(a), size);
  return out;
}

Bus::Outcome Bus::write(Address a, unsigned size, std::uint32_t value, Cycle now) {
  Outcome out;
  Region* r = find(a);
  if (!r || !r->contains(a, size)) {
    out.fault = AccessFault::unmapped;
    return out;
  }
  if (r->kind == RegionKind::flash) {
    out.fault = AccessFault::read_only;
    return out;
  }
  out.traffic_row = r->traffic_row;
  out.extra_cycles = r->write_wait;
  out.unsure = r->unsure;
  if (port_ && port_->buffers_stores() && r->write_wait)
    out.extra_cycles = out.buffered_cycles = port_->post(a, now, r->write_wait).buffered;
  if (r->bus) {
    const DataPort::Cost cost = port_->write(a, now, *r->bus, r->host(a));
    out.extra_cycles += cost.cycles;
    out.buffered_cycles += cost.buffered;
  }
  if (r->kind == RegionKind::device) {
    out.device = true;
    r->device->write(a - r->base, size, value, now);
    return out;
  }
  std::memcpy(r->host(a), &value, size);
  if (code_pages_[a >> page_bits]) report_code_write(*r, a, size);
  return out;
}

bool Bus::peek(Address a, std::uint8_t* out, std::size_t n) {
  for (std::size_t done = 0; done < n;) {
    const auto at = static_cast<Address>(a + done);
    Region* r = find(at);
    if (!r || r->kind == RegionKind::device || at < a) return false;
    const std::size_t chunk = std::min<std::uint64_t>(n - done, r->size - (at - r->base));
    std::memcpy(out + done, r->host(at), chunk);
    done += chunk;
  }
  return true;
}

bool Bus::poke(Address a, const std::uint8_t* in, std::size_t n) {
  for (std::size_t done = 0; done < n;) {  // check first: all or nothing
    const auto at = static_cast<Address>(a + done);
    Region* r = find(at);
    if (!r || r->kind == RegionKind::device || at < a) return false;
    done += std::min<std::uint64_t>(n - done, r->size - (at - r->base));
  }
  for (std::size_t done = 0; done < n;) {
    const auto at = static_cast<Address>(a + done);
    Region* r = find(at);
    const std::size_t chunk = std::min<std::uint64_t>(n - done, r->size - (at - r->base));
    std::memcpy(r->host(at), in + done, chunk);
    report_code_write(*r, at, static_cast<unsigned>(chunk));
    done += chunk;
  }
  return true;
}

void Bus::report_code_write(const Region& region, Address a, unsigned size) {
  if (!code_write_) return;
  // The same bytes may have been decoded at any of their addresses.
  const std::uint64_t at = region.bytes_offset + std::uint64_t{a - region.base};
  for (const auto& r : regions_)
    if (r->bytes == region.bytes && at >= r->bytes_offset && at - r->bytes_offset < r->size)
      code_write_(static_cast<Address>(r->base + (at - r->bytes_offset)), size);
}

void Bus::mark_code(Address a) {
  const auto mark = [this](std::size_t page) {
    code_pages_[page] = 1;
    write_pages_[page] = 0;
  };
  const Address page = a & ~((1u << page_bits) - 1);
  mark(a >> page_bits);
  const Region* region = find(a);
  if (!region) return;
  // Writes through an alias must be seen too. An alias may lie otherwise within pages: all that hold these bytes.
  const std::uint64_t from = region->bytes_offset + (std::max<std::uint64_t>(page, region->base) - region->base);
  const std::uint64_t to = from + (std::uint64_t{1} << page_bits);
  for (const auto& r : regions_) {
    if (r->bytes != region->bytes || from >= r->bytes_offset + r->size || to <= r->bytes_offset) continue;
    const std::uint64_t first = r->base + (std::max<std::uint64_t>(from, r->bytes_offset) - r->bytes_offset);
    const std::uint64_t last = r->base + (std::min<std::uint64_t>(to, r->bytes_offset + r->size) - r->bytes_offset) - 1;
    for (std::uint64_t p = first >> page_bits; p <= last >> page_bits; ++p) mark(p);
  }
}

void Bus::set_protection(const Protection* protection) {
  if (protection == protection_) return;
  const Protection* before = protection_;
  protection_ = protection;
  if (port_) port_->forget_quick();
  const auto run_at = [](const Protection* p, Address a) {
    return p ? p->run_at(a) : ProtectionRange{a, 0xffffffff, 0xff};
  };
  constexpr std::uint8_t data = permit_read | permit_write;
  for (Address a = 0;;) {
    const ProtectionRange old = run_at(before, a), now = run_at(protection_, a);
    const Address last = std::min(old.last, now.last);
    if ((old.permits ^ now.permits) & data)
      for (const auto& r : regions_)
        if (r->base <= last && r->base + (r->size - 1) >= a) map_pages(*r, a, last);
    if (last == 0xffffffff) break;
    a = last + 1;
  }
}

void Bus::unmark_all_code() {
  std::fill(code_pages_.begin(), code_pages_.end(), std::uint8_t{0});
  for (const auto& r : regions_) map_pages(*r);
}

}  // namespace mj::memory
