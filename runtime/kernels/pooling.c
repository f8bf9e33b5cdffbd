// AVERAGE_POOL_2D and MAX_POOL_2D. Positions outside the input don't take part, not even in the average's count.
#include "fixed_point.h"
#include "mjrt/mjrt.h"

typedef struct area {
  int32_t y0, y1, x0, x1;  // input rows [y0, y1) and columns [x0, x1)
} area;

static area area_under(const mjrt_window* w, int32_t oy, int32_t ox) {
  const int32_t y = oy * w->stride_h - w->pad_top, x = ox * w->stride_w - w->pad_left;
  const int32_t y_end = y + w->kernel_h, x_end = x + w->kernel_w;
  const area a = {y < 0 ? 0 : y, y_end < w->in_h ? y_end : w->in_h, x < 0 ? 0 : x, x_end < w->in_w ? x_end : w->in_w};
  return a;
}

static int32_t average(const mjrt_window* w, area a, const int8_t* in) {
  int32_t sum = 0;
  for (int32_t y = a.y0; y < a.y1; ++y) {
    const int8_t* pixel = in + (y * w->in_w + a.x0) * w->in_c;
    for (int32_t x = a.x0; x < a.x1; ++x, pixel += w->in_c) sum += *pixel;
  }
  const int32_t count = (a.y1 - a.y0) * (a.x1 - a.x0);
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const mjrt_window* w, area a, const int8_t* in) {
  int32_t max = INT8_MIN;
  for (int32_t y = a.y0; y < a.y1; ++y) {
    const int8_t* pixel = in + (y * w->in_w + a.x0) * w->in_c;
    for (int32_t x = a.x0; x < a.x1; ++x, pixel += w->in_c) {
      if (*pixel > max) max = *pixel;
    }
  }
  return max;
}

// `reduce` is a constant at each call, so the compiler makes two plain loops of this.
static inline void pool(const mjrt_pool_params* p, const int8_t* in, int8_t* out,
                        int32_t (*reduce)(const mjrt_window*, area, const int8_t*)) {
  const mjrt_window* w = &p->window;
  for (int32_t batch = 0; batch < w->batches; ++batch) {
    for (int32_t oy = 0; oy < w->out_h; ++oy) {
      for (int32_t ox = 0; ox < w->out_w; ++ox) {
        const area a = area_under(w, oy, ox);
        for (int32_t c = 0; c < w->in_c; ++c) *out++ = (int8_t)mjrt_clamp(reduce(w, a, in + c), p->min, p->max);
      }
    }
    in += (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
  }
}

void mjrt_average_pool(const mjrt_pool_params* p, const int8_t* in, int8_t* out) { pool(p, in, out, average); }

void mjrt_max_pool(const mjrt_pool_params* p, const int8_t* in, int8_t* out) { pool(p, in, out, maximum); }
