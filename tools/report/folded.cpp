#include <algorithm>

#include "tools/report/format.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

using namespace profile;

/// Deeper stacks (runaway recursion) keep their innermost frames; the others become one frame.
constexpr std::size_t deepest = 500;

/// ';' separates frames and the last ' ' the weight, so a name can't hold either at those places.
std::string frame(const std::string& name) {
  std::string out = printable(name.empty() ? "[unnamed]" : name);
  std::replace(out.begin(), out.end(), ';', ':');
  return out;
}

std::string stack(const std::vector<TreeNode>& tree, std::size_t node) {
  std::vector<std::string> frames;
  for (;;) {
    frames.push_back(frame(tree[node].name));
    if (node == 0) break;
    node = tree[node].parent;
    if (frames.size() == deepest) {
      frames.push_back("[deeper]");
      break;
    }
  }
  std::string out;
  for (auto f = frames.rbegin(); f != frames.rend(); ++f) out += (out.empty() ? "" : ";") + *f;
  return out;
}

}  // namespace

std::string folded(const RunResult& r, const Options&) {
  std::string out;
  Cycle sum = 0;
  for (std::size_t i = 0; i < r.call_tree.size(); ++i) {
    const Cycle cycles = r.call_tree[i].self_cycles;
    if (cycles == 0) continue;
    sum += cycles;
    out += stack(r.call_tree, i) + " " + std::to_string(cycles) + "\n";
  }
  if (sum < r.totals.cycles) out += "[in no call] " + std::to_string(r.totals.cycles - sum) + "\n";
  return out;
}

}  // namespace mj::report
