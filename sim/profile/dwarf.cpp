#include "sim/profile/dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <libelf.h>

#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "sim/profile/dwarf_line.h"
#include "sim/profile/names.h"

namespace mj::profile {
namespace {

constexpr std::size_t kMaxDiagnostics = 20;
// Far beyond any firmware; they bound the work that a hostile file can cause.
constexpr std::size_t kMaxRangesPerEntry = 1u << 16;
constexpr std::size_t kMaxRanges = 1u << 22;
constexpr std::size_t kMaxEntries = 1u << 25;
constexpr std::size_t kMaxNameBytes = std::size_t{128} << 20;
constexpr int kMaxDepth = 128;

struct DwarfCloser {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};
struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};

struct AddressRange {
  std::uint32_t start, end;
};

}  // namespace

class DwarfLoader {
 public:
  explicit DwarfLoader(const memory::ElfImage& image) : image_(image) {}

  DebugInfo run() {
    find_code();
    if (!open()) return std::move(out_);
    read_units();
    finish();
    return std::move(out_);
  }

 private:
  void note(std::string text) {
    if (out_.diagnostics_.size() < kMaxDiagnostics) {
      out_.diagnostics_.push_back(std::move(text));
    } else if (out_.diagnostics_.size() == kMaxDiagnostics) {
      out_.diagnostics_.push_back("debug information: more trouble of this kind is not listed");
    }
  }

  // Where code can be, and whether a function really stands at address 0.
  void find_code() {
    for (const auto& s : image_.sections()) {
      if (s.allocated() && s.executable() && s.size != 0) add_code(s.addr, s.size);
    }
    if (code_.empty()) {
      for (const auto& s : image_.segments()) {
        if (s.executable) add_code(s.vaddr, s.memsz);
      }
    }
    for (const auto& symbol : image_.symbols()) {
      const bool function = symbol.type == memory::SymbolType::func || symbol.type == memory::SymbolType::notype;
      if (function && symbol.value == 0 && symbol.section < image_.sections().size() &&
          image_.sections()[symbol.section].executable()) {
        names_at_zero_.insert(symbol.name);
      }
    }
  }
  void add_code(std::uint32_t start, std::uint32_t size) {
    const std::uint64_t end = std::min<std::uint64_t>(std::uint64_t{start} + size, 0xffffffff);
    code_.push_back({start, static_cast<std::uint32_t>(end)});
  }

  // A range of a removed function starts at 0 (at 1 in .debug_ranges, where 0,0 would end the list) or lies nowhere.
  std::optional<AddressRange> live(std::uint64_t start, std::uint64_t end, bool allow_zero) const {
    if (start >= end || (start <= 1 && !allow_zero)) return std::nullopt;
    for (const AddressRange& code : code_) {
      if (start >= code.start && start < code.end) {
        return AddressRange{static_cast<std::uint32_t>(start),
                            static_cast<std::uint32_t>(std::min<std::uint64_t>(end, code.end))};
      }
    }
    return std::nullopt;
  }

  bool open() {
    bool any = false;
    for (const auto& s : image_.sections()) any |= s.name == ".debug_info" || s.name == ".zdebug_info";
    if (!any) return false;
    elf_version(EV_CURRENT);
    bytes_.assign(image_.file_bytes().begin(), image_.file_bytes().end());  // libdw unpacks sections in place
    elf_.reset(elf_memory(reinterpret_cast<char*>(bytes_.data()), bytes_.size()));
    if (elf_) dwarf_.reset(dwarf_begin_elf(elf_.get(), DWARF_C_READ, nullptr));
    if (!dwarf_) {
      note(fmt::format("debug information can't be read: {}", dwarf_errmsg(-1)));
      return false;
    }
    load_section(".debug_line", line_bytes_);
    load_section(".debug_line_str", line_str_bytes_);
    load_section(".debug_str", str_bytes_);
    return true;
  }
  void load_section(const std::string& name, std::vector<std::byte>& into) {
    const auto* section = image_.section(name);
    if (section == nullptr) section = image_.section(".z" + name.substr(1));
    if (section == nullptr) return;
    auto contents = image_.contents(*section);
    if (contents) {
      into = std::move(*contents);
    } else {
      note("debug information: section " + name + " can't be unpacked: " + contents.error().why);
    }
  }

  std::uint32_t file_id(const std::string& name) {
    if (name.empty()) return kNone;
    const auto [it, added] = file_ids_.try_emplace(name, static_cast<std::uint32_t>(out_.files_.size()));
    if (added) out_.files_.push_back(name);
    return it->second;
  }

  // ---- units ----

  struct Unit {
    std::string name;
    const LineProgram* lines = nullptr;
    bool has_removed = false;  // a function of it was removed by the linker
    bool owns_zero = false;    // a function of it really stands at address 0
  };

  static std::string string_attribute(Dwarf_Die* die, unsigned name) {
    Dwarf_Attribute attribute;
    const char* text = dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
    return text != nullptr ? text : "";
  }
  static std::uint64_t number_attribute(Dwarf_Die* die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    return dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) == 0 ? value : 0;
  }

  Unit& unit_of(Dwarf_Die& unit_die) {
    const auto [it, added] = units_.try_emplace(dwarf_dieoffset(&unit_die));
    Unit& unit = it->second;
    if (!added) return unit;
    const std::string comp_dir = string_attribute(&unit_die, DW_AT_comp_dir);
    const char* name = dwarf_diename(&unit_die);
    if (name != nullptr) unit.name = relative_path(name, comp_dir);
    Dwarf_Attribute attribute;
    Dwarf_Word offset = 0;
    if (dwarf_formudata(dwarf_attr(&unit_die, DW_AT_stmt_list, &attribute), &offset) == 0) {
      const auto [program, is_new] = programs_.try_emplace(offset);
      if (is_new) {
        program->second = parse_line_program({line_bytes_, line_str_bytes_, str_bytes_}, offset, comp_dir);
        // Programs of several units can overlap in the file.
        for (const std::string& file : program->second.files) count_names(file.size());
        for (const LineSequence& sequence : program->second.sequences) range_count_ += sequence.rows.size();
        exhausted_ = exhausted_ || range_count_ > kMaxRanges;
        if (!program->second.error.empty()) {
          note(fmt::format("line table of {} is malformed: {}", unit.name.empty() ? "a unit" : unit.name,
                           program->second.error));
        }
      }
      unit.lines = &program->second;
    }
    return unit;
  }
  Unit* unit_of(Dwarf_CU* cu) {
    Dwarf_Die die;
    if (cu == nullptr || dwarf_cu_die(cu, &die, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) == nullptr) {
      return nullptr;
    }
    return &unit_of(die);
  }

  void read_units() {
    Dwarf_CU* cu = nullptr;
    Dwarf_Die unit_die;
    std::uint8_t unit_type = 0;
    Dwarf_Off last = 0;
    bool first = true;
    for (;;) {
      const int status = dwarf_get_units(dwarf_.get(), cu, &cu, nullptr, &unit_type, &unit_die, nullptr);
      if (status == 1) return;
      const Dwarf_Off offset = status == 0 ? dwarf_dieoffset(&unit_die) : 0;
      if (status != 0 || (!first && offset <= last)) {
        note(fmt::format("debug information ends early: {}", status != 0 ? dwarf_errmsg(-1) : "units go backwards"));
        return;
      }
      first = false;
      last = offset;
      if (unit_type != DW_UT_compile && unit_type != DW_UT_partial) continue;
      Unit& unit = unit_of(unit_die);
      walk(unit_die, unit, kNone, 0, 0);
      if (exhausted_) return;
      add_lines(unit, unit_die);
    }
  }

  // ---- functions and inlined calls ----

  std::vector<AddressRange> ranges_of(Dwarf_Die& die, bool allow_zero) {
    std::vector<AddressRange> out;
    Dwarf_Addr base = 0, start = 0, end = 0;
    std::ptrdiff_t offset = 0;
    for (std::size_t count = 0; count < kMaxRangesPerEntry; ++count) {
      offset = dwarf_ranges(&die, offset, &base, &start, &end);
      if (offset <= 0) break;
      if (++range_count_ > kMaxRanges) {
        exhausted_ = true;
        break;
      }
      if (auto range = live(start, end, allow_zero)) out.push_back(*range);
    }
    if (offset < 0) note(fmt::format("address ranges of entry 0x{:x} are malformed", dwarf_dieoffset(&die)));
    return out;
  }

  // Name, declaration and unit of a function entry, followed through abstract origins and specifications.
  const DebugFunction& described(Dwarf_Die& die) {
    const auto [it, added] = described_.try_emplace(dwarf_dieoffset(&die));
    DebugFunction& out = it->second;
    if (!added) return out;
    out.linkage_name = string_attribute(&die, DW_AT_linkage_name);
    if (out.linkage_name.empty()) out.linkage_name = string_attribute(&die, DW_AT_MIPS_linkage_name);
    const char* plain = dwarf_diename(&die);
    out.name = !out.linkage_name.empty() ? short_name(demangle_(out.linkage_name)) : plain != nullptr ? plain : "";
    if (out.linkage_name.empty()) out.linkage_name = out.name;
    out.decl_line = static_cast<std::uint32_t>(number_attribute(&die, DW_AT_decl_line));
    Dwarf_Attribute attribute;
    Dwarf_Word index = 0;
    Dwarf_Attribute* file = dwarf_attr_integrate(&die, DW_AT_decl_file, &attribute);
    if (file != nullptr && dwarf_formudata(file, &index) == 0) out.decl_file = file_of(unit_of(file->cu), index);
    Dwarf_Attribute* name = dwarf_attr_integrate(&die, DW_AT_name, &attribute);
    if (name != nullptr) {
      if (const Unit* unit = unit_of(name->cu)) out.unit = unit->name;
    }
    count_names(out.name.size() + out.linkage_name.size() + out.decl_file.size() + out.unit.size());
    return out;
  }

  // Entries can share one long name, and each keeps a copy.
  void count_names(std::size_t bytes) {
    name_bytes_ += bytes;
    if (name_bytes_ > kMaxNameBytes) exhausted_ = true;
  }

  static std::string file_of(const Unit* unit, std::uint64_t index) {
    if (unit == nullptr || unit->lines == nullptr || index >= unit->lines->files.size()) return "";
    return unit->lines->files[index];
  }

  void walk(Dwarf_Die& parent, Unit& unit, std::uint32_t inlined, std::uint64_t inline_depth, int depth) {
    Dwarf_Die die;
    if (depth > kMaxDepth || dwarf_child(&parent, &die) != 0) return;
    Dwarf_Off last = dwarf_dieoffset(&parent);
    do {
      // A sibling reference that points backwards would never end.
      const Dwarf_Off offset = dwarf_dieoffset(&die);
      if (offset <= last || ++entry_count_ > kMaxEntries || exhausted_) {
        note(fmt::format("debug information of {} is malformed near entry 0x{:x}", unit.name, last));
        exhausted_ = exhausted_ || entry_count_ > kMaxEntries;
        return;
      }
      last = offset;
      switch (dwarf_tag(&die)) {
        case DW_TAG_subprogram:
          add_function(die, unit, depth);
          break;
        case DW_TAG_inlined_subroutine:
          add_inlined(die, unit, inlined, inline_depth, depth);
          break;
        case DW_TAG_lexical_block:
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
          walk(die, unit, inlined, inline_depth, depth + 1);
          break;
        default:
          break;
      }
    } while (dwarf_siblingof(&die, &die) == 0);
  }

  void add_function(Dwarf_Die& die, Unit& unit, int depth) {
    const bool has_code = dwarf_hasattr(&die, DW_AT_low_pc) != 0 || dwarf_hasattr(&die, DW_AT_ranges) != 0;
    if (!has_code) return;  // a declaration or an abstract instance
    std::vector<AddressRange> ranges = ranges_of(die, false);
    if (!names_at_zero_.empty()) {
      const DebugFunction& function = described(die);
      if (names_at_zero_.contains(function.linkage_name)) {
        const auto with_zero = ranges_of(die, true);
        if (with_zero.size() > ranges.size() && with_zero.front().start == 0) {
          ranges = with_zero;
          unit.owns_zero = true;
        }
      }
    }
    if (ranges.empty()) {
      unit.has_removed = true;
      return;
    }
    const auto id = static_cast<std::uint32_t>(out_.functions_.size());
    const DebugFunction& function = described(die);
    count_names(function.name.size() + function.linkage_name.size() + function.decl_file.size() + function.unit.size());
    out_.functions_.push_back(function);
    for (const AddressRange& r : ranges) functions_.push_back({r.start, r.end, static_cast<std::uint64_t>(depth), id});
    in_live_zero_ = ranges.front().start == 0;
    walk(die, unit, kNone, 1, depth + 1);
    in_live_zero_ = false;
  }

  void add_inlined(Dwarf_Die& die, Unit& unit, std::uint32_t parent, std::uint64_t inline_depth, int depth) {
    if (inline_depth == 0) return;  // not inside a live function
    const auto ranges = ranges_of(die, in_live_zero_);
    std::uint32_t id = parent;
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    if (!ranges.empty() && dwarf_formref_die(dwarf_attr(&die, DW_AT_abstract_origin, &attribute), &origin) != nullptr) {
      id = static_cast<std::uint32_t>(out_.inlines_.size());
      DebugInfo::Inlined entry;
      const DebugFunction& function = described(origin);
      entry.frame.name = function.name.empty() ? "[inlined function without a name]" : function.name;
      entry.frame.linkage_name = function.linkage_name;
      entry.frame.decl_file = function.decl_file;
      entry.frame.decl_line = function.decl_line;
      entry.frame.call_file = file_of(&unit, number_attribute(&die, DW_AT_call_file));
      entry.frame.call_line = static_cast<std::uint32_t>(number_attribute(&die, DW_AT_call_line));
      entry.parent = parent;
      count_names(entry.frame.name.size() + entry.frame.linkage_name.size() + entry.frame.decl_file.size() +
                  entry.frame.call_file.size());
      out_.inlines_.push_back(std::move(entry));
      for (const AddressRange& r : ranges) inlined_.push_back({r.start, r.end, inline_depth, id});
    }
    walk(die, unit, id, inline_depth + 1, depth + 1);
  }

  // ---- lines ----

  void add_lines(const Unit& unit, Dwarf_Die& unit_die) {
    if (unit.lines == nullptr || !lines_done_.insert(unit.lines).second) return;
    // The assembler describes only functions that have a size. A unit in one piece from address 0, nothing of which was
    // removed, really stands there when a symbol does.
    Dwarf_Addr low = 1;
    const bool whole_at_zero = !names_at_zero_.empty() && !unit.has_removed && dwarf_lowpc(&unit_die, &low) == 0 &&
                               low == 0 && dwarf_hasattr(&unit_die, DW_AT_high_pc) != 0;
    const bool allow_zero = unit.owns_zero || whole_at_zero;
    for (const LineSequence& sequence : unit.lines->sequences) {
      const auto range = live(sequence.rows.front().addr, sequence.end, allow_zero);
      if (!range) continue;
      for (std::size_t i = 0; i < sequence.rows.size(); ++i) {
        const LineRow& row = sequence.rows[i];
        const std::uint32_t next = i + 1 < sequence.rows.size() ? sequence.rows[i + 1].addr : sequence.end;
        if (row.addr >= next || row.addr >= range->end) continue;
        const std::uint32_t file = row.file < unit.lines->files.size() ? file_id(unit.lines->files[row.file]) : kNone;
        rows_.push_back({row.addr, std::min(next, range->end), file, row.line, row.column});
      }
    }
  }

  void finish() {
    out_.function_ranges_ = flatten(functions_);
    out_.inline_ranges_ = flatten(inlined_);
    // Sequences of one image don't overlap; where a broken table says so, the one read first wins.
    std::vector<PrioritisedRange> rows;
    rows.reserve(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows.push_back({rows_[i].start, rows_[i].end, rows_.size() - i, static_cast<std::uint32_t>(i)});
    }
    for (const FlatRange& flat : flatten(rows)) {
      const auto& row = rows_[flat.value];
      out_.lines_.push_back({flat.start, flat.end, row.file, row.line, row.column});
    }
    if (exhausted_) note("debug information is larger than any firmware's; read in part");
  }

  const memory::ElfImage& image_;
  std::vector<AddressRange> code_;
  std::set<std::string> names_at_zero_;
  std::vector<std::byte> bytes_, line_bytes_, line_str_bytes_, str_bytes_;
  std::unique_ptr<Elf, ElfCloser> elf_;
  std::unique_ptr<Dwarf, DwarfCloser> dwarf_;
  std::map<Dwarf_Off, Unit> units_;
  std::map<std::uint64_t, LineProgram> programs_;
  std::set<const LineProgram*> lines_done_;
  std::unordered_map<Dwarf_Off, DebugFunction> described_;
  std::unordered_map<std::string, std::uint32_t> file_ids_;
  std::vector<PrioritisedRange> functions_, inlined_;
  std::vector<DebugInfo::LineRange> rows_;
  std::size_t range_count_ = 0, entry_count_ = 0, name_bytes_ = 0;
  Demangler demangle_;
  bool exhausted_ = false;
  bool in_live_zero_ = false;
  DebugInfo out_;
};

DebugInfo DebugInfo::load(const memory::ElfImage& image) { return DwarfLoader(image).run(); }

std::optional<LineInfo> DebugInfo::line(std::uint32_t address) const {
  const LineRange* range = range_at(lines_, address);
  if (range == nullptr || range->line == 0 || range->file == kNone) return std::nullopt;
  return LineInfo{files_[range->file], range->line, range->column};
}

std::vector<InlineFrame> DebugInfo::inlined_at(std::uint32_t address) const {
  std::vector<InlineFrame> out;
  const FlatRange* range = range_at(inline_ranges_, address);
  for (std::uint32_t id = range != nullptr ? range->value : kNone; id != kNone; id = inlines_[id].parent) {
    out.push_back(inlines_[id].frame);
  }
  return out;
}

const DebugFunction* DebugInfo::function_at(std::uint32_t address) const {
  const FlatRange* range = range_at(function_ranges_, address);
  return range != nullptr ? &functions_[range->value] : nullptr;
}

std::vector<SourceInterval> DebugInfo::intervals(std::uint32_t start, std::uint32_t end) const {
  std::vector<SourceInterval> out;
  std::size_t line = first_range_ending_after(lines_, start);
  std::size_t inlined = first_range_ending_after(inline_ranges_, start);
  std::size_t function = first_range_ending_after(function_ranges_, start);
  // Steps to the next address at which any of the three changes.
  while (start < end) {
    std::uint32_t next = end;
    auto current = [&](auto& ranges, std::size_t& at) -> decltype(&ranges[0]) {
      while (at < ranges.size() && ranges[at].end <= start) ++at;
      if (at == ranges.size()) return nullptr;
      if (start < ranges[at].start) {
        next = std::min(next, ranges[at].start);
        return nullptr;
      }
      next = std::min(next, ranges[at].end);
      return &ranges[at];
    };
    SourceInterval interval;
    if (const LineRange* row = current(lines_, line)) {
      interval.file = row->file;
      interval.line = row->line;
    }
    if (const FlatRange* range = current(inline_ranges_, inlined)) interval.inlined = range->value;
    if (const FlatRange* range = current(function_ranges_, function)) interval.function = range->value;
    interval.start = start;
    interval.end = next;
    SourceInterval joined = interval;
    if (!out.empty()) {
      joined.start = out.back().start;
      out.back().end = next;
      if (out.back() != joined) {
        out.back().end = start;
        out.push_back(interval);
      }
    } else {
      out.push_back(interval);
    }
    start = next;
  }
  return out;
}

}  // namespace mj::profile
