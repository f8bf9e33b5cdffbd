// An Intel HEX file as firmware.
#include "memory/elf_image.h"
#include "memory/hex_image.h"
#include "tests/fuzz/target.h"

using namespace mj;
using namespace mj::memory;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto elf = elf_of_hex(bytes, "fuzz.hex");
  if (!elf) {
    fuzz::require_refusal(elf.error());
    return 0;
  }
  const auto image = ElfImage::from_bytes(*elf, "fuzz.hex");
  if (!image) {
    fuzz::require_refusal(image.error());
    return 0;
  }
  std::size_t loaded = 0;
  for (const LoadSegment& s : image->segments()) loaded += s.bytes.size();
  fuzz::require(loaded > 0 && 2 * loaded < size, "each byte was written with two digits");
  return 0;
}
