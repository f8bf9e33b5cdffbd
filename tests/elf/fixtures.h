// Finding the compiled fixtures and the lines that their sources mark.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "memory/elf_image.h"

namespace mj::test {

inline std::string fixture_path(const std::string& file) { return std::string(MJ_FIXTURES) + "/" + file; }

/// The line of a fixture source that has the comment "// MARK <mark>"; 0 when none has.
inline std::uint32_t marked_line(const std::string& source, const std::string& mark) {
  std::ifstream stream(std::string(MJ_FIXTURE_SOURCES) + "/" + source);
  std::string text;
  for (std::uint32_t line = 1; std::getline(stream, text); ++line) {
    if (text.ends_with("// MARK " + mark)) return line;
  }
  return 0;
}

}  // namespace mj::test

/// Loads a compiled fixture into `name`, or skips the test by name where its compiler is not installed.
#define MJ_LOAD_FIXTURE(name, file)                                                                     \
  if (!std::filesystem::exists(mj::test::fixture_path(file))) GTEST_SKIP() << file << " was not built"; \
  auto name##_loaded = mj::memory::ElfImage::load(mj::test::fixture_path(file));                        \
  ASSERT_TRUE(name##_loaded.ok()) << name##_loaded.error().text();                                      \
  const mj::memory::ElfImage& name = *name##_loaded
