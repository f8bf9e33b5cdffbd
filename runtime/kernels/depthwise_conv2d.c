// DEPTHWISE_CONV_2D: every channel has a window of its own; neighbours in memory are neighbouring channels.
#include "mjrt/mjrt.h"
#include "output.h"
#include "simd.h"

// The part of the window that lies inside the input: taps [ky0, ky1) x [kx0, kx1), starting at input pixel (y, x).
typedef struct taps {
  int32_t ky0, ky1, kx0, kx1;
  int32_t y, x;
} taps;

// First and one past the last tap of `kernel` whose position start + k * dilation lies in [0, size).
static void clip(int32_t start, int32_t kernel, int32_t dilation, int32_t size, int32_t* first, int32_t* end) {
  *first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  const int32_t fit = size > start ? (size - start + dilation - 1) / dilation : 0;
  *end = fit < kernel ? fit : kernel;
}

static int32_t one_channel(const mjrt_conv_params* p, const taps* t, const int8_t* in, const int8_t* weights,
                           int32_t acc) {
  const mjrt_window* w = &p->window;
  for (int32_t ky = t->ky0; ky < t->ky1; ++ky) {
    const int8_t* x = in + ((t->y + ky * w->dilation_h) * w->in_w + t->x + t->kx0 * w->dilation_w) * w->in_c;
    const int8_t* k = weights + (ky * w->kernel_w + t->kx0) * w->out_c;
    for (int32_t kx = t->kx0; kx < t->kx1; ++kx) {
      acc += (*x + p->input_offset) * *k;
      x += w->dilation_w * w->in_c;
      k += w->out_c;
    }
  }
  return acc;
}

#ifdef MJRT_DSP
// Four neighbouring channels at once: one load brings four inputs, one four weights.
static void four_channels(const mjrt_conv_params* p, const taps* t, const int8_t* in, const int8_t* weights,
                          int32_t acc[4]) {
  const mjrt_window* w = &p->window;
  const uint32_t offset2 = mjrt_both(p->input_offset);
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (int32_t ky = t->ky0; ky < t->ky1; ++ky) {
    const int8_t* x = in + ((t->y + ky * w->dilation_h) * w->in_w + t->x + t->kx0 * w->dilation_w) * w->in_c;
    const int8_t* k = weights + (ky * w->kernel_w + t->kx0) * w->out_c;
    for (int32_t kx = t->kx0; kx < t->kx1; ++kx) {
      const uint32_t x_bytes = mjrt_load4(x), k_bytes = mjrt_load4(k);
      const uint32_t x_even = mjrt_even_plus(offset2, x_bytes), k_even = mjrt_even(k_bytes);
      const uint32_t x_odd = mjrt_odd_plus(offset2, x_bytes), k_odd = mjrt_odd(k_bytes);
      a0 = mjrt_mac_low(x_even, k_even, a0);
      a1 = mjrt_mac_low(x_odd, k_odd, a1);
      a2 = mjrt_mac_high(x_even, k_even, a2);
      a3 = mjrt_mac_high(x_odd, k_odd, a3);
      x += w->dilation_w * w->in_c;
      k += w->out_c;
    }
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}
#endif

void mjrt_depthwise_conv2d(const mjrt_conv_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                           int8_t* out) {
  const mjrt_window* w = &p->window;
  const int32_t multiplier = w->out_c / w->in_c;
  for (int32_t batch = 0; batch < w->batches; ++batch) {
    for (int32_t oy = 0; oy < w->out_h; ++oy) {
      taps t;
      t.y = oy * w->stride_h - w->pad_top;
      clip(t.y, w->kernel_h, w->dilation_h, w->in_h, &t.ky0, &t.ky1);
      for (int32_t ox = 0; ox < w->out_w; ++ox) {
        t.x = ox * w->stride_w - w->pad_left;
        clip(t.x, w->kernel_w, w->dilation_w, w->in_w, &t.kx0, &t.kx1);
        int32_t c = 0;
#ifdef MJRT_DSP
        for (; multiplier == 1 && c + 4 <= w->out_c; c += 4) {
          int32_t acc[4] = {0, 0, 0, 0};
          for (int32_t i = 0; bias && i < 4; ++i) acc[i] = bias[c + i];
          four_channels(p, &t, in + c, weights + c, acc);
          for (int32_t i = 0; i < 4; ++i) out[c + i] = mjrt_to_output(&p->output, c + i, acc[i]);
        }
#endif
        for (; c < w->out_c; ++c) {
          const int32_t acc = one_channel(p, &t, in + c / multiplier, weights + c, bias ? bias[c] : 0);
          out[c] = mjrt_to_output(&p->output, c, acc);
        }
        out += w->out_c;
      }
    }
    in += (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
  }
}
