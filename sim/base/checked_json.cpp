#include "sim/base/checked_json.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "sim/base/did_you_mean.h"

namespace mj {

namespace {

using nlohmann::json;

constexpr unsigned nesting_limit = 32;
constexpr std::size_t longest_shown = 60;

/// Deepest nesting of brackets outside strings. The JSON library recurses over values: the depth must be bounded first.
unsigned nesting(std::string_view text) {
  unsigned depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '[' || c == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!in_string && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return deepest;
}

Result<json> parsed(std::string_view text, const std::string& name, const std::string& what) {
  if (nesting(text) > nesting_limit)
    return Error{ExitCode::unreadable, "nested too deeply for a " + what, name, "", ""};
  try {
    return json::parse(text);
  } catch (const json::parse_error& e) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(e.byte, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    std::string why = e.what();
    if (const auto colon = why.find(": "); colon != std::string::npos) why = why.substr(colon + 2);
    return Error{ExitCode::unreadable, "the " + what + " is not valid JSON", name + ":" + std::to_string(line), why,
                 ""};
  } catch (const std::exception& e) {  // a number that no double holds
    return Error{ExitCode::unreadable, "the " + what + " is not valid JSON", name, e.what(), ""};
  }
}

Result<std::string> read(const std::string& path, const std::string& what) {
  std::error_code ignored;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ignored))
    return Error{ExitCode::unreadable, "cannot read the " + what, path, "", "check the path"};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  return all;
}

const json& resolved(const json& schema, const json& root) {
  if (const auto ref = schema.find("$ref"); ref != schema.end())
    return root.at(json::json_pointer(ref->get<std::string>().substr(1)));
  return schema;
}

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

/// What the schema says of a member or element; null: nothing.
const json* schema_below(const json& schema, const std::string& key) {
  if (const auto p = schema.find("properties"); p != schema.end() && p->contains(key)) return &(*p)[key];
  if (const auto items = schema.find("items"); items != schema.end()) return &*items;
  const auto others = schema.find("additionalProperties");
  return others != schema.end() && others->is_object() ? &*others : nullptr;
}

/// The first key that the schema does not know, as an Error that says which it does: said better than a validator can.
std::optional<Error> unknown_key(const json& node, const json& schema_or_ref, const json& root, const std::string& at,
                                 const std::string& what) {
  const json& schema = resolved(schema_or_ref, root);
  if (node.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < node.size(); ++i)
      if (auto found = unknown_key(node[i], schema["items"], root, at + "/" + std::to_string(i), what)) return found;
    return std::nullopt;
  }
  if (!node.is_object()) return std::nullopt;
  const bool closed = schema.contains("additionalProperties") && schema["additionalProperties"] == false;
  for (const auto& [key, value] : node.items()) {
    const std::string pointer = at + "/" + escaped(key);
    if (const json* below = schema_below(schema, key)) {
      if (auto found = unknown_key(value, *below, root, pointer, what)) return found;
    } else if (closed && schema.contains("properties")) {
      std::vector<std::string> names;
      for (const auto& [name, unused] : schema["properties"].items()) names.push_back(name);
      return Error{ExitCode::usage, "unknown key \"" + key + "\" in the " + what, pointer,
                   "allowed here: " + joined(names), did_you_mean(key, names)};
    }
  }
  return std::nullopt;
}

/// valijson's path ("<root>", "[core]", "[0]") as a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& part : context)
    if (part.size() > 2 && part.front() == '[') pointer += "/" + escaped(part.substr(1, part.size() - 2));
  return pointer;
}

/// What the schema allows at a place, as text; empty: nothing more than the validator says.
std::string allowed_at(const json& root, json::json_pointer place) {
  std::vector<std::string> keys;
  for (; !place.empty(); place.pop_back()) keys.insert(keys.begin(), place.back());
  const json* schema = &root;
  for (const std::string& key : keys) {
    const json* below = schema_below(*schema, key);
    if (!below) return "";
    schema = &resolved(*below, root);
  }
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const char* key :
       {"const", "enum", "type", "pattern", "minimum", "maximum", "minLength", "minProperties", "required"})
    if (schema->contains(key)) add(std::string(key) + " " + (*schema)[key].dump());
  if (schema->contains("anyOf")) {
    std::vector<std::string> needed;
    for (const json& one : (*schema)["anyOf"])
      for (const json& key : one.value("required", json::array())) needed.push_back(key.get<std::string>());
    if (!needed.empty()) add("at least one of " + joined(needed));
  }
  return text;
}

}  // namespace

Result<void> check_json(std::string_view text, const std::string& name, const std::string& what) {
  const auto document = parsed(text, name, what);
  if (!document) return document.error();
  return {};
}

Result<void> check_json_schema(std::string_view text, const std::string& schema_path, const std::string& name,
                               const std::string& what) {
  const auto document = parsed(text, name, what);
  if (!document) return document.error();
  const auto schema_text = read(schema_path, "schema of the " + what);
  if (!schema_text) return schema_text.error();
  const auto schema_json = parsed(*schema_text, schema_path, "schema");
  if (!schema_json) return schema_json.error();
  if (!document->is_object())
    return Error{ExitCode::usage, "the " + what + " must be a JSON object", name, document->type_name(), ""};
  try {
    if (auto error = unknown_key(*document, *schema_json, *schema_json, name + "#", what)) return *error;
    valijson::Schema schema;
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(*schema_json), schema);
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter adapter(*document);
    if (valijson::Validator().validate(schema, adapter, &results)) return {};
    // The deepest place is the one that is wrong; those above only say that something below is.
    const valijson::ValidationResults::Error* worst = nullptr;
    for (const auto& error : results)
      if (!worst || error.context.size() > worst->context.size()) worst = &error;
    if (!worst) return Error{ExitCode::usage, "the " + what + " does not match its schema", name, "", ""};
    const std::string pointer = pointer_of(worst->context);
    const json::json_pointer place(pointer);
    std::string found = !pointer.empty() && document->contains(place) ? document->at(place).dump() : "the whole file";
    if (found.size() > longest_shown) found = found.substr(0, longest_shown) + "...";
    const std::string allowed = allowed_at(*schema_json, place);
    return Error{ExitCode::usage, "wrong value in the " + what, name + "#" + pointer, found + ": " + worst->description,
                 allowed.empty() ? "" : "allowed here: " + allowed};
  } catch (const std::exception& e) {
    return Error{ExitCode::unreadable, "cannot check the " + what, name, e.what(), ""};
  }
}

Result<std::string> checked_json_file(const std::string& path, const std::string& schema_path,
                                      const std::string& what) {
  auto text = read(path, what);
  if (!text) return text;
  if (auto checked = check_json_schema(*text, schema_path, path, what); !checked) return checked.error();
  return text;
}

}  // namespace mj
