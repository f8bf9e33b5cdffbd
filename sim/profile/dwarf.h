// Source lines and inlined functions of a firmware image, from its DWARF 2-5 (.debug_info, .debug_line).
//
// Everything is read once, at load, into sorted disjoint address intervals; no look-up touches DWARF again. Leftovers
// of functions that the linker removed (ranges at address 0 or outside of every executable section) are dropped.
// Malformed DWARF yields less information and a sentence in diagnostics(), never an error: a profile without lines is a
// profile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory/elf_image.h"
#include "sim/profile/intervals.h"

namespace mj::profile {

/// "No such entry" for the ids below.
inline constexpr std::uint32_t kNone = 0xffffffff;

/// A place in the source. `file` is relative to the unit's compilation directory where it lies inside it.
struct LineInfo {
  std::string file;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t column = 0;  ///< from 1; 0: unknown
  bool operator==(const LineInfo&) const = default;
};

/// One inlined call: `name` (declared at decl_file:decl_line) was inlined into its parent at call_file:call_line.
struct InlineFrame {
  std::string name;          ///< short name as people read it ("arm_nn_requantize", "tflite::Eval")
  std::string linkage_name;  ///< mangled name; equals `name` where there is none
  std::string decl_file;
  std::uint32_t decl_line = 0;
  std::string call_file;
  std::uint32_t call_line = 0;
  bool operator==(const InlineFrame&) const = default;
};

/// A function as the debug information knows it (not inlined; a clone counts as its origin).
struct DebugFunction {
  std::string name;
  std::string linkage_name;
  std::string decl_file;
  std::uint32_t decl_line = 0;
  std::string unit;  ///< source file of the compilation unit that declares it; under LTO the original one
};

/// A maximal address interval with one line and one inline chain.
struct SourceInterval {
  std::uint32_t start = 0;
  std::uint32_t end = 0;           ///< exclusive
  std::uint32_t file = kNone;      ///< id for DebugInfo::file_name, or kNone
  std::uint32_t line = 0;          ///< 0: unknown, or code that belongs to no line
  std::uint32_t inlined = kNone;   ///< innermost inlined call, id for DebugInfo::inline_frame, or kNone
  std::uint32_t function = kNone;  ///< id for DebugInfo::function, or kNone
  bool operator==(const SourceInterval&) const = default;
};

class DebugInfo {
 public:
  /// No debug information at all.
  DebugInfo() = default;
  /// Reads what the image has. Nothing or nonsense there: an empty DebugInfo, see diagnostics().
  static DebugInfo load(const memory::ElfImage& image);

  bool has_lines() const { return !lines_.empty(); }
  bool has_functions() const { return !function_ranges_.empty(); }
  /// What was malformed or ignored, one sentence each; deterministic, at most about twenty.
  const std::vector<std::string>& diagnostics() const { return diagnostics_; }

  /// The source line of an instruction; nullopt when unknown.
  std::optional<LineInfo> line(std::uint32_t address) const;
  /// The inlined calls that an instruction belongs to, innermost first; empty when it is the function's own.
  std::vector<InlineFrame> inlined_at(std::uint32_t address) const;
  /// The function (not inlined) whose ranges hold the address; nullptr when unknown.
  const DebugFunction* function_at(std::uint32_t address) const;

  /// Splits [start, end) into maximal intervals with the same line, inline chain and function. They cover it without
  /// gaps: what nothing is known about has kNone and line 0.
  std::vector<SourceInterval> intervals(std::uint32_t start, std::uint32_t end) const;
  const std::string& file_name(std::uint32_t id) const { return files_[id]; }
  const DebugFunction& function(std::uint32_t id) const { return functions_[id]; }
  const InlineFrame& inline_frame(std::uint32_t id) const { return inlines_[id].frame; }
  /// The inlined call around this one, or kNone: its caller is the function itself.
  std::uint32_t inline_parent(std::uint32_t id) const { return inlines_[id].parent; }

 private:
  friend class DwarfLoader;
  struct LineRange {
    std::uint32_t start, end, file, line, column;
  };
  struct Inlined {
    InlineFrame frame;
    std::uint32_t parent = kNone;
  };
  std::vector<std::string> files_;
  std::vector<LineRange> lines_;          // sorted, disjoint
  std::vector<FlatRange> inline_ranges_;  // value: innermost index into inlines_
  std::vector<Inlined> inlines_;
  std::vector<FlatRange> function_ranges_;  // value: index into functions_
  std::vector<DebugFunction> functions_;
  std::vector<std::string> diagnostics_;
};

}  // namespace mj::profile
