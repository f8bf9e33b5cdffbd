// Writes our own example networks (models/networks) as .tflite files, with inputs and golden outputs.
//
//   make_networks <folder>
//
// The shapes are those of MLPerf Tiny's four networks; the weights come from a seeded generator, so that the files are
// ours, small, and the same on every run. They recognise nothing. Scales follow from the variance of each layer, so
// activations use the int8 range as a trained network's do. Golden outputs come from the host reference.
#include <flatbuffers/flatbuffers.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "sim/profile/model/tflite_reader.h"
#include "tflite_subset_generated.h"
#include "tools/reference/reference.h"

namespace {

namespace fb = mj::model::fb;
namespace fs = std::filesystem;
using mj::model::OpKind;

/// SplitMix64: small, good enough, and the same on every host.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
  }
  int between(int low, int high) { return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1)); }
  /// About normal: the sum of four dice, variance as given by `sigma`, in integers.
  int bell(int sigma) {
    int sum = 0;
    for (int i = 0; i < 4; ++i) sum += between(-1000, 1000);
    return static_cast<int>(std::lround(sum * sigma / 1155.0));
  }

 private:
  std::uint64_t state_;
};

/// A value flowing through a network under construction.
struct Value {
  std::int32_t tensor;
  std::vector<std::int32_t> shape;
  float scale;
  std::int64_t zero_point;
};

/// Builds one network operator by operator. Sizes of scales: each activation's real values have a mean square of about
/// one, as He's initialisation keeps it, so 6 covers nearly all of a rectified layer and +-4 of a plain one.
class Network {
 public:
  explicit Network(std::uint64_t seed) : random_(seed) { buffers_.push_back(fb::CreateConstant(builder_)); }

  Value input(std::vector<std::int32_t> shape, float scale, std::int64_t zero_point) {
    const Value v = activation("input", std::move(shape), scale, zero_point);
    inputs_.push_back(v.tensor);
    return v;
  }

  Value conv(const Value& x, int channels, int kernel_h, int kernel_w, int stride_h, int stride_w, bool relu = true,
             bool valid = false) {
    const std::vector<std::int32_t> w = {channels, kernel_h, kernel_w, x.shape[3]};
    const auto options = fb::CreateConvOptions(builder_, padding(valid), stride_w, stride_h, fused(relu));
    return windowed(OpKind::conv_2d, x, w, 0, channels, kernel_h * kernel_w * x.shape[3], stride_h, stride_w, valid,
                    relu, fb::Options_ConvOptions, options.Union());
  }

  Value depthwise(const Value& x, int kernel_h, int kernel_w, int stride, int multiplier = 1) {
    const int channels = x.shape[3] * multiplier;
    const auto options = fb::CreateDepthwiseOptions(builder_, padding(false), stride, stride, multiplier, fused(true));
    return windowed(OpKind::depthwise_conv_2d, x, {1, kernel_h, kernel_w, channels}, 3, channels, kernel_h * kernel_w,
                    stride, stride, false, true, fb::Options_DepthwiseOptions, options.Union());
  }

  Value dense(const Value& x, int outputs, bool relu) {
    const int inputs = x.shape.back();
    const std::int32_t weights = weight_tensor({outputs, inputs}, 0, 1, inputs, relu);
    const std::int32_t bias = bias_tensor(outputs, x, weights);
    const Value y = layer_output({1, outputs}, relu);
    call(OpKind::fully_connected, {x.tensor, weights, bias}, y, fb::Options_DenseOptions,
         fb::CreateDenseOptions(builder_, fused(relu)).Union());
    return y;
  }

  Value average_pool(const Value& x, int height, int width) {
    const Value y = activation("pool", {1, x.shape[1] / height, x.shape[2] / width, x.shape[3]}, x.scale, x.zero_point);
    call(OpKind::average_pool_2d, {x.tensor}, y, fb::Options_PoolOptions,
         fb::CreatePoolOptions(builder_, fb::PaddingKind_VALID, width, height, width, height).Union());
    return y;
  }

  Value max_pool(const Value& x, int size) {
    const Value y =
        activation("max_pool", {1, x.shape[1] / size, x.shape[2] / size, x.shape[3]}, x.scale, x.zero_point);
    call(OpKind::max_pool_2d, {x.tensor}, y, fb::Options_PoolOptions,
         fb::CreatePoolOptions(builder_, fb::PaddingKind_VALID, size, size, size, size).Union());
    return y;
  }

  Value add(const Value& a, const Value& b) {
    const Value y = activation("add", a.shape, 8.0F / 255, -128);  // twice the variance of one, rectified
    call(OpKind::add, {a.tensor, b.tensor}, y, fb::Options_AdditionOptions,
         fb::CreateAdditionOptions(builder_, fb::ActivationKind_RELU).Union());
    return y;
  }

  Value pad(const Value& x, int all_around) {
    const std::vector<std::int32_t> pads = {0, 0, all_around, all_around, all_around, all_around, 0, 0};
    const Value y = activation("pad", {1, x.shape[1] + 2 * all_around, x.shape[2] + 2 * all_around, x.shape[3]},
                               x.scale, x.zero_point);
    call(OpKind::pad, {x.tensor, int32_tensor("paddings", {4, 2}, pads)}, y, fb::Options_PaddingParameters,
         fb::CreatePaddingParameters(builder_).Union());
    return y;
  }

  Value mean(const Value& x) {
    const Value y = activation("mean", {1, x.shape[3]}, 2.0F / 255, -128);
    call(OpKind::mean, {x.tensor, int32_tensor("axes", {2}, {1, 2})}, y, fb::Options_ReduceOptions,
         fb::CreateReduceOptions(builder_, false).Union());
    return y;
  }

  Value flatten(const Value& x) {
    const std::int32_t count = x.shape[1] * x.shape[2] * x.shape[3];
    const Value y = activation("flatten", {1, count}, x.scale, x.zero_point);
    call(OpKind::reshape, {x.tensor, int32_tensor("shape", {2}, {1, count})}, y, fb::Options_ReshapeParameters,
         fb::CreateReshapeParameters(builder_, builder_.CreateVector(std::vector<std::int32_t>{1, count})).Union());
    return y;
  }

  Value softmax(const Value& x) {
    const Value y = activation("softmax", x.shape, 1.0F / 256, -128);
    call(OpKind::softmax, {x.tensor}, y, fb::Options_SoftmaxParameters,
         fb::CreateSoftmaxParameters(builder_, 1.0F).Union());
    return y;
  }

  Value quantize(const Value& x, float scale, std::int64_t zero_point) {
    const Value y = activation("quantize", x.shape, scale, zero_point);
    call(OpKind::quantize, {x.tensor}, y, fb::Options_NONE, 0);
    return y;
  }

  std::vector<std::uint8_t> finish(const Value& output, const std::string& description) {
    const auto graph = fb::CreateGraph(builder_, builder_.CreateVector(tensors_), builder_.CreateVector(inputs_),
                                       builder_.CreateVector(std::vector<std::int32_t>{output.tensor}),
                                       builder_.CreateVector(calls_), builder_.CreateString("main"));
    const auto graphs = builder_.CreateVector(std::vector<flatbuffers::Offset<fb::Graph>>{graph});
    const auto file = fb::CreateModelFile(builder_, 3, builder_.CreateVector(codes_), graphs,
                                          builder_.CreateString(description), builder_.CreateVector(buffers_));
    fb::FinishModelFileBuffer(builder_, file);
    return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
  }

 private:
  static fb::PaddingKind padding(bool valid) { return valid ? fb::PaddingKind_VALID : fb::PaddingKind_SAME; }
  static fb::ActivationKind fused(bool relu) { return relu ? fb::ActivationKind_RELU : fb::ActivationKind_NONE; }

  Value windowed(OpKind kind, const Value& x, const std::vector<std::int32_t>& w, int axis, int channels, int fan_in,
                 int stride_h, int stride_w, bool valid, bool relu, fb::Options type,
                 flatbuffers::Offset<void> options) {
    const std::int32_t weights = weight_tensor(w, axis, channels, fan_in, relu);
    const std::int32_t bias = bias_tensor(channels, x, weights);
    auto size = [valid](int in, int window, int stride) {
      return valid ? (in - window) / stride + 1 : (in + stride - 1) / stride;
    };
    const Value y =
        layer_output({1, size(x.shape[1], w[1], stride_h), size(x.shape[2], w[2], stride_w), channels}, relu);
    call(kind, {x.tensor, weights, bias}, y, type, options);
    return y;
  }

  Value layer_output(std::vector<std::int32_t> shape, bool relu) {
    return relu ? activation("relu", std::move(shape), 6.0F / 255, -128)
                : activation("linear", std::move(shape), 8.0F / 255, 3);
  }

  Value activation(const char* name, std::vector<std::int32_t> shape, float scale, std::int64_t zero_point) {
    return {tensor(name, shape, fb::Type_INT8, 0, {scale}, {zero_point}, 0), shape, scale, zero_point};
  }

  std::int32_t tensor(const std::string& name, const std::vector<std::int32_t>& shape, fb::Type type,
                      std::uint32_t buffer, const std::vector<float>& scales,
                      const std::vector<std::int64_t>& zero_points, int axis) {
    flatbuffers::Offset<fb::Quantization> quantization = 0;
    if (!scales.empty()) quantization = fb::CreateQuantizationDirect(builder_, &scales, &zero_points, axis);
    const std::string full = name + "_" + std::to_string(tensors_.size());
    tensors_.push_back(fb::CreateTensorInfoDirect(builder_, &shape, type, buffer, full.c_str(), quantization));
    return static_cast<std::int32_t>(tensors_.size() - 1);
  }

  template <class T>
  std::uint32_t constant(const std::vector<T>& values) {
    builder_.ForceVectorAlignment(values.size() * sizeof(T), 1, 16);
    const auto data =
        builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T));
    buffers_.push_back(fb::CreateConstant(builder_, data));
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  }

  std::int32_t int32_tensor(const char* name, const std::vector<std::int32_t>& shape,
                            const std::vector<std::int32_t>& v) {
    return tensor(name, shape, fb::Type_INT32, constant(v), {}, {}, 0);
  }

  /// Weights with standard deviation 40 steps; the scale makes the layer keep a mean square of one: sqrt(2 / fan_in)
  /// behind a rectifier. Channels differ by up to 1.4 either way, as trained ones do.
  std::int32_t weight_tensor(const std::vector<std::int32_t>& shape, int axis, int channels, int fan_in, bool relu) {
    std::size_t count = 1;
    for (const std::int32_t dim : shape) count *= static_cast<std::size_t>(dim);
    std::vector<std::int8_t> values(count);
    for (std::int8_t& v : values) v = static_cast<std::int8_t>(std::min(std::max(random_.bell(40), -127), 127));
    std::vector<float> scales;
    for (int c = 0; c < channels; ++c) {
      const float spread = static_cast<float>(random_.between(714, 1400)) / 1000.0F;
      scales.push_back(std::sqrt((relu ? 2.0F : 1.0F) / static_cast<float>(fan_in)) / 40.0F * spread);
    }
    weight_scales_ = scales;
    return tensor("weights", shape, fb::Type_INT8, constant(values), scales,
                  std::vector<std::int64_t>(scales.size(), 0), axis);
  }

  std::int32_t bias_tensor(int channels, const Value& x, std::int32_t weights) {
    (void)weights;
    std::vector<std::int32_t> values;
    std::vector<float> scales;
    for (int c = 0; c < channels; ++c) {
      const float weight_scale = weight_scales_[weight_scales_.size() > 1 ? static_cast<std::size_t>(c) : 0];
      const float real = static_cast<float>(random_.bell(100)) / 500.0F;
      values.push_back(static_cast<std::int32_t>(std::lround(real / (x.scale * weight_scale))));
      if (c < static_cast<int>(weight_scales_.size())) scales.push_back(x.scale * weight_scale);
    }
    const std::vector<std::int64_t> zeros(scales.size(), 0);
    return tensor("bias", {channels}, fb::Type_INT32, constant(values), scales, zeros, 0);
  }

  void call(OpKind kind, const std::vector<std::int32_t>& in, const Value& y, fb::Options type,
            flatbuffers::Offset<void> options) {
    const auto number = static_cast<std::int32_t>(kind);
    const auto [at, added] = code_of_.emplace(number, static_cast<std::uint32_t>(codes_.size()));
    if (added) codes_.push_back(fb::CreateOperatorId(builder_, static_cast<std::int8_t>(number), 0, 1, number));
    const std::vector<std::int32_t> out = {y.tensor};
    calls_.push_back(fb::CreateOperatorCallDirect(builder_, at->second, &in, &out, type, options));
  }

  flatbuffers::FlatBufferBuilder builder_;
  Random random_;
  std::vector<flatbuffers::Offset<fb::Constant>> buffers_;
  std::vector<flatbuffers::Offset<fb::TensorInfo>> tensors_;
  std::vector<flatbuffers::Offset<fb::OperatorId>> codes_;
  std::vector<flatbuffers::Offset<fb::OperatorCall>> calls_;
  std::vector<std::int32_t> inputs_;
  std::vector<float> weight_scales_;
  std::map<std::int32_t, std::uint32_t> code_of_;
};

/// DS-CNN for keyword spotting: 49 frames of 10 coefficients, 12 classes.
std::vector<std::uint8_t> keyword_spotting() {
  Network n(1);
  Value x = n.input({1, 49, 10, 1}, 1.0F / 64, 0);
  x = n.conv(x, 64, 10, 4, 2, 2);
  for (int block = 0; block < 4; ++block) x = n.conv(n.depthwise(x, 3, 3, 1), 64, 1, 1, 1, 1);
  x = n.flatten(n.average_pool(x, 25, 5));
  return n.finish(n.softmax(n.dense(x, 12, false)), "microjoule example: DS-CNN, seeded weights");
}

/// MobileNetV1 0.25 for visual wake words: 96x96 RGB, 2 classes.
std::vector<std::uint8_t> visual_wake_words() {
  Network n(2);
  Value x = n.input({1, 96, 96, 3}, 1.0F / 64, 0);
  x = n.conv(x, 8, 3, 3, 2, 2);
  const int channels[] = {16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256};
  const int strides[] = {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
  for (int i = 0; i < 13; ++i) x = n.conv(n.depthwise(x, 3, 3, strides[i]), channels[i], 1, 1, 1, 1);
  x = n.flatten(n.average_pool(x, 3, 3));
  return n.finish(n.softmax(n.dense(x, 2, false)), "microjoule example: MobileNetV1 0.25, seeded weights");
}

/// ResNet-8 for image classification: 32x32 RGB, 10 classes.
std::vector<std::uint8_t> image_classification() {
  Network n(3);
  Value x = n.conv(n.input({1, 32, 32, 3}, 1.0F / 64, 0), 16, 3, 3, 1, 1);
  x = n.add(x, n.conv(n.conv(x, 16, 3, 3, 1, 1), 16, 3, 3, 1, 1, false));
  for (const int channels : {32, 64}) {
    const Value deep = n.conv(n.conv(x, channels, 3, 3, 2, 2), channels, 3, 3, 1, 1, false);
    x = n.add(n.conv(x, channels, 1, 1, 2, 2, false), deep);
  }
  x = n.flatten(n.average_pool(x, 8, 8));
  return n.finish(n.softmax(n.dense(x, 10, false)), "microjoule example: ResNet-8, seeded weights");
}

/// Autoencoder for anomaly detection: 640 values in and out, 8 in the middle.
std::vector<std::uint8_t> anomaly_detection() {
  Network n(4);
  Value x = n.input({1, 640}, 1.0F / 64, 0);
  for (const int size : {128, 128, 128, 128, 8, 128, 128, 128, 128}) x = n.dense(x, size, true);
  return n.finish(n.dense(x, 640, false), "microjoule example: autoencoder, seeded weights");
}

/// Every operator that the four don't have, in a network of a few kilobytes for quick tests.
std::vector<std::uint8_t> tiny() {
  Network n(5);
  Value x = n.quantize(n.input({1, 12, 12, 2}, 1.0F / 64, 5), 1.0F / 50, -7);
  x = n.conv(n.pad(x, 1), 6, 3, 3, 1, 1, true, /*valid=*/true);
  x = n.depthwise(n.max_pool(x, 2), 3, 3, 1, /*multiplier=*/2);
  return n.finish(n.softmax(n.dense(n.mean(n.conv(x, 7, 1, 1, 1, 1)), 5, false)),
                  "microjoule example: tiny, seeded weights");
}

bool write(const fs::path& path, const void* data, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  return !file.fail();
}

/// The network's file and, for each of three inputs, <name>.<i>.in.bin and <name>.<i>.out.bin. Input 0 is the pattern
/// that our firmware fills in on its own; 1 is bell-shaped around the zero point; 2 is a sawtooth.
bool write_network(const fs::path& folder, const std::string& name, const std::vector<std::uint8_t>& file) {
  if (!write(folder / (name + ".tflite"), file.data(), file.size())) return false;
  const auto graph = mj::model::read_tflite(std::as_bytes(std::span(file)), name);
  if (!graph) return std::fprintf(stderr, "%s\n", graph.error().text().c_str()), false;
  for (int i = 0; i < 3; ++i) {
    mj::reference::Bytes input = mj::reference::pattern_inputs(*graph)[0];
    Random random(100 + static_cast<std::uint64_t>(i));
    for (std::size_t k = 0; i > 0 && k < input.size(); ++k) {
      const int value = i == 1 ? std::min(std::max(random.bell(40), -128), 127) : static_cast<int>(k * 3 % 256) - 128;
      input[k] = static_cast<std::byte>(value & 0xFF);
    }
    const auto outputs = mj::reference::run_reference(*graph, {input});
    if (!outputs) return std::fprintf(stderr, "%s\n", outputs.error().text().c_str()), false;
    const std::string stem = name + "." + std::to_string(i);
    if (!write(folder / (stem + ".in.bin"), input.data(), input.size())) return false;
    if (!write(folder / (stem + ".out.bin"), (*outputs)[0].data(), (*outputs)[0].size())) return false;
  }
  std::printf("%-8s %7zu bytes %9llu MACs %3zu operators\n", name.c_str(), file.size(),
              static_cast<unsigned long long>(graph->macs()), graph->operators.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: make_networks <folder>\n"), 2;
  const fs::path folder = argv[1];
  const bool ok = write_network(folder, "kws", keyword_spotting()) &&
                  write_network(folder, "vww", visual_wake_words()) &&
                  write_network(folder, "ic", image_classification()) &&
                  write_network(folder, "ad", anomaly_detection()) && write_network(folder, "tiny", tiny());
  return ok ? 0 : 1;
}
