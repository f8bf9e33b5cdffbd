#include "tools/compare/tensor_files.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/npy.h"

namespace mj::compare {

namespace {

using json_t = nlohmann::ordered_json;
using profile::CapturedTensor;

Result<void> write(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  out.close();
  if (!out) return Error{ExitCode::unreadable, "cannot write a file", path, "", "check the folder and its free space"};
  return {};
}

}  // namespace

std::string file_stem(const profile::Layer& layer) {
  std::string stem;
  if (layer.network > 0) stem += fmt::format("network-{}.", layer.network);
  if (layer.subgraph > 0) stem += fmt::format("subgraph-{}.", layer.subgraph);
  return stem + fmt::format("layer-{:03}", layer.index);
}

Result<std::vector<std::string>> write_tensors(const std::string& folder, const profile::RunResult& run,
                                               const std::vector<profile::CapturedLayer>& captured,
                                               std::uint64_t inference) {
  std::vector<std::string> left_out;
  for (const profile::CapturedLayer& c : captured) {
    const profile::Layer& layer = run.layers[static_cast<std::size_t>(c.layer)];
    const std::string title = fmt::format("layer {} {} {}", layer.index, layer.op, layer.name);
    if (!c.missing.empty()) {
      left_out.push_back(title + ": " + c.missing);
      continue;
    }
    const std::string stem = file_stem(layer);
    json_t about = {{"schema", "microjoule-tensors"},
                    {"firmware", run.provenance.firmware},
                    {"firmware_crc32", run.provenance.firmware_crc32},
                    {"network", run.networks[static_cast<std::size_t>(layer.network)].name},
                    {"layer", layer.index},
                    {"subgraph", layer.subgraph},
                    {"op", layer.op},
                    {"name", layer.name},
                    {"inference", inference},
                    {"calls", c.calls},
                    {"inputs", json_t::array()},
                    {"outputs", json_t::array()}};
    const auto put = [&](const char* list, const char* word,
                         const std::vector<CapturedTensor>& tensors) -> Result<void> {
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        const profile::TensorPlace& p = tensors[i].place;
        json_t row = {{"name", p.name}, {"type", model::type_name(p.type)}, {"shape", p.shape}};
        if (!p.quantization.scale.empty()) {
          row["scale"] = p.quantization.scale;
          row["zero_point"] = p.quantization.zero_point;
          if (p.quantization.scale.size() > 1) row["axis"] = p.quantization.axis;
        }
        std::string why = p.missing;
        if (why.empty()) {
          row["address"] = fmt::format("0x{:08x}", p.address);
          auto file = npy_file({p.type, p.shape, tensors[i].bytes});
          if (file) {
            const std::string name = fmt::format("{}.{}-{}.npy", stem, word, i);
            row["file"] = name;
            if (auto done = write(folder + "/" + name, *file); !done) return done;
          } else {
            why = file.error().what;
          }
        }
        if (!why.empty()) {
          row["missing"] = why;
          left_out.push_back(fmt::format("{}: {}put {}: {}", title, word, i, why));
        }
        about[list].push_back(std::move(row));
      }
      return {};
    };
    if (auto done = put("inputs", "in", c.inputs); !done) return done.error();
    if (auto done = put("outputs", "out", c.outputs); !done) return done.error();
    const std::string text = about.dump(1, ' ', false, json_t::error_handler_t::replace) + "\n";
    if (auto done = write(folder + "/" + stem + ".json", text); !done) return done.error();
  }
  return left_out;
}

}  // namespace mj::compare
