// One HTML page that holds the saved result and draws it: complete in itself, no network.
//
// Names come from firmware that nobody vouches for. They stand in the page only inside of the result's JSON, in a
// script element that browsers don't run, with every '<' written as \u003c; the page's script makes text nodes of them.
// The page's policy allows exactly its own script and style by their hashes, and no address at all.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <span>

#include "sim/profile/family_titles.h"
#include "sim/timing/reason.h"
#include "tools/report/html/parts.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

/// Without the spaces between its tokens, and with nothing in it that could end a script element.
std::string embedded(std::string_view json_text) {
  std::string out;
  out.reserve(json_text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json_text.size(); ++i) {
    const char c = json_text[i];
    if (in_string && c == '\\') {
      out += c;
      out += json_text[++i];
    } else if (c == '<') {
      out += "\\u003c";
    } else if (in_string || (c != ' ' && c != '\n')) {
      out += c;
      if (c == '"') in_string = !in_string;
    }
  }
  return out;
}

std::uint32_t nibble(char digit) { return static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

/// A hash as a security policy names it.
std::string policy_hash(std::string_view hex_digits) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "sha256-";
  for (std::size_t i = 0; i < hex_digits.size(); i += 6) {  // 6 hex digits are 24 bits are 4 characters
    const std::string_view group = hex_digits.substr(i, 6);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 6; ++k) bits = bits << 4 | (k < group.size() ? nibble(group[k]) : 0);
    const std::size_t filled = (group.size() * 4 + 5) / 6;
    for (std::size_t k = 0; k < 4; ++k) out += k < filled ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// Words that the page shares with the other reports.
std::string words() {
  std::string reasons;
  for (std::size_t i = 0; i < timing::reason_count; ++i) {
    const auto reason = static_cast<timing::Reason>(i);
    reasons += fmt::format("{}\"{}\":\"{}\"", i ? "," : "", timing::name(reason), timing::title(reason));
  }
  std::string families;
  for (const auto& titles : {std::span<const profile::FamilyTitle>(profile::work_titles),
                             std::span<const profile::FamilyTitle>(profile::helper_titles)})
    for (const profile::FamilyTitle& t : titles)
      if (!t.name.empty()) families += fmt::format("{}\"{}\":\"{}\"", families.empty() ? "" : ",", t.name, t.title);
  return "{\"reasons\":{" + reasons + "},\"families\":{" + families + "}}";
}

}  // namespace

std::string html(const profile::RunResult& r, const Options& o) {
  using Part = std::pair<std::string_view, std::string>;
  const std::array parts{Part{"{{script-hash}}", policy_hash(html_parts::script_sha256)},
                         Part{"{{style-hash}}", policy_hash(html_parts::style_sha256)},
                         Part{"{{style}}", html_parts::style},
                         Part{"{{result}}", embedded(json(r, o))},
                         Part{"{{words}}", words()},
                         Part{"{{script}}", html_parts::script}};
  // In the page's order, each mark once: what is filled in is never looked through for marks.
  std::string out;
  std::string_view rest = html_parts::page;
  for (const auto& [mark, text] : parts) {
    const std::size_t at = rest.find(mark);
    out += rest.substr(0, at);
    out += text;
    rest.remove_prefix(at + mark.size());
  }
  return out += rest;
}

}  // namespace mj::report
