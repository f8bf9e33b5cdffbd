#include <filesystem>

#include "benchmarks/accuracy/suites.h"
#include "tools/build/build.h"

namespace mj::accuracy {

Result<std::string> build_network(const std::string& network, const std::string& board, const std::string& folder) {
  build::BuildRequest request;
  request.model = std::filesystem::path(NETWORKS) / (network + ".tflite");
  request.output = std::filesystem::path(folder) / (network + ".elf");
  auto target = build::find_target(board);
  if (!target) return target.error();
  request.target = *target;
  if (const auto built = build::build(request); !built) return built.error();
  return request.output.string();
}

}  // namespace mj::accuracy
