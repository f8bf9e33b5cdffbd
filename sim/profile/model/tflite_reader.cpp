#include "sim/profile/model/tflite_reader.h"

#include <flatbuffers/flatbuffers.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

#include "tflite_subset_generated.h"

namespace mj::model {
namespace {

constexpr std::uint32_t kSchemaVersion = 3;
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxRank = 8;
// A table of the file may stand in many places of a list, and each place becomes a copy: all copies together may be
// this many times the file, and in a small file this many bytes.
constexpr std::uint64_t kMostCopies = 16, kFewBytes = 1 << 20;
constexpr std::int32_t kByteCodePlaceholder = 127;  // "look at builtin_code"

Error malformed(std::string_view where, std::string path, std::string why) {
  return {ExitCode::unreadable, "malformed .tflite model", std::string(where) + (path.empty() ? "" : ": " + path),
          std::move(why), "convert the model again, or check that the file was copied whole"};
}

std::string text(const flatbuffers::String* s) { return s ? s->str() : std::string(); }

/// An element of a vector of 64-bit numbers. The verifier checks how a vector's length is aligned, not its elements.
std::int64_t long_at(const flatbuffers::Vector<std::int64_t>& numbers, std::uint32_t index) {
  std::int64_t number = 0;
  std::memcpy(&number, numbers.Data() + std::size_t{index} * sizeof number, sizeof number);
  return flatbuffers::EndianScalar(number);
}

/// Reads one verified flatbuffer; every function returns the first thing that is wrong, or nothing.
class Reader {
 public:
  Reader(const fb::ModelFile& file, std::string_view where, const std::uint8_t* start, std::size_t file_bytes,
         std::uint32_t subgraph)
      : file_(file),
        where_(where),
        start_(start),
        subgraph_(subgraph),
        copies_left_(kMostCopies * file_bytes + kFewBytes) {}

  Result<ModelGraph> read() {
    graph_.schema_version = file_.version();
    if (graph_.schema_version != kSchemaVersion) {
      return Error{ExitCode::unsupported, "unsupported .tflite schema version", std::string(where_),
                   "version is " + std::to_string(graph_.schema_version) + ", we read version 3",
                   "convert the model with a current TensorFlow Lite converter"};
    }
    if (!file_.graphs() || file_.graphs()->size() == 0) return malformed(where_, "", "it has no subgraph");
    if (subgraph_ >= file_.graphs()->size())
      return malformed(where_, "", "it has no subgraph " + std::to_string(subgraph_));
    const fb::Graph* main = file_.graphs()->Get(subgraph_);
    graph_.subgraph_count = file_.graphs()->size();
    graph_.name = text(main->name());
    graph_.description = text(file_.description());
    if (auto r = read_tensors(*main); !r) return r.error();
    if (auto r = read_operators(*main); !r) return r.error();
    if (auto r = read_indices(main->inputs(), "inputs", false, graph_.inputs); !r) return r.error();
    if (auto r = read_indices(main->outputs(), "outputs", false, graph_.outputs); !r) return r.error();
    return std::move(graph_);
  }

 private:
  /// Counts what is copied out of the file.
  Result<void> spend(std::uint64_t bytes, const std::string& path) {
    if (bytes > copies_left_)
      return malformed(where_, path,
                       "tensors and operators share so much that the network is far larger than its file");
    copies_left_ -= bytes;
    return {};
  }
  static std::uint64_t bytes_of(const flatbuffers::String* s) { return s ? s->size() : 0; }

  Result<void> read_tensors(const fb::Graph& main) {
    if (!main.tensors()) return {};
    for (const fb::TensorInfo* info : *main.tensors()) {
      const std::string path = "tensor " + std::to_string(graph_.tensors.size());
      if (auto r = spend(bytes_of(info->name()), path); !r) return r;
      Tensor tensor;
      tensor.name = text(info->name());
      tensor.type = static_cast<TensorType>(info->type());
      tensor.is_variable = info->is_variable();
      if (auto r = read_shape(*info, path, tensor); !r) return r;
      if (auto r = read_quantization(*info, path, tensor); !r) return r;
      if (auto r = read_constant(*info, path, tensor); !r) return r;
      graph_.tensors.push_back(std::move(tensor));
    }
    return {};
  }

  Result<void> read_shape(const fb::TensorInfo& info, const std::string& path, Tensor& tensor) {
    if (!info.shape()) return {};
    if (info.shape()->size() > kMaxRank) return malformed(where_, path, "it has more than 8 dimensions");
    std::int64_t elements = 1;
    for (const std::int32_t dim : *info.shape()) {
      if (dim < 0) return malformed(where_, path, "dimension " + std::to_string(dim) + " is negative");
      elements *= dim;
      if (elements > std::numeric_limits<std::int32_t>::max() / 8) {
        return malformed(where_, path, "its shape has too many elements");
      }
      tensor.shape.push_back(dim);
    }
    return {};
  }

  Result<void> read_quantization(const fb::TensorInfo& info, const std::string& path, Tensor& tensor) {
    const fb::Quantization* q = info.quantization();
    if (!q || !q->scale() || q->scale()->size() == 0) return {};
    constexpr std::uint64_t channel_bytes = sizeof(float) + sizeof(std::int64_t);
    const std::uint64_t channels = std::uint64_t{q->scale()->size()} + (q->zero_point() ? q->zero_point()->size() : 0);
    if (auto r = spend(channels * channel_bytes, path); !r) return r;
    Quantization& out = tensor.quantization;
    for (const float scale : *q->scale()) {
      if (!std::isfinite(scale)) return malformed(where_, path, "a quantisation scale is not finite");
      out.scale.push_back(scale);
    }
    if (q->zero_point()) {
      for (std::uint32_t i = 0; i < q->zero_point()->size(); ++i) {
        const std::int64_t zero = long_at(*q->zero_point(), i);
        if (zero < std::numeric_limits<std::int32_t>::min() || zero > std::numeric_limits<std::int32_t>::max()) {
          return malformed(where_, path, "a zero point does not fit 32 bits");
        }
        out.zero_point.push_back(zero);
      }
    }
    if (out.zero_point.empty()) out.zero_point.resize(out.scale.size(), 0);
    if (out.zero_point.size() != out.scale.size()) {
      return malformed(where_, path,
                       "it has " + std::to_string(out.scale.size()) + " scales but " +
                           std::to_string(out.zero_point.size()) + " zero points");
    }
    out.axis = q->axis();
    if (out.scale.size() > 1) {
      const auto rank = static_cast<std::int32_t>(tensor.shape.size());
      if (out.axis < 0 || out.axis >= rank) return malformed(where_, path, "its quantised dimension does not exist");
      if (static_cast<std::size_t>(tensor.shape[out.axis]) != out.scale.size()) {
        return malformed(where_, path,
                         "it has " + std::to_string(out.scale.size()) + " scales for a dimension of " +
                             std::to_string(tensor.shape[out.axis]));
      }
    }
    return {};
  }

  Result<void> read_constant(const fb::TensorInfo& info, const std::string& path, Tensor& tensor) {
    const std::uint32_t count = file_.buffers() ? file_.buffers()->size() : 0;
    if (info.buffer() == 0 && count == 0) return {};
    if (info.buffer() >= count) {
      return malformed(
          where_, path,
          "its buffer " + std::to_string(info.buffer()) + " does not exist, the file has " + std::to_string(count));
    }
    const fb::Constant* buffer = file_.buffers()->Get(info.buffer());
    if (buffer->offset() > 1 || buffer->size() > 1) {
      return Error{ExitCode::unsupported, "unsupported .tflite model", std::string(where_) + ": " + path,
                   "its constants stand outside the flatbuffer (files of more than 2 GiB)",
                   "use a model that fits a microcontroller"};
    }
    if (!buffer->data() || buffer->data()->size() == 0) return {};
    tensor.is_constant = true;
    if (element_bits(tensor.type) != 0 && buffer->data()->size() != static_cast<std::uint64_t>(tensor.bytes())) {
      return malformed(where_, path,
                       "its buffer has " + std::to_string(buffer->data()->size()) + " bytes, shape " +
                           tensor.shape_text() + " of " + type_name(tensor.type) + " needs " +
                           std::to_string(tensor.bytes()));
    }
    if (auto r = spend(buffer->data()->size(), path); !r) return r;
    const auto* bytes = reinterpret_cast<const std::byte*>(buffer->data()->data());
    tensor.data.assign(bytes, bytes + buffer->data()->size());
    tensor.data_offset = static_cast<std::size_t>(buffer->data()->data() - start_);
    return {};
  }

  Result<void> read_indices(const flatbuffers::Vector<std::int32_t>* in, const std::string& path, bool optional_allowed,
                            std::vector<std::int32_t>& out) {
    if (!in) return {};
    if (auto r = spend(in->size() * sizeof(std::int32_t), path); !r) return r;
    for (const std::int32_t index : *in) {
      const bool left_out = index == -1 && optional_allowed;
      if (!left_out && (index < 0 || static_cast<std::size_t>(index) >= graph_.tensors.size())) {
        return malformed(where_, path,
                         "tensor " + std::to_string(index) + " does not exist, the subgraph has " +
                             std::to_string(graph_.tensors.size()));
      }
      out.push_back(index);
    }
    return {};
  }

  Result<void> read_operators(const fb::Graph& main) {
    if (!main.operators()) return {};
    for (const fb::OperatorCall* call : *main.operators()) {
      const std::string path = "operator " + std::to_string(graph_.operators.size());
      const std::uint32_t codes = file_.operator_codes() ? file_.operator_codes()->size() : 0;
      if (call->opcode_index() >= codes) return malformed(where_, path, "its operator code does not exist");
      const fb::OperatorId* id = file_.operator_codes()->Get(call->opcode_index());
      if (auto r = spend(bytes_of(id->custom_code()), path); !r) return r;
      Operator op;
      op.kind = static_cast<OpKind>(id->byte_code() == kByteCodePlaceholder || id->builtin_code() > id->byte_code()
                                        ? id->builtin_code()
                                        : id->byte_code());
      op.custom_name = text(id->custom_code());
      op.version = id->version();
      if (auto r = read_indices(call->inputs(), path + " inputs", true, op.inputs); !r) return r;
      if (auto r = read_indices(call->outputs(), path + " outputs", false, op.outputs); !r) return r;
      read_options(*call, op);
      count_work(graph_, op);
      graph_.operators.push_back(std::move(op));
    }
    return {};
  }

  static void read_options(const fb::OperatorCall& call, Operator& op) {
    OpOptions& o = op.options;
    auto window = [&o](const auto& from) {
      o.padding = static_cast<Padding>(from.padding());
      o.activation = static_cast<Activation>(from.activation());
      o.stride_w = from.stride_w();
      o.stride_h = from.stride_h();
      o.present = true;
    };
    if (const auto* conv = call.options_as_ConvOptions()) {
      window(*conv);
      o.dilation_w = conv->dilation_w();
      o.dilation_h = conv->dilation_h();
    } else if (const auto* depthwise = call.options_as_DepthwiseOptions()) {
      window(*depthwise);
      o.dilation_w = depthwise->dilation_w();
      o.dilation_h = depthwise->dilation_h();
      o.depth_multiplier = depthwise->depth_multiplier();
    } else if (const auto* pool = call.options_as_PoolOptions()) {
      window(*pool);
      o.filter_w = pool->filter_w();
      o.filter_h = pool->filter_h();
    } else if (const auto* dense = call.options_as_DenseOptions()) {
      o.activation = static_cast<Activation>(dense->activation());
      o.weights_format = dense->weights_format();
      o.present = true;
    } else if (const auto* softmax = call.options_as_SoftmaxParameters()) {
      o.beta = softmax->beta();
      o.present = true;
    } else if (const auto* add = call.options_as_AdditionOptions()) {
      o.activation = static_cast<Activation>(add->activation());
      o.present = true;
    } else if (const auto* reduce = call.options_as_ReduceOptions()) {
      o.keep_dims = reduce->keep_dims();
      o.present = true;
    }
  }

  const fb::ModelFile& file_;
  std::string_view where_;
  const std::uint8_t* start_;
  std::uint32_t subgraph_;
  ModelGraph graph_;
  std::uint64_t copies_left_;
};

}  // namespace

Result<ModelGraph> read_tflite(std::span<const std::byte> bytes, std::string_view where, std::uint32_t subgraph) {
  constexpr std::size_t kSmallest = 16;
  if (bytes.size() < kSmallest || std::memcmp(bytes.data() + 4, "TFL3", 4) != 0) {
    return Error{ExitCode::unreadable, "not a .tflite model", std::string(where),
                 bytes.size() < kSmallest ? "it has only " + std::to_string(bytes.size()) + " bytes"
                                          : "bytes 4 to 7 are not the file identifier TFL3",
                 "give an int8 model in TensorFlow Lite format"};
  }
  if (bytes.size() > kMaxBytes) return malformed(where, "", "it has more than 1 GiB");

  // The format's scalars are aligned relative to its start, so the start itself must be aligned before we read them.
  std::vector<std::uint64_t> aligned;
  const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (reinterpret_cast<std::uintptr_t>(start) % 16 != 0) {
    aligned.resize(bytes.size() / 8 + 4);
    auto* copy = reinterpret_cast<std::uint8_t*>(aligned.data());
    if (reinterpret_cast<std::uintptr_t>(copy) % 16 != 0) copy += 8;
    std::memcpy(copy, start, bytes.size());
    start = copy;
  }
  flatbuffers::Verifier verifier(start, bytes.size());
  if (!fb::VerifyModelFileBuffer(verifier)) {
    return malformed(where, "", "an offset or length points outside the " + std::to_string(bytes.size()) + " bytes");
  }
  return Reader(*fb::GetModelFile(start), where, start, bytes.size(), subgraph).read();
}

Result<ModelGraph> read_tflite_file(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  if (failed || size > kMaxBytes) {
    return Error{ExitCode::unreadable, "cannot read the model", path.string(),
                 failed ? failed.message() : "it has more than 1 GiB", "check the path"};
  }
  std::vector<std::byte> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    return Error{ExitCode::unreadable, "cannot read the model", path.string(), "reading stopped early",
                 "check the file's permissions"};
  }
  return read_tflite(bytes, path.string());
}

}  // namespace mj::model
