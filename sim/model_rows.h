// What the files under models/ say of a core besides its timing table: a row of identity.json and one of accuracy.json.
// They are part of the program: what is wrong with them is never ignored.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/board.h"

namespace mj {

/// The error interval of a core's cycles and where it comes from.
struct CycleConfidence {
  std::string tier = "unknown";  ///< "RTL-exact", "silicon-measured", "documented", "inferred"
  double low_percent = -50, high_percent = 50;
  std::string source = "nothing is known about this core's error";
};

/// models/cores/<name>.json; nullopt if there is none.
std::optional<std::string> read_core_file(std::string_view name);

/// How sure the cycles of a core are (accuracy.json). Errors: unreadable.
Result<CycleConfidence> confidence_of(const std::string& core);

/// Identification registers and the like (identity.json) of the board's core, or of the board if it or one that it
/// extends has a row of its own.
class Identity {
 public:
  /// Errors: unreadable.
  static Result<Identity> of(const BoardSpec& board);
  bool has(const char* key) const { return registers_.count(key) != 0; }
  std::uint32_t get(const char* key, std::uint32_t otherwise = 0) const;

  /// RISC-V: control and status registers that read the same always, or without a value, that the core doesn't have.
  struct Csrs {
    std::uint32_t first, last;
    std::optional<std::uint32_t> value;
  };
  const std::vector<Csrs>& csrs() const { return csrs_; }

 private:
  std::map<std::string, std::uint32_t> registers_;
  std::vector<Csrs> csrs_;
};

}  // namespace mj
