// The house keeps its order: includes point down only, and third-party types stay out of headers.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;  ///< path from the source root
  std::string what;
  bool quoted = false;
};

bool is_header(const std::string& file) { return file.ends_with(".h") || file.ends_with(".def"); }

std::vector<Include> includes() {
  static const std::regex line(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> out;
  for (const char* folder : {"sim", "isa", "memory", "energy", "peripherals", "tools"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(MJ_SOURCE_DIR) / folder)) {
      const std::string file = fs::relative(entry.path(), MJ_SOURCE_DIR).generic_string();
      const bool source = is_header(file) || file.ends_with(".cpp") || file.ends_with(".cpp.in");
      if (!entry.is_regular_file() || !source) continue;
      std::ifstream in(entry.path());
      std::string text;
      std::smatch m;
      while (std::getline(in, text))
        if (std::regex_match(text, m, line)) out.push_back({file, m[2], m[1] == "\""});
    }
  return out;
}

/// The floor of a path: what may include what is `allowed` below.
std::string part_of(const std::string& path) {
  if (path.rfind("sim/base/", 0) == 0) return "sim/base";
  return path.substr(0, path.find('/'));
}

const std::map<std::string, std::set<std::string>> allowed = {
    {"sim/base", {}},
    {"isa", {"sim/base"}},
    {"memory", {"sim/base"}},
    {"energy", {"sim/base", "isa", "memory"}},
    {"peripherals", {"sim/base", "isa", "memory", "energy"}},
    {"sim", {"sim/base", "isa", "memory", "energy", "peripherals"}},
    {"tools", {"sim/base", "isa", "memory", "energy", "peripherals", "sim"}},
};

TEST(Structure, TheTestSeesTheTree) { EXPECT_GT(includes().size(), 500u); }

TEST(Structure, IncludesPointDownOnly) {
  for (const Include& i : includes()) {
    const std::string to = part_of(i.what), from = part_of(i.file);
    if (!i.quoted || to == from || !allowed.count(to)) continue;
    EXPECT_TRUE(allowed.at(from).count(to)) << i.file << " includes " << i.what;
  }
}

TEST(Structure, OurFilesAreIncludedByTheirPathFromTheRoot) {
  for (const Include& i : includes()) {
    if (!i.quoted) continue;
    const bool built = i.what.find("_generated") != std::string::npos;
    // The runtime's headers are the guest's: the builder shares its note format with it.
    const bool runtime = fs::exists(fs::path(MJ_SOURCE_DIR) / "runtime/include" / i.what);
    EXPECT_TRUE(fs::exists(fs::path(MJ_SOURCE_DIR) / i.what) || built || runtime) << i.file << " includes " << i.what;
  }
}

/// Headers that only .cpp files of their own folder include.
const std::set<std::string>& private_headers() {
  static const std::set<std::string> all = {
      "memory/libelf_handle.h",             // libelf's handle, for the ELF reader
      "sim/profile/model/tflite_access.h",  // FlatBuffers, for the .tflite reader
      "sim/timing/loader.h",                // JSON, for the reader of core files
  };
  return all;
}

/// Third-party types that .cpp files of several folders share; no header includes it.
const std::string shared_by_sources = "sim/base/checked_json.h";  // JSON: what was parsed for a check is read on

TEST(Structure, NoThirdPartyHeaderInAHeader) {
  static const std::regex standard(R"([a-z_0-9]+)");
  static const std::set<std::string> posix = {"unistd.h"};
  for (const Include& i : includes()) {
    if (!is_header(i.file) || i.quoted || private_headers().count(i.file) || i.file == shared_by_sources) continue;
    EXPECT_TRUE(std::regex_match(i.what, standard) || posix.count(i.what)) << i.file << " includes <" << i.what << ">";
  }
}

TEST(Structure, PrivateHeadersStayInTheirFolder) {
  for (const Include& i : includes()) {
    if (!private_headers().count(i.what)) continue;
    EXPECT_FALSE(is_header(i.file)) << i.file << " includes " << i.what;
    EXPECT_EQ(fs::path(i.file).parent_path(), fs::path(i.what).parent_path()) << i.file << " includes " << i.what;
  }
}

TEST(Structure, HeadersOfSharedThirdPartyTypesStayOutOfHeaders) {
  for (const Include& i : includes())
    EXPECT_FALSE(i.what == shared_by_sources && is_header(i.file)) << i.file << " includes " << i.what;
}

TEST(Structure, EveryHeaderIsIncludedOnce) {
  for (const auto& folder : {"sim", "isa", "memory", "energy", "peripherals", "tools"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(MJ_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".h") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      EXPECT_NE(text.find("#pragma once"), std::string::npos) << entry.path();
    }
}

}  // namespace
