// Prototypes of inference libraries' kernels, from their public headers: arm_nnfunctions.h of CMSIS-NN 4.0 to 7.0 (and
// the q7/q15 interface of CMSIS 5), muriscv_nn_functions.h, esp_nn_ansi_headers.h, tinyengine_function.h.
#include "sim/profile/recognisers/kernels.h"

namespace mj::profile {

namespace {

// Dimensions are {n, h, w, c}; a filter's n is the number of output channels, a fully connected layer's n its depth.
constexpr std::string_view with_dims = "- - - in.nhwc @in w.nhwc @w - - out.nhwc @out";
constexpr std::string_view with_upscale = "- - - in.nhwc @in w.nhwc @w - - - out.nhwc @out";
constexpr std::string_view transposed = "- - - - in.nhwc @in w.nhwc @w - - out.nhwc @out";
constexpr std::string_view pooling = "- - in.nhwc @in w.nhwc out.nhwc @out";
constexpr std::string_view adding = "@in @in2 - - - - - - - @out - - - - - n";
constexpr std::string_view multiplying = "@in @in2 - - @out - - - - - n";
constexpr std::string_view rows_of_softmax = "@in in.h in.c - - - @out";

constexpr KernelRow cmsis_nn[] = {
    {"convolve_s8", "CONV_2D", with_upscale},
    {"convolve_*s8*", "CONV_2D", with_dims},
    {"convolve_*s4*", "CONV_2D", with_dims},
    {"convolve_*s16*", "CONV_2D", with_dims},
    {"convolve_*f32*", "CONV_2D", with_dims},
    {"transpose_conv_*", "TRANSPOSE_CONV", transposed},
    {"depthwise_conv_*", "DEPTHWISE_CONV_2D", with_dims},
    {"fully_connected_*", "FULLY_CONNECTED", with_dims},
    {"batch_matmul_s*", "BATCH_MATMUL", "- - - in.nhwc @in w.nhwc @w out.nhwc @out"},
    {"avgpool_s*", "AVERAGE_POOL_2D", pooling},
    {"max_pool_s*", "MAX_POOL_2D", pooling},
    {"softmax_s*", "SOFTMAX", rows_of_softmax},
    {"softmax_u8", "SOFTMAX", rows_of_softmax},
    {"elementwise_add_s*", "ADD", adding},
    {"elementwise_mul_s*", "MUL", multiplying},
    {"svdf_s8", "SVDF", "- - - - - - in.nhwc @in - - w.nhwc @w - - - - out.nhwc @out"},
    {"svdf_state_s16_s8", "SVDF", "- - - - - in.nhwc @in - - w.nhwc @w - - - - out.nhwc @out"},
    {"lstm_unidirectional_s*", "UNIDIRECTIONAL_SEQUENCE_LSTM", "@in @out - -"},
    {"pad_s8", "PAD", "@in @out - in.nhwc - -"},
    {"transpose_s8", "TRANSPOSE", "@in @out in.nhwc out.nhwc -"},
    {"reshape_s8", "RESHAPE", "@in @out n"},
    {"concatenation_s8_*", "CONCATENATION", "@in - - - - @out - -"},
    {"minimum_s8", "MINIMUM", "- @in in.nhwc - - @out out.nhwc"},
    {"maximum_s8", "MAXIMUM", "- @in in.nhwc - - @out out.nhwc"},
    {"relu_q7", "RELU", "@in n"},
    {"relu_q15", "RELU", "@in n"},
    {"relu6_s8", "RELU6", "@in n"},
    // The interface of CMSIS 5: fixed-point formats, square dimensions as numbers.
    {"convolve_*HWC_q7_*nonsquare", "CONV_2D",
     "@in in.w in.h in.c @w out.c w.w w.h - - - - - - - @out out.w out.h - -"},
    {"convolve_*HWC_q15_*nonsquare", "CONV_2D",
     "@in in.w in.h in.c @w out.c w.w w.h - - - - - - - @out out.w out.h - -"},
    {"convolve_*HWC_*", "CONV_2D", "@in in.hw in.c @w out.c w.hw - - - - - @out out.hw - -"},
    {"depthwise_separable_conv_HWC_q7_nonsquare", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w out.c w.w w.h - - - - - - - @out out.w out.h - -"},
    {"depthwise_separable_conv_HWC_q7", "DEPTHWISE_CONV_2D", "@in in.hw in.c @w out.c w.hw - - - - - @out out.hw - -"},
    {"fully_connected_mat_q7_*", "FULLY_CONNECTED", "@in @w in.c out.c - - - @out -"},
    {"fully_connected_q*", "FULLY_CONNECTED", "@in @w in.c out.c - - - @out -"},
    {"maxpool_q7_HWC", "MAX_POOL_2D", "@in in.hw in.c w.hw - - out.hw - @out"},
    {"avepool_q7_HWC", "AVERAGE_POOL_2D", "@in in.hw in.c w.hw - - out.hw - @out"},
    {"softmax_q7", "SOFTMAX", "@in n @out"},
    {"softmax_q15", "SOFTMAX", "@in n @out"},
};

constexpr KernelRow esp_nn[] = {
    {"conv_s8*", "CONV_2D", "in.whc @in w.whc @w - out.whc @out - -"},
    {"depthwise_conv_s8*", "DEPTHWISE_CONV_2D", "in.whc @in w.whc @w - out.whc @out - -"},
    {"fully_connected_*s8*", "FULLY_CONNECTED", "@in - in.c @w - - @out out.c"},
    {"avg_pool_s8*", "AVERAGE_POOL_2D", "@in in.w in.h @out out.w out.h - - w.w w.h - - - - out.c"},
    {"max_pool_s8*", "MAX_POOL_2D", "@in in.w in.h @out out.w out.h - - w.w w.h - - - - out.c"},
    {"softmax_s8*", "SOFTMAX", "@in in.h in.c - - - @out"},
    {"add_elementwise_s8*", "ADD", "@in @in2 - - - - - - - @out - - - - - n"},
    {"mul_elementwise_s8*", "MUL", "@in @in2 - - @out - - - - - n"},
    {"mean_nhwc_s8*", "MEAN", "@in @out in.h in.w in.c"},
    {"relu6_s8*", "RELU6", "@in n"},
    {"hard_swish_s8*", "HARD_SWISH", "@in @out n"},
};

// Scales are one array of floats (…_fpreq) or two arrays of integers, which moves what is behind them.
constexpr KernelRow tiny_engine[] = {
    {"*convolve_1x1_s8*fpreq*", "CONV_2D", "@in in.w in.h in.c @w - - - - - - @out out.w out.h out.c w.hw=1"},
    {"*convolve_1x1_s8*", "CONV_2D", "@in in.w in.h in.c @w - - - - - - - @out out.w out.h out.c w.hw=1"},
    {"*convolve_s8_kernel3*fpreq*", "CONV_2D", "@in in.w in.h in.c @w - - - - - - @out out.w out.h out.c w.hw=3"},
    {"*convolve_s8_kernel3*", "CONV_2D", "@in in.w in.h in.c @w - - - - - - - @out out.w out.h out.c w.hw=3"},
    {"*convolve_s8_kernel2*fpreq*", "CONV_2D", "@in in.w in.h in.c @w - - - - - - @out out.w out.h out.c w.hw=2"},
    {"*depthwise_kernel3x3*fpreq*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - @out out.w out.h out.c w.hw=3"},
    {"*depthwise_kernel3x3*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - - @out out.w out.h out.c w.hw=3"},
    {"*depthwise_kernel5x5*fpreq*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - @out out.w out.h out.c w.hw=5"},
    {"*depthwise_kernel5x5*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - - @out out.w out.h out.c w.hw=5"},
    {"*depthwise_kernel7x7*fpreq*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - @out out.w out.h out.c w.hw=7"},
    {"*depthwise_kernel7x7*", "DEPTHWISE_CONV_2D",
     "@in in.w in.h in.c @w - - - - - - - - @out out.w out.h out.c w.hw=7"},
    {"avg_pooling", "AVERAGE_POOL_2D", "@in in.h in.w in.c w.h w.w out.h out.w - - @out"},
    {"max_pooling", "MAX_POOL_2D", "@in in.h in.w in.c w.h w.w out.h out.w - - @out"},
    {"fully_connected_fp", "FULLY_CONNECTED", "@in in.w in.h in.c out.c - @w @out"},
    {"add", "ADD", "n - @in @in2 @out"},
    {"add_fpreq*", "ADD", "n @in"},
    {"upsample_byte", "RESIZE_NEAREST_NEIGHBOR", "@in"},
};

}  // namespace

std::span<const KernelLibrary> kernel_libraries() {
  static constexpr KernelLibrary libraries[] = {
      {"CMSIS-NN", "arm_", cmsis_nn}, {"NMSIS-NN", "riscv_", cmsis_nn}, {"muRISCV-NN", "muriscv_nn_", cmsis_nn},
      {"ESP-NN", "esp_nn_", esp_nn},  {"TinyEngine", "", tiny_engine},
  };
  return libraries;
}

}  // namespace mj::profile
