#include "tools/compare/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tools/compare/kinds.h"

namespace mj::compare {

namespace fs = std::filesystem;
using profile::CapturedLayer;
using profile::Comparison;
using profile::Layer;
using profile::LayerComparison;
using profile::RunResult;

std::string title(const Layer& l) {
  return fmt::format("layer {} {}{}", l.index, l.op, l.name.empty() ? "" : " " + l.name);
}

void count(Comparison& c) {
  for (std::size_t i = 0; i < c.layers.size(); ++i) {
    const LayerComparison& l = c.layers[i];
    (l.outcome == "equal" ? c.equal : l.outcome == "differs" ? c.differing : c.not_compared) += 1;
    if (c.first < 0 && (l.outcome == "differs" || l.inputs == wrong)) c.first = static_cast<int>(i);
  }
}

Result<void> check_reference(const std::string& reference) {
  std::error_code failed;
  if (fs::is_directory(reference, failed)) return {};
  if (const auto model = read_model(reference); !model) return model.error();
  return {};
}

Result<Comparison> compare(const RunResult& run, const std::vector<CapturedLayer>& captured, const Request& request) {
  if (captured.empty()) {
    std::uint64_t most = 0;
    for (const profile::Network& n : run.networks) most = std::max(most, n.inferences);
    return Error{ExitCode::usage, "no layer to compare", "--compare",
                 run.networks.empty()
                     ? std::string("no network was found in the firmware")
                     : fmt::format("inference {} was asked for, the firmware finished {}", request.inference, most),
                 run.networks.empty() ? "microjoule inspect --why" : "--dump-inference"};
  }
  std::error_code failed;
  const bool folder = fs::is_directory(request.reference, failed);
  auto result = folder ? with_files(run, captured, request) : with_model(run, captured, request);
  if (!result) return result;
  fs::path name(request.reference);
  if (!name.has_filename()) name = name.parent_path();  // "folder/"
  result->reference = name.filename().string();
  result->inference = request.inference;
  return result;
}

}  // namespace mj::compare
