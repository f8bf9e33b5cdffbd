// A user's energy table, and the ledger that prices counts with it.
#include "energy/ledger.h"
#include "energy/table.h"
#include "sim/board.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  const auto table = energy::load_table_file(scratch.write("mine.json", fuzz::text_of(data, size)));
  if (!table.ok()) {
    fuzz::require_refusal(table.error());
    return 0;
  }
  const std::vector<energy::OperatingPoint> points = {{4'000'000, 0}, {120'000'000, 5}};
  const energy::Activities some = {{900, 100, 0, 500, 3, 5}, {850'000, 96'000, 50'000, 498'000, 700, 900}};
  const energy::Activities more = {{}, {~0ull / 8, 1, 1, 1, 1, 1}};
  for (const energy::Supply& supply : table->supplies)
    for (const double volts : {0.0, supply.min_volts, supply.max_volts}) {
      const auto ledger = energy::Ledger::create(*table, {supply.name, volts}, points);
      if (!ledger.ok()) {
        fuzz::require_refusal(ledger.error());
        continue;
      }
      const energy::Split twice = ledger->price({{1800, 200, 0, 1000, 6, 10}});
      energy::Split sum = ledger->price({some[0]});
      sum += ledger->price({some[0]});
      fuzz::require(sum == twice || twice.total() == ~0ull, "prices add up");
      for (const auto& a : {some, more}) {
        const energy::Interval i = ledger->interval(a);
        fuzz::require(i.low <= i.value && i.value <= i.high, "an interval holds its value");
        ledger->tier(a);
        ledger->remarks(a);
      }
    }
  return 0;
}
