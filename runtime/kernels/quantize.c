// QUANTIZE and DEQUANTIZE: between float and 8-bit tensors, and from one 8-bit scale to another.
//
// A uint8 is an int8 with its top bit flipped and a zero point 128 higher, so one loop serves both.
#include "fixed_point.h"
#include "mjrt/mjrt.h"

void mjrt_requantize_8(const mjrt_requantize_params* p, uint8_t in_flip, uint8_t out_flip, const void* in, void* out) {
  const uint8_t* from = in;
  uint8_t* to = out;
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t value = (int8_t)(from[i] ^ in_flip) - p->input_zero_point;
    const int32_t scaled = mjrt_rescale(value, p->multiplier, p->shift) + p->output_zero_point;
    to[i] = (uint8_t)mjrt_clamp(scaled, INT8_MIN, INT8_MAX) ^ out_flip;
  }
}

// Halves away from zero; |x| beyond the 8-bit range is clamped first, and a NaN becomes 0.
static int32_t round_to_int(float x) {
  if (!(x > -1000.0F)) return x < 0 ? -1000 : 0;
  if (x > 1000.0F) return 1000;
  const int32_t whole = (int32_t)x;
  const float rest = x - (float)whole;
  return whole + (rest >= 0.5F) - (rest <= -0.5F);
}

void mjrt_quantize(const mjrt_affine_params* p, const float* in, uint8_t out_flip, void* out) {
  uint8_t* to = out;
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t value = round_to_int(in[i] / p->scale) + p->zero_point;
    to[i] = (uint8_t)mjrt_clamp(value, INT8_MIN, INT8_MAX) ^ out_flip;
  }
}

void mjrt_dequantize(const mjrt_affine_params* p, const void* in, uint8_t in_flip, float* out) {
  const uint8_t* from = in;
  // One exact product of 24 by 9 bits, rounded once: the same as TensorFlow Lite's product in double, rounded to float.
  for (int32_t i = 0; i < p->count; ++i) out[i] = p->scale * (float)((int8_t)(from[i] ^ in_flip) - p->zero_point);
}
