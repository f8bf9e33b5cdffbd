#include "sim/board.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "peripherals/registry.h"
#include "sim/base/checked_json.h"
#include "sim/base/did_you_mean.h"
#include "sim/board_check.h"

namespace mj {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr unsigned extends_limit = 8;

// ---- reading ----------------------------------------------------------------------------------------------------

/// A board that another one extends, and the timing that its core has.
struct Ancestor {
  std::string id, timing;
};

/// The file with what it extends merged below it, nearest last in `ancestors`.
Result<json> read_merged(const fs::path& path, std::vector<Ancestor>& ancestors, unsigned depth = 0) {
  auto own = parse_json_file(path.string(), "board file");
  if (!own) return own;
  if (!own->is_object() || !own->contains("extends")) return own;
  const json base_name = (*own)["extends"];
  if (!base_name.is_string()) return usage("\"extends\" must be a string", path.string() + "#/extends");
  if (depth >= extends_limit) return usage("boards extend each other in a circle", path.string() + "#/extends");
  const std::string name = base_name.get<std::string>();
  fs::path base_path = fs::path(models_dir()) / "boards" / (name + ".json");
  if (name.ends_with(".json")) {
    base_path = path.parent_path() / name;
  } else if (const auto ids = list_boards(); std::find(ids.begin(), ids.end(), name) == ids.end()) {
    return usage("unknown board \"" + name + "\" to extend", path.string() + "#/extends", "boards: " + joined(ids),
                 did_you_mean(name, ids));
  }
  auto base = read_merged(base_path, ancestors, depth + 1);
  if (!base) return base;
  if (const json::json_pointer timing("/core/timing"); base->contains(timing) && base->at(timing).is_string())
    ancestors.push_back({base_path.stem().string(), base->at(timing).get<std::string>()});
  own->erase("extends");
  base->merge_patch(*own);
  return base;
}

// ---- from JSON to structs: after the schema check, so that types are known ------------------------------------------

std::uint64_t to_number(const json& value) {
  if (value.is_string()) return std::strtoull(value.get_ref<const std::string&>().c_str(), nullptr, 16);
  return value.get<std::uint64_t>();
}
/// Value of a {"value": ...} object at `key`, or `otherwise`.
std::uint64_t figure_or(const json& object, const char* key, std::uint64_t otherwise) {
  const auto at = object.find(key);
  return at == object.end() ? otherwise : to_number(at->at("value"));
}
std::uint32_t figure32(const json& object, const char* key, std::uint32_t otherwise = 0) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(figure_or(object, key, otherwise), 0xFFFFFFFF));
}
std::string text_or(const json& object, const char* key) { return object.value(key, std::string()); }

/// Whether one of the {"value": ...} objects below `object` is inferred or estimated.
bool unsure_figures(const json& object) {
  return std::any_of(object.begin(), object.end(), [](const json& figure) {
    const std::string certainty = figure.is_object() ? text_or(figure, "certainty") : "";
    return certainty == "inferred" || certainty == "estimated";
  });
}

void collect_figures(const json& node, const std::string& at, std::vector<Figure>& out) {
  if (!node.is_structured()) return;
  const auto text = [](const json& v) { return v.is_string() ? v.get<std::string>() : v.dump(); };
  if (node.is_object() && node.contains("source") && node.contains("certainty")) {
    const auto add = [&](const std::string& pointer, const json& value) {
      out.push_back({pointer, text(value), text_or(node, "unit"), text_or(node, "source"), text_or(node, "certainty")});
    };
    if (node.contains("value")) return add(at, node["value"]);
    for (const char* key : {"base", "size", "irqs", "vector_table", "vector_table_candidates", "entry", "reset_mtvec",
                            "alias_offset", "max_hz"})
      if (node.contains(key)) add(at + "/" + key, node[key]);
  }
  for (const auto& [key, value] : node.items()) collect_figures(value, at + "/" + key, out);
}

CoreSpec to_core(const json& j) {
  CoreSpec core;
  core.timing = text_or(j, "timing");
  core.timing_note = text_or(j, "timing_note");
  if (j.contains("timing_rows")) core.timing_rows = j["timing_rows"].dump();
  core.isa = text_or(j, "isa");
  for (const json& f : j.at("features").at("value")) core.features.push_back(f.get<std::string>());
  core.reset_clock_hz = figure_or(j, "reset_clock", 0);
  core.max_clock_hz = figure_or(j, "max_clock", 0);
  core.min_clock_hz = figure_or(j, "min_clock", 0);
  core.nvic_priority_bits = figure32(j, "nvic_priority_bits");
  core.irq_count = figure32(j, "irq_count");
  core.sau_regions = figure32(j, "sau_regions");
  core.systick_reference_divider = figure32(j, "systick_reference_divider");
  return core;
}

RegionSpec to_region(const std::string& name, const json& j) {
  RegionSpec r;
  r.name = name;
  const bool flash = j.at("kind") == "flash";
  r.kind = flash ? memory::RegionKind::flash : memory::RegionKind::ram;
  r.base = static_cast<Address>(to_number(j.at("base")));
  r.size = to_number(j.at("size"));
  r.alias_of = text_or(j, "alias_of");
  if (j.contains("alias_offset")) r.alias_offset = to_number(j["alias_offset"]);
  r.read_wait = figure32(j, "read_wait");
  r.write_wait = figure32(j, "write_wait");
  r.run_wait = figure32(j, "run_wait");
  if (const auto f = j.find("front_end"); f != j.end()) {
    memory::FlashTimingParams p;
    p.word_bytes = figure32(*f, "word_bytes");
    p.line_bytes = figure32(*f, "line_bytes");
    p.wait_states = figure32(*f, "wait_states");
    p.icache_lines = figure32(*f, "icache_lines");
    p.dcache_lines = figure32(*f, "dcache_lines");
    p.ways = figure32(*f, "ways");
    p.dcache_ways = figure32(*f, "dcache_ways");
    p.bus_ratio = std::clamp(figure32(*f, "bus_ratio", 1), 1u, 8u);
    p.bus_cycles = figure32(*f, "bus_cycles");
    p.jump_refill = figure32(*f, "jump_refill");
    p.of_core = figure32(*f, "of_core") != 0;
    p.unified = figure32(*f, "unified") != 0;
    p.prefetch = figure32(*f, "prefetch") != 0;
    p.icache_enabled = figure32(*f, "icache_enabled") != 0;
    p.dcache_enabled = figure32(*f, "dcache_enabled") != 0;
    r.front_end = p;
    r.unsure_waits = unsure_figures(*f);
  }
  if (const auto b = j.find("bus"); b != j.end()) {
    memory::BusCosts costs;
    costs.read = figure32(*b, "read_cycles");
    costs.write = figure32(*b, "write_cycles");
    costs.beat = figure32(*b, "beat_cycles", 1);
    costs.beat_bytes = figure32(*b, "beat_bytes", 4);
    r.bus = costs;
    r.unsure_waits |= unsure_figures(*b);
  }
  for (const char* wait : {"read_wait", "write_wait", "run_wait"})
    if (j.contains(wait)) r.unsure_waits |= unsure_figures(json::array({j[wait]}));
  const std::string budget = j.value("budget", r.alias_of.empty() ? j.at("kind").get<std::string>() : "none");
  r.budget = budget == "flash" ? BudgetKind::flash : budget == "ram" ? BudgetKind::ram : BudgetKind::none;
  r.source = text_or(j, "source");
  r.certainty = text_or(j, "certainty");
  r.note = text_or(j, "note");
  return r;
}

peripherals::DeviceSpec to_device(const std::string& name, const json& j) {
  peripherals::DeviceSpec d;
  d.name = name;
  d.type = text_or(j, "type");
  d.base = static_cast<Address>(to_number(j.at("base")));
  d.size = static_cast<std::uint32_t>(to_number(j.at("size")));
  for (const json& irq : j.value("irqs", json::array())) d.irqs.push_back(irq.get<unsigned>());
  for (const json& a : j.value("aliases", json::array())) d.aliases.push_back(static_cast<Address>(to_number(a)));
  d.read_wait = figure32(j, "read_wait");
  d.write_wait = figure32(j, "write_wait");
  for (const char* wait : {"read_wait", "write_wait"})
    if (j.contains(wait)) d.unsure_waits |= unsure_figures(json::array({j[wait]}));
  const json params = j.value("params", json::object());
  for (const auto& [key, value] : params.items()) {
    peripherals::Param p;
    const json& v = value.at("value");
    if (v.is_array())
      for (const json& one : v) p.numbers.push_back(to_number(one));
    else if (v.is_string() && v.get_ref<const std::string&>().substr(0, 2) != "0x")
      p.text = v.get<std::string>();
    else
      p.numbers.push_back(to_number(v));
    p.unit = text_or(value, "unit");
    p.source = text_or(value, "source");
    p.certainty = text_or(value, "certainty");
    d.params.emplace(key, std::move(p));
  }
  d.source = text_or(j, "source");
  d.certainty = text_or(j, "certainty");
  return d;
}

IdauSpec to_idau(const json& j) {
  IdauSpec r;
  r.base = static_cast<Address>(to_number(j.at("base")));
  r.size = to_number(j.at("size"));
  r.attribution = text_or(j, "attribution");
  r.region = j.value("region", 0u);
  if (j.contains("callable_bit")) r.callable_bit = j["callable_bit"].get<unsigned>();
  return r;
}

BootSpec to_boot(const json& j) {
  BootSpec boot;
  const auto optional = [&](const char* key) -> std::optional<Address> {
    if (!j.contains(key)) return std::nullopt;
    return static_cast<Address>(to_number(j[key]));
  };
  boot.vector_table = optional("vector_table");
  boot.entry = optional("entry");
  boot.reset_mtvec = optional("reset_mtvec");
  for (const json& a : j.value("vector_table_candidates", json::array()))
    boot.vector_table_candidates.push_back(static_cast<Address>(to_number(a)));
  boot.image_def = optional("image_def");
  const json words = j.value("rom_words", json::object());
  for (const auto& [at, word] : words.items())
    boot.rom_words.emplace_back(static_cast<Address>(to_number(at)), static_cast<std::uint32_t>(to_number(word)));
  boot.skipped = text_or(j, "skipped");
  return boot;
}

FirmwareSpec to_firmware(const json& j, Hertz reset_clock_hz) {
  FirmwareSpec f;
  f.compiler_flags = j.at("compiler_flags").at("value").get<std::vector<std::string>>();
  f.ram = j.at("ram").get<std::vector<std::string>>();
  if (j.contains("ram_start")) f.ram_start = figure32(j, "ram_start");
  if (j.contains("image_start")) f.image_start = figure32(j, "image_start");
  f.clock_setup = j.value("clock_setup", "none");
  f.clock_hz = figure_or(j, "clock", reset_clock_hz);
  return f;
}

/// Pointers of the values that differ, or are only in `b`.
void differences(const json& a, const json& b, const std::string& at, std::vector<std::string>& out) {
  if (!b.is_object() || !a.is_object()) {
    if (a != b) out.push_back(at);
    return;
  }
  static const json nothing;
  for (const auto& [key, value] : b.items()) {
    const auto before = a.find(key);
    differences(before == a.end() ? nothing : *before, value, at + "/" + key, out);
  }
}

Result<json> read_with_overlay(const fs::path& path, const std::string& overlay, std::vector<std::string>& replaced,
                               std::vector<Ancestor>& ancestors) {
  auto merged = read_merged(path, ancestors);
  if (!merged || overlay.empty()) return merged;
  auto patch = parse_json(overlay, "overlay", "overlay of a board");
  if (!patch) return patch.error();
  if (!patch->is_object() || !merged->is_object())
    return usage("an overlay must be a JSON object", "overlay", patch->type_name());
  // So that the same file serves as a board of its own.
  for (const char* key : {"extends", "$schema", "notes"}) patch->erase(key);
  const json before = *merged;
  merged->merge_patch(*patch);
  differences(before, *merged, "", replaced);
  return merged;
}

Result<BoardSpec> load_file(const fs::path& path, const std::string& shown, const std::string& overlay) {
  std::vector<std::string> replaced;
  std::vector<Ancestor> ancestors;
  auto merged = read_with_overlay(path, overlay, replaced, ancestors);
  if (!merged) return merged.error();
  if (!merged->is_object()) return usage("a board file must be a JSON object", shown, merged->type_name());
  if (const auto ok = check_json(*merged, board_schema(), shown, "board file"); !ok) return ok.error();
  BoardSpec board;
  try {
    const json& j = *merged;
    board.id = path.stem().string();
    board.replaced = std::move(replaced);
    board.name = text_or(j, "name");
    board.soc = text_or(j, "soc");
    board.notes = j.value("notes", std::vector<std::string>());
    board.core = to_core(j.at("core"));
    for (auto a = ancestors.rbegin(); a != ancestors.rend() && a->timing == board.core.timing; ++a)
      board.same_core.push_back(a->id);
    for (const auto& [name, value] : j.at("regions").items()) board.regions.push_back(to_region(name, value));
    for (const auto& [name, value] : j.at("devices").items()) board.devices.push_back(to_device(name, value));
    if (j.contains("idau"))
      for (const json& range : j["idau"].at("ranges")) board.idau.push_back(to_idau(range));
    board.boot = to_boot(j.at("boot"));
    board.console = text_or(j, "console");
    for (const json& w : j.value("wait_states", json::array()))
      board.wait_states.push_back({text_or(w, "condition"), w.at("max_hz").get<std::vector<Hertz>>()});
    if (j.contains("firmware")) board.firmware = to_firmware(j["firmware"], board.core.reset_clock_hz);
    collect_figures(j, "", board.figures);
  } catch (const std::exception& e) {
    return Error{ExitCode::usage, "cannot read the board file's values", shown, e.what(), ""};
  }
  std::sort(board.regions.begin(), board.regions.end(),
            [](const RegionSpec& a, const RegionSpec& b) { return a.base < b.base; });
  if (const auto ok = check_meaning(board, shown); !ok) return ok.error();
  return board;
}

}  // namespace

std::string models_dir() {
  if (const char* set = std::getenv("MJ_MODELS_DIR"); set && *set) return set;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = self.parent_path().parent_path() / "share" / "microjoule" / "models";
    if (fs::is_directory(installed / "boards", error)) return installed.string();
  }
  return MJ_MODELS_DIR;
}

std::vector<std::string> list_boards() {
  std::vector<std::string> ids;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(models_dir()) / "boards", ignored))
    if (entry.path().extension() == ".json") ids.push_back(entry.path().stem().string());
  std::sort(ids.begin(), ids.end());
  return ids;
}

namespace {

/// The file of a board, and how messages call it.
struct BoardFile {
  fs::path path;
  std::string shown;
};

Result<BoardFile> file_of(const std::string& id_or_path) {
  if (id_or_path.ends_with(".json")) return BoardFile{id_or_path, id_or_path};
  const auto ids = list_boards();
  if (std::find(ids.begin(), ids.end(), id_or_path) == ids.end()) {
    std::string advice = did_you_mean(id_or_path, ids);
    if (!advice.empty()) advice += " ";
    return usage("unknown board \"" + id_or_path + "\"", "", "boards: " + joined(ids),
                 advice + "or give the path of a board file that ends in .json, or generic:<core>");
  }
  return BoardFile{fs::path(models_dir()) / "boards" / (id_or_path + ".json"), id_or_path + ".json"};
}

}  // namespace

Result<BoardSpec> load_board(const std::string& id_or_path, const std::string& overlay) {
  const auto file = file_of(id_or_path);
  if (!file) return file.error();
  return load_file(file->path, file->shown, overlay);
}

Result<std::string> merged_board_text(const std::string& id_or_path, const std::string& overlay) {
  const auto file = file_of(id_or_path);
  if (!file) return file.error();
  std::vector<std::string> replaced;
  std::vector<Ancestor> ancestors;
  const auto merged = read_with_overlay(file->path, overlay, replaced, ancestors);
  if (!merged) return merged.error();
  return merged->dump();
}

Result<std::string> overlay_rows(const std::string& overlay) {
  if (overlay.empty()) return std::string();
  const auto patch = parse_json(overlay, "overlay", "overlay of a board");
  if (!patch) return patch.error();
  for (const auto& [key, value] : patch->items()) {
    if (key == "extends" || key == "$schema" || key == "notes") continue;
    const bool rows_only = key == "core" && value.is_object() && value.size() == 1 && value.contains("timing_rows");
    if (!rows_only)
      return usage("a generic board's overlay can only have core.timing_rows", "overlay#/" + key,
                   "the rest of such a board is made for the image", "use a board file");
  }
  return patch->contains("core") ? (*patch)["core"]["timing_rows"].dump() : std::string();
}

}  // namespace mj
