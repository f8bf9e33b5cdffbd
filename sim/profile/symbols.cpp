#include "sim/profile/symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "sim/profile/names.h"

namespace mj::profile {
namespace {

using memory::ElfImage;
using memory::ElfSection;
using memory::ElfSymbol;
using memory::SymbolBinding;
using memory::SymbolType;

constexpr std::uint32_t kUnknownBlock = 4096;  // code outside of every section is grouped by 4 KiB

std::uint32_t end_of(std::uint64_t start, std::uint64_t size) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(start + size, 0xffffffff));
}

// Order in which the names at one address compete to be the canonical one.
auto rank(const ElfSymbol& s) {
  const int type = s.type == SymbolType::notype ? 1 : 0;
  const int binding = s.binding == SymbolBinding::global ? 0 : s.binding == SymbolBinding::weak ? 1 : 2;
  const int sized = s.size != 0 ? 0 : 1;
  return std::tuple(type, binding, sized, s.name.size(), std::string_view(s.name));
}

// Names that linker scripts give to places ("__text_end", "_etext", "__exidx_start"), not to functions or objects. They
// are untyped and have no size, as assembler functions may be, so that only the name tells.
bool is_linker_label(const ElfSymbol& s) {
  if (s.type != SymbolType::notype || s.size != 0) return false;
  std::string_view name = s.name;
  if (name == "__global_pointer$") return true;
  while (name.ends_with('_')) name.remove_suffix(1);
  std::size_t underscores = 0;
  while (underscores < name.size() && name[underscores] == '_') ++underscores;
  name.remove_prefix(underscores);
  if (name == "etext" || name == "edata" || name == "end") return true;
  if (underscores == 0) return false;
  constexpr std::array<std::string_view, 9> kPlaces = {"stext",  "sdata",   "sidata",  "sbss",  "ebss",
                                                       "estack", "erodata", "srodata", "eidata"};
  return name.ends_with("_start") || name.ends_with("_end") || name.ends_with("_base") || name.ends_with("_limit") ||
         std::find(kPlaces.begin(), kPlaces.end(), name) != kPlaces.end();
}

// The clone suffix as shown: that two functions had one name before link-time optimisation (.lto_priv.3) says nothing
// about them, their files do.
std::string shown_suffix(const std::string& name) {
  std::string suffix = name.substr(without_clone_suffix(name).size());
  constexpr std::string_view kPrivate = ".lto_priv.";
  for (std::size_t at = suffix.find(kPrivate); at != suffix.npos; at = suffix.find(kPrivate)) {
    const std::size_t end = suffix.find('.', at + kPrivate.size());
    suffix.erase(at, end == suffix.npos ? end : end - at);
  }
  return suffix;
}

}  // namespace

class SymbolTableBuilder {
 public:
  SymbolTableBuilder(const ElfImage& image, const DebugInfo& debug) : image_(image), debug_(debug) {}

  SymbolTable run() {
    for (const ElfSection& s : image_.sections()) {
      if (s.allocated() && s.size != 0 && !(s.thread_local_() && s.no_bits())) {
        out_.sections_.push_back({s.addr, end_of(s.addr, s.size), s.name});
      }
    }
    std::stable_sort(out_.sections_.begin(), out_.sections_.end(),
                     [](const auto& a, const auto& b) { return a.start < b.start; });
    collect();
    settle();
    name_files();
    make_displays(out_.functions_);
    make_displays(out_.objects_);
    index_names();
    return std::move(out_);
  }

 private:
  // All symbols of one kind at one address.
  struct Place {
    std::vector<const ElfSymbol*> symbols;
    bool function = false;
  };
  using Key = std::pair<std::uint32_t, std::uint32_t>;  // section, address

  const ElfSection* section_of(const ElfSymbol& s) const {
    return s.section < image_.sections().size() && s.section != 0 ? &image_.sections()[s.section] : nullptr;
  }

  // Arm and RISC-V mapping symbols tell literal pools and tables inside a code section from code.
  bool maps_to_data(std::uint32_t section, std::uint32_t address) const {
    const auto& all = image_.mapping_symbols();
    auto it = std::upper_bound(all.begin(), all.end(), std::pair(section, address),
                               [](const auto& key, const auto& m) { return key < std::pair(m.section, m.addr); });
    if (it == all.begin()) return false;
    --it;
    return it->section == section && it->kind == memory::MappingKind::data;
  }

  void collect() {
    std::vector<const ElfSymbol*> labels;
    for (const ElfSymbol& s : image_.symbols()) {
      if (s.name.empty()) continue;
      const ElfSection* section = section_of(s);
      if (section == nullptr) {
        // A ROM function or object at a fixed address counts only when the file says how large it is.
        const bool fixed = s.section == memory::kSectionAbsolute && s.size != 0;
        if (fixed && s.type == SymbolType::func) places_[{s.section, s.value}].symbols.push_back(&s);
        if (fixed && s.type == SymbolType::object) object_places_[{s.section, s.value}].symbols.push_back(&s);
        continue;
      }
      if (!section->allocated() || !section->contains(s.value) || section->thread_local_()) continue;
      if (s.type == SymbolType::func) {
        places_[{s.section, s.value}].symbols.push_back(&s);
      } else if (s.type == SymbolType::object) {
        object_places_[{s.section, s.value}].symbols.push_back(&s);
      } else if (is_linker_label(s)) {
        ends_.insert({s.section, s.value});
      } else if (s.type == SymbolType::notype) {
        labels.push_back(&s);
      }
    }
    // What sized functions and objects claim, to tell entry points from labels inside.
    std::map<std::uint32_t, std::vector<PrioritisedRange>> claimed_input;
    for (const auto* places : {&places_, &object_places_}) {
      for (const auto& [key, place] : *places) {
        for (const ElfSymbol* s : place.symbols) {
          claimed_input[key.first].push_back({s->value, end_of(s->value, s->size), 0, 0});
        }
      }
    }
    std::map<std::uint32_t, std::vector<FlatRange>> claimed;
    for (const auto& [section, ranges] : claimed_input) claimed[section] = flatten(ranges);
    std::vector<const ElfSymbol*> local_code;
    for (const ElfSymbol* s : labels) {
      const Key key{s->section, s->value};
      const bool code = section_of(*s)->executable() && !maps_to_data(s->section, s->value);
      if (places_.contains(key)) {
        places_[key].symbols.push_back(s);
      } else if (object_places_.contains(key)) {
        object_places_[key].symbols.push_back(s);
      } else if (range_at(claimed[s->section], s->value) != nullptr) {
        continue;
      } else if (!code) {
        object_places_[key].symbols.push_back(s);
      } else if (s->binding != SymbolBinding::local || s->size != 0) {
        places_[key].symbols.push_back(s);
      } else {
        local_code.push_back(s);
      }
    }
    add_local_labels(local_code);
  }

  // An untyped local label starts a function only where no function precedes it in its section.
  void add_local_labels(const std::vector<const ElfSymbol*>& labels) {
    std::map<std::uint32_t, std::uint32_t> first;  // section -> first function of unknown size
    for (const auto& [key, place] : places_) {
      const bool sized = std::any_of(place.symbols.begin(), place.symbols.end(), [](auto* s) { return s->size != 0; });
      if (!sized) first.try_emplace(key.first, key.second);
    }
    for (const ElfSymbol* s : labels) {
      const auto it = first.find(s->section);
      if (it == first.end() || s->value < it->second) places_[{s->section, s->value}].symbols.push_back(s);
    }
  }

  // The end of a symbol without a size: the next symbol or label of the linker in its section, or the section's end.
  std::uint32_t inferred_end(const Key& key, std::uint32_t section_end) const {
    std::uint32_t end = section_end;
    for (const auto* places : {&places_, &object_places_}) {
      const auto next = places->upper_bound(key);
      if (next != places->end() && next->first.first == key.first) end = std::min(end, next->first.second);
    }
    const auto label = ends_.upper_bound(key);
    if (label != ends_.end() && label->first == key.first) end = std::min(end, label->second);
    return end;
  }

  Symbol make_symbol(const Key& key, const Place& place, bool function) {
    const auto best = std::min_element(place.symbols.begin(), place.symbols.end(),
                                       [](auto* a, auto* b) { return rank(*a) < rank(*b); });
    Symbol symbol;
    symbol.is_function = function;
    symbol.start = key.second;
    symbol.name = (*best)->name;
    symbol.demangled = demangle_(symbol.name);
    symbol.base_name = short_name(demangle_(without_clone_suffix(symbol.name)));
    symbol.file = (*best)->file;
    for (const ElfSymbol* s : place.symbols) {
      symbol.size = std::max(symbol.size, s->size);
      if (s->name != symbol.name) symbol.aliases.push_back(s->name);
      if (symbol.file.empty()) symbol.file = s->file;
    }
    std::sort(symbol.aliases.begin(), symbol.aliases.end());
    symbol.aliases.erase(std::unique(symbol.aliases.begin(), symbol.aliases.end()), symbol.aliases.end());
    const ElfSection* section = section_of(**best);
    if (section == nullptr) return symbol;
    symbol.section = section->name;
    const std::uint32_t section_end = end_of(section->addr, section->size);
    symbol.size_inferred = symbol.size == 0;
    const std::uint32_t end = symbol.size_inferred ? inferred_end(key, section_end)
                                                   : std::min(section_end, end_of(symbol.start, symbol.size));
    symbol.size = end - symbol.start;
    return symbol;
  }

  void settle() {
    auto fill = [&](const std::map<Key, Place>& places, bool function, std::vector<Symbol>& symbols,
                    std::vector<FlatRange>& flat) {
      for (const auto& [key, place] : places) symbols.push_back(make_symbol(key, place, function));
      std::stable_sort(symbols.begin(), symbols.end(),
                       [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
      std::vector<PrioritisedRange> ranges;
      for (std::size_t i = 0; i < symbols.size(); ++i) {
        // The one that starts later is the inner one.
        const Symbol& s = symbols[i];
        ranges.push_back({s.start, end_of(s.start, s.size), s.start, static_cast<std::uint32_t>(i)});
      }
      flat = flatten(ranges);
    };
    fill(places_, true, out_.functions_, out_.function_ranges_);
    fill(object_places_, false, out_.objects_, out_.object_ranges_);
  }

  // The debug information's path is kept where it says more than the symbol table's bare file name.
  void name_files() {
    for (Symbol& s : out_.functions_) {
      const DebugFunction* function = debug_.function_at(s.start);
      if (function == nullptr) continue;
      const std::string& path = !function->unit.empty() ? function->unit : function->decl_file;
      if (s.file.empty() || file_basename(path) == s.file) s.file = path;
    }
  }

  // Each step renames only what still shares its name with another symbol.
  void make_displays(std::vector<Symbol>& symbols) {
    auto each_duplicate = [&](auto change) {
      std::map<std::string, std::vector<Symbol*>> by_name;
      for (Symbol& s : symbols) by_name[s.display].push_back(&s);
      for (auto& [name, group] : by_name) {
        if (group.size() < 2) continue;
        for (Symbol* s : group) change(*s);
      }
    };
    for (Symbol& s : symbols) s.display = s.base_name + shown_suffix(s.name);
    each_duplicate([](Symbol& s) {
      if (!s.file.empty()) s.display += fmt::format(" ({})", file_basename(s.file));
    });
    each_duplicate([this](Symbol& s) { s.display = demangle_(without_clone_suffix(s.name)) + shown_suffix(s.name); });
    each_duplicate([](Symbol& s) {
      if (!s.file.empty()) s.display += fmt::format(" ({})", s.file);
    });
    each_duplicate([](Symbol& s) { s.display += fmt::format(" @0x{:08x}", s.start); });
  }

  void index_names() {
    std::uint32_t index = 0;
    for (const auto* symbols : {&out_.functions_, &out_.objects_}) {
      for (const Symbol& s : *symbols) {
        out_.names_.push_back({s.name, 0, index});
        for (const std::string& alias : s.aliases) out_.names_.push_back({alias, 0, index});
        out_.names_.push_back({s.display, 1, index});
        out_.names_.push_back({s.demangled, 2, index});
        out_.names_.push_back({s.base_name, 3, index});
        ++index;
      }
    }
    std::sort(out_.names_.begin(), out_.names_.end());
  }

  const ElfImage& image_;
  const DebugInfo& debug_;
  std::map<Key, Place> places_, object_places_;
  std::set<Key> ends_;  // labels of the linker script
  Demangler demangle_;
  SymbolTable out_;
};

SymbolTable SymbolTable::build(const memory::ElfImage& image, const DebugInfo& debug) {
  return SymbolTableBuilder(image, debug).run();
}

const Symbol* SymbolTable::function_at(std::uint32_t address) const {
  const FlatRange* range = range_at(function_ranges_, address);
  return range != nullptr ? &functions_[range->value] : nullptr;
}

const Symbol* SymbolTable::object_at(std::uint32_t address) const {
  const FlatRange* range = range_at(object_ranges_, address);
  return range != nullptr ? &objects_[range->value] : nullptr;
}

Gap SymbolTable::gap_at(std::uint32_t address) const {
  Gap gap;
  const SectionRange* section = range_at(sections_, address);
  if (section != nullptr) {
    gap.start = section->start;
    gap.end = section->end;
  } else {
    gap.start = address & ~(kUnknownBlock - 1);
    gap.end = end_of(gap.start, kUnknownBlock);
    const std::size_t next = first_range_ending_after(sections_, address);
    if (next < sections_.size()) gap.end = std::min(gap.end, sections_[next].start);
    if (next > 0) gap.start = std::max(gap.start, sections_[next - 1].end);
  }
  const std::size_t next = first_range_ending_after(function_ranges_, address);
  if (next < function_ranges_.size()) gap.end = std::min(gap.end, std::max(address, function_ranges_[next].start));
  if (next > 0) gap.start = std::max(gap.start, function_ranges_[next - 1].end);
  gap.name = section != nullptr ? fmt::format("[{}+0x{:x} unknown]", section->name, gap.start - section->start)
                                : fmt::format("[0x{:08x} unknown]", gap.start);
  return gap;
}

const Symbol* SymbolTable::find(std::string_view name) const {
  const auto it = std::lower_bound(names_.begin(), names_.end(), name,
                                   [](const NameEntry& entry, std::string_view n) { return entry.name < n; });
  if (it == names_.end() || it->name != name) return nullptr;
  return it->index < functions_.size() ? &functions_[it->index] : &objects_[it->index - functions_.size()];
}

std::vector<const Symbol*> SymbolTable::find_all(std::string_view name) const {
  auto it = std::lower_bound(names_.begin(), names_.end(), name,
                             [](const NameEntry& entry, std::string_view n) { return entry.name < n; });
  std::set<std::uint32_t> indices;
  for (; it != names_.end() && it->name == name; ++it) indices.insert(it->index);
  std::vector<const Symbol*> out;
  for (const std::uint32_t i : indices)
    out.push_back(i < functions_.size() ? &functions_[i] : &objects_[i - functions_.size()]);
  std::stable_sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->start < b->start; });
  return out;
}

std::string SymbolTable::describe(std::uint32_t address, const DebugInfo& debug) const {
  auto at = [&](const Symbol& s) {
    return address == s.start ? s.display : fmt::format("{}+0x{:x}", s.display, address - s.start);
  };
  const Symbol* symbol = function_at(address);
  if (symbol == nullptr) symbol = object_at(address);
  if (symbol == nullptr) {
    const SectionRange* section = range_at(sections_, address);
    return section != nullptr ? fmt::format("0x{:08x} ({})", address, section->name) : fmt::format("0x{:08x}", address);
  }
  std::string text = at(*symbol);
  if (const auto line = debug.line(address)) {
    text += fmt::format(" ({}:{})", file_basename(line->file), line->line);
  }
  return text;
}

}  // namespace mj::profile
