#include "sim/profile/attribution.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace mj::profile {

namespace {

constexpr const char* exception_row = "[exception entry and exit]";
constexpr const char* sleep_row = "[sleep]";

/// Rows of functions while they are being summed: a symbol, an inlined function, or a fallback.
class FunctionRows {
 public:
  Function& named(const std::string& name, const std::string& file, bool inlined) {
    Function& f = rows_[std::tuple(name, file, inlined)];
    std::tie(f.name, f.file, f.inlined) = std::tie(name, file, inlined);
    return f;
  }
  std::vector<Function> take() {
    std::vector<Function> out;
    for (auto& [key, f] : rows_) out.push_back(std::move(f));
    std::stable_sort(out.begin(), out.end(),
                     [](const Function& a, const Function& b) { return a.self_cycles > b.self_cycles; });
    return out;
  }

 private:
  std::map<std::tuple<std::string, std::string, bool>, Function> rows_;
};

void charge(Function& f, const Counts& c) {
  energy::operator+=(f.activity, c.activity);
  f.self_cycles += c.cycles;
  f.self_instructions += c.instructions;
  for (std::size_t i = 0; i < c.reasons.size(); ++i) f.reasons[i] += c.reasons[i], f.unsure[i] += c.unsure[i];
}

}  // namespace

std::string function_name(const SymbolTable& symbols, Address address) {
  if (const Symbol* s = symbols.function_at(address)) return s->display;
  return symbols.gap_at(address).name;
}

void attribute(const engine::Engine& engine, const timing::CoreTiming& timing, const SymbolTable& symbols,
               const DebugInfo& debug, RunResult& result, const std::function<int(const CallNode&)>& layer_of) {
  FunctionRows functions;
  std::map<std::tuple<std::string, std::uint32_t, std::string>, Line> lines;
  const auto charge_line = [&](const std::string& file, std::uint32_t line, const Function& f, const Counts& c) {
    Line& row = lines[{file, line, f.name}];
    std::tie(row.file, row.line, row.function) = std::tie(file, line, f.name);
    row.cycles += c.cycles;
    row.instructions += c.instructions;
  };
  const auto symbol_row = [&](Address a) -> Function& {
    const Symbol* s = symbols.function_at(a);
    if (!s) return functions.named(symbols.gap_at(a).name, "", false);
    Function& f = functions.named(s->display, s->file, false);
    f.address = s->start;
    f.size = s->size;
    return f;
  };

  for (const auto& row : counts_by_address(engine, timing, result.operating_points)) {
    const auto address = row.first;
    const auto& counts = row.second;
    const auto where = debug.intervals(address, address + 2);
    const SourceInterval at = where.empty() ? SourceInterval{} : where.front();
    const bool known = at.file != kNone && at.line != 0;
    const auto charge_both = [&](Function& f) {
      charge(f, counts);
      charge_line(known ? debug.file_name(at.file) : "", known ? at.line : 0, f, counts);
    };
    if (at.inlined == kNone) {
      charge_both(symbol_row(address));
      continue;
    }
    // Inlined code belongs to the innermost inlined function; the ones around it have it in their inclusive cycles.
    const InlineFrame& frame = debug.inline_frame(at.inlined);
    charge_both(functions.named(frame.name, frame.decl_file, true));
    std::set<std::pair<std::string, std::string>> seen;
    for (std::uint32_t i = at.inlined; i != kNone; i = debug.inline_parent(i)) {
      const InlineFrame& f = debug.inline_frame(i);
      if (seen.insert({f.name, f.decl_file}).second)
        functions.named(f.name, f.decl_file, true).inclusive_cycles += counts.cycles;
    }
  }
  const auto outside = [&](const char* name, const Counts& counts) {
    if (!counts.cycles) return;
    Function& f = functions.named(name, "", false);
    charge(f, counts);
    charge_line(name, 0, f, counts);
  };
  outside(exception_row, exception_counts(engine));
  outside(sleep_row, sleep_counts(engine));

  // The call tree: inclusive cycles bottom up (children come after their parents), then per function without counting
  // a recursive call twice.
  const auto& nodes = engine.calls().nodes();
  std::vector<Cycle> inclusive(nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    inclusive[i] += nodes[i].self_cycles;
    if (i > 0) inclusive[nodes[i].parent] += inclusive[i];
  }
  std::vector<std::uint32_t> tree_row(nodes.size());
  // Functions of an image without symbols share a name: what counts is the row of the list of functions.
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> row_of(nodes.size());
  std::vector<int> layer_at(nodes.size(), -1);
  std::vector<std::map<Address, Cycle>> self_in_layer(result.layers.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const CallNode& n = nodes[i];
    const int own_layer = layer_of(n);
    layer_at[i] = own_layer >= 0 || i == 0 ? own_layer : layer_at[n.parent];
    if (layer_at[i] >= 0 && !n.exception)
      self_in_layer[static_cast<std::size_t>(layer_at[i])][n.function] += n.self_cycles;
    tree_row[i] = static_cast<std::uint32_t>(result.call_tree.size());
    if (i > 0 && n.calls == 0 && inclusive[i] == 0) continue;  // all its calls became layers
    TreeNode row;
    row.parent = tree_row[n.parent];
    row.layer = own_layer;
    row.name = n.exception ? "[" + engine.arch().exception_name(n.function) + "]" : function_name(symbols, n.function);
    row.self_cycles = n.self_cycles;
    row.inclusive_cycles = inclusive[i];
    row.calls = n.calls;
    row_of[i] = known.emplace(row.name, known.size()).first->second;
    result.call_tree.push_back(row);
    if (n.exception) continue;
    Function& f = symbol_row(n.function);
    f.calls += n.calls;
    bool nested = false;
    for (std::size_t up = i; up != 0 && !nested;) {
      up = nodes[up].parent;
      nested = nodes[up].exception == n.exception && row_of[up] == row_of[i];
    }
    if (!nested) f.inclusive_cycles += inclusive[i];
  }

  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    const auto& self = self_in_layer[i];
    const auto most =
        std::max_element(self.begin(), self.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == self.end() || most->second == 0) continue;
    if (const std::string name = function_name(symbols, most->first); name != result.layers[i].function)
      result.layers[i].kernel = name;
  }

  result.functions = functions.take();
  for (const auto& [key, line] : lines) result.lines.push_back(line);
  std::stable_sort(result.lines.begin(), result.lines.end(),
                   [](const Line& a, const Line& b) { return a.cycles > b.cycles; });
}

}  // namespace mj::profile
