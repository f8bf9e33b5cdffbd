// Layers against files that a run wrote: see tensor_files.h.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "sim/npy.h"
#include "tools/compare/elements.h"
#include "tools/compare/kinds.h"
#include "tools/compare/tensor_files.h"

namespace mj::compare {

namespace fs = std::filesystem;
using profile::CapturedLayer;
using profile::CapturedTensor;
using profile::Comparison;
using profile::Layer;
using profile::LayerComparison;
using profile::RunResult;

namespace {

/// A tensor against its file: equal or not; nothing if they can't be compared, with a remark.
Result<std::optional<profile::TensorDifference>> with_file(const CapturedTensor& got, const std::string& path,
                                                           const std::string& file, std::string& remark) {
  std::optional<profile::TensorDifference> none;
  std::error_code failed;
  if (!got.place.missing.empty()) {
    remark = got.place.missing;
    return none;
  }
  if (!fs::exists(path, failed)) {
    remark = "the folder has no " + file;
    return none;
  }
  const auto want = read_npy(path);
  if (!want) return want.error();
  if (want->type != got.place.type || want->bytes.size() != got.bytes.size()) {
    remark = fmt::format("{} holds {} {}, the firmware {} {}", file, model::type_name(want->type),
                         tuple_text(want->shape), model::type_name(got.place.type), tuple_text(got.place.shape));
    return none;
  }
  return std::optional(difference(got.place.name, want->type, got.place.shape, want->bytes, got.bytes));
}

}  // namespace

Result<Comparison> with_files(const RunResult& run, const std::vector<CapturedLayer>& captured,
                              const Request& request) {
  Comparison result;
  result.kind = "tensors";
  for (std::size_t i = 0; i < captured.size(); ++i) {
    const CapturedLayer& c = captured[i];
    if (request.progress) request.progress(i, captured.size());
    LayerComparison out;
    out.layer = c.layer;
    out.outcome = "not_compared";
    out.inputs = out.computes = unknown;
    if (!c.missing.empty()) out.remarks.push_back(c.missing);
    const std::string stem = file_stem(run.layers[static_cast<std::size_t>(c.layer)]);
    const auto all = [&](const std::vector<CapturedTensor>& tensors, const char* word,
                         bool keep) -> Result<std::string> {
      bool compared = !tensors.empty(), equal = true;
      for (std::size_t k = 0; k < tensors.size(); ++k) {
        const std::string file = fmt::format("{}.{}-{}.npy", stem, word, k);
        std::string remark;
        auto d = with_file(tensors[k], request.reference + "/" + file, file, remark);
        if (!d) return d.error();
        if (!remark.empty()) out.remarks.push_back(remark);
        compared = compared && d->has_value();
        if (!d->has_value() || (*d)->differing == 0) continue;
        equal = false;
        if (keep) out.differences.push_back(std::move(**d));
      }
      return std::string(!equal ? wrong : compared ? right : unknown);
    };
    auto inputs = all(c.inputs, "in", false);
    if (!inputs) return inputs.error();
    auto outputs = all(c.outputs, "out", true);
    if (!outputs) return outputs.error();
    out.inputs = *inputs;
    if (*outputs != unknown) out.outcome = *outputs == right ? "equal" : "differs";
    if (*inputs == right) out.computes = *outputs;
    result.layers.push_back(std::move(out));
  }
  count(result);
  if (result.equal + result.differing == 0)
    return Error{ExitCode::unreadable, "the folder holds tensors of none of the firmware's layers", request.reference,
                 result.layers.front().remarks.empty() ? "" : result.layers.front().remarks.front(),
                 "microjoule run --dump-layer all --dump-dir DIR of the firmware to compare with"};
  if (result.first < 0) return result;
  const LayerComparison& f = result.layers[static_cast<std::size_t>(result.first)];
  if (f.inputs == right)
    result.verdict = "its inputs are those of the files, what it computes from them is not";
  else if (f.inputs == wrong)
    result.verdict = result.first == 0 ? "its inputs are not those of the files: the two runs had different inputs"
                                       : "its inputs are not those of the files, though all outputs before are";
  else
    result.verdict = "whether its inputs are those of the files is not known";
  return result;
}

}  // namespace mj::compare
