// What a report says, as tables and sentences that text and Markdown share.
#pragma once

#include <optional>
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

/// An empty line, then a section's title and a dimmed remark, wrapped at the options' width.
std::string title(const std::string& name, const std::string& remark, const Options& options);

/// Cycles outside of every inference.
Cycle outside_cycles(const profile::RunResult&);
/// Energy outside of every inference, exact: the run's is this and the networks'. None if any of these is unknown.
std::optional<profile::Energy> outside_energy(const profile::RunResult&);
/// "1.050 mJ to 1.500 mJ".
std::string range(double low, double high, std::string_view unit);
/// Why there are no joules.
std::string unknown_energy(const profile::RunResult&);
/// "internal LDO at 3 V".
std::string supply_text(const profile::EnergyModel&);
/// "-12.0 % to +15.5 %, datasheet": what stands beside every joule.
std::string confidence(const profile::Energy&);

Facts found(const profile::RunResult&);  ///< what-ifs first, then board, core, runtime, model, compiler
Table totals(const profile::RunResult&);
/// Layers in execution order, between layers, outside of inference, total; no rows when there is no network or none
/// ran.
Table layers(const profile::RunResult&);
/// More of each layer: kernel, first and typical cycles, MACs per cycle, weights, arena, what bounds it.
Table layer_details(const profile::RunResult&);
/// What the whole run was spent with, in cycles and joules, by names of functions: a row a work (what it calls
/// included), one for each helper of code that has no work of its own, one for the rest; they sum to the total. No rows
/// when no name says anything.
Table families(const profile::RunResult&);
/// What phases were spent with, and layers of which helpers take a good part, by names of functions; a row each. Empty
/// when nobody knows.
Facts parts(const profile::RunResult&);
inline constexpr const char* families_remark = "the whole run by names of functions, what they call included";
inline constexpr const char* parts_remark = "by names of functions; shares of each row's cycles";
/// "3"; "1.3" of several networks; "1:3" in another subgraph than the main one.
std::string layer_number(const profile::RunResult&, const profile::Layer&);
/// Bytes that each layer moved, by memory region, in layers' order and summing to the total's; no rows when there is no
/// network, or the saved result is of a version that didn't count them.
Table traffic(const profile::RunResult&);
/// What its columns hold.
std::string traffic_remark(const profile::RunResult&);
/// What the columns of layer_details() are, and the core's peak.
std::string layer_details_remark(const profile::RunResult&);
/// Why layers() has no rows, or over how many inferences its rows sum, and how sure their joules are.
std::string layers_remark(const profile::RunResult&);
enum class Order { self, inclusive };
/// The `rows` first functions in that order; by self cycles, a last row holds the others, so that they sum to the
/// total.
Table functions(const profile::RunResult&, Order order, std::size_t rows);
/// What the functions are sorted by, and how sure their joules are.
std::string functions_remark(const profile::RunResult&, Order order);
Table reasons(const profile::RunResult&);
std::string reasons_remark(const profile::RunResult&);
/// Energy by where it went: core, flash, SRAM, static, sleep, total; no rows when it is unknown.
Table energy_split(const profile::RunResult&);
/// The interval, tier and supply of its joules.
std::string energy_remark(const profile::RunResult&);
/// What the user says that accelerators take; no rows when the user says nothing.
Table user_figures(const profile::RunResult&);
std::string user_figures_remark();
Facts battery(const BatteryLife&);
/// Regions of interest, a row each, and regions that the firmware marked; no rows when there are none.
Table regions(const profile::RunResult&);
/// Layers against a reference: how many are equal; the first that is wrong and why, what else is to say. Empty when
/// nobody asked.
std::string compare_remark(const profile::RunResult&);
Facts compare(const profile::RunResult&);
/// Empty when nothing faulted.
Facts fault(const profile::RunResult&);
Facts verdict(const profile::RunResult&, const Options&);

}  // namespace mj::report
