// Small energy tables to price by hand.
#pragma once

#include "energy/table.h"

namespace mj::energy {

inline Figure figure(double value) { return {value, value, value, "test", "estimated"}; }
inline Figure figure(double value, double low, double high) { return {value, low, high, "test", "estimated"}; }

/// 100 MHz only. An issuing cycle 100, a stalled 50, code in flash 10, a flash read 40, a RAM access 5 (pC or pJ);
/// 1 mA or mW all the time, which is 10 pC or pJ a cycle; asleep 0.2 (0.1 to 0.4) mA or mW, 2 pC or pJ a cycle.
inline Prices prices() {
  Prices p;
  p.low_hz = p.high_hz = 100'000'000;
  p.issue = figure(100);
  p.stall = figure(50);
  p.flash_fetch = figure(10);
  p.flash_read = figure(40);
  p.ram_access = figure(5);
  p.static_part = figure(1);
  p.sleep = figure(0.2, 0.1, 0.4);
  return p;
}

inline Supply supply(std::string name, Regulator regulator) {
  Supply s;
  s.name = std::move(name);
  s.regulator = regulator;
  s.volts = 2;
  s.min_volts = 1.7;
  s.max_volts = 3.6;
  s.prices = {prices()};
  s.low_percent = -10;
  s.high_percent = 20;
  s.octave_percent = 30;
  s.tier = "datasheet";
  return s;
}

inline Table table() {
  Table t;
  t.board = "bench";
  t.supplies = {supply("ldo", Regulator::ldo), supply("smps", Regulator::smps)};
  return t;
}

}  // namespace mj::energy
