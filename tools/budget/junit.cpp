// The verdict as JUnit XML, in the strict form of Apache Ant's schema, which Jenkins, GitLab and others read, too.
#include <fmt/format.h>

#include <cstdint>

#include "tools/budget/budget.h"
#include "tools/budget/figures.h"

namespace mj::budget {

namespace {

/// Length of the valid UTF-8 sequence at `i`; 0: there is none, or it is a character that XML 1.0 doesn't have.
std::size_t xml_character(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned first = byte(i);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\t' ? (first == 0x7f ? 0 : 1) : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || i + length > s.size() || first > 0xf4) return 0;
  std::uint32_t c = first & (0x7fu >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0u) != 0x80) return 0;
    c = c << 6 | (byte(i + k) & 0x3fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool no_character = c < least[length] || (c >= 0xd800 && c < 0xe000) || (c >= 0xfffe && c <= 0xffff) ||
                            c > 0x10ffff || (c >= 0x80 && c < 0xa0);
  return no_character ? 0 : length;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = xml_character(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD: XML has no way to write it
      ++i;
      continue;
    }
    const char c = text[i];
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n')
      out += "&#10;";
    else if (c == '\t')
      out += "&#9;";
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

std::string finding_text(const Verdict& v, const Finding& f) {
  const Rule& rule = v.rules[f.rule];
  std::string out =
      fmt::format("{}, {}: {} exceeds {} by {} ({})\n", f.subject, name(rule.metric), figure(rule.metric, f.judged),
                  limit_text(rule, f), figure(rule.metric, f.over()), delta_text(f));
  if (const std::string interval = interval_text(f); !interval.empty())
    out += fmt::format("interval {}, judged was the {}\n", interval,
                       f.confidence == Confidence::high ? "high end" : "value");
  for (const Contributor& c : f.contributors) out += contributor_text(c) + "\n";
  return out;
}

}  // namespace

std::string junit(const Verdict& v) {
  const bool ran = v.run_exit_code == ExitCode::ok;
  std::string cases;
  std::size_t failures = 0;
  for (std::size_t r = 0; r < v.rules.size(); ++r) {
    const Rule& rule = v.rules[r];
    // A name of its own each, for two rules may read the same.
    cases += fmt::format("    <testcase classname=\"microjoule.{}\" name=\"{}\" time=\"0\"",
                         escaped(rule.title().substr(0, rule.title().find_first_of(" ,:"))),
                         escaped(fmt::format("{} ({})", rule.title(), rule.pointer)));
    if (!ran) {
      cases += fmt::format(">\n      <error type=\"run\" message=\"{}\">{}</error>\n    </testcase>\n",
                           escaped("the run did not finish: " + v.run_ending),
                           escaped(fmt::format("exit code {}", static_cast<int>(v.run_exit_code))));
      continue;
    }
    std::string text;
    std::size_t exceeded = 0;
    const Finding* first = nullptr;
    for (const Check& c : v.checks)
      if (c.rule == r && !c.passed) {
        if (!first) first = &c;
        ++exceeded;
        text += finding_text(v, c);
      }
    if (!first) {
      cases += "/>\n";
      continue;
    }
    ++failures;
    std::string message =
        fmt::format("{}: {} exceeds {}", first->subject, figure(rule.metric, first->judged), limit_text(rule, *first));
    if (exceeded > 1) message += fmt::format(", and {} more", exceeded - 1);
    cases += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                         limit_name(first->kind), escaped(message), escaped(text));
  }
  // Time and host are required there; a result that is the same every time can only have fixed ones.
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite id=\"0\" package=\"microjoule\" name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "time=\"0\" timestamp=\"1970-01-01T00:00:00\" hostname=\"localhost\">\n"
      "    <properties>\n"
      "      <property name=\"firmware\" value=\"{}\"/>\n      <property name=\"board\" value=\"{}\"/>\n"
      "      <property name=\"timing_model_version\" value=\"{}\"/>\n    </properties>\n"
      "{}    <system-out>{}</system-out>\n    <system-err></system-err>\n  </testsuite>\n</testsuites>\n",
      escaped("budget of " + v.firmware), v.rules.size(), failures, ran ? 0 : v.rules.size(), escaped(v.firmware),
      escaped(v.board), escaped(v.timing_model_version), cases, escaped(verdict_text(v)));
}

}  // namespace mj::budget
