// The schemas of our files, built in and compiled once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/base/error.h"

namespace mj {

/// A compiled JSON schema. Nothing of it changes after it was made: any number of threads may check against it.
class JsonSchema {
 public:
  struct Compiled;

  /// `text`: of a schema that is known to be right. Throws what the JSON library throws if it isn't.
  explicit JsonSchema(std::string_view text);
  JsonSchema(JsonSchema&&) noexcept;
  ~JsonSchema();

  const Compiled& compiled() const { return *compiled_; }

 private:
  std::unique_ptr<const Compiled> compiled_;
};

/// models/schema/NAME.schema.json, compiled when it is first asked for.
const JsonSchema& batteries_schema();
const JsonSchema& board_schema();
const JsonSchema& budget_schema();
const JsonSchema& calibration_schema();
const JsonSchema& core_schema();
const JsonSchema& energy_schema();
const JsonSchema& layers_schema();

}  // namespace mj
