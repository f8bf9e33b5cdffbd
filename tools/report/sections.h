// What a report says, as tables and sentences that text and Markdown share.
#pragma once

#include <string>
#include <vector>

#include "tools/report/table.h"

namespace mj::report {

struct Fact {
  std::string what, value;
};
using Facts = std::vector<Fact>;

/// "  what      value" lines, the values in a column of their own, wrapped at the options' width.
std::string facts_text(const Facts& facts, const Options& options);

/// Cycles outside of every inference.
Cycle outside_cycles(const profile::RunResult&);

Facts found(const profile::RunResult&);  ///< board, core, runtime, model, compiler
Table totals(const profile::RunResult&);
/// Layers in execution order, between layers, outside of inference, total; no rows when there is no network or none
/// ran.
Table layers(const profile::RunResult&);
/// Why layers() has no rows, or over how many inferences its rows sum.
std::string layers_remark(const profile::RunResult&);
enum class Order { self, inclusive };
/// The `rows` first functions in that order; by self cycles, a last row holds the others, so that they sum to the
/// total.
Table functions(const profile::RunResult&, Order order, std::size_t rows);
Table reasons(const profile::RunResult&);
/// Empty when nothing faulted.
Facts fault(const profile::RunResult&);
Facts verdict(const profile::RunResult&, const Options&);

}  // namespace mj::report
