// The battery catalogue, and how long each of its batteries lasts.
#include "energy/battery.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch models;
  models.write("batteries.json", fuzz::text_of(data, size));
  const auto batteries = energy::load_batteries(models.dir().string());
  if (!batteries.ok()) {
    fuzz::require_refusal(batteries.error());
    return 0;
  }
  energy::Duty duty;
  duty.period_s = 60;
  duty.active_s = 0.05;
  duty.active_j = {3e-4, 2e-4, 4e-4};
  duty.volts = 3;
  duty.sleep_ma = {0.002, 0.001, 0.004, "", ""};
  duty.sleep_name = "stop2";
  for (const energy::Battery& b : *batteries)
    for (const auto regulator : {energy::Regulator::ldo, energy::Regulator::smps}) {
      duty.regulator = regulator;
      const auto life = energy::battery_life(b, duty, 1.7, 3.6);
      if (!life.ok()) {
        fuzz::require_refusal(life.error());
        continue;
      }
      fuzz::require(life->days.low <= life->days.high, "an interval's ends ascend");
    }
  return 0;
}
