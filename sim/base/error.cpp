#include "sim/base/error.h"

namespace mj {

std::string Error::text() const {
  std::string out = "error: " + what;
  auto line = [&](const char* label, const std::string& part) {
    if (!part.empty()) out += std::string("\n  ") + label + ": " + part;
  };
  line("where", where);
  line("why", why);
  line("try", try_);
  return out;
}

}  // namespace mj
