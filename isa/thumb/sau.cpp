#include "isa/thumb/sau.h"

#include <algorithm>

namespace mj::isa::thumb {
namespace {

constexpr std::uint32_t ctrl_enable = 1, ctrl_allns = 2, rlar_nsc = 2;

// The core's own registers, which each state sees as its own (DDI0553 B8.3: exempt from security checking).
struct Span {
  std::uint32_t first, last;
};
constexpr Span exempt_spans[] = {{0xe0000000, 0xe0002fff},   // ITM, DWT, FPB
                                 {0xe000e000, 0xe000efff},   // System Control Space
                                 {0xe002e000, 0xe002efff},   // its Non-secure alias
                                 {0xe0040000, 0xe0041fff},   // TPIU, ETM
                                 {0xe00ff000, 0xe00fffff}};  // ROM table

}  // namespace

Sau::Sau(SauConfig config) : config_(std::move(config)) { config_.regions = std::min(config_.regions, max_regions); }

void Sau::reset() {
  ctrl_ = rnr_ = callable_ = 0;
  regions_ = {};
  changed();
}

void Sau::set_ctrl(std::uint32_t value) {
  ctrl_ = value & (ctrl_enable | ctrl_allns);
  changed();
}
void Sau::set_rnr(std::uint32_t value) {
  if ((value & 0xff) < config_.regions) rnr_ = value & 0xff;
}
void Sau::set_rbar(std::uint32_t value) {
  if (config_.regions) regions_[rnr_].base = value & ~31u;
  changed();
}
void Sau::set_rlar(std::uint32_t value) {
  if (config_.regions) regions_[rnr_].limit = value & ~0x1cu;
  changed();
}
void Sau::set_callable(std::uint32_t bits) {
  callable_ = bits;
  changed();
}

Sau::Answer Sau::at(std::uint32_t address) const {
  Answer answer;
  for (const IdauRange& r : config_.idau)
    if (address >= r.first && address <= r.last) {
      answer.has_idau_region = true;
      answer.idau_region = r.region;
      answer.attribution = r.attribution;
      if (r.callable_bit != IdauRange::no_callable_bit && (callable_ >> r.callable_bit & 1) != 0)
        answer.attribution = Attribution::callable;
      break;
    }
  const bool idau = answer.has_idau_region;
  const Attribution by_idau = idau ? answer.attribution : Attribution::non_secure;
  answer.attribution = Attribution::exempt;
  if (idau && by_idau == Attribution::exempt) return answer;
  for (const Span& s : exempt_spans)
    if (address >= s.first && address <= s.last) return answer;

  Attribution by_sau = Attribution::secure;
  if ((ctrl_ & ctrl_enable) != 0) {
    unsigned matches = 0;
    for (unsigned i = 0; i < config_.regions; ++i)
      if (regions_[i].contains(address)) {
        ++matches;
        answer.sau_region = static_cast<std::uint8_t>(i);
        by_sau = (regions_[i].limit & rlar_nsc) != 0 ? Attribution::callable : Attribution::non_secure;
      }
    answer.has_sau_region = matches == 1;
    if (matches != 1) {
      answer.sau_region = 0;
      by_sau = Attribution::secure;  // also where regions overlap
    }
  } else if ((ctrl_ & ctrl_allns) != 0) {
    by_sau = Attribution::non_secure;
  }
  // The stricter of the two counts; enumerators stand in that order.
  answer.attribution = std::min(by_sau, by_idau);
  return answer;
}

std::vector<Sau::Range> Sau::flatten() const {
  std::vector<std::uint32_t> edges{0};
  const auto span = [&](std::uint32_t first, std::uint32_t last) {
    edges.push_back(first);
    if (last != 0xffffffff) edges.push_back(last + 1);
  };
  for (const IdauRange& r : config_.idau) span(r.first, r.last);
  for (const Span& s : exempt_spans) span(s.first, s.last);
  if ((ctrl_ & ctrl_enable) != 0)
    for (const Region& r : regions_)
      if ((r.limit & 1) != 0 && r.last() >= r.base) span(r.base, r.last());
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::vector<Range> out;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::uint32_t last = i + 1 < edges.size() ? edges[i + 1] - 1 : 0xffffffff;
    const Attribution here = at(edges[i]).attribution;
    if (!out.empty() && out.back().attribution == here)
      out.back().last = last;
    else
      out.push_back({edges[i], last, here});
  }
  return out;
}

}  // namespace mj::isa::thumb
