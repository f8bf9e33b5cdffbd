// The FP pseudocode of Arm's manual (ARMv7-M A2.5.7-8 and appendix) in integers, with what RISC-V (Volume I, chapter
// 11) does otherwise. A finite number is
// (-1)^sign * significand / 2^63 * 2^exponent with bit 63 of the significand set; a bit that was shifted out is kept
// as a set lowest bit ("jam"), which is all that rounding needs to know of it.
#include "isa/fp_arith.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mj::isa::ieee {
namespace {

__extension__ using U128 = unsigned __int128;

enum class Kind : std::uint8_t { zero, finite, infinity, quiet_nan, signalling_nan };

struct Number {
  Kind kind = Kind::zero;
  bool sign = false;
  int exponent = 0;
  std::uint64_t significand = 0;

  bool nan() const { return kind == Kind::quiet_nan || kind == Kind::signalling_nan; }
  bool inf() const { return kind == Kind::infinity; }
  bool zero() const { return kind == Kind::zero; }
};

template <class V, int ExponentBits, int FractionBits>
struct Format {
  using Bits = V;
  static constexpr int exponent_bits = ExponentBits, fraction_bits = FractionBits;
  static constexpr int min_exponent = 2 - (1 << (ExponentBits - 1));
  static constexpr std::uint64_t max_field = (1u << ExponentBits) - 1;
  static constexpr std::uint64_t fraction_mask = (std::uint64_t{1} << FractionBits) - 1;
  static constexpr std::uint64_t quiet_bit = std::uint64_t{1} << (FractionBits - 1);

  static V pack(bool sign, std::uint64_t field, std::uint64_t fraction) {
    return static_cast<V>(std::uint64_t{sign} << (ExponentBits + FractionBits) | field << FractionBits | fraction);
  }
  static bool sign(V v) { return (std::uint64_t{v} >> (ExponentBits + FractionBits) & 1) != 0; }
  static std::uint64_t field(V v) { return std::uint64_t{v} >> FractionBits & max_field; }
  static std::uint64_t fraction(V v) { return std::uint64_t{v} & fraction_mask; }
  static V infinity(bool sign) { return pack(sign, max_field, 0); }
  static V zero(bool sign) { return pack(sign, 0, 0); }
  static V default_nan() { return pack(false, max_field, quiet_bit); }
};

using Half = Format<std::uint32_t, 5, 10>;
using Single = Format<std::uint32_t, 8, 23>;
using Double = Format<std::uint64_t, 11, 52>;

template <class V>
using FormatOf = std::conditional_t<sizeof(V) == 4, Single, Double>;

U128 shift_right_jam(U128 v, unsigned n) {
  if (n == 0) return v;
  if (n >= 128) return v != 0;
  return v >> n | U128{(v << (128 - n)) != 0};
}

std::uint64_t upper_jam(U128 v) { return static_cast<std::uint64_t>(v >> 64) | (static_cast<std::uint64_t>(v) != 0); }

int leading_zeros(U128 v) {
  const auto high = static_cast<std::uint64_t>(v >> 64);
  return high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(v));
}

Rounding mode_of(std::uint32_t scr, Rounding asked = Rounding::current) {
  if (asked != Rounding::current) return asked;
  return (scr & control_tie_away) != 0 ? Rounding::tie_away : static_cast<Rounding>(scr >> 22 & 3);
}

// Whether a magnitude is rounded up; `rest` are the bits behind the binary point.
bool rounds_up(Rounding mode, bool sign, bool odd, std::uint64_t rest) {
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  switch (mode) {
    case Rounding::tie_even:
      return rest > half || (rest == half && odd);
    case Rounding::tie_away:
      return rest >= half;
    case Rounding::plus_infinity:
      return rest != 0 && !sign;
    case Rounding::minus_infinity:
      return rest != 0 && sign;
    default:
      return false;
  }
}

// FPUnpack(): flushes denormal operands with FZ (not binary16).
template <class F>
Number unpack(typename F::Bits v, std::uint32_t scr, std::uint32_t& flags) {
  Number n;
  n.sign = F::sign(v);
  const std::uint64_t field = F::field(v), fraction = F::fraction(v);
  constexpr bool half = F::fraction_bits == 10;
  if (field == 0) {
    if (fraction == 0) return n;
    if (!half && (scr & control_flush) != 0) {
      flags |= flag_denormal;
      return n;
    }
    const int zeros = std::countl_zero(fraction);
    n.kind = Kind::finite;
    n.significand = fraction << zeros;
    n.exponent = F::min_exponent + (63 - zeros) - F::fraction_bits;
    return n;
  }
  if (field == F::max_field && !(half && (scr & control_alternative_half) != 0)) {
    if (fraction == 0)
      n.kind = Kind::infinity;
    else
      n.kind = (fraction & F::quiet_bit) != 0 ? Kind::quiet_nan : Kind::signalling_nan;
    return n;
  }
  n.kind = Kind::finite;
  n.significand = (fraction | (F::fraction_mask + 1)) << (63 - F::fraction_bits);
  n.exponent = static_cast<int>(field) - 1 + F::min_exponent;
  return n;
}

// Whether a number below the smallest normal one, rounded with an unbounded exponent, reaches that one: then it is tiny
// before rounding, but not after.
template <class F>
bool rounds_to_normal(bool sign, int exponent, std::uint64_t significand, Rounding mode) {
  if (exponent != F::min_exponent - 1) return false;
  const U128 wide = U128{significand} << (64 - (63 - F::fraction_bits));
  const auto whole = static_cast<std::uint64_t>(wide >> 64);
  return rounds_up(mode, sign, (whole & 1) != 0, static_cast<std::uint64_t>(wide)) && whole == F::fraction_mask * 2 + 1;
}

// FPRound(), FPRoundCV()
template <class F>
typename F::Bits round(bool sign, int exponent, std::uint64_t significand, std::uint32_t scr, std::uint32_t& flags,
                       Rounding mode) {
  constexpr bool half = F::fraction_bits == 10;
  if (!half && (scr & control_flush) != 0 && exponent < F::min_exponent) {
    flags |= flag_underflow;
    return F::zero(sign);
  }
  int field = std::max(exponent - F::min_exponent + 1, 0);
  int shift = 63 - F::fraction_bits;
  if (field == 0) shift += F::min_exponent - exponent;
  const U128 wide = shift_right_jam(U128{significand} << 64, static_cast<unsigned>(shift));
  auto whole = static_cast<std::uint64_t>(wide >> 64);
  const auto rest = static_cast<std::uint64_t>(wide);
  if (field == 0 && rest != 0 &&
      ((scr & control_tiny_after) == 0 || !rounds_to_normal<F>(sign, exponent, significand, mode)))
    flags |= flag_underflow;
  if (rounds_up(mode, sign, (whole & 1) != 0, rest)) {
    ++whole;
    if (whole == F::fraction_mask + 1 && field == 0) field = 1;
    if (whole == (F::fraction_mask + 1) * 2) {
      ++field;
      whole >>= 1;
    }
  }
  if (half && (scr & control_alternative_half) != 0) {
    if (field > static_cast<int>(F::max_field)) {
      flags |= flag_invalid;
      return F::pack(sign, F::max_field, F::fraction_mask);
    }
  } else if (field >= static_cast<int>(F::max_field)) {
    flags |= flag_overflow | flag_inexact;
    const bool to_infinity = mode == Rounding::tie_even || mode == Rounding::tie_away ||
                             (mode == Rounding::plus_infinity && !sign) || (mode == Rounding::minus_infinity && sign);
    return to_infinity ? F::infinity(sign) : F::pack(sign, F::max_field - 1, F::fraction_mask);
  }
  if (rest != 0) flags |= flag_inexact;
  return F::pack(sign, static_cast<std::uint64_t>(field), whole & F::fraction_mask);
}

// Normalizes a non-zero sum or product whose bit 127 weighs 2^exponent, then rounds.
template <class F>
typename F::Bits round_wide(bool sign, int exponent, U128 v, std::uint32_t scr, std::uint32_t& flags) {
  const int zeros = leading_zeros(v);
  return round<F>(sign, exponent - zeros, upper_jam(v << zeros), scr, flags, mode_of(scr));
}

template <class F>
typename F::Bits invalid(std::uint32_t& flags) {
  flags |= flag_invalid;
  return F::default_nan();
}

// FPProcessNaN()
template <class F>
typename F::Bits quieted(typename F::Bits v, Kind kind, std::uint32_t scr, std::uint32_t& flags) {
  if (kind == Kind::signalling_nan) flags |= flag_invalid;
  return (scr & control_default_nan) != 0 ? F::default_nan() : static_cast<typename F::Bits>(v | F::quiet_bit);
}

// FPProcessNaNs(), FPProcessNaNs3(): the first signalling NaN, else the first quiet one. False if there is none.
template <class F, std::size_t N>
bool choose_nan(const std::pair<typename F::Bits, Number> (&operands)[N], std::uint32_t scr, std::uint32_t& flags,
                typename F::Bits& result) {
  for (const Kind kind : {Kind::signalling_nan, Kind::quiet_nan})
    for (const auto& [bits, number] : operands)
      if (number.kind == kind) {
        result = quieted<F>(bits, kind, scr, flags);
        return true;
      }
  return false;
}

// x + y for finite non-zero x, y with significands in the upper bits (bit 127 weighs 2^exponent; bit 0 clear).
template <class F>
typename F::Bits add_finite(bool sign_x, int exponent_x, U128 x, bool sign_y, int exponent_y, U128 y, std::uint32_t scr,
                            std::uint32_t& flags) {
  x >>= 1;  // room for the carry
  y >>= 1;
  if (exponent_x < exponent_y || (exponent_x == exponent_y && x < y)) {
    std::swap(sign_x, sign_y);
    std::swap(exponent_x, exponent_y);
    std::swap(x, y);
  }
  y = shift_right_jam(y, static_cast<unsigned>(std::min(exponent_x - exponent_y, 200)));
  const U128 sum = sign_x == sign_y ? x + y : x - y;
  if (sum == 0) return F::zero(mode_of(scr) == Rounding::minus_infinity);
  return round_wide<F>(sign_x, exponent_x + 1, sum, scr, flags);
}

U128 upper(const Number& n) { return U128{n.significand} << 64; }

// Between formats; NaN payloads keep their upper bits.
template <class To, class From>
typename To::Bits convert_nan(typename From::Bits v, const Number& n, std::uint32_t scr, std::uint32_t& flags) {
  if (n.kind == Kind::signalling_nan) flags |= flag_invalid;
  if ((scr & control_default_nan) != 0) return To::default_nan();
  const std::uint64_t left = From::fraction(v) << (63 - From::fraction_bits);
  return To::pack(n.sign, To::max_field, left >> (63 - To::fraction_bits) | To::quiet_bit);
}

// FPSingleToDouble(), FPDoubleToSingle(), FPHalfToSingle(), FPSingleToHalf() ...
template <class To, class From>
FpResult<typename To::Bits> convert(typename From::Bits v, std::uint32_t scr) {
  std::uint32_t flags = 0;
  const Number n = unpack<From>(v, scr, flags);
  const bool alternative =
      To::fraction_bits == 10 && (scr & control_alternative_half) != 0;  // has neither NaN nor infinity
  typename To::Bits r = To::zero(n.sign);
  if (n.nan()) {
    if (alternative)
      flags |= flag_invalid;
    else
      r = convert_nan<To, From>(v, n, scr, flags);
  } else if (n.inf()) {
    if (alternative) {
      flags |= flag_invalid;
      r = To::pack(n.sign, To::max_field, To::fraction_mask);
    } else {
      r = To::infinity(n.sign);
    }
  } else if (n.kind == Kind::finite) {
    r = round<To>(n.sign, n.exponent, n.significand, scr, flags, mode_of(scr));
  }
  return {r, flags};
}

// A finite number times 2^scale as whole part and rest; the whole part saturates far beyond every type's range.
std::pair<std::uint64_t, std::uint64_t> split(const Number& n, int scale) {
  const int k = n.exponent + scale;
  if (k > 62) return {~std::uint64_t{0} >> 1, 0};
  const U128 wide = shift_right_jam(U128{n.significand} << 64, static_cast<unsigned>(63 - k));
  return {static_cast<std::uint64_t>(wide >> 64), static_cast<std::uint64_t>(wide)};
}

// -1, 0, 1; zeros of both signs are equal.
int order(const Number& a, const Number& b) {
  const auto magnitude = [](const Number& x, const Number& y) {
    if (x.kind != y.kind) return x.kind < y.kind ? -1 : 1;  // zero < finite < infinity
    if (x.kind != Kind::finite) return 0;
    if (x.exponent != y.exponent) return x.exponent < y.exponent ? -1 : 1;
    return x.significand < y.significand ? -1 : x.significand > y.significand;
  };
  if (a.zero() && b.zero()) return 0;
  if (a.sign != b.sign) return a.sign ? -1 : 1;
  return a.sign ? magnitude(b, a) : magnitude(a, b);
}

// FPMaxNum(), FPMinNum(): one quiet NaN loses against a number.
template <class V>
FpResult<V> extreme(V a, V b, std::uint32_t scr, bool maximum) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  if (x.kind == Kind::quiet_nan && y.kind != Kind::quiet_nan) {
    a = F::infinity(maximum);
    x = {Kind::infinity, maximum, 0, 0};
  } else if (y.kind == Kind::quiet_nan && x.kind != Kind::quiet_nan) {
    b = F::infinity(maximum);
    y = {Kind::infinity, maximum, 0, 0};
  }
  V r{};
  if (choose_nan<F>({{a, x}, {b, y}}, scr, flags, r)) return {r, flags};
  if (x.zero() && y.zero()) return {F::zero(maximum ? x.sign && y.sign : x.sign || y.sign), flags};
  const bool first = maximum ? order(x, y) > 0 : order(x, y) < 0;
  const Number& n = first ? x : y;
  return {n.zero() ? F::zero(n.sign) : first ? a : b, flags};
}

// IEEE 754-2019 maximumNumber, minimumNumber: any NaN loses against a number.
template <class V>
FpResult<V> extreme_number(V a, V b, std::uint32_t scr, bool maximum) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  if (!x.nan() && !y.nan()) return extreme(a, b, scr, maximum);
  if (x.kind == Kind::signalling_nan || y.kind == Kind::signalling_nan) flags |= flag_invalid;
  if (x.nan() && y.nan()) return {F::default_nan(), flags};
  return {x.nan() ? b : a, flags};
}

}  // namespace

namespace soft {

template <class V>
FpResult<V> add(V a, V b, std::uint32_t scr) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  V r{};
  if (choose_nan<F>({{a, x}, {b, y}}, scr, flags, r)) return {r, flags};
  if (x.inf() && y.inf() && x.sign != y.sign)
    r = invalid<F>(flags);
  else if (x.inf() || y.inf())
    r = F::infinity(x.inf() ? x.sign : y.sign);
  else if (x.zero() && y.zero())
    r = F::zero(x.sign == y.sign ? x.sign : mode_of(scr) == Rounding::minus_infinity);
  else if (x.zero() || y.zero()) {
    const Number& n = x.zero() ? y : x;
    r = round<F>(n.sign, n.exponent, n.significand, scr, flags, mode_of(scr));
  } else
    r = add_finite<F>(x.sign, x.exponent, upper(x), y.sign, y.exponent, upper(y), scr, flags);
  return {r, flags};
}

template <class V>
FpResult<V> sub(V a, V b, std::uint32_t scr) {
  using F = FormatOf<V>;
  const bool nan = F::field(b) == F::max_field && F::fraction(b) != 0;
  return add(a, nan ? b : static_cast<V>(b ^ F::pack(true, 0, 0)), scr);
}

template <class V>
FpResult<V> mul(V a, V b, std::uint32_t scr) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  V r{};
  if (choose_nan<F>({{a, x}, {b, y}}, scr, flags, r)) return {r, flags};
  const bool sign = x.sign != y.sign;
  if ((x.inf() && y.zero()) || (x.zero() && y.inf()))
    r = invalid<F>(flags);
  else if (x.inf() || y.inf())
    r = F::infinity(sign);
  else if (x.zero() || y.zero())
    r = F::zero(sign);
  else
    r = round_wide<F>(sign, x.exponent + y.exponent + 1, U128{x.significand} * y.significand, scr, flags);
  return {r, flags};
}

template <class V>
FpResult<V> div(V a, V b, std::uint32_t scr) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  V r{};
  if (choose_nan<F>({{a, x}, {b, y}}, scr, flags, r)) return {r, flags};
  const bool sign = x.sign != y.sign;
  if ((x.inf() && y.inf()) || (x.zero() && y.zero())) {
    r = invalid<F>(flags);
  } else if (x.inf() || y.zero()) {
    if (!x.inf()) flags |= flag_divide_by_zero;
    r = F::infinity(sign);
  } else if (x.zero() || y.inf()) {
    r = F::zero(sign);
  } else {
    const U128 dividend = U128{x.significand} << 63;
    U128 quotient = dividend / y.significand;  // 2^62 < quotient < 2^64
    if (dividend % y.significand != 0)
      quotient = quotient << 1 | 1;
    else
      quotient <<= 1;
    r = round_wide<F>(sign, x.exponent - y.exponent, quotient << 63, scr, flags);
  }
  return {r, flags};
}

template <class V>
FpResult<V> sqrt(V a, std::uint32_t scr) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags);
  if (x.nan()) return {quieted<F>(a, x.kind, scr, flags), flags};
  if (x.zero()) return {F::zero(x.sign), flags};
  if (x.sign) return {invalid<F>(flags), flags};
  if (x.inf()) return {F::infinity(false), flags};
  const bool odd = (x.exponent & 1) != 0;
  U128 rest = U128{x.significand} << (odd ? 64 : 63);
  U128 root = 0;
  for (U128 bit = U128{1} << 126; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  const auto significand = static_cast<std::uint64_t>(root) | (rest != 0);
  return {round<F>(false, (x.exponent - odd) / 2, significand, scr, flags, mode_of(scr)), flags};
}

template <class V>
FpResult<V> fma(V addend, V a, V b, std::uint32_t scr) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number z = unpack<F>(addend, scr, flags), x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  const bool inf_product = x.inf() || y.inf(), zero_product = x.zero() || y.zero();
  V r{};
  const bool nan = choose_nan<F>({{addend, z}, {a, x}, {b, y}}, scr, flags, r);
  if (z.kind == Kind::quiet_nan && !x.nan() && !y.nan() && inf_product && zero_product)
    return {invalid<F>(flags), flags};
  if (nan) return {r, flags};
  const bool sign = x.sign != y.sign;
  if (inf_product && (zero_product || (z.inf() && z.sign != sign))) {
    r = invalid<F>(flags);
  } else if (z.inf() || inf_product) {
    r = F::infinity(z.inf() ? z.sign : sign);
  } else if (z.zero() && zero_product) {
    r = F::zero(z.sign == sign ? sign : mode_of(scr) == Rounding::minus_infinity);
  } else if (zero_product) {
    r = round<F>(z.sign, z.exponent, z.significand, scr, flags, mode_of(scr));
  } else {
    U128 product = U128{x.significand} * y.significand;
    int exponent = x.exponent + y.exponent + 1;
    if (z.zero()) return {round_wide<F>(sign, exponent, product, scr, flags), flags};
    if (product >> 127 == 0) {
      product <<= 1;
      --exponent;
    }
    r = add_finite<F>(sign, exponent, product, z.sign, z.exponent, upper(z), scr, flags);
  }
  return {r, flags};
}

template <class V>
FpResult<std::uint32_t> compare(V a, V b, std::uint32_t scr, bool signal_quiet) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number x = unpack<F>(a, scr, flags), y = unpack<F>(b, scr, flags);
  if (x.nan() || y.nan()) {
    if (signal_quiet || x.kind == Kind::signalling_nan || y.kind == Kind::signalling_nan) flags |= flag_invalid;
    return {0x30000000, flags};
  }
  const int o = order(x, y);
  return {o == 0 ? 0x60000000u : o < 0 ? 0x80000000u : 0x20000000u, flags};
}

template <class V>
FpResult<V> max_num(V a, V b, std::uint32_t scr) {
  return extreme(a, b, scr, true);
}
template <class V>
FpResult<V> min_num(V a, V b, std::uint32_t scr) {
  return extreme(a, b, scr, false);
}

template <class V>
FpResult<V> maximum_number(V a, V b, std::uint32_t scr) {
  return extreme_number(a, b, scr, true);
}
template <class V>
FpResult<V> minimum_number(V a, V b, std::uint32_t scr) {
  return extreme_number(a, b, scr, false);
}

template <class V>
FpResult<V> round_int(V a, std::uint32_t scr, Rounding rounding, bool exact) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number n = unpack<F>(a, scr, flags);
  if (n.nan()) return {quieted<F>(a, n.kind, scr, flags), flags};
  if (n.inf()) return {a, flags};
  if (n.zero()) return {F::zero(n.sign), flags};
  if (n.exponent >= F::fraction_bits) return {a, flags};  // an integer already
  auto [whole, rest] = split(n, 0);
  if (rounds_up(mode_of(scr, rounding), n.sign, (whole & 1) != 0, rest)) ++whole;
  if (exact && rest != 0) flags |= flag_inexact;
  if (whole == 0) return {F::zero(n.sign), flags};
  const int zeros = std::countl_zero(whole);
  std::uint32_t none = 0;
  return {round<F>(n.sign, 63 - zeros, whole << zeros, scr, none, Rounding::zero), flags};
}

template <class V>
FpResult<std::uint64_t> to_fixed(V a, std::uint32_t scr, FixedType type, Rounding rounding) {
  using F = FormatOf<V>;
  std::uint32_t flags = 0;
  const Number n = unpack<F>(a, scr, flags);
  if (n.nan()) return {0, flag_invalid};
  if (n.zero()) return {0, flags};
  std::uint64_t whole = ~std::uint64_t{0} >> 1, rest = 0;
  if (!n.inf()) std::tie(whole, rest) = split(n, static_cast<int>(type.fraction));
  if (rounds_up(mode_of(scr, rounding), n.sign, (whole & 1) != 0, rest)) ++whole;
  const std::uint64_t top = std::uint64_t{1} << (type.is_unsigned ? type.bits : type.bits - 1);
  const std::uint64_t limit = n.sign ? (type.is_unsigned ? 0 : top) : top - 1;
  if (whole > limit) {
    whole = limit;
    flags |= flag_invalid;
  } else if (rest != 0) {
    flags |= flag_inexact;
  }
  return {n.sign ? 0 - whole : whole, flags};
}

template <class V>
FpResult<V> from_fixed(std::uint64_t a, std::uint32_t scr, FixedType type, Rounding rounding) {
  using F = FormatOf<V>;
  a <<= 64 - type.bits;
  const bool sign = !type.is_unsigned && a >> 63 != 0;
  const std::uint64_t magnitude = (sign ? 0 - a : a) >> (64 - type.bits);
  if (magnitude == 0) return {F::zero(false), 0};
  const int zeros = std::countl_zero(magnitude);
  std::uint32_t flags = 0;
  const V r = round<F>(sign, 63 - zeros - static_cast<int>(type.fraction), magnitude << zeros, scr, flags,
                       mode_of(scr, rounding));
  return {r, flags};
}

#define MJ_INSTANTIATE(V)                                                           \
  template FpResult<V> add(V, V, std::uint32_t);                                    \
  template FpResult<V> sub(V, V, std::uint32_t);                                    \
  template FpResult<V> mul(V, V, std::uint32_t);                                    \
  template FpResult<V> div(V, V, std::uint32_t);                                    \
  template FpResult<V> sqrt(V, std::uint32_t);                                      \
  template FpResult<V> fma(V, V, V, std::uint32_t);                                 \
  template FpResult<std::uint32_t> compare(V, V, std::uint32_t, bool);              \
  template FpResult<V> max_num(V, V, std::uint32_t);                                \
  template FpResult<V> min_num(V, V, std::uint32_t);                                \
  template FpResult<V> maximum_number(V, V, std::uint32_t);                         \
  template FpResult<V> minimum_number(V, V, std::uint32_t);                         \
  template FpResult<V> round_int(V, std::uint32_t, Rounding, bool);                 \
  template FpResult<std::uint64_t> to_fixed(V, std::uint32_t, FixedType, Rounding); \
  template FpResult<V> from_fixed(std::uint64_t, std::uint32_t, FixedType, Rounding);
MJ_INSTANTIATE(std::uint32_t)
MJ_INSTANTIATE(std::uint64_t)
#undef MJ_INSTANTIATE

}  // namespace soft

FpResult<std::uint64_t> fp32_to_fp64(std::uint32_t a, std::uint32_t scr) { return convert<Double, Single>(a, scr); }
FpResult<std::uint32_t> fp64_to_fp32(std::uint64_t a, std::uint32_t scr) { return convert<Single, Double>(a, scr); }
FpResult<std::uint32_t> fp16_to_fp32(std::uint32_t a, std::uint32_t scr) {
  return convert<Single, Half>(a & 0xffff, scr);
}
FpResult<std::uint64_t> fp16_to_fp64(std::uint32_t a, std::uint32_t scr) {
  return convert<Double, Half>(a & 0xffff, scr);
}
FpResult<std::uint32_t> fp32_to_fp16(std::uint32_t a, std::uint32_t scr) { return convert<Half, Single>(a, scr); }
FpResult<std::uint32_t> fp64_to_fp16(std::uint64_t a, std::uint32_t scr) { return convert<Half, Double>(a, scr); }

}  // namespace mj::isa::ieee
