// Rows of a core file about fetching, predicting and pairing instructions.
#include <algorithm>
#include <bit>

#include "sim/timing/loader.h"

namespace mj::timing {

using nlohmann::json;

void Loader::fetch() {
  CoreTiming::Table& t = *table;
  const json none = json::object();
  for (const auto& [key, row] : (doc.contains("hidden_jumps") ? doc["hidden_jumps"] : none).items()) {
    const std::string pointer = join({"/hidden_jumps/", key});
    HiddenJumpRow hidden;
    hidden.row = add_row(join({"hidden_jumps/", key}), row);
    hidden.behind = classes(row["behind"], join({pointer, "/behind"}));
    hidden.jumps = classes(row["jumps"], join({pointer, "/jumps"}));
    hidden.behind_split = flag(row, "behind_split_access");
    hidden.cycles = number(row, "cycles", 0);
    t.hidden_jumps.push_back(hidden);
    if (t.hidden_jumps.size() > 8) fail(pointer, "more than eight rows");
  }
  if (doc.contains("fetch_group")) {
    const json& row = doc["fetch_group"];
    FetchGroupRow group;
    group.row = add_row("fetch_group", row);
    group.count = number(row, "count", 1);
    group.store_count = number(row, "store_count", group.count);
    group.cycles = number(row, "cycles", 0);
    group.after_multicycle = flag(row, "after_multicycle");
    if (std::max(group.count, group.store_count) > 100) fail("/fetch_group/count", "more than 100");
    t.fetch_group = group;
  }
  if (doc.contains("fold")) {
    const json& row = doc["fold"];
    FoldRow fold;
    fold.row = add_row("fold", row);
    fold.classes = classes(row["classes"], "/fold/classes");
    if (row.contains("ops")) fold.ops = ops(row["ops"], "/fold/ops");
    for (const json& id : row["flag_registers"]) fold.flags |= isa::reg_bit(id.get<unsigned>());
    t.fold = fold;
  }
  if (doc.contains("static_predictor")) {
    const json& row = doc["static_predictor"];
    StaticPredictorRow predictor;
    predictor.row = add_row("static_predictor", row);
    predictor.jumps = classes(row["jumps"], "/static_predictor/jumps");
    predictor.cycles = number(row, "cycles", 1);
    predictor.not_taken = number(row, "cycles_not_taken", 2);
    t.static_predictor = predictor;
  }
  if (doc.contains("fetch_queue")) {
    const json& row = doc["fetch_queue"];
    FetchQueueRow queue;
    queue.row = add_row("fetch_queue", row);
    queue.words = number(row, "words", 2);
    queue.halfwords = number(row, "halfwords", 3);
    queue.predictor = flag(row, "predictor");
    queue.shared_port = flag(row, "shared_port");
    if (t.fold) fail("/fetch_queue", "does not go together with /fold");
    t.fetch_queue = queue;
  }
  if (doc.contains("predictor")) {
    const json& row = doc["predictor"];
    PredictorParams p;
    t.predictor_row = add_row("predictor", row);
    p.targets = number(row, "targets", 0);
    p.histories = number(row, "histories", 0);
    p.history_length = number(row, "history_length", 0);
    p.history_bits = number(row, "history_bits", p.history_length);
    p.returns = number(row, "returns", 0);
    p.fetch_bytes = number(row, "fetch_bytes", 4);
    p.mispredict = number(row, "mispredict", 0);
    p.late = number(row, "late", 0);
    if (row.contains("return_registers"))
      for (const json& id : row["return_registers"]) p.return_registers |= 1u << id.get<unsigned>();
    if (!std::has_single_bit(p.fetch_bytes)) fail("/predictor/fetch_bytes", "not a power of two");
    if (p.histories != 0 && !std::has_single_bit(p.histories)) fail("/predictor/histories", "not a power of two");
    if (p.history_bits > p.history_length) fail("/predictor/history_bits", "more than history_length");
    if (p.histories >> p.history_bits == 0 && p.histories != 0)
      fail("/predictor/history_bits", "more than choose among the histories");
    if (t.fetch_queue || t.static_predictor)
      fail("/predictor", "does not go together with /fetch_queue or /static_predictor");
    t.predictor = p;
  }
  for (const auto& [key, row] : (doc.contains("fetch_regions") ? doc["fetch_regions"] : none).items()) {
    FetchRegionRow region;
    region.row = add_row(join({"fetch_regions/", key}), row);
    region.from = static_cast<std::uint32_t>(std::stoul(row["from"].get<std::string>(), nullptr, 16));
    region.to = static_cast<std::uint32_t>(std::stoul(row["to"].get<std::string>(), nullptr, 16));
    region.taken = number(row, "taken", 0);
    region.data = number(row, "data", 0);
    t.fetch_regions.push_back(region);
  }
  if (doc.contains("target_alignment")) {
    const json& row = doc["target_alignment"];
    t.target_alignment_row = add_row("target_alignment", row);
    t.target_alignment = number(row, "cycles", 0);
    t.target_alignment_classes = classes(row["classes"], "/target_alignment/classes");
  }
}

InsnSet Loader::insns(const json& row, const char* class_key, const char* op_key, const std::string& pointer) {
  InsnSet set;
  if (row.contains(class_key)) set.classes = classes(row[class_key], join({pointer, "/", class_key}));
  set.ops.resize(op_names.size());
  if (row.contains(op_key))
    for (const std::uint16_t op : ops(row[op_key], join({pointer, "/", op_key}))) set.ops[op] = true;
  return set;
}

void Loader::dual_issue() {
  if (!doc.contains("dual_issue")) return;
  const json& all = doc["dual_issue"];
  const json none = json::object();
  const auto rows = [&](const char* key) -> const json& { return all.contains(key) ? all[key] : none; };
  DualRow dual;
  for (const auto& [key, row] : rows("never").items()) {
    const std::string at = join({"/dual_issue/never/", key});
    dual.never.push_back(
        {add_row(at.substr(1), row), insns(row, "older", "older_ops", at), insns(row, "younger", "younger_ops", at)});
  }
  for (const auto& [key, row] : rows("early").items()) {
    const std::string at = join({"/dual_issue/early/", key});
    dual.early.push_back({add_row(at.substr(1), row), insns(row, "classes", "ops", at), flag(row, "younger_too")});
  }
  for (const auto& [key, row] : rows("early_reads").items()) {
    const std::string at = join({"/dual_issue/early_reads/", key});
    DualRow::EarlyRead read{add_row(at.substr(1), row), insns(row, "classes", "ops", at)};
    for (const json& which : row["registers"]) {
      read.all |= which == "all";
      read.rn |= which == "rn";
      read.rm |= which == "rm";
    }
    dual.early_reads.push_back(std::move(read));
  }
  if (all.contains("alone")) {
    dual.alone_row = add_row("dual_issue/alone", all["alone"]);
    dual.alone = insns(all["alone"], "classes", "ops", "/dual_issue/alone");
  }
  if (all.contains("banks")) {
    dual.banks_row = add_row("dual_issue/banks", all["banks"]);
    dual.bank_bytes = number(all["banks"], "bytes", 4);
  }
  if (all.contains("branches")) {
    const json& row = all["branches"];
    dual.branch_row = add_row("dual_issue/branches", row);
    dual.mispredict = number(row, "mispredict", 0);
    dual.mispredict_soon = number(row, "mispredict_soon", dual.mispredict);
    dual.flags_ahead = number(row, "flags_ahead", 0);
    dual.narrow_ahead = number(row, "narrow_ahead", 0);
    for (const json& id : row["flag_registers"]) dual.flags |= isa::reg_bit(id.get<unsigned>());
  }
  if (table->fetch_queue || !table->tails.empty() || table->fold)
    fail("/dual_issue", "does not go together with /fetch_queue, /tails or /fold");
  if (table->profiles.size() > 16) fail("/latencies", "too many different combinations of rows for a dual-issue core");
  table->dual = std::move(dual);
}

}  // namespace mj::timing
