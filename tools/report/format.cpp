#include "tools/report/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/base/grouped.h"

namespace mj::report {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Byte offset behind the first `n` code points.
std::size_t offset_of(std::string_view text, std::size_t n) {
  std::size_t i = 0;
  for (; i < text.size() && (n > 0 || continues(text[i])); ++i)
    if (!continues(text[i])) --n;
  return i;
}

/// Four digits of value / size and the unit.
std::string scaled(double value, double size, std::string_view unit) {
  if (!std::isfinite(value)) return "-";
  const double shown = value / size, magnitude = std::abs(shown);
  const int digits = magnitude < 9.9995 ? 3 : magnitude < 99.995 ? 2 : magnitude < 999.95 ? 1 : 0;
  return decimal(shown, digits) + " " + std::string(unit);
}

}  // namespace

std::string count(std::uint64_t n) { return grouped(std::to_string(n)); }

std::string decimal(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  const std::string text = fmt::format("{:.{}f}", std::abs(value), digits);
  const std::size_t point = std::min(text.find('.'), text.size());
  return (value < 0 ? "-" : "") + grouped(text.substr(0, point)) + text.substr(point);
}

std::string bytes(std::uint64_t n) {
  constexpr std::uint64_t kib = 1024, mib = kib * kib;
  if (n < kib) return fmt::format("{} B", n);
  const bool large = n >= 10 * mib || n % mib == 0;
  const std::uint64_t unit = large ? mib : kib;
  return decimal(static_cast<double>(n) / static_cast<double>(unit), n % unit ? 1 : 0) + (large ? " MiB" : " KiB");
}

std::string clock_rate(Hertz hz) {
  if (hz >= 1'000'000) return fmt::format("{:.6g} MHz", static_cast<double>(hz) / 1e6);
  if (hz >= 1'000) return fmt::format("{:.6g} kHz", static_cast<double>(hz) / 1e3);
  return fmt::format("{} Hz", hz);
}

std::string duration(double seconds) {
  return std::abs(seconds) < 1e-9 ? scaled(seconds, 1e-9, "ns") : quantity(seconds, "s");
}

std::string quantity(double value, std::string_view unit) {
  struct Prefix {
    double size;
    std::string_view name;
  };
  constexpr std::array prefixes{Prefix{1, ""}, Prefix{1e-3, "m"}, Prefix{1e-6, "µ"}, Prefix{1e-9, "n"},
                                Prefix{1e-12, "p"}};
  if (value == 0) return "0 " + std::string(unit);
  const auto fits = [&](const Prefix& p) { return std::abs(value) >= p.size * 0.99995; };
  const auto prefix = std::find_if(prefixes.begin(), prefixes.end() - 1, fits);
  return scaled(value, prefix->size, std::string(prefix->name) + std::string(unit));
}

std::string relative_interval(double value, double low, double high) {
  if (!(value > 0) || (low == value && high == value)) return "";
  return fmt::format("{:+.1f} % to {:+.1f} %", 100 * (low - value) / value, 100 * (high - value) / value);
}

std::string percent(double part, double whole) {
  if (!(whole > 0)) return "-";
  return part == whole ? "100 %" : fmt::format("{:.1f} %", 100 * part / whole);
}

std::string shape(const std::vector<std::int64_t>& dims) {
  std::string out;
  for (std::size_t i = dims.size() > 1 && dims[0] == 1 ? 1 : 0; i < dims.size(); ++i)
    out += (out.empty() ? "" : "x") + std::to_string(dims[i]);
  return out.empty() ? "scalar" : out;
}

std::string hex(Address address) { return fmt::format("0x{:08x}", address); }

std::string plural(std::uint64_t n, std::string_view singular, std::string_view plural_form) {
  if (n == 1) return fmt::format("1 {}", singular);
  return plural_form.empty() ? fmt::format("{} {}s", count(n), singular) : fmt::format("{} {}", count(n), plural_form);
}

std::string bar(double part, double whole, unsigned width) {
  constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(whole > 0) || !(part > 0) || width == 0) return "";
  const double length = std::min(part / whole, 1.0) * width * 8;
  const auto filled = std::max(1U, static_cast<unsigned>(std::lround(length)));
  std::string out;
  for (unsigned i = 0; i < filled / 8; ++i) out += "█";
  return out += eighths[filled % 8];
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\n' || c == '\t' ? ' ' : '?';
  return out;
}

std::string keep_end(std::string_view text, std::size_t width) {
  const std::size_t all = columns(text);
  if (all <= width) return std::string(text);
  return width == 0 ? "" : "…" + std::string(text.substr(offset_of(text, all - width + 1)));
}

std::string keep_ends(std::string_view text, std::size_t width) {
  const std::size_t all = columns(text);
  if (all <= width) return std::string(text);
  if (width < 5) return keep_end(text, width);
  const std::size_t head = width / 2;
  return std::string(text.substr(0, offset_of(text, head))) + keep_end(text, width - head);
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (columns(text) > width) {
    const std::size_t end = offset_of(text, width);
    std::size_t cut = text.rfind(' ', end);
    if (cut == 0 || cut == std::string_view::npos) cut = end;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

}  // namespace mj::report
