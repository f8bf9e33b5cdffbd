#include "tools/build/target.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "tools/build/targets_json.h"

namespace mj::build {
namespace {

using nlohmann::json;

Error wrong(std::string_view where, const std::string& path, std::string why) {
  return {ExitCode::usage, "wrong build target", std::string(where) + ": " + path, std::move(why),
          "compare it with tools/build/targets.json"};
}

/// Reads one object; remembers the first thing that is missing or has the wrong type.
class Fields {
 public:
  Fields(const json& object, std::string path) : object_(object), path_(std::move(path)) {}

  std::string text(const char* key) { return get<std::string>(key, &json::is_string, "a string"); }

  /// A number, or a string of hexadecimal digits behind 0x.
  std::uint32_t number(const char* key) {
    const json* value = find(key);
    if (!value) return 0;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= UINT32_MAX) return value->get<std::uint32_t>();
    if (value->is_string()) {
      const std::string& digits = value->get_ref<const std::string&>();
      std::uint32_t result = 0;
      const char* end = digits.data() + digits.size();
      if (digits.starts_with("0x")) {
        const auto [rest, failed] = std::from_chars(digits.data() + 2, end, result, 16);
        if (failed == std::errc() && rest == end) return result;
      }
    }
    fail(key, "is no 32-bit number");
    return 0;
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> list;
    const json* value = find(key);
    if (!value) return list;
    if (!value->is_array()) fail(key, "is no list of strings");
    for (const json& item : *value) {
      if (item.is_string()) {
        list.push_back(item.get<std::string>());
      } else {
        fail(key, "is no list of strings");
      }
    }
    return list;
  }

  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  Fields object(const char* key) {
    static const json empty = json::object();
    const json* value = find(key);
    if (value && !value->is_object()) fail(key, "is no object");
    return {value && value->is_object() ? *value : empty, path_ + "/" + key};
  }

  bool flag(const char* key) { return get<bool>(key, &json::is_boolean, "true or false"); }

  std::string wrong_path, why;
  void take_failure(const Fields& inner) {
    if (why.empty()) wrong_path = inner.wrong_path, why = inner.why;
  }

 private:
  template <class T>
  T get(const char* key, bool (json::*is)() const noexcept, const char* want) {
    const json* value = find(key);
    if (!value) return T();
    if ((value->*is)()) return value->get<T>();
    fail(key, std::string("is not ") + want);
    return T();
  }

  const json* find(const char* key) {
    if (has(key)) return &object_[key];
    fail(key, "is missing");
    return nullptr;
  }

  void fail(const char* key, std::string what) {
    if (!why.empty()) return;
    wrong_path = path_ + "/" + key;
    why = std::move(what);
  }

  const json& object_;
  std::string path_;
};

Result<BoardTarget> read_target(const json& object, const std::string& path, std::string_view where) {
  BoardTarget t;
  Fields f(object, path);
  auto region = [&f](const char* key) {
    Fields r = f.object(key);
    const Region result{r.number("base"), r.number("bytes")};
    f.take_failure(r);
    return result;
  };
  t.id = f.text("id");
  t.name = f.text("name");
  t.toolchain = f.text("toolchain");
  t.flags = f.texts("flags");
  if (f.has("code")) t.code = region("code");
  t.ram = region("ram");
  t.startup = f.text("startup");
  if (f.has("reserved_at_start")) {
    Fields r = f.object("reserved_at_start");
    t.reserved_at_start = r.number("bytes");
    f.take_failure(r);
  }
  if (f.has("vector_table")) {
    Fields r = f.object("vector_table");
    t.vector_table = r.flag("value");
    f.take_failure(r);
  }
  Fields console = f.object("console");
  t.console = console.text("port");
  t.console_base = console.number("base");
  t.baud = console.number("baud");
  Fields clock = f.object("clock");
  t.clock = clock.text("port");
  t.clock_hz = clock.number("hz");
  Fields exit = f.object("exit");
  t.exit = exit.text("port");
  if (exit.has("base")) t.exit_base = exit.number("base");
  for (const Fields* inner : {&console, &clock, &exit}) f.take_failure(*inner);
  if (!f.why.empty()) return wrong(where, f.wrong_path, f.why);
  if (t.startup != "arm" && t.startup != "riscv") return wrong(where, path + "/startup", "is neither arm nor riscv");
  if (t.baud == 0 || t.clock_hz == 0) return wrong(where, path, "baud rate or clock is 0");
  return t;
}

}  // namespace

Result<std::vector<BoardTarget>> read_targets(std::string_view text, std::string_view where) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return wrong(where, "/", "it is no JSON");
  if (!document.is_object() || !document.contains("targets") || !document["targets"].is_array()) {
    return wrong(where, "/targets", "is no list");
  }
  std::vector<BoardTarget> targets;
  for (const json& object : document["targets"]) {
    auto target = read_target(object, "/targets/" + std::to_string(targets.size()), where);
    if (!target) return target.error();
    targets.push_back(std::move(*target));
  }
  return targets;
}

const std::vector<BoardTarget>& builtin_targets() {
  static const std::vector<BoardTarget> targets = [] {
    auto read = read_targets(kTargetsJson, "targets.json");
    return read ? std::move(*read) : std::vector<BoardTarget>();  // a wrong file fails the tests, not the user
  }();
  return targets;
}

Result<BoardTarget> find_target(std::string_view id) {
  std::string ids;
  for (const BoardTarget& target : builtin_targets()) {
    if (target.id == id) return target;
    ids += (ids.empty() ? "" : ", ") + target.id;
  }
  return Error{ExitCode::usage, "no build target " + std::string(id), "", "", "one of " + ids};
}

}  // namespace mj::build
