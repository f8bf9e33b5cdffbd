// Reads a core file into a Table. Private to load*.cpp.
#pragma once

#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/timing/table.h"

namespace mj::timing {

inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

/// One run of loading; the first error ends it.
struct Loader {
  Loader(const nlohmann::json& d, std::string c, const LoadOptions& o) : doc(d), core(std::move(c)), options(o) {}

  const nlohmann::json& doc;
  std::string core;
  const LoadOptions& options;
  std::shared_ptr<CoreTiming::Table> table = std::make_shared<CoreTiming::Table>();
  std::optional<Error> error;
  std::vector<std::string> op_names;

  static CoreTiming finish(std::shared_ptr<const CoreTiming::Table> t) { return CoreTiming(std::move(t)); }

  void fail(const std::string& pointer, std::string why, std::string try_this = "");

  static std::uint32_t number(const nlohmann::json& row, const char* key, std::uint32_t otherwise) {
    return row.contains(key) ? row[key].get<std::uint32_t>() : otherwise;
  }
  static bool flag(const nlohmann::json& row, const char* key) { return row.contains(key) && row[key].get<bool>(); }

  RowInfo row_info(const std::string& id, const nlohmann::json& row) const;
  RowId add_row(const std::string& id, const nlohmann::json& row);

  ClassSet classes(const nlohmann::json& names, const std::string& pointer);
  ClassSet classes_or(const nlohmann::json& row, const char* key, const std::string& pointer, bool otherwise);

  std::vector<std::uint16_t> ops(const nlohmann::json& names, const std::string& pointer);

  static Reason default_reason(isa::OpClass cls);
  Reason reason_of(const nlohmann::json& row, Reason otherwise) const;

  OperandRule operand_rule(const nlohmann::json& by, const std::string& pointer);

  // load_rows.cpp: what instructions cost.
  void costs();
  void csr_costs();
  void latencies();
  void forms();
  void tails();

  // load_fetch.cpp: what code costs to get, and which instructions go together.
  void fetch();

  InsnSet insns(const nlohmann::json& row, const char* class_key, const char* op_key, const std::string& pointer);
  void dual_issue();

  void rest();
  void load();
};

}  // namespace mj::timing
