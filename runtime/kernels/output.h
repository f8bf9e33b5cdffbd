// From an accumulator to an int8 of the output tensor.
#ifndef MJRT_KERNELS_OUTPUT_H
#define MJRT_KERNELS_OUTPUT_H

#include "fixed_point.h"
#include "mjrt/mjrt.h"

static inline int8_t mjrt_to_output(const mjrt_output* o, int32_t channel, int32_t acc) {
  const int32_t i = channel * o->channel_step;
  return (int8_t)mjrt_clamp(mjrt_rescale(acc, o->multiplier[i], o->shift[i]) + o->offset, o->min, o->max);
}

#endif
