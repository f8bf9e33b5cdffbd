// What explains a figure: the layer, function, line or section where most of it - or of its growth - lies.
#pragma once

#include <optional>
#include <vector>

#include "tools/budget/budget.h"

namespace mj::budget {

/// `parts`: those subjects that a check judged, one or the summands of a sum; `before`: the same of the baseline, in
/// that order, null where it doesn't have them.
struct Judged {
  const Rule* rule = nullptr;
  std::vector<const Subject*> parts, before;
};

/// From the coarse to the fine: layer, function, line; or sections; or the call chain of the deepest stack.
std::vector<Contributor> contributors(const Judged& judged, const profile::RunResult& result, const Snapshot& now,
                                      const Snapshot* baseline);

}  // namespace mj::budget
