// A tensor for --input: .npy, and the same bytes taken as raw ones.
#include "sim/tensor_io.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  model::NoteTensor tensor;
  tensor.name = "input";
  tensor.shape = {2, 4};
  tensor.bytes = 8;
  for (const char* name : {"x.npy", "x.bin"}) {
    const auto bytes = read_tensor(scratch.write(name, fuzz::text_of(data, size)), tensor);
    if (!bytes.ok()) {
      fuzz::require_refusal(bytes.error());
      continue;
    }
    fuzz::require(bytes->size() == tensor.bytes, "a tensor that was read has its size");
    const std::string copy = (scratch.dir() / (std::string("copy_") + name)).string();
    fuzz::require(write_tensor(copy, tensor, *bytes).ok(), "it can be written");
    const auto again = read_tensor(copy, tensor);
    fuzz::require(again.ok() && *again == *bytes, "what was written can be read");
  }
  return 0;
}
