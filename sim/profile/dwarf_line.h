// The line number program of DWARF 2 to 5 (.debug_line): address rows and file names.
//
// Own code rather than libdw's dwarf_getsrclines, because that sorts the rows of all sequences of a unit into one list:
// the sequences of functions that --gc-sections removed start at address 0 and would mix with live code where flash
// itself begins at 0 (nRF52, RP2040 boot ROM, MPS2). Here each sequence stays whole and can be dropped whole.
// Source: DWARF 5 section 6.2, DWARF 4 section 6.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mj::profile {

/// One row: from `addr` up to the next row's address. `file` indexes LineProgram::files.
struct LineRow {
  std::uint32_t addr = 0;
  std::uint32_t file = 0;
  std::uint32_t line = 0;    ///< from 1; 0: code that belongs to no line
  std::uint32_t column = 0;  ///< from 1; 0: unknown
};

/// Rows with rising addresses that end at `end`.
struct LineSequence {
  std::vector<LineRow> rows;
  std::uint32_t end = 0;
};

struct LineProgram {
  /// By the file numbers of DW_AT_decl_file and DW_AT_call_file: from 0 in DWARF 5, from 1 before ([0] is empty).
  std::vector<std::string> files;
  std::vector<LineSequence> sequences;
  std::string error;  ///< empty, or why reading stopped; what was read up to there is kept
};

/// The sections that a line program refers to.
struct LineSections {
  std::span<const std::byte> line, line_str, str;
};

/// File names of one program are kept up to this many bytes all together: entries can share long names.
inline constexpr std::size_t kMaxFileNameBytes = std::size_t{16} << 20;

/// Parses the program at `offset` of .debug_line. File names are relative to `comp_dir` where they lie inside it,
/// otherwise as in the file. Never reads outside of the sections.
LineProgram parse_line_program(const LineSections& sections, std::uint64_t offset, const std::string& comp_dir);

/// "a/./b/../c" -> "a/c", and the part behind `comp_dir` when the path is inside it.
std::string relative_path(const std::string& path, const std::string& comp_dir);

}  // namespace mj::profile
