#include "sim/profile/recognisers/tensor_capture.h"

#include <fmt/format.h>

namespace mj::profile {

namespace {
/// More than any microcontroller's network has: what is beyond comes from sizes that are none.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
constexpr const char* never_returned = "the layer never returned";
}  // namespace

CapturedTensor TensorCapture::read(TensorPlace place) {
  CapturedTensor t{std::move(place), {}};
  if (!t.place.missing.empty()) return t;
  const unsigned bits = model::element_bits(t.place.type);
  std::uint64_t elements = 1, size = 0;
  bool fits = bits != 0;
  for (const std::int64_t d : t.place.shape)
    fits = fits && d >= 0 && !__builtin_mul_overflow(elements, static_cast<std::uint64_t>(d), &elements);
  fits = fits && !__builtin_mul_overflow(elements, std::uint64_t{bits}, &size);
  size = size / 8 + (size % 8 != 0);
  if (!fits || size > most_bytes - bytes_) {
    t.place.missing = bits ? "its shape is larger than any memory" : "its type has no fixed size";
    return t;
  }
  std::uint8_t last = 0;
  const bool there = size == 0 || (t.place.address + size <= std::uint64_t{1} << 32 &&
                                   bus_.peek(static_cast<Address>(t.place.address + size - 1), &last, sizeof last));
  if (there) t.bytes.resize(size);
  if (!there || (size && !bus_.peek(t.place.address, reinterpret_cast<std::uint8_t*>(t.bytes.data()), size))) {
    t.bytes.clear();
    t.place.missing = fmt::format("no memory holds {} bytes at 0x{:08x}", size, t.place.address);
    return t;
  }
  bytes_ += size;
  return t;
}

void TensorCapture::began(int layer, int network, std::uint32_t thread, std::size_t depth,
                          const std::function<LayerTensors()>& tensors) {
  const auto [known, added] = index_.emplace(layer, captured_.size());
  if (!added) {
    ++captured_[known->second].calls;
    return;
  }
  LayerTensors places = tensors();
  CapturedLayer c;
  c.layer = layer;
  c.operator_index = places.operator_index;
  c.missing = std::move(places.missing);
  for (TensorPlace& p : places.inputs) c.inputs.push_back(read(std::move(p)));
  if (wanted_.constants) {
    for (TensorPlace& p : places.constants) c.constants.push_back(read(std::move(p)));
    if (network_began_.emplace(network, true).second)
      for (TensorPlace& p : places.network_inputs) c.network_inputs.push_back(read(std::move(p)));
  }
  for (TensorPlace& p : places.outputs) c.outputs.push_back({std::move(p), {}});
  open_.push_back({captured_.size(), thread, depth});
  captured_.push_back(std::move(c));
}

void TensorCapture::left(std::uint32_t thread, std::size_t depth) {
  for (std::size_t i = open_.size(); i-- > 0;) {
    const Open o = open_[i];
    if (o.thread != thread || o.depth < depth) continue;
    for (CapturedTensor& t : captured_[o.captured].outputs) t = read(std::move(t.place));
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<CapturedLayer> TensorCapture::take(const std::vector<int>& index_of) {
  for (const Open& o : open_)
    for (CapturedTensor& t : captured_[o.captured].outputs)
      if (t.place.missing.empty()) t.place.missing = never_returned;
  open_.clear();
  std::vector<CapturedLayer> all;
  for (CapturedLayer& c : captured_) {
    c.layer = index_of[static_cast<std::size_t>(c.layer)];
    if (c.layer >= 0) all.push_back(std::move(c));
  }
  captured_.clear();
  index_.clear();
  return all;
}

}  // namespace mj::profile
