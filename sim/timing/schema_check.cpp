#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "sim/timing/core_schema.h"

namespace mj::timing {
namespace {

/// "<root>", "[costs]", "[load]" -> "/costs/load"
std::string pointer_of(const std::vector<std::string>& context) {
  std::string out;
  for (std::size_t k = 1; k < context.size(); ++k) {
    std::string_view part = context[k];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') part = part.substr(1, part.size() - 2);
    out += '/';
    out += part;
  }
  return out;
}

}  // namespace

std::optional<SchemaFault> schema_fault(const std::string& document) {
  const nlohmann::json doc = nlohmann::json::parse(document), schema_doc = nlohmann::json::parse(core_schema);
  valijson::Schema schema;
  valijson::SchemaParser parser;
  const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema_doc), adapter(doc);
  parser.populateSchema(schema_adapter, schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, adapter, &results)) return std::nullopt;
  // The deepest complaint is the cause; the others follow from it.
  valijson::ValidationResults::Error error, deepest;
  bool any = false;
  while (results.popError(error)) {
    if (!any || error.context.size() > deepest.context.size()) deepest = error;
    any = true;
  }
  return SchemaFault{pointer_of(deepest.context), deepest.description};
}

}  // namespace mj::timing
