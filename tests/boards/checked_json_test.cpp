// What is said of a document that isn't as its schema says; a schema is compiled once and shared.
#include "sim/base/checked_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mj {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// Two kinds of figure by reference, one of them in a list; names with signs that a JSON pointer escapes.
const JsonSchema& schema() {
  static const JsonSchema one(R"({
    "type": "object", "additionalProperties": false, "required": ["figures"],
    "properties": {
      "title": {"type": "string", "pattern": "^[a-z]+$"},
      "a/b~c": {"$ref": "#/definitions/figure"},
      "figures": {"type": "array", "items": {"$ref": "#/definitions/figure"}},
      "by_name": {"type": "object", "additionalProperties": {"$ref": "#/definitions/figure"}}
    },
    "definitions": {
      "figure": {"type": "object", "additionalProperties": false, "required": ["value"],
                 "properties": {"value": {"type": "integer", "minimum": 0}, "source": {"enum": ["manual", "board"]}}}
    }})");
  return one;
}

std::string words(const std::string& document) {
  const auto checked = check_json(json::parse(document), schema(), "mine.json", "file of figures");
  return checked ? "" : checked.error().text();
}

TEST(CheckedJson, WhatTheSchemaSaysPasses) {
  EXPECT_EQ(words(R"({"title": "mine", "figures": [{"value": 1}, {"value": 2, "source": "board"}]})"), "");
  EXPECT_EQ(words(R"({"figures": [], "a/b~c": {"value": 0}, "by_name": {"x": {"value": 3}}})"), "");
}

TEST(CheckedJson, AnUnknownKeyIsNamedWithThoseThatAreKnown) {
  EXPECT_THAT(words(R"({"figure": []})"),
              AllOf(HasSubstr("unknown key \"figure\" in the file of figures"), HasSubstr("mine.json#/figure"),
                    HasSubstr("a/b~c, by_name, figures, title"), HasSubstr("\"figures\"")));
  // Below references, lists, and names that the schema leaves open; after siblings that are right.
  EXPECT_THAT(words(R"({"figures": [{"value": 1}, {"value": 2, "sauce": "board"}]})"),
              AllOf(HasSubstr("mine.json#/figures/1/sauce"), HasSubstr("source, value")));
  EXPECT_THAT(words(R"({"by_name": {"x": {"value": 3}, "y": {"valu": 3}}, "figures": []})"),
              HasSubstr("mine.json#/by_name/y/valu"));
  EXPECT_THAT(words(R"({"a/b~c": {"v": 1}, "figures": []})"), HasSubstr("mine.json#/a~1b~0c/v"));
}

TEST(CheckedJson, AWrongValueIsNamedWithWhatIsAllowed) {
  EXPECT_THAT(words(R"({"figures": [{"value": 1}, {"value": -2}]})"),
              AllOf(HasSubstr("wrong value"), HasSubstr("mine.json#/figures/1/value"), HasSubstr("-2"),
                    HasSubstr("minimum 0")));
  EXPECT_THAT(words(R"({"figures": [{"value": 1, "source": "hearsay"}]})"),
              AllOf(HasSubstr("mine.json#/figures/0/source"), HasSubstr("[\"manual\",\"board\"]")));
  EXPECT_THAT(words(R"({"title": "Mine", "figures": []})"),
              AllOf(HasSubstr("mine.json#/title"), HasSubstr("^[a-z]+$")));
  EXPECT_THAT(words(R"({"title": "mine"})"), HasSubstr("required [\"figures\"]"));
  EXPECT_THAT(words("[1, 2]"), AllOf(HasSubstr("must be a JSON object"), HasSubstr("array")));
}

// The validator takes whole numbers as signed ones of 64 bits.
TEST(CheckedJson, AWholeNumberOfMoreThan63BitsIsNoNegativeOne) {
  const JsonSchema below(R"({"properties": {"list": {"items": {"type": "number", "maximum": 0}}}})");
  EXPECT_FALSE(schema_fault(json::parse(R"({"list": [-9223372036854775808, 0]})"), below));
  const auto fault =
      schema_fault(json::parse(R"({"list": [0, 18446744073709551567]})"), below);  // -49 to the validator
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->pointer, "/list/1");
  EXPECT_THAT(fault->why, HasSubstr("9223372036854775807"));
  EXPECT_THAT(words(R"({"figures": [{"value": 9223372036854775808}]})"),
              AllOf(HasSubstr("mine.json#/figures/0/value"), HasSubstr("9223372036854775808"),
                    HasSubstr("allowed here: type \"integer\"; minimum 0")));
}

TEST(CheckedJson, TextThatIsNoJsonIsNamedWithItsLine) {
  EXPECT_THAT(parse_json("{\n\"a\": 1,\n}", "mine.json", "file of figures").error().text(),
              AllOf(HasSubstr("not valid JSON"), HasSubstr("mine.json:3")));
  EXPECT_EQ(parse_json(std::string(40, '[') + std::string(40, ']'), "m", "file").error().what,
            "nested too deeply for a file");
  EXPECT_THAT(parse_json("1e999", "m", "file").error().text(), HasSubstr("not valid JSON"));
}

TEST(CheckedJson, ThreadsShareASchema) {
  std::vector<std::string> said(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& one : said)
      threads.emplace_back([&one] {
        for (int i = 0; i < 50; ++i) one = words(R"({"title": "mine", "figures": [{"value": 1}, {"value": -2}]})");
      });
  }
  for (const std::string& one : said) EXPECT_THAT(one, HasSubstr("mine.json#/figures/1/value"));
}

TEST(CheckedJson, TheShippedSchemasCompile) {
  for (const JsonSchema* s : {&batteries_schema(), &board_schema(), &budget_schema(), &calibration_schema(),
                              &core_schema(), &energy_schema(), &layers_schema()})
    EXPECT_FALSE(check_json(json::object(), *s, "empty.json", "file"));
}

}  // namespace
}  // namespace mj
