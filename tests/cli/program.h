// Starting the program as a user does, and what it answered.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mj::test {

struct Answer {
  int code = -1;  ///< exit code; 128 + signal when it was killed
  std::string out, err;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A test whose working folder is its own and empty.
class Program : public testing::Test {
 protected:
  Program() {
    std::string name = (std::filesystem::temp_directory_path() / "mj-cli-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Program() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& file) const { return (folder_ / file).string(); }
  void file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  /// `microjoule <arguments>` in the folder, through the shell; no terminal.
  Answer microjoule(const std::string& arguments, const std::string& redirections = ">.out </dev/null") const {
    const std::string command =
        "cd '" + folder_.string() + "' && '" MJ_PROGRAM "' " + arguments + " " + redirections + " 2>.err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(folder_ / ".out"),
            slurp(folder_ / ".err")};
  }
  /// The program refuses: that exit code, all of these words on stderr and nothing on stdout.
  void refuses(const std::string& arguments, int code, const std::vector<std::string>& words) const {
    const Answer answer = microjoule(arguments);
    EXPECT_EQ(answer.code, code) << arguments << "\n" << answer.err;
    EXPECT_EQ(answer.out, "") << arguments;
    for (const std::string& word : words) EXPECT_THAT(answer.err, testing::HasSubstr(word)) << arguments;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace mj::test
