// RESHAPE and PAD: operators that move values without changing them.
#include "mjrt/mem.h"
#include "mjrt/mjrt.h"

void mjrt_reshape(const void* in, void* out, size_t bytes) {
  if (in != out) memcpy(out, in, bytes);
}

void mjrt_pad(const mjrt_pad_params* p, const int8_t* in, int8_t* out) {
  const int32_t *o = p->out_dims, *n = p->in_dims, *before = p->before;
  const size_t row = (size_t)n[3];
  memset(out, (int)p->value, (size_t)o[0] * (size_t)o[1] * (size_t)o[2] * (size_t)o[3]);
  for (int32_t b = 0; b < n[0]; ++b) {
    for (int32_t y = 0; y < n[1]; ++y) {
      for (int32_t x = 0; x < n[2]; ++x, in += row) {
        const int32_t pixel = ((b + before[0]) * o[1] + y + before[1]) * o[2] + x + before[2];
        memcpy(out + (size_t)pixel * (size_t)o[3] + before[3], in, row);
      }
    }
  }
}
