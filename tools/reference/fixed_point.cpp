#include "tools/reference/fixed_point.h"

namespace mj::reference {

Fixed<0> exp_of_negative(Fixed<5> x) {
  if (x.raw == 0) return Fixed<0>::one();
  constexpr std::int64_t kQuarter = std::int64_t{1} << 24;  // 1/4 with 26 bits behind the point
  // x's position in its quarter, in [-1/4, 0); what is left is a whole number of quarters.
  const std::int64_t above = x.raw % kQuarter == 0 ? -kQuarter : x.raw % kQuarter;
  const std::int64_t quarters = (above - x.raw) / kQuarter;

  const Fixed<0> t = rescale<0>(Fixed<5>{above}) + constant(1.0 / 8);
  const Fixed<0> t2 = t * t, t3 = t2 * t, t4 = t2 * t2;
  // t + t^2/2 + t^3/6 + t^4/24
  const Fixed<0> higher = divided_by_power((divided_by_power(t4, 2) + t3) * constant(1.0 / 3) + t2, 1);
  const Fixed<0> centre = constant(std::exp(-1.0 / 8));
  Fixed<0> result = centre + centre * (t + higher);

  for (int bit = 0; bit < 7; ++bit) {
    if ((quarters >> bit & 1) != 0) result = result * constant(std::exp(-std::ldexp(1.0, bit - 2)));
  }
  return result;
}

Fixed<0> one_over_one_plus(Fixed<0> x) {
  const std::int64_t sum = x.raw + Fixed<0>::one().raw;
  const Fixed<0> half{(sum + (sum >= 0 ? 1 : -1)) / 2};  // (1 + x) / 2
  const Fixed<2> c48_over_17{std::llround(std::ldexp(48.0 / 17, 29))};
  const Fixed<2> minus_32_over_17{std::llround(std::ldexp(-32.0 / 17, 29))};
  Fixed<2> guess = c48_over_17 + half * minus_32_over_17;
  for (int step = 0; step < 3; ++step) {
    const Fixed<2> error = Fixed<2>::one() - half * guess;
    guess = guess + rescale<2>(guess * error);
  }
  return rescale<0>(Fixed<1>{guess.raw});  // half of it: the same bits, one integer bit less
}

}  // namespace mj::reference
