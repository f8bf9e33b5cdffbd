#include "tools/cli/tensors.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tools/compare/compare.h"
#include "tools/compare/tensor_files.h"
#include "tools/report/format.h"

namespace mj::cli {

namespace fs = std::filesystem;

Result<LayerTensorOptions> LayerTensorOptions::read(const Parsed& p, const std::string& firmware) {
  LayerTensorOptions o;
  if (p.has("dump-layer")) o.layers_ = p.lists.at("dump-layer");
  o.reference_ = p.get("compare");
  const bool dumps = !o.layers_.empty(), compares = p.has("compare");
  if (p.has("dump-dir") && !dumps)
    return Error{ExitCode::usage, "--dump-dir needs --dump-layer", "", "", "--dump-layer N, or all"};
  if (p.has("dump-inference")) {
    if (!dumps && !compares)
      return Error{ExitCode::usage, "--dump-inference needs --dump-layer or --compare", "", "",
                   "--dump-layer N, or all"};
    const auto n = parse_count(p.get("dump-inference"), "dump-inference");
    if (!n) return n.error();
    o.inference_ = *n;
  }
  if (compares)
    if (auto known = compare::check_reference(o.reference_); !known) return known.error();
  if (dumps) {
    o.folder_ = p.get("dump-dir", fs::path(firmware).stem().string() + ".layers");
    std::error_code failed;
    fs::create_directories(o.folder_, failed);
    if (failed || !fs::is_directory(o.folder_, failed))
      return Error{ExitCode::unreadable, "cannot make a folder", o.folder_, "", "--dump-dir DIR"};
  }
  return o;
}

bool LayerTensorOptions::wants(const std::string& wanted, const profile::Layer& layer) const {
  return wanted == "all" || wanted == std::to_string(layer.index) || (!layer.name.empty() && wanted == layer.name);
}

void LayerTensorOptions::attach(RunRequest& request) {
  if (layers_.empty() && reference_.empty()) return;
  request.tensors.inference = inference_;
  request.tensors.constants = !reference_.empty();
  request.tensors.wanted = [this](const profile::Layer& layer) {
    return !reference_.empty() ||
           std::any_of(layers_.begin(), layers_.end(), [&](const std::string& w) { return wants(w, layer); });
  };
  request.tensors.give = [this](std::vector<profile::CapturedLayer> captured) { captured_ = std::move(captured); };
}

Result<void> LayerTensorOptions::dump(const profile::RunResult& result, bool remarks) const {
  const auto layer_of = [&](const profile::CapturedLayer& c) -> const profile::Layer& {
    return result.layers[static_cast<std::size_t>(c.layer)];
  };
  std::vector<profile::CapturedLayer> wanted;
  for (const std::string& w : layers_)
    if (std::none_of(captured_.begin(), captured_.end(), [&](const auto& c) { return wants(w, layer_of(c)); })) {
      std::vector<std::string> names;
      bool known = false;
      for (const profile::Layer& l : result.layers) {
        names.push_back(l.name);
        known = known || wants(w, l);
      }
      if (known || (w == "all" && !result.layers.empty()))
        return Error{ExitCode::usage, fmt::format("layer '{}' did not run in inference {}", w, inference_),
                     "--dump-layer", "", "--dump-inference K"};
      return Error{ExitCode::usage, fmt::format("the firmware has no layer '{}'{}", w, did_you_mean(w, names)),
                   "--dump-layer",
                   result.layers.empty() ? std::string("no network was recognised in it")
                                         : fmt::format("it has {} layers", result.layers.size()),
                   result.layers.empty() ? "microjoule inspect --why" : "a number or name of the report's table"};
    }
  for (const profile::CapturedLayer& c : captured_)
    if (std::any_of(layers_.begin(), layers_.end(), [&](const auto& w) { return wants(w, layer_of(c)); }))
      wanted.push_back(c);
  const auto left_out = compare::write_tensors(folder_, result, wanted, inference_);
  if (!left_out) return left_out.error();
  std::size_t tensors = 0;
  for (const auto& c : wanted)
    for (const auto* list : {&c.inputs, &c.outputs})
      for (const auto& t : *list) tensors += t.place.missing.empty();
  if (remarks) {
    fmt::print(stderr, "{} of {} written to {}\n", report::plural(tensors, "tensor"),
               report::plural(wanted.size(), "layer"), folder_);
    for (const std::string& text : *left_out) fmt::print(stderr, "not written: {}\n", report::printable(text));
  }
  if (tensors == 0)
    return Error{ExitCode::unsupported, "where the layers' tensors lie is not known", "--dump-layer",
                 left_out->empty() ? "" : left_out->front(), ""};
  return {};
}

Result<void> LayerTensorOptions::finish(profile::RunResult& result, bool remarks) {
  Result<void> dumped;
  if (!layers_.empty()) dumped = dump(result, remarks);
  if (reference_.empty()) return dumped;
  compare::Request request{reference_, inference_, {}};
  const bool live = remarks && isatty(STDERR_FILENO);
  if (live)
    request.progress = [](std::size_t done, std::size_t all) {
      fmt::print(stderr, "\r\x1b[Kcomparing layer {} of {}", done + 1, all);
    };
  auto compared = compare::compare(result, captured_, request);
  if (live) std::fputs("\r\x1b[K", stderr);
  if (!compared) return compared.error();
  result.compare = std::move(*compared);
  const profile::Comparison& c = *result.compare;
  if (result.stop.exit_code == ExitCode::ok) {
    if (c.first >= 0) result.stop.exit_code = ExitCode::differs;
    if (c.first < 0 && c.equal == 0) result.stop.exit_code = ExitCode::unsupported;
  }
  return dumped;
}

}  // namespace mj::cli
