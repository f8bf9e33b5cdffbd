// Our own runtime: firmware that `microjoule build` makes carries its layer table in a note.
#include "sim/profile/model/note.h"
#include "sim/profile/recognisers/functions.h"
#include "sim/profile/recognisers/rows.h"

namespace mj::profile {

namespace {
std::vector<std::int64_t> shape(const std::vector<std::int32_t>& s) { return {s.begin(), s.end()}; }

Layer layer_of(const model::NoteLayer& from) {
  Layer l;
  l.index = static_cast<int>(from.index);
  l.op = model::op_name(from.kind);
  l.name = from.name;
  l.input_shapes = {shape(from.input_shape)};
  if (!from.weight_shape.empty()) l.weight_shapes = {shape(from.weight_shape)};
  l.output_shapes = {shape(from.output_shape)};
  l.macs = from.macs;
  l.parameter_bytes = from.parameter_bytes;
  if (!from.weight_shape.empty()) {
    l.weight_bytes = 1;  // int8
    for (const std::int32_t d : from.weight_shape) l.weight_bytes *= static_cast<std::uint64_t>(d);
  }
  l.arena_bytes = from.live_bytes;
  return l;
}
std::vector<TensorPlace> places(const std::vector<model::NoteTensor>& from) {
  std::vector<TensorPlace> out;
  for (const model::NoteTensor& t : from) {
    TensorPlace p;
    p.name = t.name;
    p.address = t.address;
    p.type = t.type;
    p.shape = shape(t.shape);
    if (t.scale != 0) p.quantization = {{t.scale}, {t.zero_point}, 0};
    out.push_back(std::move(p));
  }
  return out;
}

LayerTensors tensors_of(const model::NoteModel& note, const model::NoteLayer& from) {
  if (from.outputs.empty())
    return LayerTensors::unknown("the layer table of this older build doesn't say; build the firmware again");
  LayerTensors t;
  t.operator_index = static_cast<int>(from.index);
  t.inputs = places(from.inputs);
  t.outputs = places(from.outputs);
  t.network_inputs = places(note.inputs);
  return t;
}
}  // namespace

Result<Candidate> look_for_mjrt(const Program& program) {
  Candidate c;
  const memory::ElfSection* section = program.image.section(".note.microjoule");
  if (!section) return c;
  auto bytes = program.image.contents(*section);
  if (!bytes) return bytes.error();
  const auto note = model::parse_note(*bytes);
  if (!note) return note.error();

  c.runtime = note->runtime_name;
  c.confidence = 100;
  c.reasons = {"the layer table in the image's section .note.microjoule"};
  FunctionNetwork n;
  n.network.name = note->model_name;
  n.network.runtime = note->runtime_name;
  n.network.recognised_by = c.reasons.front();
  n.network.confidence = c.confidence;
  n.network.arena.address = note->arena_address;
  n.network.arena.bytes = n.network.arena.used_bytes = note->arena_bytes;
  n.network.parameter_bytes = note->parameter_bytes;
  n.inference = note->invoke_address;
  for (const model::NoteLayer& l : note->layers) {
    n.layers.push_back({l.function, 0, layer_of(l), tensors_of(*note, l)});
    n.network.macs += l.macs;
    c.layers.push_back(n.layers.back().layer);
    c.layer_functions.push_back(l.function);
    c.functions.push_back(l.function);
  }
  c.networks = {n.network};
  c.functions.push_back(n.inference);
  c.listen = [n](const Stage& stage) { return listen_to_functions({n}, stage); };
  return c;
}

}  // namespace mj::profile
