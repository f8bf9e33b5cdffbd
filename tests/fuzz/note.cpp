// The layer table inside a firmware image.
#include <span>

#include "sim/profile/model/note.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto note = model::parse_note(std::as_bytes(std::span(data, size)));
  if (!note.ok()) fuzz::require_refusal(note.error());
  return 0;
}
