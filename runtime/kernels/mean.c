// MEAN over any of up to four dimensions.
#include "fixed_point.h"
#include "mjrt/mjrt.h"

void mjrt_mean(const mjrt_mean_params* p, const int8_t* in, int8_t* out) {
  // The outer four loops run over kept dimensions, the inner four over reduced ones.
  int32_t keep[4], sum_over[4], stride[4], count = 1;
  for (int d = 3, s = 1; d >= 0; s *= p->dims[d--]) {
    stride[d] = s;
    keep[d] = p->reduced[d] ? 1 : p->dims[d];
    sum_over[d] = p->reduced[d] ? p->dims[d] : 1;
    count *= sum_over[d];
  }
  for (int32_t a = 0; a < keep[0]; ++a) {
    for (int32_t b = 0; b < keep[1]; ++b) {
      for (int32_t c = 0; c < keep[2]; ++c) {
        for (int32_t d = 0; d < keep[3]; ++d) {
          const int8_t* first = in + a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3];
          int32_t sum = -p->input_zero_point * count;
          for (int32_t i = 0; i < sum_over[0]; ++i) {
            for (int32_t j = 0; j < sum_over[1]; ++j) {
              for (int32_t k = 0; k < sum_over[2]; ++k) {
                const int8_t* x = first + i * stride[0] + j * stride[1] + k * stride[2];
                for (int32_t l = 0; l < sum_over[3]; ++l) sum += x[l * stride[3]];
              }
            }
          }
          const int32_t value = mjrt_rescale(sum, p->multiplier, p->shift) + p->output_zero_point;
          *out++ = (int8_t)mjrt_clamp(value, INT8_MIN, INT8_MAX);
        }
      }
    }
  }
}
