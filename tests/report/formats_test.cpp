#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/report/sample.h"
#include "tools/report/format.h"
#include "tools/report/report.h"
#include "tools/report/table.h"

namespace mj::report {
namespace {

using testing::HasSubstr;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

/// The column of that name, of plain (unquoted) CSV.
std::vector<std::string> column_of(const std::string& csv_text, const std::string& column) {
  const auto cells = [](const std::string& line) {
    std::vector<std::string> out;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) out.push_back(cell);
    return out;
  };
  const auto rows = lines(csv_text);
  const auto head = cells(rows[0]);
  const auto index = static_cast<std::size_t>(std::find(head.begin(), head.end(), column) - head.begin());
  std::vector<std::string> out;
  for (std::size_t i = 1; i < rows.size(); ++i) out.push_back(cells(rows[i]).at(index));
  return out;
}

Cycle column_sum(const std::string& csv_text, const std::string& column) {
  Cycle sum = 0;
  for (const std::string& cell : column_of(csv_text, column)) sum += std::stoull(cell);
  return sum;
}

/// Sum of the energy_j column in femtojoules, its last digit.
std::uint64_t femtojoule_sum(const std::string& csv_text) {
  std::uint64_t sum = 0;
  for (std::string cell : column_of(csv_text, "energy_j")) {
    const auto point = cell.find('.');
    EXPECT_EQ(cell.size() - point, 16U) << cell;
    sum += std::stoull(cell.erase(point, 1));
  }
  return sum;
}

TEST(Csv, OneRowALayerAndRowsForTheRest) {
  EXPECT_EQ(
      csv(test::sample(), {}),
      "kind,network,index,op,name,function,input_shapes,output_shapes,macs,parameter_bytes,invocations,cycles,"
      "instructions,cycles_per_mac,time_s,energy_j,energy_low_j,energy_high_j,tier\n"
      "layer,kws,0,CONV_2D,model/conv/Relu;model/conv/Conv2D,layer_0,1x49x10x1,1x25x5x64,320000,2816,2,832000,"
      "700000,1.3000,0.0069333,0.000250000000019,0.0002125,0.0003,datasheet\n"
      "layer,kws,1,SOFTMAX,Identity,layer_1,1x12,1x12,0,0,2,60000,50000,,0.0005,0.000028000000030,2.38e-05,3.36e-05,"
      "datasheet\n"
      "between_layers,kws,,,,,,,,,,8000,,,,0.000002000000000,1.7e-06,2.4e-06,datasheet\n"
      "outside_of_inference,,,,,,,,,,,100000,,,,0.000020000000050,1.7e-05,2.40000001e-05,datasheet\n");
}

TEST(Csv, CyclesSumToTheTotal) {
  const auto r = test::sample();
  EXPECT_EQ(column_sum(csv(r, {}), "cycles"), r.totals.cycles);
  EXPECT_EQ(column_sum(csv_functions(r, {}), "self_cycles"), r.totals.cycles);
  EXPECT_EQ(column_sum(csv_parts(r, {}), "cycles"), r.totals.cycles);
}

TEST(Csv, BytesMovedAreThreeColumnsARegionAndSum) {
  const auto r = test::with_memory();
  const std::string table = csv(r, {});
  EXPECT_EQ(column_of(table, "read_bytes(SRAM1)"), (std::vector<std::string>{"900000", "2000", "100", "0"}));
  for (const profile::BytesMoved& b : r.totals.bytes_moved) {
    EXPECT_EQ(column_sum(table, "read_bytes(" + b.region + ")"), b.read);
    EXPECT_EQ(column_sum(table, "written_bytes(" + b.region + ")"), b.written);
    EXPECT_EQ(column_sum(table, "instruction_bytes(" + b.region + ")"), b.instructions);
  }
}

TEST(Csv, FemtojoulesSumToTheTotal) {
  const auto r = test::sample();
  EXPECT_EQ(r.totals.energy->split.total(), 300'000'000'099U);
  EXPECT_EQ(femtojoule_sum(csv(r, {})), r.totals.energy->split.total());
  EXPECT_EQ(femtojoule_sum(csv_functions(r, {})), r.totals.energy->split.total());
  EXPECT_EQ(femtojoule_sum(csv_parts(r, {})), r.totals.energy->split.total());
}

TEST(Csv, UnknownEnergyIsEmptyAndNotZero) {
  EXPECT_THAT(csv(test::unpriced(), {}), HasSubstr("outside_of_inference,,,,,,,,,,,100000,,,,,,,\n"));
  EXPECT_THAT(csv_functions(test::unpriced(), {}),
              HasSubstr("softmax,kernels.c,0x08000300,64,false,60000,60000,30000,2,,,,\n"));
}

TEST(Csv, CyclesOfAFirmwareWithoutANetworkAreOutsideOfInference) {
  auto r = test::sample();
  r.networks.clear();
  r.layers.clear();
  EXPECT_THAT(csv(r, {}), HasSubstr("outside_of_inference,,,,,,,,,,,1000000,,,,0.000300000000099,"));
}

TEST(Csv, CommasAndQuotesInNamesAreQuoted) {
  auto r = test::sample();
  r.functions = {r.functions[0]};
  r.functions[0].name = "operator\"\"_s<int, 3>";
  EXPECT_THAT(csv_functions(r, {}), HasSubstr("\n\"operator\"\"\"\"_s<int, 3>\",kernels.c,,"));
}

TEST(Folded, AStackALineWithSelfCycles) {
  EXPECT_EQ(folded(test::sample(), {}),
            "Reset_Handler;main 108000\n"
            "Reset_Handler;main;conv2d 832000\n"
            "Reset_Handler;main;softmax 60000\n");
}

TEST(Folded, CyclesThatNoCallHasGetARowOfTheirOwn) {
  auto r = test::sample();
  r.call_tree.pop_back();
  EXPECT_THAT(folded(r, {}), HasSubstr("[in no call] 60000\n"));
}

TEST(Folded, SemicolonsInNamesDontSplitFrames) {
  auto r = test::sample();
  r.call_tree[3].name = "a;b\nc";
  EXPECT_THAT(folded(r, {}), HasSubstr("Reset_Handler;main;a:b c 60000\n"));
}

TEST(Folded, RunawayRecursionIsCutButNoCycleIsLost) {
  profile::RunResult r;
  constexpr std::uint32_t depth = 2'000;
  for (std::uint32_t i = 0; i < depth; ++i) r.call_tree.push_back({i ? i - 1 : 0, "recurse", 1, depth - i, 1});
  r.totals.cycles = depth;
  Cycle sum = 0;
  for (const std::string& line : lines(folded(r, {}))) {
    sum += std::stoull(line.substr(line.rfind(' ')));
    ASSERT_LE(line.size(), 5'000U);
  }
  EXPECT_EQ(sum, depth);
}

TEST(Markdown, TablesForAJobSummary) {
  const std::string md = markdown(test::sample(), {});
  EXPECT_THAT(md, HasSubstr("## microjoule: kws.elf\n"));
  EXPECT_THAT(md, HasSubstr("sums of all 2 inferences, MACs of one; µJ: total -15.0 % to +20.0 %, datasheet\n\n"
                            "| # | op | name | in→out | MACs | cycles | cyc/MAC | ms | µJ | share |\n"
                            "| ---: | :--- | :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                            "| 0 | CONV\\_2D | model/conv/Relu | 49x10x1→25x5x64 | 320,000 | 832,000 | 1.30 | 6.933 | "
                            "250.0 | 83.2 % |\n"));
  EXPECT_THAT(md, HasSubstr("|  | total |  |  |  | 1,000,000 |  | 10.000 | 300.0 | 100 % |\n"));
  EXPECT_THAT(md, HasSubstr("| energy | 300.0 µJ | 255.0 µJ to 360.0 µJ; datasheet, internal LDO at 3 V |\n"));
  EXPECT_THAT(md, HasSubstr("### Energy\n\nwhere it went; total -15.0 % to +20.0 %, datasheet\n"));
}

TEST(Markdown, NamesCantBreakTheTable) {
  auto r = test::sample();
  r.functions[0].name = "f<int>(a|b)\n| x |";
  EXPECT_THAT(markdown(r, {}), HasSubstr("| f&lt;int>(a\\|b) \\| x \\| (inlined) |\n"));
}

TEST(Formats, AnUnknownNameListsTheKnownOnes) {
  const auto f = find_format("xml");
  ASSERT_FALSE(f.ok());
  EXPECT_EQ(f.error().code, ExitCode::usage);
  EXPECT_EQ(f.error().try_, "one of: text, json, csv, csv-functions, csv-parts, md, html, folded, trace");
}

TEST(Numbers, AsPeopleReadThem) {
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(1'234'567), "1,234,567");
  EXPECT_EQ(decimal(1234.5, 2), "1,234.50");
  EXPECT_EQ(bytes(1023), "1023 B");
  EXPECT_EQ(bytes(36'536), "35.7 KiB");
  EXPECT_EQ(bytes(655'360), "640 KiB");
  EXPECT_EQ(bytes(2'097'152), "2 MiB");
  EXPECT_EQ(bytes(2'097'153), "2,048.0 KiB");
  EXPECT_EQ(clock_rate(32'768), "32.768 kHz");
  EXPECT_EQ(duration(0), "0.000 ns");
  EXPECT_EQ(duration(0.0398123), "39.81 ms");
  EXPECT_EQ(duration(0.00099999), "1.000 ms");
  EXPECT_EQ(duration(1234.5), "1,234 s");
  EXPECT_EQ(quantity(0.00123456, "J"), "1.235 mJ");
  EXPECT_EQ(quantity(-1.5e-11, "J"), "-15.00 pJ");
  EXPECT_EQ(quantity(99.996, "W"), "100.0 W");
  EXPECT_EQ(quantity(0, "A"), "0 A");
  EXPECT_EQ(relative_interval(2, 1.5, 2.5), "-25.0 % to +25.0 %");
  EXPECT_EQ(relative_interval(2, 2, 2), "");
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(1, 0), "-");
  EXPECT_EQ(shape({1, 49, 10, 8}), "49x10x8");
  EXPECT_EQ(shape({1}), "1");
  EXPECT_EQ(bar(0.5, 1, 4), "██");
  EXPECT_EQ(bar(1e-9, 1, 4), "▏");
  EXPECT_EQ(bar(0, 1, 4), "");
  EXPECT_EQ(bar(1, 1, 0), "");
  EXPECT_EQ(keep_end("functional_1/relu", 6), "…/relu");
  EXPECT_EQ(keep_ends("a_very_long_name", 8), "a_ve…ame");
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a?[31mb ");
}

TEST(Table, ARemaindersLabelRunsIntoEmptyCellsAndIsNotShortenedWhileThereIsRoom) {
  Table table{{{"#", Align::right},
               {"op", Align::left, Shrink::keep_ends},
               {"name", Align::left, Shrink::keep_ends},
               {"cycles", Align::right}},
              {{{"0", "layer", "keeps", "79,680"}}, {{"", "other threads meanwhile", "", "273"}, 0, true}}};
  Options options;
  options.width = 100;
  EXPECT_EQ(table.text(options),
            "  #  op                name   cycles\n"
            "  0  layer             keeps  79,680\n"
            "     other threads meanwhile     273\n");
  options.width = 28;
  EXPECT_EQ(table.text(options),
            "  # op          name  cycles\n"
            "  0 layer       keeps 79,680\n"
            "    other th…eanwhile    273\n");
}

}  // namespace
}  // namespace mj::report
