// What a function does, by its name: which work a program does outside of its networks (printing, extracting features,
// waiting), and which helpers of compiler and C library it does it with (floating point in software, copying memory).
//
// A call's part is a pair of both. Work goes down the call tree: whatever printf calls is printing, its divisions, too.
// The innermost function with a known name decides, except below printing and interrupt handlers, which keep what they
// call; a helper called by another one counts as itself, except below floating point in software. Code that the
// compiler inlined has no call and is its caller's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/profile/run_result.h"
#include "sim/profile/symbols.h"

namespace mj::profile {

/// A pair of work and helper as the call tree counts it; 0: neither is known.
using PartId = std::uint8_t;

class Families {
 public:
  explicit Families(const SymbolTable& symbols) : symbols_(symbols) {}

  /// The part of a function called from within part `around`; of an exception, `function` doesn't matter.
  PartId part_of(PartId around, Address function, bool exception);

  /// Functions that were asked for and whose name is known, by name, and why.
  std::vector<FamilyMember> members() const;

 private:
  struct Row;
  static const Row* row_of(const Symbol& s);
  const Row* known(Address function);
  static std::span<const Row> rows();

  const SymbolTable& symbols_;
  std::unordered_map<Address, const Row*> rows_of_;  ///< by function; nullptr: its name says nothing
};

/// What was done by PartId as rows of a result, those of which nothing was done left out.
std::vector<Part> parts_of(const std::vector<energy::Activities>& by_part);

}  // namespace mj::profile
