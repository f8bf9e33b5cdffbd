// A saved result: read, rendered in every format, written again.
#include "tests/fuzz/target.h"
#include "tools/report/report.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result = report::read_json(fuzz::text_of(data, size), "run.mj.json");
  if (!result.ok()) {
    fuzz::require_refusal(result.error());
    return 0;
  }
  for (const report::Format& format : report::formats()) format.render(*result, {});
  const std::string written = report::json(*result, {});
  const auto again = report::read_json(written, "again.mj.json");
  fuzz::require(again.ok(), "what was written can be read");
  fuzz::require(report::json(*again, {}) == written, "reading loses nothing");
  return 0;
}
