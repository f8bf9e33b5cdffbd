// Which points no other point beats in everything, and how sure that is.
#pragma once

#include <string>
#include <vector>

namespace mj::sweep {

/// A figure with its interval, low <= value <= high; less is better.
struct Measure {
  double value = 0, low = 0, high = 0;
  /// Two measures with the same name here err by the same factor (the same board's model priced them), so that their
  /// order is that of their values. Others can be anywhere in their intervals.
  std::string shared_error;
};

struct Place {
  bool on_front = false;  ///< by the values: no other point is at least as good in all and better in one
  bool certain = true;    ///< the intervals can't change that
};

/// Every candidate has the same number of measures, in the same order. Points that are equal in all are on the front
/// together.
std::vector<Place> pareto_front(const std::vector<std::vector<Measure>>& candidates);

}  // namespace mj::sweep
