#include "sim/profile/attribution.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace mj::profile {

namespace {

constexpr const char* exception_row = "[exception entry and exit]";
constexpr const char* sleep_row = "[sleep]";

std::size_t index(timing::Reason r) { return static_cast<std::size_t>(r); }

/// Rows of functions while they are being summed: a symbol, an inlined function, or a fallback.
class FunctionRows {
 public:
  Function& row(const std::string& name, const std::string& file, bool inlined) {
    return rows_[std::tuple(name, file, inlined)];
  }
  std::vector<Function> take() {
    std::vector<Function> out;
    for (auto& [key, f] : rows_) {
      std::tie(f.name, f.file, f.inlined) = key;
      out.push_back(std::move(f));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Function& a, const Function& b) { return a.self_cycles > b.self_cycles; });
    return out;
  }

 private:
  std::map<std::tuple<std::string, std::string, bool>, Function> rows_;
};

void charge(Function& f, const Counts& c) {
  f.self_cycles += c.cycles;
  f.self_instructions += c.instructions;
  for (std::size_t i = 0; i < c.reasons.size(); ++i) f.reasons[i] += c.reasons[i];
}

}  // namespace

std::string function_name(const SymbolTable& symbols, Address address) {
  if (const Symbol* s = symbols.function_at(address)) return s->display;
  return symbols.gap_at(address).name;
}

void attribute(const engine::Engine& engine, const timing::CoreTiming& timing, const SymbolTable& symbols,
               const DebugInfo& debug, RunResult& result) {
  FunctionRows functions;
  std::map<std::pair<std::string, std::uint32_t>, Line> lines;
  const auto line_row = [&](const std::string& file, std::uint32_t line) -> Line& {
    Line& row = lines[{file, line}];
    row.file = file;
    row.line = line;
    return row;
  };
  const auto symbol_row = [&](Address a) -> Function& {
    const Symbol* s = symbols.function_at(a);
    if (!s) return functions.row(symbols.gap_at(a).name, "", false);
    Function& f = functions.row(s->display, s->file, false);
    f.address = s->start;
    f.size = s->size;
    return f;
  };

  for (const auto& [address, counts] : counts_by_address(engine, timing)) {
    const auto where = debug.intervals(address, address + 2);
    const SourceInterval at = where.empty() ? SourceInterval{} : where.front();
    Line& line = at.file != kNone && at.line != 0 ? line_row(debug.file_name(at.file), at.line) : line_row("", 0);
    line.cycles += counts.cycles;
    line.instructions += counts.instructions;
    if (at.inlined == kNone) {
      charge(symbol_row(address), counts);
      continue;
    }
    // Inlined code belongs to the innermost inlined function; the ones around it have it in their inclusive cycles.
    const InlineFrame& frame = debug.inline_frame(at.inlined);
    charge(functions.row(frame.name, frame.decl_file, true), counts);
    std::set<std::pair<std::string, std::string>> seen;
    for (std::uint32_t i = at.inlined; i != kNone; i = debug.inline_parent(i)) {
      const InlineFrame& f = debug.inline_frame(i);
      if (seen.insert({f.name, f.decl_file}).second)
        functions.row(f.name, f.decl_file, true).inclusive_cycles += counts.cycles;
    }
  }
  const auto outside = [&](const char* name, timing::Reason reason, Cycle cycles) {
    if (!cycles) return;
    Function& f = functions.row(name, "", false);
    f.self_cycles = cycles;
    f.reasons[index(reason)] = cycles;
    line_row(name, 0).cycles += cycles;
  };
  outside(exception_row, timing::Reason::exception, engine.exception_cycles());
  outside(sleep_row, timing::Reason::idle, engine.idle_cycles());

  // The call tree: inclusive cycles bottom up (children come after their parents), then per function without counting
  // a recursive call twice.
  const auto& nodes = engine.calls().nodes();
  std::vector<Cycle> inclusive(nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    inclusive[i] += nodes[i].self_cycles;
    if (i > 0) inclusive[nodes[i].parent] += inclusive[i];
  }
  const auto same_function = [&](const CallNode& a, const CallNode& b) {
    return a.exception == b.exception && a.function == b.function;
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const CallNode& n = nodes[i];
    TreeNode row;
    row.parent = n.parent;
    row.name = n.exception ? "[" + engine.arch().exception_name(n.function) + "]" : function_name(symbols, n.function);
    row.self_cycles = n.self_cycles;
    row.inclusive_cycles = inclusive[i];
    row.calls = n.calls;
    result.call_tree.push_back(row);
    if (n.exception) continue;
    Function& f = symbol_row(n.function);
    f.calls += n.calls;
    bool nested = false;
    for (std::size_t up = i; up != 0 && !nested;) {
      up = nodes[up].parent;
      nested = same_function(nodes[up], n);
    }
    if (!nested) f.inclusive_cycles += inclusive[i];
  }

  result.functions = functions.take();
  for (const auto& [key, line] : lines) result.lines.push_back(line);
  std::stable_sort(result.lines.begin(), result.lines.end(),
                   [](const Line& a, const Line& b) { return a.cycles > b.cycles; });
}

}  // namespace mj::profile
