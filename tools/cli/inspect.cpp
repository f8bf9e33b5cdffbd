// microjoule inspect: what a firmware image or a network holds, without running it.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "memory/elf_image.h"
#include "sim/board.h"
#include "sim/profile/model/int8_graph.h"
#include "sim/profile/model/tflite_reader.h"
#include "sim/profile/recognisers/recognition.h"
#include "sim/profile/static_size.h"
#include "sim/profile/symbols.h"
#include "sim/program.h"
#include "sim/propose.h"
#include "tools/cli/cli.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::cli {
namespace {

using namespace report;

std::string shape32(const std::vector<std::int32_t>& dims) { return shape({dims.begin(), dims.end()}); }

std::string section(const std::string& name, const Table& table, const Options& o) {
  return "\n" + bold(name, o) + "\n" + (table.rows.empty() ? "  none\n" : table.text(o));
}

Table layer_table() {
  return {{{"#", Align::right},
           {"op"},
           {"name", Align::left, Shrink::keep_end},
           {"in→out"},
           {"MACs", Align::right},
           {"parameters", Align::right},
           {"", Align::left, Shrink::keep_ends}},
          {}};
}

// ---- networks -------------------------------------------------------------------------------------------------------

std::string tensor_text(const model::Tensor& t) {
  std::string out = fmt::format("{}: {} {}", t.name, model::type_name(t.type), shape32(t.shape));
  if (!t.quantization.scale.empty())
    out += fmt::format(", scale {:.6g}, zero point {}", t.quantization.scale[0], t.quantization.zero_point[0]);
  return out;
}

std::string inspect_network(const model::ModelGraph& g, const std::string& path, std::size_t size, const Options& o) {
  Facts facts{{"network", g.name.empty() ? "main" : g.name},
              {"made by", g.description.empty() ? "unknown: the file doesn't say" : g.description},
              {"format", fmt::format("TensorFlow Lite, schema version {}", g.schema_version)},
              {"layers", fmt::format("{}, {} an inference, parameters {}", plural(g.operators.size(), "layer"),
                                     plural(g.macs(), "MAC"), bytes(g.parameter_bytes()))}};
  for (const std::int32_t i : g.inputs) facts.push_back({"input", tensor_text(g.tensors[static_cast<std::size_t>(i)])});
  for (const std::int32_t i : g.outputs)
    facts.push_back({"output", tensor_text(g.tensors[static_cast<std::size_t>(i)])});
  if (g.subgraph_count > 1)
    facts.push_back({"note", fmt::format("{} subgraphs; only the first is shown", g.subgraph_count)});
  const auto checked = model::check_int8(g);
  facts.push_back({"build", checked
                                ? "our runtime has all its operators: microjoule build"
                                : "not by our runtime: " + checked.error().what + " (" + checked.error().where + ")"});
  Table layers = layer_table();
  layers.columns.pop_back();
  for (std::size_t i = 0; i < g.operators.size(); ++i) {
    const model::Operator& op = g.operators[i];
    const auto tensor = [&](const std::vector<std::int32_t>& list) -> const model::Tensor* {
      return list.empty() || list[0] < 0 ? nullptr : &g.tensors[static_cast<std::size_t>(list[0])];
    };
    const model::Tensor* in = tensor(op.inputs);
    const model::Tensor* out = tensor(op.outputs);
    layers.rows.push_back({{std::to_string(i), op.name(), out ? out->name.substr(0, out->name.find(';')) : "",
                            fmt::format("{}→{}", in ? shape32(in->shape) : "?", out ? shape32(out->shape) : "?"),
                            count(op.macs), bytes(op.parameter_bytes)}});
  }
  return bold(fmt::format("{}   {}", path, bytes(size)), o) + "\n" + facts_text(facts, o) +
         section("layers", layers, o);
}

// ---- firmware -------------------------------------------------------------------------------------------------------

std::string target_text(const memory::ElfTarget& t) {
  constexpr const char* float_abis[] = {"soft", "softfp", "hard"};
  std::string out = t.machine == memory::Machine::arm ? "Arm" : "RISC-V";
  out += ", " + (t.arch.empty() ? "architecture unknown" : t.arch);
  if (!t.cpu.empty()) out += ", " + t.cpu;
  if (!t.fpu.empty() && t.fpu != "none") out += ", FPU " + t.fpu;
  out += fmt::format(", {} float calls", float_abis[static_cast<int>(t.float_abi)]);
  return out + (t.from_attributes ? " (build attributes)" : " (file header only: no build attributes)");
}

Table segment_table(const memory::ElfImage& image) {
  Table table{{{"#", Align::right},
               {"runs at"},
               {"stored at"},
               {"in the file", Align::right},
               {"in memory", Align::right},
               {"access"}},
              {}};
  for (const memory::LoadSegment& s : image.segments())
    table.rows.push_back(
        {{std::to_string(s.index), hex(s.vaddr), s.bytes.empty() ? "-" : hex(s.paddr), bytes(s.bytes.size()),
          bytes(s.memsz),
          fmt::format("{}{}{}", s.readable ? "r" : "-", s.writable ? "w" : "-", s.executable ? "x" : "-")}});
  return table;
}

std::vector<profile::MemoryRegionName> region_names(const BoardSpec& board) {
  std::vector<profile::MemoryRegionName> names;
  for (const RegionSpec& r : board.regions)
    if (r.alias_of.empty())
      names.push_back({r.name, r.base, static_cast<std::uint32_t>(r.size),
                       r.kind == memory::RegionKind::flash ? profile::RegionKind::flash : profile::RegionKind::ram});
  return names;
}

Table region_table(const profile::StaticSize& size) {
  Table table{{{"region"},
               {"kind"},
               {"at"},
               {"used", Align::right},
               {"of", Align::right},
               {"", Align::right},
               {"", Align::left, Shrink::bar},
               {"", Align::left, Shrink::keep_ends}},
              {},
              false};
  for (const profile::RegionSize& r : size.regions) {
    const double used = static_cast<double>(r.used), whole = r.region.size;
    const std::string over =
        r.overflow ? fmt::format("TOO SMALL by {}, from {} on", bytes(r.overflow->bytes), r.overflow->first_section)
                   : "";
    table.rows.push_back({{r.region.name, r.region.kind == profile::RegionKind::flash ? "flash" : "RAM",
                           hex(r.region.base), bytes(r.used), bytes(r.region.size), percent(used, whole), "", over},
                          whole > 0 ? used / whole : 0});
  }
  return table;
}

Table candidate_table(const profile::Candidate& c, const profile::SymbolTable& symbols) {
  Table table = layer_table();
  table.columns.back().title = "function";
  const auto first = [](const auto& shapes) { return shapes.empty() ? std::string("?") : shape(shapes.front()); };
  bool known = false;
  for (std::size_t i = 0; i < c.layers.size(); ++i) {
    const profile::Layer& l = c.layers[i];
    const Address at = c.layer_functions[i];
    const profile::Symbol* f = at ? symbols.function_at(at) : nullptr;
    known |= at != 0;
    const std::string number = (c.networks.size() > 1 ? fmt::format("{}.", l.network) : "") +
                               (l.subgraph ? fmt::format("{}:", l.subgraph) : "") + std::to_string(l.index);
    table.rows.push_back(
        {{number, l.op, l.name.substr(0, l.name.find(';')), first(l.input_shapes) + "→" + first(l.output_shapes),
          count(l.macs), bytes(l.parameter_bytes),
          f    ? f->display
          : at ? hex(at)
               : ""}});
  }
  if (!known) {
    table.columns.pop_back();
    for (Row& row : table.rows) row.cells.pop_back();
  }
  return table;
}

/// What was recognised; all candidates and their reasons with --why.
void runtime_facts(const std::vector<profile::Ranked>& ranked, bool why, Facts& facts) {
  for (const profile::Ranked& r : ranked) {
    const profile::Candidate& c = r.candidate;
    if (c.confidence == 0) continue;
    std::string reasons;
    for (const std::string& reason : c.reasons) reasons += (reasons.empty() ? "" : "; ") + reason;
    facts.push_back({"runtime", fmt::format("{} ({} % sure): {}", c.runtime, c.confidence, reasons)});
    for (std::size_t i = 0; i < c.networks.size(); ++i) {
      const profile::Network& n = c.networks[i];
      const auto of_it = [&](const profile::Layer& l) { return l.network == static_cast<int>(i); };
      const auto layers = static_cast<std::uint64_t>(std::count_if(c.layers.begin(), c.layers.end(), of_it));
      facts.push_back({"model", fmt::format("{}: {}, {} an inference, parameters {}{}", n.name, plural(layers, "layer"),
                                            plural(n.macs, "MAC"), bytes(n.parameter_bytes),
                                            n.arena.bytes ? ", arena " + bytes(n.arena.bytes) : "")});
    }
    if (!why) break;
  }
  if (ranked.empty() || ranked.front().candidate.confidence == 0)
    facts.push_back({"runtime",
                     "no inference runtime recognised; a run may still show one, and run --layers FILE maps "
                     "functions to layers"});
  if (!why) return;
  std::string tried;
  for (const profile::Recogniser& r : profile::recognisers())
    tried += (tried.empty() ? "" : ", ") + std::string(r.name);
  facts.push_back({"recognisers", "all that were asked: " + tried});
}

/// The board that sizes are told for, and in `facts` why it.
Result<std::string> choose_board(const memory::ElfImage& image, const Parsed& p, Facts& facts) {
  if (p.has("board")) return p.get("board");
  const auto proposals = propose_board(image);
  if (!proposals) {
    facts.push_back({"board", "none proposed: " + proposals.error().what + "; " + proposals.error().why});
    return std::string();
  }
  for (const Proposal& q : *proposals) {
    facts.push_back({"board", fmt::format("{}: {}", q.board, q.why)});
    if (!p.has("why")) {
      if (proposals->size() > 1)
        facts.back().value += fmt::format(" ({}: --why)", plural(proposals->size() - 1, "other fits", "others fit"));
      break;
    }
  }
  return proposals->front().board;
}

Result<std::string> inspect_firmware(const memory::ElfImage& image, const Parsed& p, const Options& o) {
  const Program program(image);
  const auto& debug = program.debug;
  const auto& symbols = program.symbols;
  const auto ranked = profile::candidates(program);
  if (!ranked) return ranked.error();
  Facts facts{{"target", target_text(image.target())},
              {"entry", hex(image.entry()) + " " + symbols.describe(image.entry() & ~1U, debug)}};
  runtime_facts(*ranked, p.has("why"), facts);
  const auto id = choose_board(image, p, facts);
  if (!id) return id.error();
  std::string tables = section("segments", segment_table(image), o);
  std::vector<profile::MemoryRegionName> regions;
  if (!id->empty()) {
    const auto board = load_board(*id);
    if (!board) return board.error();
    regions = region_names(*board);
  }
  const profile::StaticSize size = profile::compute_static_size(image, symbols, regions);
  if (!regions.empty()) tables += section("memory of " + *id, region_table(size), o);
  if (!ranked->empty() && !ranked->front().candidate.layers.empty())
    tables += section("layers", candidate_table(ranked->front().candidate, symbols), o);
  Table largest{{{"bytes", Align::right}, {"symbol", Align::left, Shrink::keep_ends}}, {}};
  for (const profile::SizeRow& row : size.top_symbols(o.rows)) largest.rows.push_back({{count(row.bytes), row.name}});
  tables += section("largest symbols", largest, o);
  for (const std::string& text : image.diagnostics()) facts.push_back({"odd", text});
  for (const std::string& text : debug.diagnostics()) facts.push_back({"odd", text});
  if (!regions.empty())
    for (const std::string& text : size.unplaced) facts.push_back({"unplaced", text});
  return bold(fmt::format("{}   {}", image.name(), bytes(image.file_bytes().size())), o) + "\n" + facts_text(facts, o) +
         tables;
}

Result<std::string> inspect(const std::string& file, const std::string& path, const Parsed& p, const Options& o) {
  const auto* data = reinterpret_cast<const std::byte*>(file.data());
  if (file.size() >= 8 && file.compare(4, 4, "TFL3") == 0) {
    const auto graph = model::read_tflite({data, file.size()}, path);
    if (!graph) return graph.error();
    return inspect_network(*graph, path, file.size(), o);
  }
  const auto image = memory::ElfImage::from_bytes({data, data + file.size()}, path);
  if (!image) return image.error();
  return inspect_firmware(*image, p, o);
}

}  // namespace

Result<int> inspect_main(const Args& args) {
  static const Syntax syntax{
      "inspect", "FIRMWARE.elf|MODEL.tflite",
      "Shows what a firmware image holds without running it: what it was built for, the board it fits, segments, use "
      "of "
      "each memory, layers, largest symbols. Of a network: its tensors, layers, MACs and weights.",
      with_terminal_options({{"board,b", "ID|FILE", "the board whose memories count; else proposed from the image"},
                             {"why", "", "all boards that fit and all runtimes that it may hold, and why"}}),
      "  microjoule inspect kws.elf\n"
      "  microjoule inspect app.elf --board pico --rows 30\n"
      "  microjoule inspect kws.tflite\n"};
  const auto parsed = parse(syntax, args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax.help());
  const auto options = report_options(*parsed);
  if (!options) return options.error();
  const auto file = read_file(parsed->operands[0]);
  if (!file) return file.error();
  const auto text = inspect(*file, parsed->operands[0], *parsed, *options);
  if (!text) return text.error();
  return print_text(*text);
}

}  // namespace mj::cli
