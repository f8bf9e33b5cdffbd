#include "tools/build/build.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "sim/profile/model/int8_graph.h"
#include "sim/profile/model/tflite_reader.h"
#include "tools/build/compile.h"
#include "tools/build/emit.h"

namespace mj::build {
namespace {

namespace fs = std::filesystem;

/// A directory for generated files; removed at the end unless the user wants to keep it.
class WorkDir {
 public:
  explicit WorkDir(const fs::path& keep) : keep_(!keep.empty()) {
    std::error_code failed;
    if (keep_) {
      fs::create_directories(keep, failed);
      path_ = fs::absolute(keep, failed);
      return;
    }
    std::string name = (fs::temp_directory_path(failed) / "microjoule-build-XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~WorkDir() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) fs::remove_all(path_, ignored);
  }
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;
  const fs::path& path() const { return path_; }

 private:
  bool keep_;
  fs::path path_;
};

bool write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return !file.fail();
}

Error cannot_write(const fs::path& path) {
  return {ExitCode::unreadable, "cannot write a file", path.string(), "", "check the folder and its free space"};
}

}  // namespace

fs::path default_runtime_dir() {
  if (const char* given = std::getenv("MJ_RUNTIME_DIR"); given && *given) return given;
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  const fs::path installed = program.parent_path().parent_path() / "share" / "microjoule" / "runtime";
  if (!failed && fs::exists(installed / "include" / "mjrt" / "mjrt.h", failed)) return installed;
  return MJ_SOURCE_RUNTIME_DIR;
}

Result<BuildOutput> build(const BuildRequest& request) {
  auto graph = model::read_tflite_file(request.model);
  if (!graph) return graph.error();
  if (auto checked = model::check_int8(*graph); !checked) {
    Error error = checked.error();
    error.where = request.model.string() + ": " + error.where;
    return error;
  }
  const WorkDir work(request.keep_dir);
  if (work.path().empty()) return cannot_write(fs::path("temporary folder"));
  const std::string name = request.model.stem().string();
  const Sources sources = emit(*graph, name, request.target);
  const std::pair<const char*, const std::string&> files[] = {{"model.c", sources.model_c},
                                                              {"note.S", sources.note_s},
                                                              {"board.h", sources.board_h},
                                                              {"link.ld", sources.link_ld}};
  for (const auto& [file, text] : files) {
    if (!write(work.path() / file, text)) return cannot_write(work.path() / file);
  }
  std::error_code failed;
  const fs::path runtime =
      fs::absolute(request.runtime_dir.empty() ? default_runtime_dir() : request.runtime_dir, failed);
  if (auto compiled = compile(request.target, runtime.lexically_normal(), work.path()); !compiled)
    return compiled.error();
  fs::copy_file(work.path() / "firmware.elf", request.output, fs::copy_options::overwrite_existing, failed);
  if (failed) return cannot_write(request.output);
  return BuildOutput{request.output,         name, graph->operators.size(), graph->macs(), sources.arena_bytes,
                     sources.parameter_bytes};
}

}  // namespace mj::build
