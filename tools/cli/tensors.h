// --dump-layer, --compare and what goes with them.
#pragma once

#include <string>
#include <vector>

#include "sim/run.h"
#include "tools/cli/cli.h"

namespace mj::cli {

class LayerTensorOptions {
 public:
  /// `firmware`: path, for the folder's default name. Makes that folder. Errors: usage, unreadable (the folder can't be
  /// made, the reference can't be read).
  static Result<LayerTensorOptions> read(const Parsed& parsed, const std::string& firmware);
  /// Asks the run for these tensors; this object must stay where it is until it ended.
  void attach(RunRequest& request);
  /// Writes and compares what was taken: sets the result's comparison and its exit code. `remarks`: tells on stderr
  /// what was written and what could not be. Errors: usage, unreadable, unsupported; the result is as it was.
  Result<void> finish(profile::RunResult& result, bool remarks);

 private:
  bool wants(const std::string& wanted, const profile::Layer& layer) const;
  Result<void> dump(const profile::RunResult& result, bool remarks) const;

  std::vector<std::string> layers_;  ///< as asked for
  std::string folder_, reference_;
  std::uint64_t inference_ = 1;
  std::vector<profile::CapturedLayer> captured_;
};

}  // namespace mj::cli
