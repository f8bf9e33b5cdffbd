// One device of a board as its board file gives it: where it is, which lines it drives, and the numbers of the chip.
#pragma once

#include <cassert>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.h"

namespace mj::peripherals {

/// A number (or a list of them, or a word) that belongs to a chip, not to the code that models it.
struct Param {
  std::vector<std::uint64_t> numbers;  ///< one for a plain number
  std::string text;                    ///< set instead of numbers for a name
  std::string unit, source, certainty;
};

struct DeviceSpec {
  std::string name;  ///< instance: "LPUART1"
  std::string type;  ///< row of the registry: "stm32-usart-v3"
  Address base = 0;
  std::uint32_t size = 0;                       ///< bytes
  std::vector<Address> aliases;                 ///< where else the same registers are (Secure and Non-secure addresses)
  std::vector<unsigned> irqs;                   ///< lines of the core, in the order that the device type says
  std::uint32_t read_wait = 0, write_wait = 0;  ///< extra core cycles of each access (bus bridges)
  bool unsure_waits = false;                    ///< these are inferred or estimated
  std::map<std::string, Param> params;
  std::string source, certainty;  ///< of base, size and irqs

  bool has(const std::string& key) const { return params.count(key) != 0; }
  /// The registry has checked that required parameters are there.
  std::uint64_t number(const std::string& key) const {
    const auto at = params.find(key);
    assert(at != params.end() && !at->second.numbers.empty());
    return at->second.numbers.front();
  }
  std::uint64_t number_or(const std::string& key, std::uint64_t otherwise) const {
    return has(key) ? number(key) : otherwise;
  }
  const std::vector<std::uint64_t>& list(const std::string& key) const {
    static const std::vector<std::uint64_t> none;
    const auto at = params.find(key);
    return at == params.end() ? none : at->second.numbers;
  }
  std::string text_or(const std::string& key, std::string otherwise) const {
    const auto at = params.find(key);
    return at == params.end() ? otherwise : at->second.text;
  }
};

}  // namespace mj::peripherals
