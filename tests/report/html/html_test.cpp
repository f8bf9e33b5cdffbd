// The HTML report in a real browser: what it shows equals the saved result, it asks no network for anything, and no
// name in a firmware becomes markup or script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/report/html/browser.h"
#include "tests/report/sample.h"
#include "tests/sanitized.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The page with a script of the test behind its own. Only such a page allows any inline script.
std::string with_script(std::string page, const std::string& script) {
  const std::size_t policy = page.find("script-src '"), end = page.find("';", policy);
  page.replace(policy, end - policy, "script-src 'unsafe-inline");
  return page.insert(page.rfind("</body>"), "<script>" + script + "</script>\n");
}

template <class List>
std::uint64_t sum(const json& list, const List& key) {
  std::uint64_t total = 0;
  for (const json& row : list) total += row.at(key).template get<std::uint64_t>();
  return total;
}

std::uint64_t femtojoules(const json& energy) {
  std::uint64_t total = 0;
  for (const json& part : energy.at("femtojoules")) total += part.get<std::uint64_t>();
  return total;
}

/// What the page adds up must be what the saved result says.
void expect_sums(const test::Loaded& loaded, const json& saved) {
  ASSERT_NE(loaded.output("selftest"), "") << "the page's script did not end";
  const json page = json::parse(loaded.output("selftest"));
  const json& totals = saved.at("totals");
  EXPECT_EQ(page.at("cycles"), totals.at("cycles"));
  EXPECT_EQ(page.at("layers"), totals.at("cycles"));
  EXPECT_EQ(page.at("layer_rows"), saved.at("layers").size());
  EXPECT_EQ(page.at("functions"), sum(saved.at("functions"), "self_cycles"));
  EXPECT_EQ(page.at("lines"), sum(saved.at("lines"), "cycles"));
  EXPECT_EQ(page.at("call_tree"), sum(saved.at("call_tree"), "self_cycles"));
  EXPECT_EQ(page.at("flame_root"), saved.at("call_tree").at(0).at("inclusive_cycles"));
  std::uint64_t reasons = 0;
  for (const json& n : totals.at("cycles_by_reason")) reasons += n.get<std::uint64_t>();
  EXPECT_EQ(page.at("reasons"), reasons);
  EXPECT_EQ(page.at("layer_spans"), saved.at("timeline").at("layers").size());
  if (totals.at("energy").is_null()) {
    EXPECT_TRUE(page.at("energy_fj").is_null());
    EXPECT_TRUE(page.at("layers_fj").is_null());
  } else {
    EXPECT_EQ(page.at("energy_fj"), femtojoules(totals.at("energy")));
    EXPECT_EQ(page.at("layers_fj"), femtojoules(totals.at("energy")));
  }
  EXPECT_EQ(page.at("add_up"), true);
  // What it was: all of the run, if there is a name that says anything.
  bool named = false;
  for (const char* rows : {"layers", "phases"})
    for (const json& row : saved.at(rows))
      for (const json& part : row.at("parts"))
        named = named || part.at("work") != "" || (part.at("helper") != "" && part.at("helper") != "unnamed");
  EXPECT_EQ(page.at("families"), named ? totals.at("cycles") : json(0));
  if (named && !totals.at("energy").is_null()) {
    EXPECT_EQ(page.at("families_fj"), femtojoules(totals.at("energy")));
  }
}

void expect_quiet(const test::Loaded& loaded) {
  EXPECT_THAT(loaded.console, IsEmpty());
  EXPECT_THAT(loaded.requests, IsEmpty());
}

json saved(const profile::RunResult& r) { return json::parse(mj::report::json(r, {})); }

class InBrowser : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::has_browser())
      GTEST_SKIP() << "\n*** NOT TESTED: the HTML report needs the program `chromium` to be tested in; "
                      "tools/setup/install-packages --tests installs it ***\n";
  }
};

// ---- without a browser

TEST(Html, EqualResultsGiveEqualPages) { EXPECT_EQ(html(test::sample(), {}), html(test::sample(), {})); }

TEST(Html, NothingInThePageNamesAnAddress) {
  const std::string page = html(test::sample(), {});
  for (const char* word : {"http://", "https://", "//cdn", "@import", "url(", " src=", "innerHTML", "eval("})
    EXPECT_EQ(page.find(word), std::string::npos) << word << " at " << page.find(word);
  EXPECT_EQ(page.find("{{"), std::string::npos) << "a mark that nothing was filled into";
}

TEST(Html, TheResultStandsInThePageInFull) {
  auto r = test::sample();
  r.console = "quote \" backslash \\ </script> \u2028 two  spaces\n";
  const std::string page = html(r, {});
  const std::string begin = "<script type=\"application/json\" id=\"result\">";
  const std::size_t from = page.find(begin) + begin.size();
  const std::string text = page.substr(from, page.find("</script>", from) - from);
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(json::parse(text), saved(r));
}

// ---- in a browser

TEST_F(InBrowser, TheHarnessSeesErrorsAndRequests) {
  const auto loaded = test::load(
      "<!DOCTYPE html><img src='http://127.0.0.1:9/x.png'><output id=\"o\">1 &lt; 2</output>"
      "<script>console.error('boom'); undefined_name;</script>");
  EXPECT_THAT(loaded.console, testing::IsSupersetOf({HasSubstr("boom"), HasSubstr("undefined_name is not defined")}));
  EXPECT_THAT(loaded.requests, testing::Contains("http://127.0.0.1:9/x.png"));
  EXPECT_EQ(loaded.output("o"), "1 < 2");
}

TEST_F(InBrowser, TheSamplesTotalsAreTheSavedOnes) {
  const auto loaded = test::load(html(test::sample(), {}));
  expect_quiet(loaded);
  expect_sums(loaded, saved(test::sample()));
  EXPECT_THAT(loaded.document, HasSubstr("300.0\u202fµJ"));
  EXPECT_THAT(
      loaded.document,
      HasSubstr("Each of layers, reasons, functions, source lines, the call tree sums to all 1,000,000 cycles."));
}

TEST_F(InBrowser, WhatTheRunWasSpentWithIsATable) {
  auto r = test::sample();
  const auto all_of = [](auto& row, const std::string& work, const std::string& helper) {
    row.parts = {{work, helper, row.cycles, row.activity, row.energy}};
  };
  all_of(r.layers[0], "", "");
  all_of(r.layers[1], "", "soft_float");
  r.networks[0].between_parts = {{"constructor", "", r.networks[0].between_cycles, {}, r.networks[0].between_energy}};
  for (profile::Phase& p : r.phases) all_of(p, "printing", "copying");
  const auto loaded = test::load(html(r, {}));
  expect_sums(loaded, saved(r));
  expect_quiet(loaded);
  for (const char* text : {"What it was", "soft-float", "printing", "copying memory 100"}) {
    EXPECT_THAT(loaded.document, HasSubstr(text));
  }
}

TEST_F(InBrowser, WithoutAnEnergyTableEnergyIsUnknownInWords) {
  const auto loaded = test::load(html(test::unpriced(), {}));
  expect_quiet(loaded);
  expect_sums(loaded, saved(test::unpriced()));
  EXPECT_THAT(loaded.document, HasSubstr("<b>Energy is unknown. </b>nobody published this core's current"));
}

TEST_F(InBrowser, AFaultAndHeldConditionsAreTold) {
  auto r = test::faulted();
  r.provenance.held_clock_hz = 80'000'000;
  r.provenance.held_wait_states = "4";
  const auto loaded = test::load(html(r, {}));
  expect_quiet(loaded);
  EXPECT_THAT(loaded.document, HasSubstr("BusFault: store of 4 bytes at 0x08001000"));
  EXPECT_THAT(loaded.document, HasSubstr("What if: the clock held at 80\u202fMHz, flash wait states held at 4"));
}

TEST_F(InBrowser, EachPassThroughARegionIsARow) {
  auto r = test::sample();
  profile::Roi asked;
  asked.name = "begin:end";
  asked.hits = {{1'000, 250'000, 200'000, 190'000, {}}, {400'000, 125'000, 100'000, 95'000, {}}};
  asked.left_out = 7;
  r.roi = {asked};
  r.regions = {{3, "", 500, 400}};
  const auto loaded = test::load(html(r, {}));
  expect_quiet(loaded);
  for (const char* text : {"250,000", "25.0\u202f%", "125,000", "7 more not saved", "region 3"})
    EXPECT_THAT(loaded.document, HasSubstr(text));
}

TEST_F(InBrowser, AnEmptyResultIsNoErrorAndMakesNoNumbersUp) {
  const auto loaded = test::load(html({}, {}));
  expect_quiet(loaded);
  ASSERT_NE(loaded.output("selftest"), "");
  const std::string body = loaded.document.substr(0, loaded.document.find("<script"));
  for (const char* word : {">NaN", "NaN ", "Infinity", "undefined", "[object"}) EXPECT_THAT(body, Not(HasSubstr(word)));
  EXPECT_THAT(body, HasSubstr("No network was recognised"));
}

TEST_F(InBrowser, NumbersThatDontAddUpAreNotHidden) {
  auto r = test::sample();
  r.functions[0].self_cycles -= 1;
  const auto loaded = test::load(html(r, {}));
  EXPECT_THAT(loaded.document, HasSubstr("These numbers do not add up: of 1,000,000 cycles functions sum to 999,999."));
}

TEST_F(InBrowser, NamesInAFirmwareAreNeverMarkup) {
  const std::string evil =
      "</script><script>document.title='owned'</script><!--<script><img src=http://127.0.0.1:9/x onerror=document."
      "title='owned'>{{script}}&lt;b&gt;\"'`${1}\u202e\u2028\x01\xff";
  auto r = test::faulted();
  auto& p = r.provenance;
  for (std::string* s : {&p.tool_version,
                         &p.timing_model_version,
                         &p.firmware,
                         &p.firmware_crc32,
                         &p.compiler,
                         &p.isa,
                         &p.board,
                         &p.board_title,
                         &p.core,
                         &p.core_title,
                         &p.held_wait_states,
                         &r.stop.kind,
                         &r.stop.where,
                         &r.stop.message,
                         &r.fault->exception,
                         &r.fault->where,
                         &r.fault->what,
                         &r.fault->hint,
                         &r.networks[0].name,
                         &r.networks[0].runtime,
                         &r.networks[0].recognised_by,
                         &r.energy_model.scope,
                         &r.energy_model.supply_title,
                         &r.energy_model.source,
                         &r.totals.cycles_estimate.source,
                         &r.totals.energy->tier,
                         &r.console})
    *s = evil;
  for (auto* list : {&r.fault->status, &r.fault->backtrace, &r.fault->registers, &r.memory.stack.chain,
                     &r.energy_model.remarks, &r.timeline.names})
    for (std::string& s : *list) s = evil;
  for (auto& l : r.layers) l.op = l.name = l.function = evil;
  for (auto& f : r.functions) f.name = f.file = evil;
  for (auto& n : r.call_tree) n.name = evil;
  for (auto& l : r.lines) l.file = l.function = evil;
  for (auto& d : r.diagnostics) d.kind = d.where = d.text = evil;
  for (auto& s : r.memory.largest_symbols) s.name = evil;
  for (auto& region : r.memory.regions) {
    region.name = region.kind = evil;
    for (auto& s : region.sections) s.name = evil;
  }
  r.roi = {{evil, 0, 0, {{}}, 1}};
  r.regions = {{1, evil, 1, 1}};
  const auto loaded = test::load(html(r, {}));
  expect_quiet(loaded);
  expect_sums(loaded, saved(r));
  EXPECT_THAT(loaded.document, Not(HasSubstr("<title>owned")));
  EXPECT_THAT(loaded.document, Not(HasSubstr("<img")));
}

TEST_F(InBrowser, NamesThatAreWordsOfTheLanguageAreOnlyNames) {
  auto r = test::sample();
  r.functions[0].name = r.call_tree[1].name = r.stop.kind = r.diagnostics[0].kind = "constructor";
  r.functions[1].name = r.call_tree[2].name = r.layers[0].op = "__proto__";
  const auto loaded = test::load(html(r, {}));
  expect_quiet(loaded);
  expect_sums(loaded, saved(r));
  EXPECT_THAT(loaded.document, Not(HasSubstr("native code")));
}

TEST_F(InBrowser, SortingSearchingZoomingAndKeys) {
  for (const int width : {1600, 800, 500}) {
    const auto loaded = test::load(with_script(html(test::sample(), {}), file_text(MJ_INTERACTIONS)), width);
    expect_quiet(loaded);
    EXPECT_THAT(loaded.output("checked"), testing::MatchesRegex("[0-9]+ checks hold")) << "at " << width << " px";
  }
}

TEST_F(InBrowser, OnAPhoneOnlyTablesScrollSideways) {
  // Windows are at least 500 px wide: a frame is as narrow as a phone.
  const std::string probe =
      "addEventListener('load', () => { const d = document.documentElement; "
      "parent.postMessage(innerWidth + (d.scrollWidth <= d.clientWidth ? ' fits' : ' is too narrow'), '*'); });";
  std::string inner = with_script(html(test::sample(), {}), probe);
  json quoted = inner;
  std::string text = quoted.dump();
  for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.insert(at + 1, "\\");
  const auto loaded = test::load(
      "<!DOCTYPE html><output id=\"said\"></output><iframe "
      "style=\"width:360px;height:800px;border:0\"></iframe><script>"
      "onmessage = (e) => { document.querySelector('#said').textContent = e.data; };"
      "document.querySelector('iframe').srcdoc = " +
      text + ";</script>");
  EXPECT_EQ(loaded.output("said"), "360 fits");
}

TEST_F(InBrowser, ARealRunsTotalsAreTheSavedOnes) {
  const std::string program = MJ_PROGRAM, at = testing::TempDir() + "mj-html-real-" + std::to_string(getpid());
  const auto run = [&](const std::string& arguments) {
    return std::system((program + " " + arguments + " 2>" + at + ".log").c_str());
  };
  ASSERT_EQ(run("build " MJ_MODELS "/networks/kws.tflite --board nucleo-l4r5zi -o " + at + ".elf >/dev/null"), 0)
      << file_text(at + ".log");
  ASSERT_EQ(run("run " + at + ".elf --board nucleo-l4r5zi -o " + at + ".mj.json --format html >" + at + ".html"), 0)
      << file_text(at + ".log");
  const json result = json::parse(file_text(at + ".mj.json"));
  const auto loaded = test::load(file_text(at + ".html"));
  expect_quiet(loaded);
  expect_sums(loaded, result);
  EXPECT_EQ(result.at("layers").size(), 13U);
  for (const char* end : {".elf", ".mj.json", ".html", ".log"}) std::remove((at + end).c_str());
}

TEST_F(InBrowser, TenThousandFunctionsAndAHundredThousandCallsStayQuick) {
  // State: a tree of 100,000 nodes, the first 5,000 a chain, the others beneath the root's first ten children. Whether
  // the browser stays quick is no question for the sanitizer, which gets a tenth of all but the chain.
  const std::uint32_t functions = test::count(10'000, 1'000), nodes = test::count(100'000, 10'000);
  const Cycle of_function = 1'000'000 / functions, of_node = 1'000'000 / nodes;
  auto r = test::sample();
  r.functions.clear();
  r.lines.clear();
  for (std::uint32_t i = 0; i < functions; ++i) {
    profile::Function f = test::sample().functions[1];
    f.name = "function_" + std::to_string(i);
    f.self_cycles = f.inclusive_cycles = of_function;
    r.functions.push_back(f);
    r.lines.push_back({"file.c", i + 1, f.name, of_function, 50});
  }
  r.call_tree.assign(nodes, {0, "leaf", of_node, of_node, 1});
  r.call_tree[0] = {0, "root", of_node, 1'000'000, 1};
  for (std::uint32_t i = 1; i < 5'000; ++i) r.call_tree[i] = {i - 1, "deep", of_node, of_node * (5'000 - i), 1};
  for (std::uint32_t i = 5'010; i < nodes; ++i) r.call_tree[i].parent = 5'000 + i % 10;
  for (std::uint32_t i = 5'000; i < 5'010; ++i) r.call_tree[i].inclusive_cycles = (nodes - 5'000) / 10 * of_node;
  // Action: open it.
  const auto loaded = test::load(html(r, {}));
  // State: all of it is counted, a screenful is drawn, and what isn't drawn is said.
  expect_quiet(loaded);
  expect_sums(loaded, saved(r));
  EXPECT_LT(json::parse(loaded.output("selftest")).at("elements").get<int>(), 9'000);
  EXPECT_THAT(loaded.document, HasSubstr(test::sanitized ? "25 of 1,000 shown" : "25 of 10,000 shown"));
  EXPECT_THAT(loaded.document, HasSubstr(test::sanitized ? "950 more lines with 950,000 cycles"
                                                         : "9,950 more lines with 995,000 cycles"));
  EXPECT_THAT(loaded.document, HasSubstr("calls narrower than a pixel are drawn together"));
}

}  // namespace
}  // namespace mj::report
