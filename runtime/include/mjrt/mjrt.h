// mjrt: microjoule's small int8 inference runtime.
//
// Freestanding C11: no heap, no library but memcpy and memset, no global state. `microjoule build` plans all memory and
// computes all quantisation constants, so a network is straight-line calls of the kernels below.
//
// Arithmetic: TensorFlow Lite's int8 quantisation, bit for bit, in its default variant with double rounding
// (SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT), not the single-rounding one. Activations are NHWC.
// A kernel has one meaning and two speeds: where the compiler offers the Armv7E-M DSP instructions, inner loops use
// them (simd.h) and give the same bits as plain C.
#ifndef MJRT_MJRT_H
#define MJRT_MJRT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MJRT_VERSION "1"

// How a 32-bit accumulator becomes an int8: scale by multiplier * 2^(shift - 31), add offset, clamp.
typedef struct mjrt_output {
  const int32_t* multiplier;  // in [2^30, 2^31), or 0
  const int8_t* shift;        // positive: left
  int32_t channel_step;       // 1: one multiplier and shift a channel; 0: one for all
  int32_t offset;             // output zero point
  int32_t min, max;           // fused activation, within [-128, 127]
} mjrt_output;

// A window that slides over an NHWC tensor. Padding stands at the top and left; what lies behind the bottom and right
// edge follows from the sizes.
typedef struct mjrt_window {
  int32_t batches;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} mjrt_window;

typedef struct mjrt_conv_params {
  mjrt_window window;
  int32_t input_offset;  // minus the input's zero point
  mjrt_output output;
} mjrt_conv_params;

// Bytes of scratch that mjrt_conv2d needs, aligned to 4: two gathered input patches, none for a plain 1x1 convolution.
static inline size_t mjrt_conv2d_scratch_bytes(const mjrt_window* w) {
  if (w->kernel_h == 1 && w->kernel_w == 1 && w->pad_top == 0 && w->pad_left == 0) return 0;
  return 2 * (((size_t)w->kernel_h * (size_t)w->kernel_w * (size_t)w->in_c + 3) / 4 * 4);
}

// weights: [out_c][kernel_h][kernel_w][in_c]; bias: [out_c] or NULL.
void mjrt_conv2d(const mjrt_conv_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                 int8_t* scratch, int8_t* out);

// weights: [kernel_h][kernel_w][out_c]; out_c is a multiple of in_c; bias: [out_c] or NULL.
void mjrt_depthwise_conv2d(const mjrt_conv_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                           int8_t* out);

typedef struct mjrt_dense_params {
  int32_t batches, in_c, out_c;
  int32_t input_offset;
  mjrt_output output;
} mjrt_dense_params;

// weights: [out_c][in_c]; bias: [out_c] or NULL.
void mjrt_fully_connected(const mjrt_dense_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                          int8_t* out);

typedef struct mjrt_pool_params {
  mjrt_window window;  // dilation is 1
  int32_t min, max;
} mjrt_pool_params;

void mjrt_average_pool(const mjrt_pool_params* p, const int8_t* in, int8_t* out);
void mjrt_max_pool(const mjrt_pool_params* p, const int8_t* in, int8_t* out);

// One operand's way into the common scale of an addition; shifts are <= 0.
typedef struct mjrt_add_operand {
  int32_t offset;  // inputs: minus the zero point; output: the zero point
  int32_t multiplier;
  int32_t shift;
} mjrt_add_operand;

typedef struct mjrt_add_params {
  int32_t count;
  mjrt_add_operand a, b, output;
  int32_t min, max;
} mjrt_add_params;

void mjrt_add(const mjrt_add_params* p, const int8_t* a, const int8_t* b, int8_t* out);

typedef struct mjrt_softmax_params {
  int32_t rows, depth;
  int32_t multiplier;  // beta * input scale in Q5.26
  int32_t shift;       // >= 0
  int32_t diff_min;    // differences to the row's maximum below this give 0
} mjrt_softmax_params;

void mjrt_softmax(const mjrt_softmax_params* p, const int8_t* in, int8_t* out);

// Moves bytes; nothing to do where the planner gave both tensors one place.
void mjrt_reshape(const void* in, void* out, size_t bytes);

typedef struct mjrt_pad_params {
  int32_t out_dims[4], in_dims[4], before[4];  // missing leading dimensions are 1, 1 and 0
  int32_t value;
} mjrt_pad_params;

void mjrt_pad(const mjrt_pad_params* p, const int8_t* in, int8_t* out);

typedef struct mjrt_mean_params {
  int32_t dims[4];     // missing leading dimensions are 1
  int32_t reduced[4];  // 1: averaged over
  int32_t input_zero_point, output_zero_point;
  int32_t multiplier, shift;  // the 1/count is folded in
} mjrt_mean_params;

void mjrt_mean(const mjrt_mean_params* p, const int8_t* in, int8_t* out);

typedef struct mjrt_requantize_params {
  int32_t count;
  int32_t input_zero_point, output_zero_point;
  int32_t multiplier, shift;
} mjrt_requantize_params;

// From one quantised scale to another. 8-bit tensors differ in sign only: `in_flip` and `out_flip` are 0x80 for uint8
// (whose zero points are then given less 128) and 0 for int8.
void mjrt_requantize_8(const mjrt_requantize_params* p, uint8_t in_flip, uint8_t out_flip, const void* in, void* out);

typedef struct mjrt_affine_params {
  int32_t count;
  float scale;
  int32_t zero_point;
} mjrt_affine_params;

void mjrt_quantize(const mjrt_affine_params* p, const float* in, uint8_t out_flip, void* out);
void mjrt_dequantize(const mjrt_affine_params* p, const void* in, uint8_t in_flip, float* out);

#ifdef __cplusplus
}
#endif

#endif
