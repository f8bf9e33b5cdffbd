#include "sim/profile/recognisers/node_arrays.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/profile/recognisers/tflite_models.h"

namespace mj::profile {

namespace {

using model::TensorType;

constexpr std::uint32_t most_tensors = 4096, most_dimensions = 8, most_elements = 1u << 24;

/// TfLiteType (common.h) in the numbers of the model format; none: of no fixed size, or no type.
std::optional<TensorType> type_of(std::uint32_t tf_lite) {
  switch (tf_lite) {
    case 1:
      return TensorType::float32;
    case 2:
      return TensorType::int32;
    case 3:
      return TensorType::uint8;
    case 4:
      return TensorType::int64;
    case 6:
      return TensorType::boolean;
    case 7:
      return TensorType::int16;
    case 9:
      return TensorType::int8;
    case 10:
      return TensorType::float16;
    case 11:
      return TensorType::float64;
    case 13:
      return TensorType::uint64;
    case 16:
      return TensorType::uint32;
    case 17:
      return TensorType::uint16;
    case 18:
      return TensorType::int4;
    default:
      return std::nullopt;
  }
}

/// TfLiteIntArray: a size and as many words.
std::optional<std::vector<std::int32_t>> int_array(const Guest& guest, Address at, std::uint32_t most) {
  const auto size = guest.word(at);
  if (!size || *size > most) return std::nullopt;
  std::vector<std::int32_t> values(*size);
  if (*size && !guest.read(at + 4, values.data(), 4 * std::size_t{*size})) return std::nullopt;
  return values;
}

/// TensorInfo_t: allocation type and type, which are bytes where enumerations are short; data, dims, bytes; in most
/// versions a TfLiteQuantization: its type and its parameters.
struct Fields {
  std::uint32_t enum_bytes, data, size;
  bool quantization;
};
constexpr Fields layouts[] = {{1, 4, 24, true}, {4, 8, 28, true}, {1, 4, 16, false}, {4, 8, 20, false}};

std::optional<std::uint32_t> enumeration(const Guest& guest, Address at, std::uint32_t bytes) {
  std::uint32_t value = 0;
  if (!guest.read(at, &value, bytes)) return std::nullopt;
  return value;
}

/// TfLiteAffineQuantization: scales, zero points and the dimension that they are of.
model::Quantization quantization(const Guest& guest, Address parameters) {
  model::Quantization q;
  const auto scales = guest.word(parameters), zeros = guest.word(parameters + 4), axis = guest.word(parameters + 8);
  if (!scales || !zeros || !axis || *axis >= most_dimensions) return {};
  const auto bits = int_array(guest, *scales, most_tensors), points = int_array(guest, *zeros, most_tensors);
  if (!bits || !points || points->empty() || (points->size() != 1 && points->size() != bits->size())) return {};
  q.axis = static_cast<std::int32_t>(*axis);
  q.scale.resize(bits->size());
  if (!bits->empty()) std::copy_n(reinterpret_cast<const float*>(bits->data()), bits->size(), q.scale.begin());
  for (std::size_t i = 0; i < bits->size(); ++i) q.zero_point.push_back((*points)[points->size() == 1 ? 0 : i]);
  return q;
}

/// The operator that a model calls so.
model::Operator operator_named(std::string_view op) {
  model::Operator o;
  constexpr int most_kinds = 256;
  for (int kind = 0; kind < most_kinds; ++kind)
    if (kind != static_cast<int>(model::OpKind::custom) && model::op_name(model::OpKind{kind}) == op) {
      o.kind = model::OpKind{kind};
      return o;
    }
  o.custom_name = op;
  return o;
}

}  // namespace

bool NodeArrays::read_tensors(const Program& program, const Guest& guest, Address begin, std::uint32_t bytes) {
  const auto fits = [&](const Fields& f) {
    graph_ = {};
    places_.clear();
    if (bytes == 0 || bytes % f.size || bytes / f.size > most_tensors) return false;
    for (Address at = begin; at < begin + bytes; at += f.size) {
      const auto allocation = enumeration(guest, at, f.enum_bytes),
                 type = enumeration(guest, at + f.enum_bytes, f.enum_bytes);
      const auto data = guest.word(at + f.data), dims = guest.word(at + f.data + 4), size = guest.word(at + f.data + 8);
      constexpr std::uint32_t most_allocations = 8, read_only = 1;  // kTfLiteMmapRo
      if (!allocation || *allocation > most_allocations || !type || !data || !dims || !size) return false;
      const auto known = type_of(*type);
      const auto shape = int_array(guest, *dims, most_dimensions);
      if (!known || !shape) return false;
      std::uint64_t elements = 1;
      for (const std::int32_t d : *shape) {
        if (d < 0) return false;
        elements = std::min<std::uint64_t>(elements * static_cast<std::uint32_t>(d), most_elements);
      }
      if ((elements * model::element_bits(*known) + 7) / 8 != *size) return false;
      model::Tensor t;
      t.shape = *shape;
      t.type = *known;
      const auto kind = f.quantization ? enumeration(guest, at + f.data + 12, f.enum_bytes) : std::nullopt;
      const auto parameters = f.quantization ? guest.word(at + f.data + 16) : std::nullopt;
      if (kind && *kind == 1 && parameters) t.quantization = quantization(guest, *parameters);
      if (*allocation == read_only) {
        t.is_constant = true;
        t.data.resize(*size);
        if (*size && !guest.read(*data, t.data.data(), *size)) return false;
        if (const Symbol* object = program.symbols.object_at(*data)) t.name = object->base_name;
      }
      graph_.tensors.push_back(std::move(t));
      places_.push_back({*data, *allocation != read_only});
    }
    return true;
  };
  return std::any_of(std::begin(layouts), std::end(layouts), fits);
}

/// TfLiteNode begins with inputs and outputs; how long it is differs by version.
bool NodeArrays::read_nodes(const Guest& guest, std::uint32_t bytes) {
  const auto count = static_cast<std::int32_t>(graph_.tensors.size());
  for (const std::uint32_t stride : {28u, 24u, 32u, 36u, 40u, 44u, 48u}) {
    if (bytes % stride) continue;
    graph_.operators.clear();
    for (Address at = nodes_; at < nodes_ + bytes; at += stride) {
      model::Operator op;
      const auto inputs = guest.word(at), outputs = guest.word(at + 4);
      auto in = int_array(guest, inputs.value_or(0), most_tensors),
           out = int_array(guest, outputs.value_or(0), most_tensors);
      const auto in_range = [&](std::int32_t t) { return t >= -1 && t < count; };
      const bool sane = inputs && outputs && *inputs && *outputs && in && out && !out->empty() &&
                        std::all_of(in->begin(), in->end(), in_range) &&
                        std::all_of(out->begin(), out->end(), in_range);
      if (!sane) break;
      op.inputs = std::move(*in);
      op.outputs = std::move(*out);
      graph_.operators.push_back(std::move(op));
    }
    stride_ = stride;
    if (graph_.operators.size() == bytes / stride) return true;
  }
  return false;
}

std::optional<NodeArrays> NodeArrays::read(const Program& program, const Guest& guest, Address node) {
  const Symbol* nodes = program.symbols.object_at(node);
  if (!nodes) return std::nullopt;
  NodeArrays a;
  a.nodes_ = nodes->start;
  // Of several networks each has its arrays in a source file of its own.
  const auto beside = [&](std::string_view name) {
    const Symbol* found = nullptr;
    int others = 0;
    for (const Symbol& s : program.symbols.objects()) {
      if (s.base_name != name && !s.base_name.ends_with("::" + std::string(name))) continue;
      if (s.file == nodes->file && !s.file.empty()) return &s;
      found = &s;
      ++others;
    }
    return others == 1 ? found : nullptr;
  };
  const Symbol* tensors = beside("tensorData");
  if (!tensors || !a.read_tensors(program, guest, tensors->start, tensors->size)) return std::nullopt;
  if (!a.read_nodes(guest, nodes->size)) return std::nullopt;
  if (const Symbol* arena = beside("tensor_arena"); arena && arena->size == 4) a.arena_pointer_ = arena->start;
  // What is read before it is written comes from the program, and what nobody reads is for it.
  std::vector<bool> written(a.graph_.tensors.size()), read(a.graph_.tensors.size());
  for (const model::Operator& op : a.graph_.operators) {
    for (const std::int32_t t : op.inputs) {
      if (t < 0) continue;
      const auto i = static_cast<std::size_t>(t);
      if (!written[i] && !read[i] && !a.graph_.tensors[i].is_constant) a.graph_.inputs.push_back(t);
      read[i] = true;
    }
    for (const std::int32_t t : op.outputs)
      if (t >= 0) written[static_cast<std::size_t>(t)] = true;
  }
  for (std::size_t i = 0; i < written.size(); ++i)
    if (written[i] && !read[i]) a.graph_.outputs.push_back(static_cast<std::int32_t>(i));
  return a;
}

std::optional<std::size_t> NodeArrays::index_of(Address node) const {
  if (node < nodes_ || (node - nodes_) % stride_) return std::nullopt;
  const std::size_t index = (node - nodes_) / stride_;
  return index < graph_.operators.size() ? std::optional(index) : std::nullopt;
}

Layer NodeArrays::layer(std::size_t index, std::string_view op) const {
  model::ModelGraph graph = graph_;
  model::Operator& o = graph.operators[index];
  model::Operator named = operator_named(op);
  named.inputs = std::move(o.inputs);
  named.outputs = std::move(o.outputs);
  o = std::move(named);
  count_work(graph, o);
  Layer l = layers_of(graph, 0)[index];
  l.name = fmt::format("node {}", index);
  return l;
}

Address NodeArrays::address_of(const Guest& guest, std::size_t tensor) const {
  const Place& p = places_[tensor];
  return p.in_arena && arena_pointer_ ? guest.word(arena_pointer_).value_or(0) + p.data : p.data;
}

LayerTensors NodeArrays::tensors(const Guest& guest, std::size_t index) const {
  const auto place = [&](std::int32_t t) {
    const auto i = static_cast<std::size_t>(t);
    const model::Tensor& tensor = graph_.tensors[i];
    TensorPlace p;
    p.name = tensor.name;
    p.address = address_of(guest, i);
    p.type = tensor.type;
    p.shape.assign(tensor.shape.begin(), tensor.shape.end());
    p.quantization = tensor.quantization;
    return p;
  };
  const model::Operator& op = graph_.operators[index];
  LayerTensors all;
  all.operator_index = static_cast<int>(index);
  for (const std::int32_t t : op.inputs)
    if (t >= 0)
      (graph_.tensors[static_cast<std::size_t>(t)].is_constant ? all.constants : all.inputs).push_back(place(t));
  for (const std::int32_t t : op.outputs)
    if (t >= 0) all.outputs.push_back(place(t));
  for (const std::int32_t t : graph_.inputs) all.network_inputs.push_back(place(t));
  return all;
}

}  // namespace mj::profile
