// JSON files of ours and of users: is it JSON, is it what its schema says, and if not, where and what instead.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/error.h"

namespace mj {

/// Errors: unreadable: not JSON (with its line), or nested more deeply than any of our files. `name`: the file's, as
/// messages show it; `what`: what it should be, "board file".
Result<void> check_json(std::string_view text, const std::string& name, const std::string& what);

/// Errors: as check_json; usage: a key that the schema doesn't know (with those that it does, and the nearest), or a
/// wrong value; where = name#pointer. unreadable: the schema can't be read.
Result<void> check_json_schema(std::string_view text, const std::string& schema_path, const std::string& name,
                               const std::string& what);

/// A file's text after both checks. Errors: theirs, and unreadable if it can't be read.
Result<std::string> checked_json_file(const std::string& path, const std::string& schema_path, const std::string& what);

}  // namespace mj
