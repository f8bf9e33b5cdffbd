#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/report/format.h"
#include "tools/report/report.h"

namespace mj::report {

using json_t = nlohmann::ordered_json;  // writes keys as they come
using read_t = nlohmann::json;          // finds keys fast, however many a hostile file has
using namespace profile;

// Each record is written and read by one function, so that the two can't drift apart: io.field("key", member) writes
// when Io is a Writer and reads when it is a Reader.
namespace {

struct Wrong {
  std::string pointer, why;
};

constexpr std::size_t max_operating_points = 64;

class Writer {
 public:
  explicit Writer(json_t& j) : j_(j) { j_ = json_t::object(); }
  template <class T>
  void field(const char* key, T& v) {
    put(j_[key], v);
  }
  template <class T>
  void later(const char* key, T& v) {
    put(j_[key], v);
  }
  void address(const char* key, Address& a) { j_[key] = hex(a); }
  template <class T>
  void optional(const char* key, std::optional<T>& v) {
    if (v)
      put(j_[key], *v);
    else
      j_[key] = nullptr;
  }
  /// Written only where there is one.
  template <class T>
  void if_any(const char* key, std::optional<T>& v) {
    if (v) put(j_[key], *v);
  }
  void reasons(const char* key, Reasons& r) {
    json_t& out = j_[key] = json_t::object();
    for (std::size_t i = 0; i < r.size(); ++i)
      if (r[i]) out[std::string(timing::name(static_cast<timing::Reason>(i)))] = r[i];
  }
  void exit_code(const char* key, ExitCode& c) { j_[key] = static_cast<int>(c); }
  void activity_later(const char* key, energy::Activities& list) {
    if (!list.empty()) activity(key, list);
  }
  /// Only the points at which something happened, by index as text.
  void activity(const char* key, energy::Activities& list) {
    json_t& out = j_[key] = json_t::object();
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!(list[i] == energy::Activity{})) put(out[fmt::format("{}", i)], list[i]);
  }

 private:
  template <class T>
  static void put(json_t& j, T& v) {
    if constexpr (requires(Writer & w) { io(w, v); }) {
      Writer w(j);
      io(w, v);
    } else {
      j = v;
    }
  }
  template <class T>
  static void put(json_t& j, std::vector<T>& list) {
    j = json_t::array();
    for (T& v : list) {
      j.push_back(nullptr);
      put(j.back(), v);
    }
  }
  json_t& j_;
};

class Reader {
 public:
  Reader(const read_t& j, std::string pointer) : j_(j), pointer_(std::move(pointer)) {
    if (!j_.is_object()) throw Wrong{pointer_, fmt::format("is {}, not an object", j_.type_name())};
  }
  template <class T>
  void field(const char* key, T& v) {
    get(at(key), pointer_ + "/" + key, v);
  }
  /// What earlier versions did not write may be missing.
  template <class T>
  void later(const char* key, T& v) {
    if (j_.contains(key)) field(key, v);
  }
  void address(const char* key, Address& a) {
    std::string text;
    field(key, text);
    const char* end = text.data() + text.size();
    const bool prefixed = text.starts_with("0x");
    const auto [rest, failed] = std::from_chars(text.data() + (prefixed ? 2 : 0), end, a, 16);
    if (!prefixed || failed != std::errc() || rest != end)
      throw Wrong{pointer_ + "/" + key, "is no address like \"0x08000100\""};
  }
  template <class T>
  void optional(const char* key, std::optional<T>& v) {
    const read_t& j = at(key);
    if (j.is_null()) return;
    v.emplace();
    get(j, pointer_ + "/" + key, *v);
  }
  template <class T>
  void if_any(const char* key, std::optional<T>& v) {
    if (!j_.contains(key)) return;
    v.emplace();
    field(key, *v);
  }
  void reasons(const char* key, Reasons& r) {
    const read_t& j = at(key);
    if (!j.is_object()) throw Wrong{pointer_ + "/" + key, "is not an object"};
    std::size_t known = 0;
    for (std::size_t i = 0; i < r.size(); ++i)
      if (const auto f = j.find(std::string(timing::name(static_cast<timing::Reason>(i)))); f != j.end()) {
        get(*f, pointer_ + "/" + key, r[i]);
        ++known;
      }
    // A reason that we don't know would lose its cycles without a word.
    if (known != j.size()) throw Wrong{pointer_ + "/" + key, "has a reason that this program doesn't know"};
  }
  void exit_code(const char* key, ExitCode& c) {
    int n = 0;
    field(key, n);
    if (n < 0 || n > 255) throw Wrong{pointer_ + "/" + key, "is no exit code"};
    c = static_cast<ExitCode>(n);
  }
  void activity_later(const char* key, energy::Activities& list) {
    if (j_.contains(key)) activity(key, list);
  }
  void activity(const char* key, energy::Activities& list) {
    const read_t& j = at(key);
    if (!j.is_object()) throw Wrong{pointer_ + "/" + key, "is not an object"};
    for (const auto& [text, value] : j.items()) {
      std::size_t i = 0;
      const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), i);
      if (failed != std::errc() || rest != text.data() + text.size() || i >= max_operating_points)
        throw Wrong{pointer_ + "/" + key + "/" + text, "is no index of /operating_points"};
      if (list.size() <= i) list.resize(i + 1);
      get(value, pointer_ + "/" + key + "/" + text, list[i]);
    }
  }

 private:
  const read_t& at(const char* key) {
    const auto f = j_.find(key);
    if (f == j_.end()) throw Wrong{pointer_ + "/" + key, "is missing"};
    return *f;
  }
  template <class T>
  static bool in_range(const read_t& j) {
    return j.is_number_unsigned() ? std::in_range<T>(j.get<std::uint64_t>()) : std::in_range<T>(j.get<std::int64_t>());
  }
  template <class T>
  static void get(const read_t& j, const std::string& pointer, T& v) {
    if constexpr (requires(Reader & r) { io(r, v); }) {
      Reader r(j, pointer);
      io(r, v);
    } else {
      const bool fits = std::is_same_v<T, std::string> ? j.is_string()
                        : std::is_same_v<T, bool>      ? j.is_boolean()
                        : std::is_unsigned_v<T>        ? j.is_number_unsigned()
                        : std::is_integral_v<T>        ? j.is_number_integer()
                                                       : j.is_number();
      if (!fits) throw Wrong{pointer, fmt::format("is {}, which is not what belongs here", j.type_name())};
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        if (!in_range<T>(j)) throw Wrong{pointer, fmt::format("is {}, which is too large", j.dump())};
      v = j.get<T>();
    }
  }
  template <class T>
  static void get(const read_t& j, const std::string& pointer, std::vector<T>& list) {
    if (!j.is_array()) throw Wrong{pointer, "is not an array"};
    list.clear();
    for (std::size_t i = 0; i < j.size(); ++i) {
      list.emplace_back();
      get(j[i], fmt::format("{}/{}", pointer, i), list.back());
    }
  }
  const read_t& j_;
  std::string pointer_;
};

template <class Io>
void io(Io& o, Estimate& v) {
  o.field("value", v.value);
  o.field("low", v.low);
  o.field("high", v.high);
  o.field("source", v.source);
}
template <class Io>
void io(Io& o, energy::OperatingPoint& v) {
  o.field("clock_hz", v.clock_hz);
  o.field("flash_wait_states", v.flash_wait_states);
}
template <class Io>
void io(Io& o, energy::Activity& v) {
  o.field("issue_cycles", v.issue_cycles);
  o.field("stall_cycles", v.stall_cycles);
  o.field("sleep_cycles", v.sleep_cycles);
  o.field("code_flash_cycles", v.code_flash_cycles);
  o.field("flash_reads", v.flash_reads);
  o.field("ram_accesses", v.ram_accesses);
}
template <class Io>
void io(Io& o, energy::Split& v) {
  o.field("core", v.core_fj);
  o.field("flash", v.flash_fj);
  o.field("ram", v.ram_fj);
  o.field("static", v.static_fj);
  o.field("sleep", v.sleep_fj);
}
template <class Io>
void io(Io& o, Energy& v) {
  o.field("value_j", v.value_j);
  o.field("low_j", v.low_j);
  o.field("high_j", v.high_j);
  o.field("tier", v.tier);
  o.field("femtojoules", v.split);
}
template <class Io>
void io(Io& o, EnergyModel& v) {
  o.field("table", v.table);
  o.field("scope", v.scope);
  o.field("supply", v.supply);
  o.field("supply_title", v.supply_title);
  o.field("regulator", v.regulator);
  o.field("volts", v.volts);
  o.field("tier", v.tier);
  o.field("source", v.source);
  o.field("average_power_w", v.average_power_w);
  o.field("average_power_low_w", v.average_power_low_w);
  o.field("average_power_high_w", v.average_power_high_w);
  o.field("remarks", v.remarks);
}
template <class Io>
void io(Io& o, PeakMacs& v) {
  o.field("per_cycle", v.per_cycle);
  o.field("by", v.by);
  o.field("certainty", v.certainty);
  o.field("source", v.source);
}
template <class Io>
void io(Io& o, Provenance& v) {
  o.field("tool_version", v.tool_version);
  o.field("timing_model_version", v.timing_model_version);
  o.field("firmware", v.firmware);
  o.field("firmware_bytes", v.firmware_bytes);
  o.field("firmware_crc32", v.firmware_crc32);
  o.field("compiler", v.compiler);
  o.field("isa", v.isa);
  o.field("board", v.board);
  o.field("board_title", v.board_title);
  o.field("board_proposed", v.board_proposed);
  o.field("held_clock_hz", v.held_clock_hz);
  o.field("held_wait_states", v.held_wait_states);
  o.field("core", v.core);
  o.field("core_title", v.core_title);
  o.if_any("peak_macs", v.peak_macs);
}
template <class Io>
void io(Io& o, ClockSpan& v) {
  o.field("clock_hz", v.hz);
  o.field("cycles", v.cycles);
}
template <class Io>
void io(Io& o, BytesMoved& v) {
  o.field("region", v.region);
  o.field("read", v.read);
  o.field("written", v.written);
  o.field("instructions", v.instructions);
}
template <class Io>
void io(Io& o, Totals& v) {
  o.field("cycles", v.cycles);
  o.field("instructions", v.instructions);
  o.field("condition_failed", v.condition_failed);
  o.field("time_s", v.time_s);
  o.field("cycles_estimate", v.cycles_estimate);
  o.field("exception_cycles", v.exception_cycles);
  o.field("idle_cycles", v.idle_cycles);
  o.field("exceptions_taken", v.interrupts);
  o.field("clocks", v.clocks);
  o.reasons("cycles_by_reason", v.reasons);
  o.reasons("unsure_by_reason", v.unsure);
  o.activity("activity", v.activity);
  o.later("bytes_moved", v.bytes_moved);
  o.optional("energy", v.energy);
}
template <class Io>
void io(Io& o, Stop& v) {
  o.field("kind", v.kind);
  o.field("firmware_status", v.firmware_status);
  o.exit_code("exit_code", v.exit_code);
  o.address("pc", v.pc);
  o.field("where", v.where);
  o.field("message", v.message);
  o.later("backtrace", v.backtrace);
  o.later("hint", v.hint);
}
template <class Io>
void io(Io& o, Fault& v) {
  o.field("exception", v.exception);
  o.address("pc", v.pc);
  o.field("where", v.where);
  o.field("what", v.what);
  o.field("status", v.status);
  o.field("backtrace", v.backtrace);
  o.field("registers", v.registers);
  o.field("hint", v.hint);
  o.field("cycle", v.cycle);
}
template <class Io>
void io(Io& o, Part& v) {
  o.field("work", v.work);
  o.field("helper", v.helper);
  o.field("cycles", v.cycles);
  o.activity_later("activity", v.activity);
  o.if_any("energy", v.energy);
}
template <class Io>
void io(Io& o, FamilyMember& v) {
  o.field("function", v.function);
  o.field("family", v.family);
  o.field("confidence_percent", v.confidence);
  o.field("why", v.why);
}
template <class Io>
void io(Io& o, Layer& v) {
  o.field("network", v.network);
  o.field("index", v.index);
  o.field("subgraph", v.subgraph);
  o.field("parent", v.parent);
  o.field("op", v.op);
  o.field("name", v.name);
  o.field("function", v.function);
  o.field("kernel", v.kernel);
  o.field("input_shapes", v.input_shapes);
  o.field("weight_shapes", v.weight_shapes);
  o.field("output_shapes", v.output_shapes);
  o.field("macs", v.macs);
  o.field("parameter_bytes", v.parameter_bytes);
  o.field("weight_bytes", v.weight_bytes);
  o.field("arena_bytes", v.arena_bytes);
  o.field("invocations", v.invocations);
  o.field("cycles", v.cycles);
  o.field("first_cycles", v.first_cycles);
  o.field("warm_cycles", v.warm_cycles);
  o.field("median_cycles", v.median_cycles);
  o.field("min_cycles", v.min_cycles);
  o.field("max_cycles", v.max_cycles);
  o.field("instructions", v.instructions);
  o.field("time_s", v.time_s);
  o.reasons("cycles_by_reason", v.reasons);
  o.reasons("unsure_by_reason", v.unsure);
  o.activity("activity", v.activity);
  o.later("parts", v.parts);
  o.later("bytes_moved", v.bytes_moved);
  o.optional("energy", v.energy);
}
template <class Io>
void io(Io& o, Spread& v) {
  o.field("first", v.first);
  o.field("warm", v.warm);
  o.field("median", v.median);
  o.field("min", v.min);
  o.field("max", v.max);
}
template <class Io>
void io(Io& o, Arena& v) {
  o.address("address", v.address);
  o.field("size_bytes", v.bytes);
  o.field("used_bytes", v.used_bytes);
}
template <class Io>
void io(Io& o, Network& v) {
  o.field("name", v.name);
  o.field("runtime", v.runtime);
  o.field("recognised_by", v.recognised_by);
  o.field("confidence_percent", v.confidence);
  o.field("disagreements", v.disagreements);
  o.field("inferences", v.inferences);
  o.field("macs", v.macs);
  o.field("parameter_bytes", v.parameter_bytes);
  o.field("arena", v.arena);
  o.field("cycles", v.cycles);
  o.field("inference_cycles", v.inference_cycles);
  o.field("instructions", v.instructions);
  o.field("time_s", v.time_s);
  o.field("between_layers_cycles", v.between_cycles);
  o.field("between_layers_instructions", v.between_instructions);
  o.later("between_layers_parts", v.between_parts);
  o.activity("activity", v.activity);
  o.later("between_layers_bytes_moved", v.between_bytes_moved);
  o.optional("energy", v.energy);
  o.optional("between_layers_energy", v.between_energy);
}
template <class Io>
void io(Io& o, Phase& v) {
  o.field("kind", v.kind);
  o.field("network", v.network);
  o.field("layer", v.layer);
  o.field("count", v.count);
  o.field("cycles", v.cycles);
  o.field("instructions", v.instructions);
  o.field("time_s", v.time_s);
  o.reasons("cycles_by_reason", v.reasons);
  o.activity("activity", v.activity);
  o.later("parts", v.parts);
  o.later("bytes_moved", v.bytes_moved);
  o.optional("energy", v.energy);
}
template <class Io>
void io(Io& o, Function& v) {
  o.field("name", v.name);
  o.field("file", v.file);
  o.address("address", v.address);
  o.field("size_bytes", v.size);
  o.field("inlined", v.inlined);
  o.field("self_cycles", v.self_cycles);
  o.field("inclusive_cycles", v.inclusive_cycles);
  o.field("self_instructions", v.self_instructions);
  o.field("calls", v.calls);
  o.reasons("self_cycles_by_reason", v.reasons);
  o.reasons("self_unsure_by_reason", v.unsure);
  o.activity("self_activity", v.activity);
  o.optional("self_energy", v.energy);
}
template <class Io>
void io(Io& o, TreeNode& v) {
  o.field("parent", v.parent);
  o.field("name", v.name);
  o.field("layer", v.layer);
  o.field("self_cycles", v.self_cycles);
  o.field("inclusive_cycles", v.inclusive_cycles);
  o.field("calls", v.calls);
}
template <class Io>
void io(Io& o, Line& v) {
  o.field("file", v.file);
  o.field("line", v.line);
  o.field("function", v.function);
  o.field("cycles", v.cycles);
  o.field("instructions", v.instructions);
}
template <class Io>
void io(Io& o, NamedBytes& v) {
  o.field("name", v.name);
  o.field("bytes", v.bytes);
}
template <class Io>
void io(Io& o, MemoryRegion& v) {
  o.field("name", v.name);
  o.field("kind", v.kind);
  o.address("base", v.base);
  o.field("size_bytes", v.size);
  o.field("static_bytes", v.static_bytes);
  o.field("sections", v.sections);
}
template <class Io>
void io(Io& o, Stack& v) {
  o.address("top", v.top);
  o.address("low", v.low);
  o.field("used_bytes", v.used_bytes);
  o.field("chain", v.chain);
}
template <class Io>
void io(Io& o, ThreadStack& v) {
  o.field("name", v.name);
  o.address("top", v.top);
  o.address("low", v.low);
  o.field("used_bytes", v.used_bytes);
  o.field("size_bytes", v.size_bytes);
  o.field("overflow_bytes", v.overflow_bytes);
  o.field("chain", v.chain);
}
template <class Io>
void io(Io& o, Heap& v) {
  o.field("allocator", v.allocator);
  o.field("peak_bytes", v.peak_bytes);
  o.field("taken_bytes", v.taken_bytes);
  o.field("size_bytes", v.size_bytes);
  o.field("in_use_bytes", v.in_use_bytes);
  o.field("allocations", v.allocations);
  o.field("failures", v.failures);
  o.field("in_static", v.in_static);
  o.field("chain", v.chain);
}
template <class Io>
void io(Io& o, Memory& v) {
  o.field("flash_used_bytes", v.flash_used);
  o.field("flash_size_bytes", v.flash_size);
  o.field("ram_static_bytes", v.ram_static);
  o.field("ram_size_bytes", v.ram_size);
  o.field("stack", v.stack);
  o.later("threads", v.threads);
  o.later("heaps", v.heaps);
  o.later("heap_unknown", v.heap_unknown);
  o.field("regions", v.regions);
  o.field("largest_symbols", v.largest_symbols);
}
template <class Io>
void io(Io& o, Timeline::Span& v) {
  o.field("name", v.name);
  o.field("depth", v.depth);
  o.field("begin", v.begin);
  o.field("end", v.end);
}
template <class Io>
void io(Io& o, Timeline::LayerSpan& v) {
  o.field("layer", v.layer);
  o.field("begin", v.begin);
  o.field("end", v.end);
}
template <class Io>
void io(Io& o, Timeline& v) {
  o.field("names", v.names);
  o.field("spans", v.spans);
  o.field("shortest_cycles", v.shortest);
  o.field("left_out", v.left_out);
  o.field("layers", v.layers);
  o.field("layers_left_out", v.layers_left_out);
}
template <class Io>
void io(Io& o, RoiHit& v) {
  o.field("begin_cycle", v.begin);
  o.field("cycles", v.cycles);
  o.field("instructions", v.instructions);
  o.field("condition_passed", v.condition_passed);
  o.reasons("cycles_by_reason", v.reasons);
  o.reasons("unsure_by_reason", v.unsure);
}
template <class Io>
void io(Io& o, Roi& v) {
  o.field("name", v.name);
  o.address("begin", v.begin);
  o.address("end", v.end);
  o.field("hits", v.hits);
  o.field("left_out", v.left_out);
}
template <class Io>
void io(Io& o, MarkedRegion& v) {
  o.field("id", v.id);
  o.field("name", v.name);
  o.field("cycles", v.cycles);
  o.field("instructions", v.instructions);
}
template <class Io>
void io(Io& o, UserFigure& v) {
  o.field("name", v.name);
  o.field("source", v.source);
  o.field("layer", v.layer);
  o.field("times", v.times);
  o.field("cycles_each", v.cycles_each);
  o.field("energy_each_j", v.energy_each_j);
}
template <class Io>
void io(Io& o, Diagnostic& v) {
  o.field("kind", v.kind);
  o.field("where", v.where);
  o.field("text", v.text);
  o.field("count", v.count);
}
template <class Io>
void io(Io& o, UnsureRow& v) {
  o.field("row", v.row);
  o.field("certainty", v.certainty);
  o.field("source", v.source);
  o.field("cycles", v.cycles);
}
template <class Io>
void io(Io& o, TensorDifference& v) {
  o.field("tensor", v.tensor);
  o.field("elements", v.elements);
  o.field("differing", v.differing);
  o.field("greatest_difference", v.greatest);
  o.field("first", v.first);
  o.field("first_expected", v.first_expected);
  o.field("first_got", v.first_got);
}
template <class Io>
void io(Io& o, LayerComparison& v) {
  o.field("layer", v.layer);
  o.field("outcome", v.outcome);
  o.field("inputs", v.inputs);
  o.field("computes", v.computes);
  o.field("differences", v.differences);
  o.field("remarks", v.remarks);
}
template <class Io>
void io(Io& o, Comparison& v) {
  o.field("reference", v.reference);
  o.field("kind", v.kind);
  o.field("inference", v.inference);
  o.field("equal", v.equal);
  o.field("differing", v.differing);
  o.field("not_compared", v.not_compared);
  o.field("first_wrong", v.first);
  o.field("verdict", v.verdict);
  o.field("layers", v.layers);
}
template <class Io>
void io(Io& o, SilentRuntime& v) {
  o.field("runtime", v.runtime);
  o.field("confidence_percent", v.confidence);
  o.field("reasons", v.reasons);
}
template <class Io>
void io(Io& o, RunResult& v) {
  o.field("provenance", v.provenance);
  o.field("totals", v.totals);
  o.field("stop", v.stop);
  o.optional("fault", v.fault);
  o.field("operating_points", v.operating_points);
  o.field("energy_model", v.energy_model);
  o.field("layers", v.layers);
  o.field("networks", v.networks);
  o.later("silent_runtimes", v.silent_runtimes);
  o.field("phases", v.phases);
  o.field("functions", v.functions);
  o.field("memory", v.memory);
  o.field("timeline", v.timeline);
  o.field("unsure_rows", v.unsure_rows);
  o.field("roi", v.roi);
  o.field("regions", v.regions);
  o.later("user_figures", v.user_figures);
  o.field("diagnostics", v.diagnostics);
  o.if_any("compare", v.compare);
  o.field("console", v.console);
  o.later("families", v.families);
  o.field("call_tree", v.call_tree);
  o.field("lines", v.lines);
}

/// Indices that renderers follow must lead somewhere, and a call tree's parents towards its root.
void check_indices(const RunResult& r) {
  for (std::size_t i = 1; i < r.call_tree.size(); ++i)
    if (r.call_tree[i].parent >= i) throw Wrong{fmt::format("/call_tree/{}/parent", i), "is no row above this one"};
  for (std::size_t i = 0; i < r.layers.size(); ++i)
    if (r.layers[i].network < 0 || static_cast<std::size_t>(r.layers[i].network) >= r.networks.size())
      throw Wrong{fmt::format("/layers/{}/network", i), "is no row of /networks"};
  const auto index = [](int i, std::size_t n) { return i >= -1 && (i < 0 || static_cast<std::size_t>(i) < n); };
  for (std::size_t i = 0; i < r.layers.size(); ++i)
    if (!index(r.layers[i].parent, r.layers.size()) || r.layers[i].parent == static_cast<int>(i))
      throw Wrong{fmt::format("/layers/{}/parent", i), "is no other row of /layers"};
  for (std::size_t i = 0; i < r.phases.size(); ++i) {
    if (!index(r.phases[i].network, r.networks.size()))
      throw Wrong{fmt::format("/phases/{}/network", i), "is no row of /networks"};
    if (!index(r.phases[i].layer, r.layers.size()))
      throw Wrong{fmt::format("/phases/{}/layer", i), "is no row of /layers"};
  }
  for (std::size_t i = 0; i < r.user_figures.size(); ++i)
    if (!index(r.user_figures[i].layer, r.layers.size()))
      throw Wrong{fmt::format("/user_figures/{}/layer", i), "is no row of /layers"};
  for (std::size_t i = 0; i < r.call_tree.size(); ++i)
    if (!index(r.call_tree[i].layer, r.layers.size()))
      throw Wrong{fmt::format("/call_tree/{}/layer", i), "is no row of /layers"};
  if (r.compare) {
    if (!index(r.compare->first, r.compare->layers.size()))
      throw Wrong{"/compare/first_wrong", "is no row of /compare/layers"};
    for (std::size_t i = 0; i < r.compare->layers.size(); ++i)
      if (r.compare->layers[i].layer < 0 || !index(r.compare->layers[i].layer, r.layers.size()))
        throw Wrong{fmt::format("/compare/layers/{}/layer", i), "is no row of /layers"};
  }
  const auto points = [&](const energy::Activities& a, const char* list, std::size_t i) {
    if (a.size() > r.operating_points.size())
      throw Wrong{fmt::format("/{}/{}", list, i), "has activity at an operating point that /operating_points lacks"};
  };
  points(r.totals.activity, "totals", 0);
  for (std::size_t i = 0; i < r.layers.size(); ++i) points(r.layers[i].activity, "layers", i);
  for (std::size_t i = 0; i < r.networks.size(); ++i) points(r.networks[i].activity, "networks", i);
  for (std::size_t i = 0; i < r.phases.size(); ++i) points(r.phases[i].activity, "phases", i);
  const auto parts = [&](const std::vector<Part>& list, const char* rows, std::size_t i) {
    for (const Part& p : list) points(p.activity, rows, i);
  };
  for (std::size_t i = 0; i < r.layers.size(); ++i) parts(r.layers[i].parts, "layers", i);
  for (std::size_t i = 0; i < r.networks.size(); ++i) parts(r.networks[i].between_parts, "networks", i);
  for (std::size_t i = 0; i < r.phases.size(); ++i) parts(r.phases[i].parts, "phases", i);
  for (std::size_t i = 0; i < r.functions.size(); ++i) points(r.functions[i].activity, "functions", i);
  for (std::size_t i = 0; i < r.timeline.spans.size(); ++i)
    if (r.timeline.spans[i].name >= r.timeline.names.size())
      throw Wrong{fmt::format("/timeline/spans/{}/name", i), "is no row of /timeline/names"};
  for (std::size_t i = 0; i < r.timeline.layers.size(); ++i)
    if (r.timeline.layers[i].layer >= r.layers.size())
      throw Wrong{fmt::format("/timeline/layers/{}/layer", i), "is no row of /layers"};
}

}  // namespace

std::string json(const RunResult& result, const Options&) {
  json_t j;
  RunResult copy = result;
  Writer w(j);
  std::string schema = "microjoule-result";
  int version = schema_version;
  w.field("schema", schema);
  w.field("schema_version", version);
  io(w, copy);
  // What the firmware printed need not be UTF-8: bytes that aren't become U+FFFD.
  return j.dump(1, ' ', false, json_t::error_handler_t::replace) + "\n";
}

Result<RunResult> read_json(std::string_view text, const std::string& name) {
  const read_t j = read_t::parse(text, nullptr, false);
  if (j.is_discarded())
    return Error{ExitCode::unreadable, "not a saved result", name, "the file is not complete JSON",
                 "save one with: microjoule run firmware.elf -o result.mj.json"};
  try {
    Reader r(j, "");
    std::string schema;
    int version = 0;
    r.field("schema", schema);
    r.field("schema_version", version);
    if (schema != "microjoule-result")
      return Error{ExitCode::unreadable, "not a saved result", name, "its schema is '" + schema + "'", ""};
    if (version != schema_version)
      return Error{ExitCode::unreadable, "a result of another version", name,
                   fmt::format("its schema_version is {}, this program reads {}", version, schema_version),
                   "run the firmware again with this program"};
    RunResult result;
    io(r, result);
    check_indices(result);
    return result;
  } catch (const Wrong& wrong) {
    return Error{ExitCode::unreadable, "a damaged saved result", name + ": " + wrong.pointer, wrong.why,
                 "run the firmware again to save a new one"};
  }
}

}  // namespace mj::report
