#include "sim/profile/recognisers/rows.h"

namespace mj::profile {

std::span<const Recogniser> recognisers() {
  static constexpr Recogniser rows[] = {
      {"mjrt", look_for_mjrt},
      {"tflm", look_for_tflm},
      {"generated", look_for_generators},
      {"kernels", look_for_kernels},
  };
  return rows;
}

}  // namespace mj::profile
