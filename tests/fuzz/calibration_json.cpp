// A user's file of cycles measured on a board.
#include "tests/fuzz/target.h"
#include "tools/calibrate/calibrate.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  const auto rows = calibrate::read_measurements(scratch.write("measured.json", fuzz::text_of(data, size)));
  if (!rows.ok()) {
    fuzz::require_refusal(rows.error());
    return 0;
  }
  fuzz::require(!rows->empty(), "a file that is taken measures something");
  for (const calibrate::Measurement& m : *rows)
    fuzz::require(m.window.find(':') != std::string::npos && m.uncertainty >= 0, "windows have two ends");
  return 0;
}
