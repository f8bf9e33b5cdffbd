// Thumb programs in qemu-system-arm, the second oracle: thousands of them in one process, each begun by a small
// firmware (qemu_bench.S) that writes down what it left.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace mj::differential {

struct QemuFamily {
  std::string_view name;
  std::string_view core;     ///< models/cores
  std::string_view machine;  ///< QEMU's
  std::uint32_t load;        ///< where it has the memory that also is at 0
};
std::span<const QemuFamily> qemu_families();

struct QemuReport {
  std::uint64_t instructions = 0, programs = 0;
  std::uint64_t left_out = 0;  ///< runs that end in lockup or without a stack: nothing could be written down
  std::map<std::string, std::uint64_t> excused;  ///< differences that QEMU's known errors explain
  unsigned differences = 0;
  std::string difference;  ///< empty: none
  std::string trouble;     ///< why QEMU could not be asked; empty: it was
};

/// `folder`: for the image and what the programs left; `bench`: qemu_bench.S as bytes, a file.
QemuReport compare_with_qemu(const QemuFamily& family, std::uint64_t instructions, std::uint64_t seed,
                             const std::string& folder, const std::string& bench, unsigned differences = 1);

std::string text(const QemuFamily& family, const QemuReport& report, std::uint64_t seed);

}  // namespace mj::differential
