#include "sim/profile/recognisers/kernels.h"

#include <array>
#include <charconv>

#include "sim/profile/recognisers/glob.h"

namespace mj::profile {

namespace {
/// No dimension of a microcontroller's network comes near it; what is beyond is no dimension.
constexpr std::uint32_t largest_dimension = 1u << 20;
/// The element of dimensions that a word means, or both of height and width.
enum Dim : unsigned { n = 0, h = 1, w = 2, c = 3, dims = 4 };
constexpr std::uint32_t unknown = 0xffffffff;

using Dims = std::array<std::uint32_t, dims>;

struct Shapes {
  Dims in{unknown, unknown, unknown, unknown}, weights = in, out = in;
  std::uint32_t elements = unknown;
};

/// Reads one prototype's arguments; false if they can't be what it says.
class Reading {
 public:
  Reading(const Guest& guest, Shapes& shapes, KernelData& data) : guest_(guest), shapes_(shapes), data_(data) {}

  bool read(std::string_view arguments) {
    unsigned position = 0;
    while (!arguments.empty()) {
      const std::string_view word = arguments.substr(0, arguments.find(' '));
      arguments.remove_prefix(std::min(arguments.size(), word.size() + 1));
      if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
        std::uint32_t value = 0;
        std::from_chars(word.data() + equals + 1, word.data() + word.size(), value);
        set(word.substr(0, equals), value);
        continue;
      }
      const unsigned at = position++;
      if (word == "-") continue;
      const auto argument = guest_.any_argument(at);
      if (!argument || !take(word, *argument)) return false;
    }
    return true;
  }

 private:
  bool take(std::string_view word, std::uint32_t argument) {
    if (word.front() == '@') {
      (word == "@in"    ? data_.input
       : word == "@in2" ? data_.second_input
       : word == "@w"   ? data_.weights
                        : data_.output) = argument;
      std::uint8_t byte = 0;
      return guest_.read(argument, &byte, 1);
    }
    if (word == "n") {
      shapes_.elements = argument;
      return plausible(argument);
    }
    if (word.ends_with(".nhwc") || word.ends_with(".whc")) return structure(word, argument);
    const std::uint32_t value = argument & 0xffff;  // uint16_t: what is above it is anything
    set(word, value);
    return plausible(value);
  }

  bool structure(std::string_view word, Address at) {
    const bool whc = word.ends_with(".whc");
    Dims& d = of(word);
    for (unsigned i = 0; i < dims; ++i) {
      const auto value = guest_.word(at + 4 * i);
      if (!value) return false;
      constexpr std::array<unsigned, dims> from_whc{w, h, c, n};
      d[whc ? from_whc[i] : i] = *value;
    }
    if (whc) d[n] = 1;
    // A fully connected layer's h and w, and any n of a filter, may be anything.
    return plausible(d[c]) && (word.front() == 'w' || (plausible(d[h]) && plausible(d[w])));
  }

  void set(std::string_view word, std::uint32_t value) {
    Dims& d = of(word);
    const std::string_view which = word.substr(word.find('.') + 1);
    if (which == "hw") {
      d[h] = d[w] = value;
      return;
    }
    d[which == "h" ? h : which == "w" ? w : which == "c" ? c : n] = value;
  }

  Dims& of(std::string_view word) {
    return word.front() == 'i' ? shapes_.in : word.front() == 'w' ? shapes_.weights : shapes_.out;
  }
  static bool plausible(std::uint32_t value) { return value > 0 && value <= largest_dimension; }

  const Guest& guest_;
  Shapes& shapes_;
  KernelData& data_;
};

/// Fills in what follows from the operation, and holds what is said twice against each other.
bool complete(std::string_view op, Shapes& s) {
  const auto fill = [](std::uint32_t& a, std::uint32_t b) {
    if (a == unknown) a = b;
  };
  if (op == "CONV_2D" || op == "DEPTHWISE_CONV_2D" || op == "TRANSPOSE_CONV") {
    fill(s.in[n], 1);
    fill(s.out[n], s.in[n]);
    fill(s.out[c], op == "DEPTHWISE_CONV_2D" ? s.in[c] : unknown);
    if (op == "DEPTHWISE_CONV_2D") {
      s.weights[n] = 1;
      fill(s.weights[c], s.out[c]);
      return s.weights[c] == s.out[c] && s.out[c] % s.in[c] == 0;
    }
    fill(s.weights[c], s.in[c]);
    s.weights[n] = s.out[c];  // ESP-NN leaves it open
    return s.weights[c] != 0 && s.in[c] % s.weights[c] == 0;
  }
  if (op == "FULLY_CONNECTED") {
    fill(s.in[n], 1);
    // CMSIS-NN: the filter's n is the depth that is accumulated, its c the output's depth.
    if (s.weights[n] == unknown) s.weights[n] = s.in[c];
    s.weights[c] = s.out[c];
    s.weights[h] = s.weights[w] = 1;
  } else if (op.ends_with("POOL_2D")) {
    fill(s.in[n], 1);
    fill(s.out[n], s.in[n]);
    fill(s.in[c], s.out[c]);
    fill(s.out[c], s.in[c]);
    return s.in[c] == s.out[c];
  }
  return true;
}

std::optional<std::uint64_t> macs(std::string_view op, const Shapes& s) {
  const auto product = [](std::initializer_list<std::uint32_t> factors) -> std::optional<std::uint64_t> {
    std::uint64_t p = 1;
    for (const std::uint32_t f : factors) {
      if (f == unknown || __builtin_mul_overflow(p, std::uint64_t{f}, &p)) return std::nullopt;
    }
    return p;
  };
  if (op == "CONV_2D")
    return product({s.out[n], s.out[h], s.out[w], s.out[c], s.weights[h], s.weights[w], s.weights[c]});
  if (op == "TRANSPOSE_CONV")
    return product({s.in[n], s.in[h], s.in[w], s.in[c], s.weights[h], s.weights[w], s.out[c]});
  if (op == "DEPTHWISE_CONV_2D") return product({s.out[n], s.out[h], s.out[w], s.out[c], s.weights[h], s.weights[w]});
  if (op == "FULLY_CONNECTED") return product({s.in[n], s.weights[n], s.out[c]});
  if (op == "BATCH_MATMUL") return product({s.out[n], s.out[h], s.out[w], s.out[c], s.in[c]});
  if (op == "SVDF" || op == "UNIDIRECTIONAL_SEQUENCE_LSTM") return std::nullopt;
  return 0;
}

std::vector<std::int64_t> shape(const Dims& d) {
  std::vector<std::int64_t> out;
  for (const std::uint32_t x : d)
    if (x != unknown) out.push_back(x);
  return out;
}

/// As TensorFlow Lite has it: outputs by depth.
std::vector<std::int64_t> weight_shape(std::string_view op, const Dims& d) {
  if (op == "FULLY_CONNECTED" && d[n] != unknown && d[c] != unknown) return {d[c], d[n]};
  return shape(d);
}

}  // namespace

std::optional<Kernel> kernel_named(std::string_view name) {
  // Questions about sizes have names like the kernels that they are about.
  if (name.find("_get_") != std::string_view::npos) return std::nullopt;
  for (const KernelLibrary& library : kernel_libraries()) {
    if (!name.starts_with(library.prefix)) continue;
    Kernel k{&library, std::string(name), {}};
    for (const KernelRow& row : library.rows)
      if (glob(row.name, name.substr(library.prefix.size()))) k.rows.push_back(&row);
    if (!k.rows.empty()) return k;
  }
  return std::nullopt;
}

std::optional<KernelTypes> kernel_types(std::string_view name) {
  using model::TensorType;
  std::vector<TensorType> types;  // that the words of the name mean, in order
  bool narrow_weights = false;
  while (!name.empty()) {
    const std::string_view word = name.substr(0, name.find('_'));
    name.remove_prefix(std::min(name.size(), word.size() + 1));
    if (word == "s8" || word == "q7" || word == "byte") types.push_back(TensorType::int8);
    if (word == "u8") types.push_back(TensorType::uint8);
    if (word == "s16" || word == "q15") types.push_back(TensorType::int16);
    if (word == "f32" || word == "fp") types.push_back(TensorType::float32);
    narrow_weights |= word == "s4";
    // TinyEngine's kernels of quantised networks: scales are floats, data int8.
    if (word == "fpreq" || word.starts_with("kernel3x3") || word.starts_with("kernel5x5") ||
        word.starts_with("kernel7x7"))
      types.push_back(TensorType::int8);
  }
  if (types.empty() && narrow_weights) types.push_back(TensorType::int8);  // activations of int4 weights
  if (types.empty()) return std::nullopt;
  return KernelTypes{types.front(), types.back()};
}

KernelCall read_kernel_call(const Kernel& kernel, Address function, const Guest& guest, KernelData& data) {
  KernelCall call;
  call.function = function;
  call.kernel = kernel.name;
  call.op = kernel.rows.front()->op;
  for (const KernelRow* row : kernel.rows) {
    Shapes s;
    KernelData d;
    if (!Reading(guest, s, d).read(row->arguments) || !complete(row->op, s)) continue;
    data = d;
    call.op = row->op;
    call.macs = macs(row->op, s);
    call.input = s.elements != unknown ? std::vector<std::int64_t>{s.elements} : shape(s.in);
    if (d.weights) call.weights = weight_shape(row->op, s.weights);
    call.output = s.elements != unknown || row->op == "SOFTMAX" ? call.input : shape(s.out);
    break;
  }
  return call;
}

}  // namespace mj::profile
