// Rows of a core file that say what instructions cost: issue, operands, latencies, forms, tails.
#include <algorithm>
#include <set>

#include "sim/timing/loader.h"

namespace mj::timing {

using isa::OpClass;
using nlohmann::json;

OperandRule Loader::operand_rule(const json& by, const std::string& pointer) {
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

void Loader::costs() {
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

void Loader::csr_costs() {
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
      csr.last = dash == std::string::npos ? csr.first
                                           : static_cast<std::uint32_t>(std::stoul(text.substr(dash + 1), nullptr, 16));
      table->csrs.push_back(csr);
    }
  }
}

void Loader::latencies() {
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
    for (const json& name : row["roles"]) {
      const auto role = name.get<std::string>();
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

void Loader::forms() {
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

void Loader::tails() {
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

}  // namespace mj::timing
