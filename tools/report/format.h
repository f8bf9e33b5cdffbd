// Numbers as people read them: thousands separated, a unit always written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.h"

namespace mj::report {

constexpr double real(std::uint64_t n) { return static_cast<double>(n); }
/// `first` unless it is empty.
inline std::string either(const std::string& first, const std::string& second) {
  return first.empty() ? second : first;
}

std::string count(std::uint64_t n);             ///< "1,234,567"
std::string decimal(double value, int digits);  ///< "1,234.50"
std::string bytes(std::uint64_t n);             ///< "512 B", "35.7 KiB", "640 KiB", "2 MiB": no decimals means exactly
std::string clock_rate(Hertz hz);               ///< "120 MHz", "32.768 kHz"
std::string duration(double seconds);           ///< four digits and a unit: "39.81 ms"
/// Four digits, a prefix from pico to 1 and the unit: quantity(1.5e-3, "J") is "1.500 mJ"; negative ones, too.
std::string quantity(double value, std::string_view unit);
/// "-12.0 % to +15.5 %": an interval around `value`; "" when there is none or no value.
std::string relative_interval(double value, double low, double high);
std::string percent(double part, double whole);  ///< "12.5 %", "100 %" only for all of it; "-" when there is no whole
std::string shape(const std::vector<std::int64_t>& dims);  ///< "49x10x8": a leading batch of 1 is left out
std::string hex(Address address);                          ///< "0x08000123"
/// "1 layer", "3 layers".
std::string plural(std::uint64_t n, std::string_view singular, std::string_view plural_form = "");
/// "█████▌": part of whole as a bar of at most `width` columns; something that isn't 0 shows at least a sliver.
std::string bar(double part, double whole, unsigned width);

/// Columns that a UTF-8 text takes on a terminal (each code point counts as one).
std::size_t columns(std::string_view text);
/// The text without control characters, so that no name in a hostile file can steer a terminal.
std::string printable(std::string_view text);
/// At most `width` columns, the end kept: of a tensor's or file's name that's the part that tells it from others.
std::string keep_end(std::string_view text, std::size_t width);
/// At most `width` columns, both ends kept.
std::string keep_ends(std::string_view text, std::size_t width);
/// Lines of at most `width` columns, broken at spaces where there are any.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace mj::report
