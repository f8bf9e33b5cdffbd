#include "sim/profile/recognisers/inlined_layers.h"

#include <algorithm>
#include <tuple>

namespace mj::profile {

InlinedLayers::InlinedLayers(const Program& program, Address inference,
                             const std::function<bool(const std::string&)>& is_layer) {
  const Symbol* function = program.symbols.function_at(inference);
  if (!function) return;
  struct Piece {
    std::uint32_t start, end;
    Call call;
  };
  std::vector<Piece> pieces;
  for (const Symbol& s : program.symbols.functions()) {
    if (s.base_name != function->base_name || s.file != function->file) continue;
    pieces_.push_back({s.start, s.start + s.size});
    for (const SourceInterval& i : program.debug.intervals(s.start, s.start + s.size)) {
      // The outermost one: a layer's helpers are inlined into it.
      std::optional<Call> call;
      for (std::uint32_t id = i.inlined; id != kNone; id = program.debug.inline_parent(id))
        if (const InlineFrame& f = program.debug.inline_frame(id); is_layer(f.name)) call = Call{f.name, f.call_line};
      if (call) pieces.push_back({i.start, i.end, *call});
    }
  }
  const auto before = [](const Call& a, const Call& b) { return std::tie(a.line, a.name) < std::tie(b.line, b.name); };
  for (const Piece& p : pieces) calls_.push_back(p.call);
  std::sort(calls_.begin(), calls_.end(), before);
  const auto same = [](const Call& a, const Call& b) { return a.line == b.line && a.name == b.name; };
  calls_.erase(std::unique(calls_.begin(), calls_.end(), same), calls_.end());
  for (const Piece& p : pieces) {
    const auto at = std::lower_bound(calls_.begin(), calls_.end(), p.call, before);
    ranges_.push_back({p.start, p.end, static_cast<std::uint32_t>(at - calls_.begin())});
  }
  std::sort(ranges_.begin(), ranges_.end(), [](const FlatRange& a, const FlatRange& b) { return a.start < b.start; });
}

std::optional<std::size_t> InlinedLayers::at(Address a) const {
  const FlatRange* range = range_at(ranges_, a);
  return range ? std::optional<std::size_t>(range->value) : std::nullopt;
}

std::vector<Counts> InlinedLayers::own(const std::map<Address, Counts>& by_address) const {
  std::vector<Counts> out(calls_.size());
  for (const FlatRange& range : ranges_)
    for (auto i = by_address.lower_bound(range.start); i != by_address.end() && i->first < range.end; ++i)
      out[range.value] += i->second;
  return out;
}

Counts InlinedLayers::whole(const Meter& meter) const {
  Counts sum;
  for (const auto& [begin, end] : pieces_) sum += meter.of_code(begin, end);
  return sum;
}

}  // namespace mj::profile
