// How the parts of a run are recognised again in another build of the same firmware.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/budget/budget.h"

namespace mj::budget {

/// A result's function name without what differs between builds: clone notes (.constprop.0) and addresses. The file
/// that tells namesakes apart stays.
std::string function_identity(std::string_view display);

/// A function and all that it calls, by identity, sorted. Empty: it is not in the call tree.
std::vector<std::string> functions_below(const profile::RunResult& result, const std::string& function);

/// `low` and `high` are factors.
Value with_interval(double value, double low, double high);

/// Whether all of `text` is as `pattern` says: * stands for any characters, ? for one.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace mj::budget
