// Errors of the host side: one value type for everything that can be wrong with an input.
//
// Guest faults are architectural values and never pass through here (see isa/*/exceptions). A broken ELF, a wrong key
// in a board file or an unreadable path becomes one Error that says what, where, why and what to try.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace mj {

/// Exit codes of the command line; stable, part of the public interface.
enum class ExitCode : int {
  ok = 0,
  firmware_failed = 1,  ///< the firmware itself reported failure (semihosting status, test finisher) or reset the chip
  usage = 2,            ///< wrong option or wrong configuration file
  budget = 3,           ///< a budget or a regression limit was exceeded
  firmware_fault = 4,   ///< the firmware faulted or locked up
  limit = 5,            ///< time or cycle limit reached before the firmware ended
  unsupported = 6,      ///< instruction, peripheral or format that we do not support
  unreadable = 7,       ///< an input file is missing, truncated or malformed
  differs = 8,          ///< a layer is not what its reference says (run --compare)
  internal = 70,        ///< our own bug
};

/// What, where, why, what to try: in the user's words, without a trailing full stop or newline in any part.
struct Error {
  ExitCode code = ExitCode::internal;
  std::string what;   ///< what went wrong: "not an ELF file"
  std::string where;  ///< file, byte offset, JSON pointer, address or symbol; may be empty
  std::string why;    ///< the evidence: "magic is 7f 45 4c 00"; may be empty
  std::string try_;   ///< what the user can do; may be empty

  /// One to four lines of text: "error: what", then "  where:", "  why:", "  try:" for each part that is not empty.
  std::string text() const;

  /// What and why, on one line: for a list of many.
  std::string brief() const { return what + (why.empty() ? "" : ": " + why); }
};

/// A value or an Error. Asking for the wrong one is our bug and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    assert(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(ok());
    return std::get<0>(std::move(state_));
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const Error& error() const {
    assert(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    assert(error_);
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace mj
