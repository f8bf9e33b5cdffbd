// A budget's figures as people read them.
#pragma once

#include <string>

#include "tools/budget/budget.h"

namespace mj::budget {

std::string figure(Metric metric, double v);  ///< "1,615,019 cycles", "105.709 ms"
std::string with_unit(double v, std::string_view unit);
std::string plain_number(double v);               ///< "1,615,019", "105.709": six decimals at most
std::string signed_number(double v);              ///< "+400,000", "-0.5"
std::string signed_percent(double v, double of);  ///< "+24.8 %" of `of`; "" when that is 0
std::string limit_name(LimitKind kind);           ///< "max_increase_percent"
/// "max 1,615,019", "baseline 1,615,019 +2 %": what was allowed, in words.
std::string limit_text(const Rule& rule, const Check& check);
/// "1,300,000 to 1,900,000"; empty when the figure has no interval.
std::string interval_text(const Check& check);
/// How the figure differs from the limit (max) or from the baseline (increases): "+400,000, +24.8 %".
std::string delta_text(const Check& check);
/// "function mjrt_conv2d: 1,615,019 cycles, was 1,215,019 (+400,000, +32.9 %)".
std::string contributor_text(const Contributor& contributor);
/// "3 of 31 limits exceeded", "all 31 limits hold", "not judged: ...".
std::string verdict_text(const Verdict& verdict);

}  // namespace mj::budget
