#include "tests/report/html/browser.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace mj::test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_with(const fs::path& path, const std::string& part) {
  std::vector<std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.find(part) != std::string::npos) out.push_back(line);
  return out;
}

/// A folder that goes away with everything in it.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "mj-html-XXXXXX").string();
    if (mkdtemp(name.data())) path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// A page's requests have an origin; the browser's own (updates, clock) say "not an origin".
std::vector<std::string> page_requests(const fs::path& net_log) {
  std::vector<std::string> out;
  for (const std::string& line : lines_with(net_log, "\"initiator\":")) {
    const std::size_t url = line.find("\"url\":\"");
    if (url == std::string::npos || line.find("\"initiator\":\"not an origin\"") != std::string::npos) continue;
    out.push_back(line.substr(url + 7, line.find('"', url + 7) - url - 7));
  }
  return out;
}

}  // namespace

bool has_browser() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

std::string Loaded::output(const std::string& id) const {
  const std::size_t tag = document.find("<output id=\"" + id + "\"");
  if (tag == std::string::npos) return "";
  const std::size_t begin = document.find('>', tag) + 1;
  std::string text = document.substr(begin, document.find("</output>", begin) - begin);
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  replace_all(text, "&nbsp;", "\u00a0");
  replace_all(text, "&amp;", "&");
  return text;
}

Loaded load(const std::string& page, int width) {
  const Folder folder;
  const auto file = [&](const char* name) { return (folder.path / name).string(); };
  std::ofstream(file("page.html"), std::ios::binary) << page;
  // Nothing leaves this machine: no name resolves, whoever asks.
  const std::string command =
      "HOME=" + folder.path.string() +
      " timeout 60 chromium --headless=new --no-sandbox --disable-gpu --no-first-run --disable-breakpad"
      " --disable-background-networking --disable-component-update --disable-sync --disable-extensions"
      " --disable-dev-shm-usage --host-resolver-rules='MAP * ~NOTFOUND'"
      " --user-data-dir=" +
      file("profile") + " --log-net-log=" + file("net.json") + " --window-size=" + std::to_string(width) +
      ",900 --virtual-time-budget=5000 --enable-logging=stderr --v=0 --dump-dom file://" + file("page.html") + " >" +
      file("document") + " 2>" + file("log");
  Loaded loaded;
  if (std::system(command.c_str()) == 0) loaded.document = read(file("document"));
  for (const std::string& line : lines_with(file("log"), ":CONSOLE:"))
    loaded.console.push_back(line.substr(line.find(":CONSOLE:") + 1));
  loaded.requests = page_requests(file("net.json"));
  return loaded;
}

}  // namespace mj::test
