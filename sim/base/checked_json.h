// JSON files of ours and of users: is it JSON, is it what its schema says, and if not, where and what instead. For .cpp
// files only: it names the JSON library's type, so that what was parsed for the check is what the reader reads.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "sim/base/json_schema.h"

namespace mj {

/// Errors: unreadable: not JSON (with its line), or nested more deeply than any of our files. `name`: the file's, as
/// messages show it; `what`: what it should be, "board file".
Result<nlohmann::json> parse_json(std::string_view text, const std::string& name, const std::string& what);

/// A file, parsed. Errors: as parse_json, and unreadable if it can't be read.
Result<nlohmann::json> parse_json_file(const std::string& path, const std::string& what);

/// Errors: usage: a key that the schema doesn't know (with those that it does, and the nearest), or a wrong value;
/// where = name#pointer.
Result<void> check_json(const nlohmann::json& document, const JsonSchema& schema, const std::string& name,
                        const std::string& what);

/// A file, parsed and checked. Errors: as of both.
Result<nlohmann::json> checked_json_file(const std::string& path, const JsonSchema& schema, const std::string& what);

struct SchemaFault {
  std::string pointer;  ///< JSON pointer of the wrong place
  std::string why;      ///< the validator's words
};
/// What is wrong with a document, if anything: the deepest complaint, those above only say that something below is.
std::optional<SchemaFault> schema_fault(const nlohmann::json& document, const JsonSchema& schema);

}  // namespace mj
