#include "tools/compare/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace mj::compare {

namespace {

using model::TensorType;
using profile::TensorDifference;

template <class T>
void compare_as(const std::vector<std::byte>& expected, const std::vector<std::byte>& got, TensorDifference& d,
                std::uint64_t& first) {
  d.elements = expected.size() / sizeof(T);
  for (std::uint64_t i = 0; i < d.elements; ++i) {
    T a, b;
    std::memcpy(&a, expected.data() + i * sizeof(T), sizeof(T));
    std::memcpy(&b, got.data() + i * sizeof(T), sizeof(T));
    if (a == b || (a != a && b != b)) continue;  // NaN is equal to NaN here
    const auto x = static_cast<double>(a), y = static_cast<double>(b);
    if (d.differing++ == 0) {
      first = i;
      d.first_expected = fmt::format("{}", a);
      d.first_got = fmt::format("{}", b);
    }
    const double by = std::abs(x - y);
    d.greatest = std::max(d.greatest, std::isfinite(by) ? by : std::numeric_limits<double>::max());
  }
}

std::vector<std::int64_t> index_of(std::uint64_t flat, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[d], 1));
    index[d] = static_cast<std::int64_t>(flat % size);
    flat /= size;
  }
  return index;
}

}  // namespace

TensorDifference difference(const std::string& name, TensorType type, const std::vector<std::int64_t>& shape,
                            const std::vector<std::byte>& expected, const std::vector<std::byte>& got) {
  TensorDifference d;
  d.tensor = name;
  std::uint64_t first = 0;
  switch (type) {
    case TensorType::int8:
      compare_as<std::int8_t>(expected, got, d, first);
      break;
    case TensorType::int16:
      compare_as<std::int16_t>(expected, got, d, first);
      break;
    case TensorType::uint16:
    case TensorType::float16:  // by its bits
      compare_as<std::uint16_t>(expected, got, d, first);
      break;
    case TensorType::int32:
      compare_as<std::int32_t>(expected, got, d, first);
      break;
    case TensorType::uint32:
      compare_as<std::uint32_t>(expected, got, d, first);
      break;
    case TensorType::int64:
      compare_as<std::int64_t>(expected, got, d, first);
      break;
    case TensorType::uint64:
      compare_as<std::uint64_t>(expected, got, d, first);
      break;
    case TensorType::float32:
      compare_as<float>(expected, got, d, first);
      break;
    case TensorType::float64:
      compare_as<double>(expected, got, d, first);
      break;
    default:
      compare_as<std::uint8_t>(expected, got, d, first);
      break;
  }
  if (d.differing) d.first = index_of(first, shape);
  return d;
}

}  // namespace mj::compare
