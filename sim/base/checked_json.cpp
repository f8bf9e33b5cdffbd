#include "sim/base/checked_json.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "sim/base/did_you_mean.h"

namespace mj {

using nlohmann::json;

struct JsonSchema::Compiled {
  json text;
  std::map<std::string, const json*> references;  ///< "$ref"s of the text, and what they lead to
  valijson::Schema schema;
  /// Keeps the regular expressions that it has compiled, which takes longer than all the rest.
  mutable valijson::Validator validator;
  mutable std::mutex one_at_a_time;
};

namespace {

using Compiled = JsonSchema::Compiled;

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

void collect_references(const json& node, const json& root, std::map<std::string, const json*>& out) {
  if (node.is_object())
    if (const auto ref = node.find("$ref"); ref != node.end() && ref->is_string()) {
      const std::string name = ref->get<std::string>();
      out.emplace(name, &root.at(json::json_pointer(name.substr(1))));
    }
  if (node.is_structured())
    for (const json& child : node) collect_references(child, root, out);
}

const json& resolved(const json& schema, const Compiled& all) {
  const auto ref = schema.find("$ref");
  return ref == schema.end() ? schema : *all.references.at(ref->get_ref<const std::string&>());
}

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

/// What the schema says of a member or element; null: nothing.
const json* schema_below(const json& schema, const std::string& key) {
  if (const auto p = schema.find("properties"); p != schema.end())
    if (const auto named = p->find(key); named != p->end()) return &*named;
  if (const auto items = schema.find("items"); items != schema.end()) return &*items;
  const auto others = schema.find("additionalProperties");
  return others != schema.end() && others->is_object() ? &*others : nullptr;
}

/// The first key that the schema does not know, as an Error that says which it does: said better than a validator can.
/// `at`: the pointer of `node`, as it is again afterwards if there is none.
std::optional<Error> unknown_key(const json& node, const json& schema_or_ref, const Compiled& all, std::string& at,
                                 const std::string& what) {
  if (!node.is_structured()) return std::nullopt;
  const json& schema = resolved(schema_or_ref, all);
  const std::size_t length = at.size();
  if (node.is_array()) {
    const auto items = schema.find("items");
    for (std::size_t i = 0; items != schema.end() && i < node.size(); ++i) {
      at += "/" + std::to_string(i);
      if (auto found = unknown_key(node[i], *items, all, at, what)) return found;
      at.resize(length);
    }
    return std::nullopt;
  }
  const auto names = schema.find("properties"), others = schema.find("additionalProperties");
  const bool closed = others != schema.end() && *others == false && names != schema.end();
  for (const auto& [key, value] : node.get_ref<const json::object_t&>()) {
    const json* below = schema_below(schema, key);
    if (!below && !closed) continue;
    at += "/" + escaped(key);
    if (below) {
      if (auto found = unknown_key(value, *below, all, at, what)) return found;
    } else {
      std::vector<std::string> known;
      for (const auto& [name, unused] : names->items()) known.push_back(name);
      return Error{ExitCode::usage, "unknown key \"" + key + "\" in the " + what, at, "allowed here: " + joined(known),
                   did_you_mean(key, known)};
    }
    at.resize(length);
  }
  return std::nullopt;
}

/// The first whole number that is too big for the validator, which would take it for a negative one. `at`: as
/// unknown_key.
bool too_big(const json& node, std::string& at) {
  if (node.is_number_unsigned()) return node.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  const std::size_t length = at.size();
  std::size_t i = 0;
  for (auto child = node.begin(); node.is_structured() && child != node.end(); ++child, ++i) {
    at += "/" + (node.is_object() ? escaped(child.key()) : std::to_string(i));
    if (too_big(*child, at)) return true;
    at.resize(length);
  }
  return false;
}

/// valijson's path ("<root>", "[core]", "[0]") as a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& part : context)
    if (part.size() > 2 && part.front() == '[') pointer += "/" + escaped(part.substr(1, part.size() - 2));
  return pointer;
}

/// What the schema allows at a place, as text; empty: nothing more than the validator says.
std::string allowed_at(const Compiled& all, json::json_pointer place) {
  std::vector<std::string> keys;
  for (; !place.empty(); place.pop_back()) keys.insert(keys.begin(), place.back());
  const json* schema = &all.text;
  for (const std::string& key : keys) {
    const json* below = schema_below(*schema, key);
    if (!below) return "";
    schema = &resolved(*below, all);
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

JsonSchema::JsonSchema(std::string_view text) {
  auto made = std::make_unique<Compiled>();
  made->text = json::parse(text);
  collect_references(made->text, made->text, made->references);
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(made->text), made->schema);
  compiled_ = std::move(made);
}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<json> parse_json(std::string_view text, const std::string& name, const std::string& what) {
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

Result<json> parse_json_file(const std::string& path, const std::string& what) {
  const auto text = read(path, what);
  if (!text) return text.error();
  return parse_json(*text, path, what);
}

std::optional<SchemaFault> schema_fault(const json& document, const JsonSchema& schema) {
  if (std::string at; too_big(document, at)) return SchemaFault{at, "a whole number beyond 9223372036854775807"};
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  const Compiled& compiled = schema.compiled();
  const std::lock_guard lock(compiled.one_at_a_time);
  // Most documents are right, and a validator that needn't collect complaints is done sooner.
  if (compiled.validator.validate(compiled.schema, adapter, nullptr)) return std::nullopt;
  valijson::ValidationResults results;
  compiled.validator.validate(compiled.schema, adapter, &results);
  const valijson::ValidationResults::Error* worst = nullptr;
  for (const auto& error : results)
    if (!worst || error.context.size() > worst->context.size()) worst = &error;
  return worst ? SchemaFault{pointer_of(worst->context), worst->description} : SchemaFault{};
}

Result<void> check_json(const json& document, const JsonSchema& schema, const std::string& name,
                        const std::string& what) {
  if (!document.is_object())
    return Error{ExitCode::usage, "the " + what + " must be a JSON object", name, document.type_name(), ""};
  try {
    std::string at = name + "#";
    if (auto error = unknown_key(document, schema.compiled().text, schema.compiled(), at, what)) return *error;
    const std::optional<SchemaFault> fault = schema_fault(document, schema);
    if (!fault) return {};
    const json::json_pointer place(fault->pointer);
    std::string found =
        !fault->pointer.empty() && document.contains(place) ? document.at(place).dump() : "the whole file";
    if (found.size() > longest_shown) found = found.substr(0, longest_shown) + "...";
    const std::string allowed = allowed_at(schema.compiled(), place);
    return Error{ExitCode::usage, "wrong value in the " + what, name + "#" + fault->pointer, found + ": " + fault->why,
                 allowed.empty() ? "" : "allowed here: " + allowed};
  } catch (const std::exception& e) {
    return Error{ExitCode::unreadable, "cannot check the " + what, name, e.what(), ""};
  }
}

Result<json> checked_json_file(const std::string& path, const JsonSchema& schema, const std::string& what) {
  auto document = parse_json_file(path, what);
  if (!document) return document;
  if (auto checked = check_json(*document, schema, path, what); !checked) return checked.error();
  return document;
}

}  // namespace mj
