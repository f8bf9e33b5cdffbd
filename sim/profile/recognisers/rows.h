// The static halves that recognisers.cpp lists.
#pragma once

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

Result<Candidate> look_for_mjrt(const Program& program);
Result<Candidate> look_for_tflm(const Program& program);
Result<Candidate> look_for_generators(const Program& program);
Result<Candidate> look_for_kernels(const Program& program);

}  // namespace mj::profile
