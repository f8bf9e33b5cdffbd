// Layers against a reference, as sentences.
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {

using namespace profile;

namespace {

std::string name_of(const RunResult& r, const LayerComparison& c) {
  const Layer& l = r.layers[static_cast<std::size_t>(c.layer)];
  // Fused operators have the names of all; the first is enough to know it by.
  return fmt::format("layer {} {}{}{}", l.index, l.op, l.name.empty() ? "" : " ", l.name.substr(0, l.name.find(';')));
}

std::string index_text(const std::vector<std::int64_t>& index) {
  std::string out = "[";
  for (std::size_t i = 0; i < index.size(); ++i) out += fmt::format("{}{}", i ? ", " : "", index[i]);
  return out + "]";
}

std::string difference_text(const TensorDifference& d) {
  return fmt::format("{} of {} elements differ, by {} at most; the first at {}: {} expected, {} found",
                     count(d.differing), count(d.elements), fmt::format("{:.6g}", d.greatest), index_text(d.first),
                     d.first_expected, d.first_got);
}

/// "1, 3 to 5": indices of layers.
std::string list_text(const std::vector<int>& list) {
  std::string out;
  for (std::size_t i = 0; i < list.size();) {
    std::size_t last = i;
    while (last + 1 < list.size() && list[last + 1] == list[last] + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", list[i]);
    if (last > i) out += fmt::format("{}{}", last > i + 1 ? " to " : ", ", list[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace

std::string compare_remark(const RunResult& r) {
  if (!r.compare) return "";
  const Comparison& c = *r.compare;
  std::string out = fmt::format("inference {} against {}: {} of {} equal", c.inference, c.reference, count(c.equal),
                                plural(c.layers.size(), "layer"));
  if (c.differing) out += fmt::format(", {} differ", count(c.differing));
  if (c.not_compared) out += fmt::format(", {} not compared", count(c.not_compared));
  return out;
}

Facts compare(const RunResult& r) {
  if (!r.compare) return {};
  const Comparison& c = *r.compare;
  Facts facts;
  if (c.first >= 0) {
    const LayerComparison& f = c.layers[static_cast<std::size_t>(c.first)];
    facts.push_back({"first wrong", name_of(r, f)});
    for (const TensorDifference& d : f.differences) facts.push_back({"output", difference_text(d)});
    facts.push_back({"so", c.verdict});
    for (const std::string& remark : f.remarks) facts.push_back({"", remark});
    std::vector<int> follow, broken;
    for (std::size_t i = static_cast<std::size_t>(c.first) + 1; i < c.layers.size(); ++i) {
      const LayerComparison& l = c.layers[i];
      const int index = r.layers[static_cast<std::size_t>(l.layer)].index;
      if (l.computes == "wrong") broken.push_back(index);
      if (l.outcome == "differs" && l.computes == "right") follow.push_back(index);
    }
    if (!follow.empty())
      facts.push_back(
          {"behind it", fmt::format("layers {} compute right from the inputs that they get", list_text(follow))});
    if (!broken.empty())
      facts.push_back({"also wrong", fmt::format("layers {}, on the inputs that they get", list_text(broken))});
  }
  // One sentence for all the layers that it is true of.
  struct Remark {
    std::string what, text;
    std::vector<int> layers;
  };
  std::vector<Remark> remarks;
  for (std::size_t i = 0; i < c.layers.size(); ++i) {
    if (static_cast<int>(i) == c.first) continue;
    const LayerComparison& l = c.layers[i];
    const int index = r.layers[static_cast<std::size_t>(l.layer)].index;
    const std::string what = l.outcome == "not_compared" ? "not compared" : "remark";
    for (const std::string& text : l.remarks) {
      auto at =
          std::find_if(remarks.begin(), remarks.end(), [&](const auto& k) { return k.what == what && k.text == text; });
      if (at == remarks.end()) at = remarks.insert(remarks.end(), {what, text, {}});
      // A layer has a remark for each of its tensors.
      if (at->layers.empty() || at->layers.back() != index) at->layers.push_back(index);
    }
  }
  for (const auto& [what, text, layers] : remarks)
    facts.push_back({what, fmt::format("layer{} {}: {}", layers.size() == 1 ? "" : "s", list_text(layers), text)});
  return facts;
}

}  // namespace mj::report
