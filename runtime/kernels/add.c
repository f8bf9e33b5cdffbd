// ADD of two tensors of one shape: both operands are brought to a common scale with 20 more bits, added, rescaled.
#include "fixed_point.h"
#include "mjrt/mjrt.h"

enum { EXTRA_BITS = 20 };

static inline int32_t to_common_scale(const mjrt_add_operand* operand, int8_t value) {
  return mjrt_rescale((value + operand->offset) * (1 << EXTRA_BITS), operand->multiplier, operand->shift);
}

void mjrt_add(const mjrt_add_params* p, const int8_t* a, const int8_t* b, int8_t* out) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t sum = to_common_scale(&p->a, a[i]) + to_common_scale(&p->b, b[i]);
    const int32_t value = mjrt_rescale(sum, p->output.multiplier, p->output.shift) + p->output.offset;
    out[i] = (int8_t)mjrt_clamp(value, p->min, p->max);
  }
}
