// Why cycles were spent: the closed set of causes that every result splits its cycles into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mj::timing {

// name, what a report says
#define MJ_TIMING_REASONS(X)                                     \
  X(issue, "issue")             /* one per instruction */        \
  X(load_use, "load-use")       /* waits for loaded data */      \
  X(address_use, "address-use") /* waits for an address */       \
  X(result_use, "result-use")   /* waits for another result */   \
  X(memory, "load/store")       /* the access's own cycles */    \
  X(branch, "branch refill")                                     \
  X(mispredict, "mispredict")                                    \
  X(target_alignment, "target alignment")                        \
  X(fetch, "fetch bandwidth")                                    \
  X(multiply, "multiply")                                        \
  X(divide, "divide")                                            \
  X(fp, "floating point")                                        \
  X(system, "system") /* MRS, CSR, barriers */                   \
  X(unaligned, "unaligned access")                               \
  X(contention, "bus contention")                                \
  X(fetch_wait, "fetch wait states") /* flash without a cache */ \
  X(data_wait, "data wait states")                               \
  X(fetch_miss, "instruction cache miss")                        \
  X(cache_miss, "data cache miss")                               \
  X(write_buffer, "write buffer")                                \
  X(exception, "exception entry/exit")                           \
  X(idle, "sleep") /* WFI, WFE */                                \
  X(other, "other")

enum class Reason : std::uint8_t {
#define X(name, text) name,
  MJ_TIMING_REASONS(X)
#undef X
      count_
};

inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::count_);

/// The reason's key in results and core files ("load_use").
constexpr std::string_view name(Reason reason) {
  constexpr std::string_view names[] = {
#define X(name, text) #name,
      MJ_TIMING_REASONS(X)
#undef X
  };
  return names[static_cast<std::size_t>(reason)];
}

/// The reason in a report ("load-use").
constexpr std::string_view title(Reason reason) {
  constexpr std::string_view titles[] = {
#define X(name, text) text,
      MJ_TIMING_REASONS(X)
#undef X
  };
  return titles[static_cast<std::size_t>(reason)];
}

}  // namespace mj::timing
