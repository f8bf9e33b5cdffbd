#include <fmt/format.h>

#include <algorithm>

#include "tools/sweep/render.h"

namespace mj::sweep {

const std::vector<Format>& formats() {
  static const std::vector<Format> list{{"text", "sweep.txt", text},
                                        {"csv", "sweep.csv", csv},
                                        {"json", "sweep.json", json},
                                        {"md", "sweep.md", markdown}};
  return list;
}

Result<const Format*> find_format(std::string_view name) {
  std::string known;
  for (const Format& f : formats()) {
    if (f.name == name) return &f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  return Error{ExitCode::usage, fmt::format("unknown format '{}'", name), "", "", "--format with one of: " + known};
}

}  // namespace mj::sweep
