#include "tools/sweep/pareto.h"

#include <cassert>

namespace mj::sweep {
namespace {

enum class Sure { by_value, certainly, possibly };

/// The ends of the intervals that decide whether `a` is better than `b`.
struct Ends {
  double a, b;
};

Ends ends(const Measure& a, const Measure& b, Sure sure) {
  if (sure == Sure::by_value || (!a.shared_error.empty() && a.shared_error == b.shared_error))
    return {a.value, b.value};
  return sure == Sure::certainly ? Ends{a.high, b.low} : Ends{a.low, b.high};
}

bool dominates(const std::vector<Measure>& a, const std::vector<Measure>& b, Sure sure) {
  assert(a.size() == b.size());
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Ends e = ends(a[i], b[i], sure);
    if (e.a > e.b) return false;
    better |= e.a < e.b;
  }
  return better;
}

}  // namespace

std::vector<Place> pareto_front(const std::vector<std::vector<Measure>>& candidates) {
  std::vector<Place> places(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto beaten = [&](Sure sure) {
      for (std::size_t k = 0; k < candidates.size(); ++k)
        if (k != i && dominates(candidates[k], candidates[i], sure)) return true;
      return false;
    };
    places[i].on_front = !beaten(Sure::by_value);
    places[i].certain = places[i].on_front ? !beaten(Sure::possibly) : beaten(Sure::certainly);
  }
  return places;
}

}  // namespace mj::sweep
