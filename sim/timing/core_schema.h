// The schema of core files, built in. Private to this folder.
#pragma once

#include <optional>
#include <string>

namespace mj::timing {

/// Text of models/schema/core.schema.json.
extern const char core_schema[];

struct SchemaFault {
  std::string pointer;  ///< JSON pointer of the wrong place
  std::string why;
};
/// What is wrong with a JSON document (as text that parses), if anything.
std::optional<SchemaFault> schema_fault(const std::string& document);

}  // namespace mj::timing
