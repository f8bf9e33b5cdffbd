// Reads a core file into a Table: JSON, schema, names of classes and operations.
#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/checked_json.h"
#include "sim/timing/core_schema.h"
#include "sim/timing/table.h"

namespace mj::timing {

using isa::OpClass;
using nlohmann::json;

namespace {

constexpr int most_likes = 8;  // a chain of "like" longer than this is taken for a circle

std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

Error bad(const std::string& core, const std::string& pointer, std::string why, std::string try_this = "") {
  return {ExitCode::usage, join({"core file '", core, "' is wrong"}),
          pointer.empty() ? core : join({core, ": ", pointer}), std::move(why), std::move(try_this)};
}

Result<json> read(std::string_view text, const std::string& core, const LoadOptions& options, int depth) {
  if (const Result<void> readable = check_json(text, core, "core file"); !readable)
    return bad(core, "",
               join({"not JSON: ", readable.error().why.empty() ? readable.error().what : readable.error().why}));
  json doc = json::parse(text);
  if (!doc.is_object()) return bad(core, "", "the file is not a JSON object");
  if (!doc.contains("like")) return doc;
  if (!doc["like"].is_string()) return bad(core, "/like", "not a string");
  const std::string base = doc["like"].get<std::string>();
  if (depth >= most_likes) return bad(core, "/like", "the chain of likes does not end", "remove one of them");
  const std::optional<std::string> base_text = options.read_core ? options.read_core(base) : std::nullopt;
  if (!base_text) return bad(core, "/like", join({"there is no core file '", base, "'"}));
  Result<json> merged = read(*base_text, base, options, depth + 1);
  if (!merged) return merged.error();
  doc.erase("like");
  merged->merge_patch(doc);
  return merged;
}

Result<json> read_with_rows(std::string_view text, const std::string& core, const LoadOptions& options) {
  Result<json> doc = read(text, core, options, 0);
  if (!doc || options.rows.empty()) return doc;
  if (const Result<void> readable = check_json(options.rows, core, "rows of the board"); !readable)
    return readable.error();
  doc->merge_patch(json::parse(options.rows));
  return doc;
}

}  // namespace

/// One run of loading; the first error ends it.
struct Loader {
  Loader(const json& d, std::string c, const LoadOptions& o) : doc(d), core(std::move(c)), options(o) {}

  const json& doc;
  std::string core;
  const LoadOptions& options;
  std::shared_ptr<CoreTiming::Table> table = std::make_shared<CoreTiming::Table>();
  std::optional<Error> error;
  std::vector<std::string> op_names;

  static CoreTiming finish(std::shared_ptr<const CoreTiming::Table> t) { return CoreTiming(std::move(t)); }

  void fail(const std::string& pointer, std::string why, std::string try_this = "") {
    if (!error) error = bad(core, pointer, std::move(why), std::move(try_this));
  }

  static std::uint32_t number(const json& row, const char* key, std::uint32_t otherwise) {
    return row.contains(key) ? row[key].get<std::uint32_t>() : otherwise;
  }
  static bool flag(const json& row, const char* key) { return row.contains(key) && row[key].get<bool>(); }

  RowId add_row(const std::string& id, const json& row) {
    RowInfo info;
    info.id = id;
    const std::string source = row["source"].get<std::string>();
    info.source = doc["sources"].contains(source) ? doc["sources"][source].get<std::string>() : source;
    info.note = row.value("note", "");
    const std::string certainty = row["certainty"].get<std::string>();
    for (Certainty c :
         {Certainty::documented, Certainty::measured, Certainty::model, Certainty::inferred, Certainty::estimated})
      if (timing::name(c) == certainty) info.certainty = c;
    table->rows.push_back(std::move(info));
    return static_cast<RowId>(table->rows.size() - 1);
  }

  ClassSet classes(const json& names, const std::string& pointer) {
    ClassSet set{};
    for (std::size_t k = 0; k < names.size(); ++k) {
      const std::string wanted = names[k].get<std::string>();
      bool found = false;
      for (std::size_t c = 0; c < isa::op_class_count; ++c)
        if (isa::name(static_cast<OpClass>(c)) == wanted) set[c] = found = true;
      if (!found)
        fail(join({pointer, "/", std::to_string(k)}), join({"there is no operation class '", wanted, "'"}),
             "use a class of isa/op_class.h");
    }
    return set;
  }
  ClassSet classes_or(const json& row, const char* key, const std::string& pointer, bool otherwise) {
    if (row.contains(key)) return classes(row[key], join({pointer, "/", key}));
    ClassSet set{};
    set.fill(otherwise);
    return set;
  }

  std::vector<std::uint16_t> ops(const json& names, const std::string& pointer) {
    std::vector<std::uint16_t> out;
    for (std::size_t k = 0; k < names.size(); ++k) {
      const std::string wanted = names[k].get<std::string>();
      const auto at = std::find(op_names.begin(), op_names.end(), wanted);
      if (at == op_names.end())
        fail(join({pointer, "/", std::to_string(k)}), join({"there is no operation '", wanted, "'"}),
             join({"use a name of isa/", table->isa, "/ops.def"}));
      else
        out.push_back(static_cast<std::uint16_t>(at - op_names.begin()));
    }
    return out;
  }

  static Reason default_reason(OpClass cls) {
    if (cls >= OpClass::mul && cls <= OpClass::mac_long) return Reason::multiply;
    if (cls == OpClass::div) return Reason::divide;
    if (cls >= OpClass::load && cls <= OpClass::amo) return Reason::memory;
    if (cls >= OpClass::branch && cls <= OpClass::branch_table) return Reason::branch;
    if (cls >= OpClass::fp_load && cls <= OpClass::fp_store_multi) return Reason::memory;
    if (cls >= OpClass::fp_move) return Reason::fp;
    if (cls >= OpClass::sys_read && cls <= OpClass::coprocessor) return Reason::system;
    return Reason::other;
  }
  Reason reason_of(const json& row, Reason otherwise) const {
    if (row.contains("reason"))
      for (std::size_t r = 0; r < reason_count; ++r)
        if (timing::name(static_cast<Reason>(r)) == row["reason"].get<std::string>()) return static_cast<Reason>(r);
    return otherwise;
  }

  OperandRule operand_rule(const json& by, const std::string& pointer) {
    using Kind = OperandRule::Kind;
    static constexpr std::pair<const char*, Kind> kinds[] = {
        {"divisor_zero", Kind::divisor_zero},           {"divisor_leading_bits", Kind::divisor_leading_bits},
        {"dividend_negative", Kind::dividend_negative}, {"msb_difference", Kind::msb_difference},
        {"multiplier_bits", Kind::multiplier_bits},     {"wide_operands", Kind::wide_operands},
        {"signed_product", Kind::signed_product},       {"quotient_bits", Kind::quotient_bits}};
    OperandRule rule;
    for (const auto& [text, kind] : kinds)
      if (by["rule"] == text) rule.kind = kind;
    rule.is_signed = flag(by, "signed");
    rule.base = number(by, "base", 0);
    rule.least = number(by, "least", 0);
    rule.most = number(by, "most", 1000);
    rule.step = number(by, "step", 1);
    if (rule.least > rule.most) fail(pointer, "least is greater than most");
    if (rule.kind == Kind::divisor_leading_bits && rule.base == 0) fail(join({pointer, "/base"}), "must be at least 1");
    return rule;
  }

  void costs() {
    CoreTiming::Table& t = *table;
    t.rows.push_back({"costs/(none)", Certainty::estimated, "no row for this class: one cycle", ""});
    t.costs.push_back({});
    std::set<std::size_t> priced;
    t.cost_of_op.assign(op_names.size(), CoreTiming::Table::none);
    for (const auto& [key, row] : doc["costs"].items()) {
      const std::string pointer = join({"/costs/", key});
      CostRow cost;
      cost.row = add_row(join({"costs/", key}), row);
      cost.cycles = number(row, "cycles", 1);
      if (row.contains("cycles_taken")) cost.taken = number(row, "cycles_taken", 1);
      cost.accesses_per_cycle = number(row, "accesses_per_cycle", 0);
      cost.least = number(row, "least", 0);
      cost.unit_cycles = number(row, "unit_cycles", 0);
      cost.waits_for_unit = flag(row, "waits_for_unit");
      cost.folds = flag(row, "folds");
      cost.free_before_16bit = flag(row, "free_before_16bit");
      cost.link_is_base_cycles = number(row, "link_is_base_cycles", 0);
      t.folds |= cost.folds;
      if (row.contains("by_operands")) cost.rule = operand_rule(row["by_operands"], join({pointer, "/by_operands"}));
      if (row.contains("ops")) {
        if (row.contains("classes")) fail(pointer, "has both classes and ops", "make two rows");
        cost.reason = reason_of(row, cost.rule ? Reason::divide : Reason::other);
        for (const std::uint16_t op : ops(row["ops"], join({pointer, "/ops"}))) {
          if (t.cost_of_op[op] != CoreTiming::Table::none)
            fail(join({pointer, "/ops"}), join({"operation '", op_names[op], "' is priced by another row too"}));
          t.cost_of_op[op] = static_cast<std::uint16_t>(t.costs.size());
        }
        t.costs.push_back(cost);
        continue;
      }
      const ClassSet set = classes(row["classes"], join({pointer, "/classes"}));
      for (std::size_t c = 0; c < set.size(); ++c) {
        if (!set[c]) continue;
        if (!priced.insert(c).second)
          fail(join({pointer, "/classes"}),
               join({"class '", isa::name(static_cast<OpClass>(c)), "' is priced by another row too"}));
        // One copy of the row per reason that its classes have.
        cost.reason = reason_of(row, default_reason(static_cast<OpClass>(c)));
        t.cost_of_class[c] = static_cast<std::uint16_t>(t.costs.size());
        t.costs.push_back(cost);
      }
    }
  }

  void csr_costs() {
    if (!doc.contains("csr_costs")) return;
    for (const auto& [key, row] : doc["csr_costs"].items()) {
      CsrRow csr;
      csr.cost.row = add_row(join({"csr_costs/", key}), row);
      csr.cost.cycles = number(row, "cycles", 1);
      csr.cost.reason = Reason::system;
      csr.reads = flag(row, "reads") || !row.contains("reads");
      csr.writes = flag(row, "writes") || !row.contains("writes");
      for (const json& range : row["csrs"]) {
        const std::string text = range.get<std::string>();
        const std::size_t dash = text.find('-');
        csr.first = static_cast<std::uint32_t>(std::stoul(text.substr(0, dash), nullptr, 16));
        csr.last = dash == std::string::npos
                       ? csr.first
                       : static_cast<std::uint32_t>(std::stoul(text.substr(dash + 1), nullptr, 16));
        table->csrs.push_back(csr);
      }
    }
  }

  void latencies() {
    CoreTiming::Table& t = *table;
    t.profiles.push_back({});
    std::array<std::vector<std::uint16_t>, isa::op_class_count> of_class;
    std::vector<std::vector<std::uint16_t>> of_op(op_names.size());
    const json none = json::object();
    for (const auto& [key, row] : (doc.contains("latencies") ? doc["latencies"] : none).items()) {
      const std::string pointer = join({"/latencies/", key});
      LatencyRow latency;
      latency.row = add_row(join({"latencies/", key}), row);
      latency.cycles = number(row, "cycles", 0);
      latency.last_only = flag(row, "last_only");
      latency.late_only = flag(row, "late_only");
      latency.same_cycle = flag(row, "same_cycle");
      latency.consumers = classes_or(row, "consumers", pointer, true);
      const ClassSet except = classes_or(row, "not_consumers", pointer, false);
      for (std::size_t c = 0; c < except.size(); ++c) latency.consumers[c] = latency.consumers[c] && !except[c];
      for (const json& role : row["roles"]) {
        if (role == "operand") latency.operand = true;
        if (role == "address") latency.address = true;
        if (role == "store_data") latency.store_data = true;
        if (role == "target") latency.target = true;
        if (role == "accumulate") latency.accumulate = true;
        if (role == "overwrite") latency.overwrite = true;
        if (role == "early") latency.early = true;
      }
      const ClassSet of = classes_or(row, "of", pointer, false);
      const auto index = static_cast<std::uint16_t>(t.latencies.size());
      bool loads_only = row.contains("of");
      for (std::size_t c = 0; c < of.size(); ++c)
        if (of[c]) {
          of_class[c].push_back(index);
          loads_only = loads_only && default_reason(static_cast<OpClass>(c)) == Reason::memory;
        }
      if (row.contains("of_ops"))
        for (const std::uint16_t op : ops(row["of_ops"], join({pointer, "/of_ops"}))) of_op[op].push_back(index);
      latency.reason = reason_of(row, loads_only                            ? Reason::load_use
                                      : latency.address && !latency.operand ? Reason::address_use
                                                                            : Reason::result_use);
      t.latencies.push_back(latency);
    }
    const auto profile = [&](const std::vector<std::uint16_t>& rows) {
      const auto at = std::find(t.profiles.begin(), t.profiles.end(), rows);
      if (at != t.profiles.end()) return static_cast<std::uint8_t>(at - t.profiles.begin());
      if (t.profiles.size() >= 0xff) fail("/latencies", "too many different combinations of rows");
      t.profiles.push_back(rows);
      return static_cast<std::uint8_t>(t.profiles.size() - 1);
    };
    for (std::size_t c = 0; c < of_class.size(); ++c) t.profile_of_class[c] = profile(of_class[c]);
    t.profile_of_op.assign(op_names.size(), 0xff);
    for (std::size_t op = 0; op < of_op.size(); ++op)
      if (!of_op[op].empty()) t.profile_of_op[op] = profile(of_op[op]);
  }

  void forms() {
    if (!doc.contains("forms")) return;
    for (const auto& [key, row] : doc["forms"].items()) {
      const std::string pointer = join({"/forms/", key});
      FormRow form;
      form.row = add_row(join({"forms/", key}), row);
      form.when = row["when"] == "short_shift" ? FormRow::When::short_shift : FormRow::When::shifted_constant;
      form.ops.resize(op_names.size());
      for (const std::uint16_t op : ops(row["ops"], join({pointer, "/ops"}))) form.ops[op] = true;
      const ClassSet as = classes(json::array({row["as"]}), join({pointer, "/as"}));
      form.as = static_cast<OpClass>(std::find(as.begin(), as.end(), true) - as.begin());
      form.most = number(row, "most", 0);
      form.flag_cycles = number(row, "flag_cycles", 0);
      if (row.contains("flag_registers"))
        for (const json& id : row["flag_registers"]) form.flags |= isa::reg_bit(id.get<unsigned>());
      table->forms.push_back(std::move(form));
    }
  }

  void tails() {
    if (!doc.contains("tails")) return;
    for (const auto& [key, row] : doc["tails"].items()) {
      const std::string pointer = join({"/tails/", key});
      TailRow tail;
      tail.row = add_row(join({"tails/", key}), row);
      tail.cycles = number(row, "cycles", 0);
      tail.address_waits = flag(row, "address_waits");
      tail.writeback_waits = flag(row, "writeback_waits");
      tail.felt_by = classes_or(row, "felt_by", pointer, true);
      const ClassSet except = classes_or(row, "not_felt_by", pointer, false);
      for (std::size_t c = 0; c < except.size(); ++c) tail.felt_by[c] = tail.felt_by[c] && !except[c];
      table->tails.push_back(tail);
      if (table->tails.size() > 0xff) fail(pointer, "too many rows");
      const ClassSet of = classes(row["of"], join({pointer, "/of"}));
      for (std::size_t c = 0; c < of.size(); ++c) {
        if (!of[c]) continue;
        if (table->tail_of_class[c] != 0)
          fail(join({pointer, "/of"}), join({"class '", isa::name(static_cast<OpClass>(c)), "' has another tail too"}));
        table->tail_of_class[c] = static_cast<std::uint8_t>(table->tails.size());
      }
    }
  }

  void fetch() {
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

  InsnSet insns(const json& row, const char* class_key, const char* op_key, const std::string& pointer) {
    InsnSet set;
    if (row.contains(class_key)) set.classes = classes(row[class_key], join({pointer, "/", class_key}));
    set.ops.resize(op_names.size());
    if (row.contains(op_key))
      for (const std::uint16_t op : ops(row[op_key], join({pointer, "/", op_key}))) set.ops[op] = true;
    return set;
  }

  void dual_issue() {
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
    if (table->profiles.size() > 16)
      fail("/latencies", "too many different combinations of rows for a dual-issue core");
    table->dual = std::move(dual);
  }

  void rest() {
    CoreTiming::Table& t = *table;
    if (doc.contains("skipped")) {
      t.skipped_row = add_row("skipped", doc["skipped"]);
      t.skipped = number(doc["skipped"], "cycles", 1);
    }
    if (doc.contains("unaligned")) {
      const json& row = doc["unaligned"];
      UnalignedRow unaligned;
      unaligned.row = add_row("unaligned", row);
      unaligned.crossing_word_only = flag(row, "crossing_word_only");
      unaligned.halfword_odd = {number(row, "load_halfword_odd", 0), number(row, "store_halfword_odd", 0)};
      unaligned.word_half = {number(row, "load_word_half", 0), number(row, "store_word_half", 0)};
      unaligned.word_odd = {number(row, "load_word_odd", 0), number(row, "store_word_odd", 0)};
      t.unaligned = unaligned;
    }
    if (!doc.contains("exceptions")) return;
    const std::pair<const char*, std::uint32_t ExceptionCost::*> fields[] = {
        {"entry", &ExceptionCost::entry},
        {"trap_entry", &ExceptionCost::trap_entry},
        {"exit", &ExceptionCost::exit},
        {"tail_chain", &ExceptionCost::tail_chain},
        {"fp_frame_entry", &ExceptionCost::fp_frame_entry},
        {"fp_frame_exit", &ExceptionCost::fp_frame_exit},
        {"lazy_fp_push", &ExceptionCost::lazy_fp_push},
        {"wake", &ExceptionCost::wake}};
    for (const auto& [key, field] : fields)
      if (doc["exceptions"].contains(key)) {
        const RowId row = add_row(join({"exceptions/", key}), doc["exceptions"][key]);
        t.exceptions.*field = number(doc["exceptions"][key], "cycles", 0);
        if (t.unsure(row)) t.unsure_exceptions.*field = t.exceptions.*field;
      }
  }

  void load() {
    table->name = core;
    table->title = doc["title"].get<std::string>();
    table->isa = doc["isa"].get<std::string>();
    if (doc.contains("features")) table->features = doc["features"].get<std::vector<std::string>>();
    if (options.op_name)
      for (std::uint16_t op = 0; op < 0xffff; ++op) {
        const char* text = options.op_name(op);
        if (text == nullptr || std::string_view(text) == "?") break;
        op_names.emplace_back(text);
      }
    costs();
    csr_costs();
    latencies();
    forms();
    tails();
    fetch();
    dual_issue();
    rest();
  }
};

Result<std::string> CoreTiming::merged_text(std::string_view json_text, const std::string& name,
                                            const LoadOptions& options) {
  const Result<json> doc = read_with_rows(json_text, name, options);
  if (!doc) return doc.error();
  return doc->dump();
}

Result<CoreTiming> CoreTiming::load(std::string_view json_text, std::string name, const LoadOptions& options) {
  try {
    const Result<json> doc = read_with_rows(json_text, name, options);
    if (!doc) return doc.error();
    if (const std::optional<SchemaFault> fault = schema_fault(doc->dump()))
      return bad(name, fault->pointer, fault->why, "compare with models/schema/core.schema.json");
    Loader loader(*doc, name, options);
    loader.load();
    if (loader.error) return *loader.error;
    return Loader::finish(loader.table);
  } catch (const std::exception& e) {
    return Error{ExitCode::internal, join({"reading core file '", name, "' failed"}), name, e.what(), ""};
  }
}

}  // namespace mj::timing
