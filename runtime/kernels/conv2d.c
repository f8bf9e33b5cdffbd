// CONV_2D: every output pixel is the product of an input patch with the weight matrix [out_c][patch].
#include "dot.h"
#include "mjrt/mem.h"
#include "mjrt/mjrt.h"
#include "output.h"

// Copies the patch under output (oy, ox) into `patch`, as one row of kernel_h * kernel_w * in_c bytes. Outside the
// input it holds the zero point, which is what TensorFlow Lite's "skip it" amounts to.
static void gather(const mjrt_window* w, const int8_t* in, int32_t oy, int32_t ox, int8_t zero_point, int8_t* patch) {
  const int32_t y0 = oy * w->stride_h - w->pad_top, x0 = ox * w->stride_w - w->pad_left;
  const size_t pixel = (size_t)w->in_c;
  for (int32_t ky = 0; ky < w->kernel_h; ++ky) {
    const int32_t y = y0 + ky * w->dilation_h;
    const size_t row = pixel * (size_t)w->kernel_w;
    if (y < 0 || y >= w->in_h) {
      memset(patch, zero_point, row);
      patch += row;
      continue;
    }
    const int8_t* line = in + (size_t)y * (size_t)w->in_w * pixel;
    if (w->dilation_w == 1 && x0 >= 0 && x0 + w->kernel_w <= w->in_w) {
      memcpy(patch, line + (size_t)x0 * pixel, row);
      patch += row;
      continue;
    }
    for (int32_t kx = 0; kx < w->kernel_w; ++kx) {
      const int32_t x = x0 + kx * w->dilation_w;
      if (x < 0 || x >= w->in_w) {
        memset(patch, zero_point, pixel);
      } else {
        memcpy(patch, line + (size_t)x * pixel, pixel);
      }
      patch += pixel;
    }
  }
}

static inline int32_t bias_of(const int32_t* bias, int32_t channel) { return bias ? bias[channel] : 0; }

static void two_pixels(const mjrt_conv_params* p, const int8_t* x0, const int8_t* x1, const int8_t* weights,
                       const int32_t* bias, int32_t patch, int8_t* out) {
  const int32_t channels = p->window.out_c;
  int32_t c = 0;
  for (; c + 2 <= channels; c += 2, weights += 2 * patch) {
    const int32_t b0 = bias_of(bias, c), b1 = bias_of(bias, c + 1);
    int32_t acc[4] = {b0, b1, b0, b1};
    mjrt_dot_2x2(x0, x1, weights, weights + patch, patch, p->input_offset, acc);
    out[c] = mjrt_to_output(&p->output, c, acc[0]);
    out[c + 1] = mjrt_to_output(&p->output, c + 1, acc[1]);
    out[channels + c] = mjrt_to_output(&p->output, c, acc[2]);
    out[channels + c + 1] = mjrt_to_output(&p->output, c + 1, acc[3]);
  }
  if (c < channels) {
    const int32_t b = bias_of(bias, c);
    out[c] = mjrt_to_output(&p->output, c, mjrt_dot_1x1(x0, weights, patch, p->input_offset, b));
    out[channels + c] = mjrt_to_output(&p->output, c, mjrt_dot_1x1(x1, weights, patch, p->input_offset, b));
  }
}

static void one_pixel(const mjrt_conv_params* p, const int8_t* x, const int8_t* weights, const int32_t* bias,
                      int32_t patch, int8_t* out) {
  int32_t c = 0;
  for (; c + 2 <= p->window.out_c; c += 2, weights += 2 * patch) {
    int32_t acc[2] = {bias_of(bias, c), bias_of(bias, c + 1)};
    mjrt_dot_1x2(x, weights, weights + patch, patch, p->input_offset, acc);
    out[c] = mjrt_to_output(&p->output, c, acc[0]);
    out[c + 1] = mjrt_to_output(&p->output, c + 1, acc[1]);
  }
  if (c < p->window.out_c) {
    out[c] = mjrt_to_output(&p->output, c, mjrt_dot_1x1(x, weights, patch, p->input_offset, bias_of(bias, c)));
  }
}

void mjrt_conv2d(const mjrt_conv_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                 int8_t* scratch, int8_t* out) {
  const mjrt_window* w = &p->window;
  const int32_t patch = w->kernel_h * w->kernel_w * w->in_c;
  const size_t scratch_bytes = mjrt_conv2d_scratch_bytes(w);
  const int8_t zero_point = (int8_t)-p->input_offset;
  const int32_t pixels = w->out_h * w->out_w;
  for (int32_t batch = 0; batch < w->batches; ++batch) {
    int32_t oy = 0, ox = 0;
    const int8_t* waiting = NULL;  // the even pixel of a pair, until its partner comes
    for (int32_t i = 0; i < pixels; ++i) {
      const int8_t* x;
      if (scratch_bytes == 0) {
        x = in + (size_t)(oy * w->stride_h * w->in_w + ox * w->stride_w) * (size_t)w->in_c;
      } else {
        int8_t* half = scratch + (waiting ? scratch_bytes / 2 : 0);
        gather(w, in, oy, ox, zero_point, half);
        x = half;
      }
      if (waiting) {
        two_pixels(p, waiting, x, weights, bias, patch, out);
        out += 2 * w->out_c;
        waiting = NULL;
      } else {
        waiting = x;
      }
      if (++ox == w->out_w) ox = 0, ++oy;
    }
    if (waiting) {
      one_pixel(p, waiting, weights, bias, patch, out);
      out += w->out_c;
    }
    in += (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
  }
}
