// A .npy file, as --compare DIR and --input read it.
#include "sim/npy.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto array = parse_npy(fuzz::text_of(data, size), "x.npy");
  if (!array.ok()) {
    fuzz::require_refusal(array.error());
    return 0;
  }
  std::uint64_t bytes = model::element_bits(array->type) / 8;
  for (const std::int64_t d : array->shape) {
    fuzz::require(d >= 0, "no dimension is negative");
    bytes *= static_cast<std::uint64_t>(d);
  }
  fuzz::require(array->bytes.size() == bytes, "an array that was read has its shape's size");
  const auto file = npy_file(*array);
  fuzz::require(file.ok(), "what was read can be written");
  const auto again = parse_npy(*file, "x.npy");
  fuzz::require(
      again.ok() && again->type == array->type && again->shape == array->shape && again->bytes == array->bytes,
      "what was written can be read");
  return 0;
}
