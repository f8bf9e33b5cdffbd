#include <fmt/format.h>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {

std::string title(const std::string& name, const std::string& remark, const Options& o) {
  std::string out = "\n" + bold(name, o);
  const std::size_t indent = columns(name) + 3;
  const auto lines = wrap(printable(remark), o.width - indent);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!lines[i].empty()) out += (i ? "\n" + std::string(indent, ' ') : "   ") + dim(lines[i], o);
  return out + "\n";
}

namespace {

std::string section(const std::string& name, const std::string& remark, const Table& table, const Options& o) {
  return title(name, remark, o) + table.text(o);
}

}  // namespace

std::string text(const profile::RunResult& r, const Options& o) {
  const profile::Provenance& p = r.provenance;
  std::string out = bold(fmt::format("microjoule {}", p.tool_version), o);
  out += printable(fmt::format("   {}, {}, CRC-32 {}", p.firmware, bytes(p.firmware_bytes), p.firmware_crc32)) + "\n";
  out += facts_text(found(r), o);
  out += section("totals", "", totals(r), o);
  const Table layer_table = layers(r);
  out += title("layers", layers_remark(r), o);
  if (!layer_table.rows.empty()) {
    out += layer_table.text(o);
    out += section("in each layer", layer_details_remark(r), layer_details(r), o);
    if (const Table moved = traffic(r); !moved.rows.empty()) out += section("bytes moved", traffic_remark(r), moved, o);
  }
  const Table family_table = families(r);
  if (!family_table.rows.empty()) out += section("what it was", families_remark, family_table, o);
  if (const Facts facts = parts(r); !facts.empty())
    out +=
        title(family_table.rows.empty() ? "what it was" : "what each row was", parts_remark, o) + facts_text(facts, o);
  if (!r.functions.empty()) {
    out += section("functions", functions_remark(r, Order::self), functions(r, Order::self, o.rows), o);
    out += section("functions", functions_remark(r, Order::inclusive), functions(r, Order::inclusive, o.rows / 2), o);
  }
  out += section("why", reasons_remark(r), reasons(r), o);
  if (const Table table = regions(r); !table.rows.empty())
    out += section("regions", "begin included, end not; cycles of all hits", table, o);
  if (r.totals.energy) out += section("energy", energy_remark(r), energy_split(r), o);
  if (const Table table = user_figures(r); !table.rows.empty())
    out += section("user's figures", user_figures_remark(), table, o);
  if (o.battery) out += title("battery", "", o) + facts_text(battery(*o.battery), o);
  if (r.compare) out += title("compare", compare_remark(r), o) + facts_text(compare(r), o);
  if (const Facts facts = fault(r); !facts.empty()) out += "\n" + red("fault", o) + "\n" + facts_text(facts, o);
  Facts last = verdict(r, o);
  last.push_back({"saved", o.saved.empty() ? "no; -o result.mj.json saves this run for `microjoule report`" : o.saved});
  return out + title("verdict", "", o) + facts_text(last, o);
}

}  // namespace mj::report
