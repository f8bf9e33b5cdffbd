#include <fmt/format.h>

#include <algorithm>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

using namespace profile;

/// Quoted where RFC 4180 asks for it.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string line(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i ? "," : "") + field(cells[i]);
  return out + "\n";
}

std::string shapes(const std::vector<std::vector<std::int64_t>>& list) {
  std::string out;
  for (const auto& dims : list) {
    out += out.empty() ? "" : " ";
    for (std::size_t i = 0; i < dims.size(); ++i) out += (i ? "x" : "") + std::to_string(dims[i]);
  }
  return out;
}

/// "energy_j,energy_low_j,energy_high_j,tier": the first with all its digits, so that its sum is exact.
std::vector<std::string> energy_cells(const std::optional<Energy>& energy) {
  if (!energy) return {"", "", "", ""};
  constexpr std::uint64_t joule = 1'000'000'000'000'000;
  const std::uint64_t fj = energy->split.total();
  return {fmt::format("{}.{:015}", fj / joule, fj % joule), fmt::format("{:.9g}", energy->low_j),
          fmt::format("{:.9g}", energy->high_j), energy->tier};
}

std::string line(std::vector<std::string> cells, const std::optional<Energy>& energy) {
  for (std::string& cell : energy_cells(energy)) cells.push_back(std::move(cell));
  return line(cells);
}

/// Three cells for each region that the run's total names: read, written, instructions.
std::vector<std::string> traffic_cells(const RunResult& r, const std::vector<const Traffic*>& of) {
  std::vector<std::string> cells;
  for (const BytesMoved& region : r.totals.bytes_moved) {
    BytesMoved sum;
    for (const Traffic* rows : of)
      for (const BytesMoved& b : *rows)
        if (b.region == region.region) {
          sum.read += b.read;
          sum.written += b.written;
          sum.instructions += b.instructions;
        }
    for (const std::uint64_t n : {sum.read, sum.written, sum.instructions}) cells.push_back(std::to_string(n));
  }
  return cells;
}

}  // namespace

std::string csv(const RunResult& r, const Options&) {
  const auto n = [](auto value) { return std::to_string(value); };
  const auto network_name = [&](const Layer& l) {
    const auto i = static_cast<std::size_t>(l.network);
    return i < r.networks.size() ? r.networks[i].name : std::string();
  };
  const auto whole = [&](std::vector<std::string> cells, const auto& energy, const std::vector<const Traffic*>& moved) {
    for (std::string& cell : energy_cells(energy)) cells.push_back(std::move(cell));
    for (std::string& cell : traffic_cells(r, moved)) cells.push_back(std::move(cell));
    return line(cells);
  };
  const auto rest = [&](const char* kind, const std::string& network, Cycle cycles, const auto& energy,
                        const std::vector<const Traffic*>& moved) {
    return whole({kind, network, "", "", "", "", "", "", "", "", "", n(cycles), "", "", ""}, energy, moved);
  };
  std::vector<std::string> titles = {"kind",         "network",         "index",        "op",
                                     "name",         "function",        "input_shapes", "output_shapes",
                                     "macs",         "parameter_bytes", "invocations",  "cycles",
                                     "instructions", "cycles_per_mac",  "time_s",       "energy_j",
                                     "energy_low_j", "energy_high_j",   "tier"};
  for (const BytesMoved& b : r.totals.bytes_moved)
    for (const char* what : {"read_bytes", "written_bytes", "instruction_bytes"})
      titles.push_back(fmt::format("{}({})", what, b.region));
  std::string out = line(titles);
  for (const Layer& l : r.layers) {
    const double work = static_cast<double>(l.macs) * static_cast<double>(l.invocations);
    out += whole(
        {"layer", network_name(l), n(l.index), l.op, l.name, l.function, shapes(l.input_shapes),
         shapes(l.output_shapes), n(l.macs), n(l.parameter_bytes), n(l.invocations), n(l.cycles), n(l.instructions),
         work > 0 ? fmt::format("{:.4f}", static_cast<double>(l.cycles) / work) : "", fmt::format("{:.9g}", l.time_s)},
        l.energy, {&l.bytes_moved});
  }
  for (const Network& network : r.networks)
    out += rest("between_layers", network.name, network.between_cycles, network.between_energy,
                {&network.between_bytes_moved});
  std::vector<const Traffic*> outside;
  for (const Phase& p : r.phases) outside.push_back(&p.bytes_moved);
  return out + rest("outside_of_inference", "", outside_cycles(r), outside_energy(r), outside);
}

std::string csv_parts(const RunResult& r, const Options&) {
  std::string out = "kind,network,index,op,name,work,helper,cycles,energy_j,energy_low_j,energy_high_j,tier\n";
  const auto rows = [&](const std::vector<std::string>& of, const std::vector<Part>& parts, Cycle cycles,
                        const std::optional<Energy>& energy) {
    const auto row = [&](const std::string& work, const std::string& helper, Cycle n, const std::optional<Energy>& e) {
      std::vector<std::string> cells = of;
      cells.insert(cells.end(), {work, helper, std::to_string(n)});
      out += line(std::move(cells), e);
    };
    // Parts of a result that an earlier version saved have no energy of their own.
    const bool priced = !energy || std::all_of(parts.begin(), parts.end(), [](const Part& p) { return !!p.energy; });
    if (parts.empty() || !priced) return row("", "", cycles, energy);
    for (const Part& p : parts) row(p.work, p.helper, p.cycles, p.energy);
  };
  const auto network_name = [&](int i) { return i < 0 ? "" : r.networks[static_cast<std::size_t>(i)].name; };
  for (const Layer& l : r.layers)
    rows({"layer", network_name(l.network), std::to_string(l.index), l.op, l.name}, l.parts, l.cycles, l.energy);
  for (const Network& n : r.networks)
    rows({"between_layers", n.name, "", "", ""}, n.between_parts, n.between_cycles, n.between_energy);
  for (const Phase& p : r.phases) {
    const Layer* l = p.layer < 0 ? nullptr : &r.layers[static_cast<std::size_t>(p.layer)];
    rows({p.kind, network_name(p.network), l ? std::to_string(l->index) : "", l ? l->op : "", l ? l->name : ""},
         p.parts, p.cycles, p.energy);
  }
  return out;
}

std::string csv_functions(const RunResult& r, const Options&) {
  std::string out =
      "name,file,address,size_bytes,inlined,self_cycles,inclusive_cycles,self_instructions,calls,energy_j,energy_low_j,"
      "energy_high_j,tier\n";
  for (const Function& f : r.functions)
    out += line({f.name, f.file, f.address ? hex(f.address) : "", std::to_string(f.size), f.inlined ? "true" : "false",
                 std::to_string(f.self_cycles), std::to_string(f.inclusive_cycles), std::to_string(f.self_instructions),
                 std::to_string(f.calls)},
                f.energy);
  return out;
}

}  // namespace mj::report
