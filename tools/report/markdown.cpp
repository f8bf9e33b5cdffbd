#include <fmt/format.h>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

Table table_of(const Facts& facts) {
  Table table{{{""}, {""}}, {}};
  for (const Fact& f : facts) table.rows.push_back({{f.what, f.value}});
  return table;
}

std::string section(const std::string& name, const std::string& remark, const Table& table) {
  return "\n### " + name + "\n\n" + (remark.empty() ? "" : remark + "\n\n") +
         (table.rows.empty() ? "" : table.markdown());
}

}  // namespace

std::string markdown(const profile::RunResult& r, const Options& o) {
  std::string out =
      fmt::format("## microjoule: {}\n\n", printable(r.provenance.firmware)) + table_of(found(r)).markdown();
  out += section("Totals", "", totals(r));
  out += section("Layers", layers_remark(r), layers(r));
  if (const Table table = layer_details(r); !table.rows.empty())
    out += section("Layers, closer", layer_details_remark(r), table);
  if (const Table table = traffic(r); !table.rows.empty()) out += section("Bytes moved", traffic_remark(r), table);
  if (const Table table = families(r); !table.rows.empty()) out += section("What it was", families_remark, table);
  if (const Facts facts = parts(r); !facts.empty()) out += section("What each row was", parts_remark, table_of(facts));
  out += section("Functions", functions_remark(r, Order::self), functions(r, Order::self, o.rows));
  out += section("Why", reasons_remark(r), reasons(r));
  if (const Table table = regions(r); !table.rows.empty())
    out += section("Regions", "begin included, end not; cycles of all hits", table);
  if (r.totals.energy) out += section("Energy", energy_remark(r), energy_split(r));
  if (const Table table = user_figures(r); !table.rows.empty())
    out += section("User's figures", user_figures_remark(), table);
  if (o.battery) out += section("Battery", "", table_of(battery(*o.battery)));
  if (r.compare) {
    const Facts facts = compare(r);
    out += section("Compare", compare_remark(r), facts.empty() ? Table{} : table_of(facts));
  }
  if (const Facts facts = fault(r); !facts.empty()) out += section("Fault", "", table_of(facts));
  return out + section("Verdict", "", table_of(verdict(r, o)));
}

}  // namespace mj::report
