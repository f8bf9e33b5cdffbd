// Reads a core file into a Table: JSON, schema, names of classes and operations.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/checked_json.h"
#include "sim/timing/loader.h"

namespace mj::timing {

using isa::OpClass;
using nlohmann::json;

namespace {

constexpr int most_likes = 8;  // a chain of "like" longer than this is taken for a circle

Error bad(const std::string& core, const std::string& pointer, std::string why, std::string try_this = "") {
  return {ExitCode::usage, join({"core file '", core, "' is wrong"}),
          pointer.empty() ? core : join({core, ": ", pointer}), std::move(why), std::move(try_this)};
}

Result<json> read(std::string_view text, const std::string& core, const LoadOptions& options, int depth) {
  Result<json> parsed = parse_json(text, core, "core file");
  if (!parsed)
    return bad(core, "", join({"not JSON: ", parsed.error().why.empty() ? parsed.error().what : parsed.error().why}));
  json& doc = *parsed;
  if (!doc.is_object()) return bad(core, "", "the file is not a JSON object");
  if (!doc.contains("like")) return parsed;
  if (!doc["like"].is_string()) return bad(core, "/like", "not a string");
  const std::string base = doc["like"].get<std::string>();
  // It becomes a file's name: nothing that leads elsewhere, or ends one early.
  constexpr const char* in_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (base.find_first_not_of(in_names) != std::string::npos) return bad(core, "/like", "not the name of a core file");
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
  const Result<json> rows = parse_json(options.rows, core, "rows of the board");
  if (!rows) return rows.error();
  doc->merge_patch(*rows);
  return doc;
}

}  // namespace

void Loader::fail(const std::string& pointer, std::string why, std::string try_this) {
  if (!error) error = bad(core, pointer, std::move(why), std::move(try_this));
}

RowInfo Loader::row_info(const std::string& id, const json& row) const {
  RowInfo info;
  info.id = id;
  const std::string source = row["source"].get<std::string>();
  info.source = doc["sources"].contains(source) ? doc["sources"][source].get<std::string>() : source;
  info.note = row.value("note", "");
  const std::string certainty = row["certainty"].get<std::string>();
  for (Certainty c :
       {Certainty::documented, Certainty::measured, Certainty::model, Certainty::inferred, Certainty::estimated})
    if (timing::name(c) == certainty) info.certainty = c;
  return info;
}

RowId Loader::add_row(const std::string& id, const json& row) {
  table->rows.push_back(row_info(id, row));
  return static_cast<RowId>(table->rows.size() - 1);
}

ClassSet Loader::classes(const json& names, const std::string& pointer) {
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

ClassSet Loader::classes_or(const json& row, const char* key, const std::string& pointer, bool otherwise) {
  if (row.contains(key)) return classes(row[key], join({pointer, "/", key}));
  ClassSet set{};
  set.fill(otherwise);
  return set;
}

std::vector<std::uint16_t> Loader::ops(const json& names, const std::string& pointer) {
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

Reason Loader::default_reason(OpClass cls) {
  if (cls >= OpClass::mul && cls <= OpClass::mac_long) return Reason::multiply;
  if (cls == OpClass::div) return Reason::divide;
  if (cls >= OpClass::load && cls <= OpClass::amo) return Reason::memory;
  if (cls >= OpClass::branch && cls <= OpClass::branch_table) return Reason::branch;
  if (cls >= OpClass::fp_load && cls <= OpClass::fp_store_multi) return Reason::memory;
  if (cls >= OpClass::fp_move) return Reason::fp;
  if (cls >= OpClass::sys_read && cls <= OpClass::coprocessor) return Reason::system;
  return Reason::other;
}

Reason Loader::reason_of(const json& row, Reason otherwise) const {
  if (row.contains("reason"))
    for (std::size_t r = 0; r < reason_count; ++r)
      if (timing::name(static_cast<Reason>(r)) == row["reason"].get<std::string>()) return static_cast<Reason>(r);
  return otherwise;
}

void Loader::rest() {
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
  if (doc.contains("store_buffer")) {
    const json& row = doc["store_buffer"];
    add_row("store_buffer", row);
    t.store_buffer = {number(row, "entries", 0), number(row, "merge_bytes", 0)};
  }
  if (doc.contains("peak_macs")) {
    // No cycle rests on it: it is no row of the table.
    const json& row = doc["peak_macs"];
    RowInfo info = row_info("peak_macs", row);
    t.peak_macs = PeakMacs{number(row, "macs", 1), number(row, "cycles", 1), row["by"].get<std::string>(),
                           std::move(info.source), info.certainty};
    if (!info.note.empty()) t.peak_macs->source += ": " + info.note;
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
      {"secure_word", &ExceptionCost::secure_word},
      {"wake", &ExceptionCost::wake}};
  for (const auto& [key, field] : fields)
    if (doc["exceptions"].contains(key)) {
      const RowId row = add_row(join({"exceptions/", key}), doc["exceptions"][key]);
      t.exceptions.*field = number(doc["exceptions"][key], "cycles", 0);
      if (t.unsure(row)) t.unsure_exceptions.*field = t.exceptions.*field;
    }
}

void Loader::load() {
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
    if (const std::optional<SchemaFault> fault = schema_fault(*doc, core_schema()))
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
