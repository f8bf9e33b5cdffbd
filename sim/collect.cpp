#include "sim/collect.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "peripherals/marker.h"
#include "sim/base/grouped.h"
#include "sim/profile/attribution.h"
#include "sim/profile/counts.h"
#include "sim/profile/static_size.h"
#include "sim/version.h"

namespace mj {

using namespace profile;

namespace {

constexpr std::size_t largest_symbols = 20;

std::string compiler(const memory::ElfImage& image) {
  const memory::ElfSection* section = image.section(".comment");
  if (!section) return "";
  auto bytes = image.contents(*section);
  if (!bytes || bytes->empty()) return "";
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  return text.substr(0, text.find('\0'));
}

/// Names of marked regions: { u32 id, name with its 0, padding to 4 } over and over.
std::map<std::uint32_t, std::string> region_names(const memory::ElfImage& image) {
  std::map<std::uint32_t, std::string> names;
  const memory::ElfSection* section = image.section(".mj.regions");
  if (!section) return names;
  const auto bytes = image.contents(*section);
  if (!bytes) return names;
  const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (std::size_t at = 0; at + 4 < text.size();) {
    std::uint32_t id;
    std::memcpy(&id, text.data() + at, sizeof id);
    const std::size_t end = text.find('\0', at + 4);
    if (end == std::string::npos) break;
    names[id] = text.substr(at + 4, end - at - 4);
    at = (end + 4) & ~std::size_t{3};
  }
  return names;
}

/// Instructions of a class that the core's table doesn't price: the walk took its default for them.
template <class Add>
void unpriced(Machine& machine, const Program& program, Add add) {
  const auto rows = machine.timing().rows();
  const auto none = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.id == "costs/(none)"; });
  if (none == rows.end()) return;
  const auto id = static_cast<std::uint16_t>(none - rows.begin());
  std::map<std::string, std::uint64_t> functions;
  for (const auto& block : machine.engine().blocks()) {
    const auto& used = block->walk.rows;
    if (block->runs() && std::binary_search(used.begin(), used.end(), id))
      functions[function_name(program.symbols, block->block->pc)] += block->runs();
  }
  for (const auto& [name, runs] : functions)
    add("timing", name, "has instructions that the core's table has no row for; they count one cycle", runs);
}

}  // namespace

Provenance provenance_of(const Program& program, const Machine& machine, bool proposed) {
  const memory::ElfImage& image = program.image;
  Provenance p;
  p.tool_version = version;
  p.timing_model_version = timing::model_version;
  p.firmware = program.file();
  p.firmware_bytes = image.file_bytes().size();
  p.firmware_crc32 = fmt::format("{:08x}", crc32_z(0, reinterpret_cast<const unsigned char*>(image.file_bytes().data()),
                                                   image.file_bytes().size()));
  p.compiler = compiler(image);
  p.isa = image.target().arch;
  p.board = machine.board().id;
  p.board_title = machine.board().name;
  p.core = machine.board().core.timing;
  p.core_title = machine.timing().title();
  if (const auto& peak = machine.timing().peak_macs())
    p.peak_macs = PeakMacs{peak->per_cycle(), peak->by, std::string(timing::name(peak->certainty)), peak->source};
  p.board_proposed = proposed;
  return p;
}

void collect_totals(Machine& machine, RunResult& r) {
  const Cycle now = machine.engine().state().now;
  const Counts counts = total_counts(machine.engine(), machine.timing(), machine.operating_points());
  r.totals.activity = counts.activity;
  r.totals.bytes_moved = profile::traffic(machine.engine(), counts);
  r.totals.cycles = counts.cycles;
  r.totals.instructions = counts.instructions;
  r.totals.condition_failed = counts.condition_failed;
  r.totals.reasons = counts.reasons;
  r.totals.unsure = counts.unsure;
  r.totals.exception_cycles = machine.engine().exception_cycles();
  r.totals.idle_cycles = machine.engine().idle_cycles();
  for (const auto& [exception, n] : machine.engine().exceptions_taken()) r.totals.interrupts += n;
  r.totals.time_s = machine.clock().seconds(now);
  for (const CoreClock::Span& s : machine.clock().spans(now))
    if (s.cycles) r.totals.clocks.push_back({s.hz, s.cycles});
  const profile::UnsureRows unsure = unsure_rows(machine.engine(), machine.timing());
  for (const auto& [row, cycles] : unsure.core) {
    const timing::RowInfo& info = machine.timing().rows()[row];
    r.unsure_rows.push_back({info.id, std::string(timing::name(info.certainty)), info.source, cycles});
  }
  if (unsure.memory)
    r.unsure_rows.push_back(
        {"memory", "estimated", "front ends and wait states of the board's regions", unsure.memory});
  if (unsure.exceptions)
    r.unsure_rows.push_back({"exceptions", "inferred", "entries, exits and stacking", unsure.exceptions});
  std::stable_sort(r.unsure_rows.begin(), r.unsure_rows.end(),
                   [](const UnsureRow& a, const UnsureRow& b) { return a.cycles > b.cycles; });
  const CycleConfidence& c = machine.confidence();
  const auto cycles = static_cast<double>(r.totals.cycles);
  // Sleep ends when a timer says so: its length does not depend on the core's table.
  const auto awake = static_cast<double>(r.totals.cycles - r.totals.idle_cycles);
  r.totals.cycles_estimate = {cycles, cycles + awake * c.low_percent / 100, cycles + awake * c.high_percent / 100,
                              c.tier + ": " + c.source};
  if (machine.has_memory_waits()) {
    // The memory's model is not measured yet: its waits may be off by their own size.
    using timing::Reason;
    Cycle waited = 0;
    for (const Reason reason :
         {Reason::data_wait, Reason::fetch_wait, Reason::cache_miss, Reason::fetch_miss, Reason::contention})
      waited += counts.reasons[static_cast<std::size_t>(reason)];
    const auto waits = static_cast<double>(waited);
    r.totals.cycles_estimate.low -= waits / 2;
    r.totals.cycles_estimate.high += waits / 2;
    r.totals.cycles_estimate.source += "; wait states +-50 % (estimated)";
  }
}

void collect_memory(Machine& machine, const Program& program, RunResult& r) {
  std::vector<MemoryRegionName> names;
  for (const RegionSpec& s : machine.board().regions)
    if (s.alias_of.empty())
      names.push_back({s.name, s.base, static_cast<std::uint32_t>(s.size),
                       s.kind == memory::RegionKind::flash ? profile::RegionKind::flash : profile::RegionKind::ram});
  const StaticSize size = compute_static_size(program.image, program.symbols, names);
  Memory& m = r.memory;
  for (const RegionSize& region : size.regions) {
    MemoryRegion row;
    row.name = region.region.name;
    row.kind = region.region.kind == profile::RegionKind::flash ? "flash" : "ram";
    row.base = region.region.base;
    row.size = region.region.size;
    row.static_bytes = region.used;
    for (const SectionSize& s : size.sections)
      if (s.region == row.name || s.load_region == row.name) row.sections.push_back({s.name, s.bytes});
    std::stable_sort(row.sections.begin(), row.sections.end(),
                     [](const NamedBytes& a, const NamedBytes& b) { return a.bytes > b.bytes; });
    const auto spec = std::find_if(machine.board().regions.begin(), machine.board().regions.end(),
                                   [&](const RegionSpec& s) { return s.name == row.name; });
    if (spec->budget == BudgetKind::flash) m.flash_used += region.used;
    if (spec->budget == BudgetKind::ram) m.ram_static += region.used;
    m.regions.push_back(std::move(row));
  }
  m.flash_size = machine.board().budget_bytes(BudgetKind::flash);
  m.ram_size = machine.board().budget_bytes(BudgetKind::ram);
  for (const SizeRow& s : size.top_symbols(largest_symbols)) m.largest_symbols.push_back({s.name, s.bytes});
  m.stack.top = machine.engine().stack_top();
  m.stack.low = machine.engine().stack_low();
  if (m.stack.low > m.stack.top) m.stack.low = m.stack.top;
  m.stack.used_bytes = m.stack.top - m.stack.low + machine.engine().other_stack_used();
  for (const Address f : machine.engine().deepest_stack()) m.stack.chain.push_back(function_name(program.symbols, f));
}

void collect_marked_regions(Machine& machine, const Program& program, RunResult& r) {
  for (const peripherals::DeviceSpec& spec : machine.board().devices) {
    const auto* marker = dynamic_cast<const peripherals::Marker*>(machine.device(spec.name));
    if (!marker) continue;
    const auto names = region_names(program.image);
    std::map<std::uint32_t, const peripherals::Marker::Hit*> open;
    for (const peripherals::Marker::Hit& hit : marker->hits) {
      if (hit.begin) {
        open[hit.id] = &hit;
        continue;
      }
      const auto begin = open.find(hit.id);
      if (begin == open.end()) continue;
      const auto name = names.find(hit.id);
      r.regions.push_back({hit.id, name == names.end() ? "" : name->second, hit.cycle - begin->second->cycle,
                           hit.instructions - begin->second->instructions});
      open.erase(begin);
    }
  }
}

namespace {
/// Code that ran from RAM whose bus costs something: only its data accesses are charged for that.
template <class Add>
void code_over_bus(Machine& machine, Add add) {
  std::map<std::string, std::uint64_t> passes;
  for (const auto& tb : machine.engine().blocks())
    if (const std::uint64_t runs = tb->runs())
      if (const memory::Region* r = machine.bus().find(tb->block->pc); r && r->bus) passes[r->name] += runs;
  for (const auto& [region, n] : passes)
    add("not_modelled", region, "code fetched from here over the core's bus: its fetches cost nothing extra", n);
}

/// Threads whose stacks were too small.
template <class Add>
void overflows(const RunResult& r, Add add) {
  for (const ThreadStack& t : r.memory.threads)
    if (t.overflow_bytes)
      add("stack-overflow", "stack of " + t.name,
          fmt::format("{} bytes too small: {} of {} bytes used{}{}", grouped(t.overflow_bytes), grouped(t.used_bytes),
                      grouped(t.size_bytes), t.chain.empty() ? "" : ", deepest in ",
                      t.chain.empty() ? "" : t.chain.back()),
          1);
}

}  // namespace

void collect_diagnostics(Machine& machine, const Program& program, RunResult& r) {
  const auto add = [&](std::string kind, std::string at, std::string text, std::uint64_t count) {
    r.diagnostics.push_back({std::move(kind), std::move(at), std::move(text), count});
  };
  // One row per device and kind of access; the registers in it.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::uint64_t>> rows;
  for (const auto& [what, count] : machine.not_modelled()) {
    const auto& [device, offset, text] = what;
    auto& [offsets, sum] = rows[{device, text}];
    offsets += fmt::format("{}0x{:x}", offsets.empty() ? " at offset " : ", ", offset);
    sum += count;
  }
  for (const auto& [key, row] : rows) add("not_modelled", key.first, key.second + row.first, row.second);
  code_over_bus(machine, add);
  overflows(r, add);
  unpriced(machine, program, add);
  if (machine.operating_points_merged())
    add("warning", "clock", "more clocks than are told apart; energy counts the further ones with the last one", 1);
  for (const energy::OperatingPoint& point : r.operating_points)
    if (const auto least = machine.board().least_wait_states(point.clock_hz); least && point.flash_wait_states < *least)
      add("warning", "flash",
          fmt::format("{} wait states, but {} Hz needs {}: real flash would deliver wrong words",
                      point.flash_wait_states, grouped(point.clock_hz), *least),
          1);
  for (const std::string& note : machine.load_notes()) add("warning", "boot", note, 1);
  if (!machine.board().core.timing_note.empty())
    add("timing", machine.board().core.timing, machine.board().core.timing_note, 1);
  for (const std::string& pointer : machine.board().replaced) add("timing", "overlay", "replaces " + pointer, 1);
  for (const std::string& d : program.image.diagnostics()) add("warning", program.file(), d, 1);
  for (const std::string& d : program.debug.diagnostics()) add("warning", "debug information", d, 1);
  for (const auto& [exception, n] : machine.engine().exceptions_taken())
    add("exceptions", machine.engine().arch().exception_name(exception), "taken", n);
  if (machine.console_truncated()) add("warning", "console", "only the first 16 MiB of the output were kept", 1);
}

void set_times(RunResult& r) {
  for (Layer& l : r.layers) l.time_s = energy::seconds(l.activity, r.operating_points);
  for (Network& n : r.networks) n.time_s = energy::seconds(n.activity, r.operating_points);
  for (Phase& p : r.phases) p.time_s = energy::seconds(p.activity, r.operating_points);
}

Result<void> check_conserved(Machine& machine, const RunResult& r) {
  const Cycle total = machine.engine().state().now;
  const auto sum = [](const auto& rows, auto cycles) {
    Cycle n = 0;
    for (const auto& row : rows) n += cycles(row);
    return n;
  };
  const std::pair<const char*, Cycle> splits[] = {
      {"blocks and exceptions", machine.engine().accounted()},
      {"reasons", sum(r.totals.reasons, [](Cycle c) { return c; })},
      {"functions", sum(r.functions, [](const Function& f) { return f.self_cycles; })},
      {"call tree", sum(r.call_tree, [](const TreeNode& n) { return n.self_cycles; })},
      {"lines", sum(r.lines, [](const Line& l) { return l.cycles; })},
      {"activity", sum(r.totals.activity, [](const energy::Activity& a) { return a.cycles(); })},
      {"clocks", sum(r.totals.clocks, [](const ClockSpan& s) { return s.cycles; })},
      {"layers, time between them, and phases", sum(r.layers, [](const Layer& l) { return l.cycles; }) +
                                                    sum(r.networks, [](const Network& n) { return n.between_cycles; }) +
                                                    sum(r.phases, [](const Phase& p) { return p.cycles; })}};
  for (const auto& [what, cycles] : splits)
    if (cycles != total)
      return Error{ExitCode::internal, "the run's cycles don't add up", what,
                   fmt::format("{} cycles in this split, {} in the run", cycles, total),
                   "please report this with the firmware image"};
  const auto parted = [&](const std::vector<Part>& parts, Cycle cycles, const energy::Activities& activity,
                          const char* what) -> Result<void> {
    energy::Activities all;
    for (const Part& p : parts) energy::operator+=(all, p.activity);
    const Cycle n = sum(parts, [](const Part& p) { return p.cycles; });
    all.resize(std::max(all.size(), activity.size()));
    energy::Activities whole = activity;
    whole.resize(all.size());
    if (n != cycles || all != whole)
      return Error{ExitCode::internal, "the run's cycles don't add up", fmt::format("parts of {}", what),
                   fmt::format("{} cycles in this split, {} in the row", n, cycles),
                   "please report this with the firmware image"};
    return {};
  };
  for (const Layer& l : r.layers)
    if (auto exact = parted(l.parts, l.cycles, l.activity, "a layer"); !exact) return exact;
  for (std::size_t i = 0; i < r.networks.size(); ++i) {
    const Network& n = r.networks[i];
    energy::Activities between = n.activity;
    for (const Layer& l : r.layers)
      if (l.network == static_cast<int>(i)) energy::operator-=(between, l.activity);
    if (auto exact = parted(n.between_parts, n.between_cycles, between, "the time between layers"); !exact)
      return exact;
  }
  for (const Phase& p : r.phases)
    if (auto exact = parted(p.parts, p.cycles, p.activity, "a phase"); !exact) return exact;
  Reasons unsure{};
  for (const Function& f : r.functions)
    for (std::size_t i = 0; i < unsure.size(); ++i) unsure[i] += f.unsure[i];
  const Cycle all_unsure = sum(unsure, [](Cycle c) { return c; });
  bool within =
      unsure == r.totals.unsure && sum(r.unsure_rows, [](const UnsureRow& row) { return row.cycles; }) == all_unsure;
  for (std::size_t i = 0; i < unsure.size(); ++i) within = within && unsure[i] <= r.totals.reasons[i];
  if (!within)
    return Error{ExitCode::internal, "the run's cycles on inferred rows don't add up", "functions",
                 fmt::format("{} of {} cycles", all_unsure, total), "please report this with the firmware image"};
  std::map<std::string, BytesMoved> moved;
  const auto add = [&](const Traffic& rows) {
    for (const BytesMoved& b : rows) {
      BytesMoved& to = moved[b.region];
      to.read += b.read;
      to.written += b.written;
      to.instructions += b.instructions;
    }
  };
  for (const Layer& l : r.layers) add(l.bytes_moved);
  for (const Network& n : r.networks) add(n.between_bytes_moved);
  for (const Phase& p : r.phases) add(p.bytes_moved);
  for (const BytesMoved& b : r.totals.bytes_moved) {
    const BytesMoved& split = moved[b.region];
    if (split.read != b.read || split.written != b.written || split.instructions != b.instructions)
      return Error{ExitCode::internal, "the run's bytes moved don't add up", b.region,
                   fmt::format("{} read, {} written, {} of instructions in layers and phases; {}, {}, {} in the run",
                               split.read, split.written, split.instructions, b.read, b.written, b.instructions),
                   "please report this with the firmware image"};
  }
  if (!r.totals.energy) return {};
  energy::Split functions;
  for (const Function& f : r.functions) functions += f.energy->split;
  if (!(functions == r.totals.energy->split))
    return Error{ExitCode::internal, "the run's joules don't add up", "functions",
                 fmt::format("{} fJ in this split, {} in the run", functions.total(), r.totals.energy->split.total()),
                 "please report this with the firmware image"};
  return {};
}

}  // namespace mj
