#include "tools/sweep/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/board.h"
#include "tools/report/report.h"

namespace mj::sweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* temporary = ".tmp";
constexpr const char* extension = ".mj.json";

Error cannot_write(const fs::path& path, const std::string& why) {
  return {ExitCode::unreadable, "cannot write a file", path.string(), why, "check the folder and its free space"};
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string crc_of(std::string_view text) {
  return fmt::format("{:08x}", crc32_z(0, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
    if (at->is_regular_file(failed)) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Lengths keep one text's end and the next one's beginning apart.
void append(std::string& all, const std::string& name, const std::string& text) {
  all += fmt::format("{} {}\n{}\n", name, text.size(), text);
}

}  // namespace

std::string content_name(std::string_view text) {
  // Any fixed namespace will do: it only has to stay the same.
  const boost::uuids::name_generator_sha1 name(boost::uuids::ns::oid());
  return boost::uuids::to_string(name(text.data(), text.size()));
}

std::string board_contents(const std::string& board) {
  // All shipped data rather than the few files that this board needs: a file forgotten here would give old results.
  std::string all;
  const fs::path models = models_dir();
  for (const char* part : {"", "boards", "cores", "energy"})
    for (const fs::path& file : files_in(models / part))
      if (file.extension() == ".json") append(all, file.lexically_relative(models).generic_string(), contents(file));
  constexpr int longest_chain = 8;  // as load_board
  fs::path own = board;
  for (int i = 0; i < longest_chain && own.extension() == ".json"; ++i) {
    const std::string text = contents(own);
    append(all, own.filename().string(), text);
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("extends") || !json["extends"].is_string()) break;
    own = own.parent_path() / json["extends"].get<std::string>();
  }
  return all;
}

Result<void> write_atomically(const fs::path& path, std::string_view text) {
  const fs::path draft = path.parent_path() / ("." + path.filename().string() + temporary);
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot_write(path, std::strerror(errno));
  const auto fail = [&]() -> Error {
    const std::string why = std::strerror(errno);
    ::close(file);
    ::unlink(draft.c_str());
    return cannot_write(path, why);
  };
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return fail();
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) return fail();
  ::close(file);
  std::error_code failed;
  fs::rename(draft, path, failed);
  if (failed) return cannot_write(path, failed.message());
  return {};
}

Result<Store> Store::open(const fs::path& folder) {
  std::error_code failed;
  for (const fs::path& f : {folder / "runs", folder / "firmware"})
    if (fs::create_directories(f, failed); failed)
      return Error{ExitCode::unreadable, "cannot make a folder", f.string(), failed.message(), "check --out"};
  const int lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return cannot_write(folder, std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return Error{ExitCode::usage, "another sweep is at work in this folder", folder.string(), "", "another --out"};
  }
  Store store(folder, lock);
  for (const fs::path& f : {folder, folder / "runs", folder / "firmware"})
    for (const fs::path& file : files_in(f))
      if (file.filename().string().front() == '.' && file.extension() == temporary) fs::remove(file, failed);
  for (const fs::path& file : files_in(folder / "runs")) store.runs_.push_back(file.filename().string());
  return store;
}

Store::~Store() {
  if (lock_ >= 0) ::close(lock_);
}

Store::Store(Store&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)), runs_(std::move(other.runs_)) {}

std::optional<Store::Kept> Store::find(const std::string& name,
                                       const std::function<void(const std::string&)>& damaged) const {
  const std::string prefix = name + ".";
  for (auto at = std::lower_bound(runs_.begin(), runs_.end(), prefix); at != runs_.end(); ++at) {
    const std::string& file = *at;
    if (!file.starts_with(prefix)) break;
    if (!file.ends_with(extension)) continue;
    const fs::path path = folder_ / "runs" / file;
    const std::string text = contents(path);
    if (file == prefix + crc_of(text) + extension)
      if (auto result = report::read_json(text, file)) return Kept{"runs/" + file, std::move(*result)};
    damaged(path.string());
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  return std::nullopt;
}

Result<Store::Kept> Store::keep(const std::string& name, const profile::RunResult& result) const {
  const std::string text = report::json(result, {});
  const std::string file = name + "." + crc_of(text) + extension;
  if (auto written = write_atomically(folder_ / "runs" / file, text); !written) return written.error();
  // What was kept is what is used: a sweep that goes on must see the same.
  auto read = report::read_json(text, file);
  if (!read) return read.error();
  return Kept{"runs/" + file, std::move(*read)};
}

}  // namespace mj::sweep
