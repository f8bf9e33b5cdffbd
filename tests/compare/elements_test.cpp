// Two tensors element by element, and operators of the reference one by one.
#include "tools/compare/elements.h"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

namespace mj::compare {
namespace {

using model::TensorType;
using testing::ElementsAre;

template <class T>
std::vector<std::byte> bytes(std::initializer_list<T> list) {
  std::vector<std::byte> out(list.size() * sizeof(T));
  std::memcpy(out.data(), list.begin(), out.size());
  return out;
}

TEST(Elements, TheFirstThatDiffersAndTheGreatestDifference) {
  const auto d = difference("t", TensorType::int8, {1, 2, 3}, bytes<std::int8_t>({1, 2, 3, -4, 5, 6}),
                            bytes<std::int8_t>({1, 2, 3, 120, 5, 7}));
  EXPECT_EQ(d.elements, 6U);
  EXPECT_EQ(d.differing, 2U);
  EXPECT_EQ(d.greatest, 124);
  EXPECT_THAT(d.first, ElementsAre(0, 1, 0));
  EXPECT_EQ(d.first_expected, "-4");
  EXPECT_EQ(d.first_got, "120");
}

TEST(Elements, WiderTypesAreSeenAsTheyAre) {
  const auto wide =
      difference("t", TensorType::int16, {2}, bytes<std::int16_t>({-300, 5}), bytes<std::int16_t>({-300, -32768}));
  EXPECT_EQ(wide.greatest, 32773);
  EXPECT_EQ(
      difference("t", TensorType::int32, {1}, bytes<std::int32_t>({-2147483647 - 1}), bytes<std::int32_t>({2147483647}))
          .greatest,
      4294967295.0);
}

TEST(Elements, NoNumberIsEqualToNoNumber) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(difference("t", TensorType::float32, {2}, bytes<float>({nan, 0.F}), bytes<float>({nan, -0.F})).differing,
            0U);
  const auto d = difference("t", TensorType::float32, {2}, bytes<float>({1, 1}), bytes<float>({1, nan}));
  EXPECT_EQ(d.differing, 1U);
  EXPECT_EQ(d.first_got, "nan");
  EXPECT_EQ(d.greatest, std::numeric_limits<double>::max()) << "as much as a result can hold";
}

}  // namespace
}  // namespace mj::compare
