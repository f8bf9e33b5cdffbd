// A finished sweep as text, Markdown, CSV and JSON: one row a format in formats().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/report/report.h"
#include "tools/sweep/sweep.h"

namespace mj::sweep {

struct Format {
  std::string_view name;  ///< what --format takes
  std::string_view file;  ///< what it is called in the sweep's folder: "sweep.txt"
  std::string (*render)(const Sweep&, const report::Options&);
};
/// All formats; the only list.
const std::vector<Format>& formats();
/// The format of that name. Errors: usage, with the names.
Result<const Format*> find_format(std::string_view name);

std::string text(const Sweep&, const report::Options&);
std::string markdown(const Sweep&, const report::Options&);
std::string csv(const Sweep&, const report::Options&);   ///< one row a point, all figures with their intervals
std::string json(const Sweep&, const report::Options&);  ///< models/schema/sweep.schema.json

inline constexpr int schema_version = 1;

}  // namespace mj::sweep
