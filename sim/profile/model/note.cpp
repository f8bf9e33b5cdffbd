#include "sim/profile/model/note.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "runtime/include/mjrt/note.h"

namespace mj::model {
namespace {

constexpr std::string_view kOwner{MJRT_NOTE_NAME, sizeof(MJRT_NOTE_NAME)};  // with its final zero, as ELF notes have it
constexpr std::uint32_t max_rank = 8;
constexpr std::uint64_t max_activations = std::uint64_t{1} << 20;
constexpr std::size_t kMaxNameBytes = std::size_t{16} << 20;

Error malformed(std::string why) {
  return {ExitCode::unreadable, "malformed layer table in the firmware", "section " MJRT_NOTE_SECTION, std::move(why),
          "build the firmware again with `microjoule build`"};
}

/// Guest words are little endian whatever the host is.
std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
  return value;
}

/// The descriptor of the note that is ours, or nothing.
Result<std::span<const std::byte>> find_descriptor(std::span<const std::byte> section) {
  constexpr std::size_t kHeader = 12;
  auto padded = [](std::uint64_t n) { return (n + 3) / 4 * 4; };
  while (section.size() >= kHeader) {
    const std::uint64_t name_bytes = word_at(section, 0), desc_bytes = word_at(section, 4);
    const std::uint64_t desc_start = kHeader + padded(name_bytes);
    if (desc_start + desc_bytes > section.size()) {
      return malformed("a note of " + std::to_string(desc_start + desc_bytes) + " bytes in " +
                       std::to_string(section.size()));
    }
    const bool ours = name_bytes == kOwner.size() && word_at(section, 8) == MJRT_NOTE_TYPE &&
                      std::memcmp(section.data() + kHeader, kOwner.data(), kOwner.size()) == 0;
    if (ours) return section.subspan(desc_start, desc_bytes);
    section = section.subspan(std::min<std::uint64_t>(desc_start + padded(desc_bytes), section.size()));
  }
  return malformed("it holds no note named " MJRT_NOTE_NAME " of type 1");
}

/// Walks the descriptor; the first wrong reference is kept as an error and reported at the end.
class Parser {
 public:
  explicit Parser(std::span<const std::byte> desc) : desc_(desc) {}

  Result<NoteModel> parse() {
    if (desc_.size() < 8) return malformed("it has only " + std::to_string(desc_.size()) + " bytes");
    const std::uint32_t version = word_at(desc_, 0);
    if (version != MJRT_NOTE_VERSION) {
      return Error{ExitCode::unsupported, "unknown version of the firmware's layer table", "section " MJRT_NOTE_SECTION,
                   "version is " + std::to_string(version) + ", we read version 1", "use a newer microjoule"};
    }
    const std::uint64_t header_bytes = word_at(desc_, 4);
    if (header_bytes < MJRT_NOTE_LEAST_HEADER_BYTES || header_bytes > desc_.size())
      return malformed("its header is cut off");
    const auto header = record<mjrt_note_header>(0, header_bytes);
    if (header.tensor_bytes < sizeof(mjrt_note_tensor) || header.layer_bytes < MJRT_NOTE_LEAST_LAYER_BYTES) {
      return malformed("its records are too short");
    }
    const std::uint64_t tensors = std::uint64_t{header.input_count} + header.output_count;
    const std::uint64_t layers_at = header_bytes + tensors * header.tensor_bytes;
    // Counts are 32 bits, so each product fits 64 bits, but not their sum with hostile values: test step by step.
    if (tensors * header.tensor_bytes > desc_.size()) return malformed("its tensors are cut off");
    if (std::uint64_t{header.layer_count} * header.layer_bytes > desc_.size())
      return malformed("its layers are cut off");
    const std::uint64_t dims_at = layers_at + std::uint64_t{header.layer_count} * header.layer_bytes;
    const std::uint64_t strings_at = dims_at + std::uint64_t{header.dim_count} * 4;
    if (strings_at + header.string_bytes > desc_.size()) return malformed("its shapes or strings are cut off");
    const std::uint64_t activations_at = strings_at + header.string_bytes;
    if (std::uint64_t{header.activation_count} * header.tensor_bytes > desc_.size() - activations_at)
      return malformed("its layers' tensors are cut off");
    dims_ = desc_.subspan(dims_at, std::size_t{header.dim_count} * 4);
    strings_ = desc_.subspan(strings_at, header.string_bytes);

    NoteModel model;
    model.version = version;
    model.model_name = string(header.model_name);
    model.runtime_name = string(header.runtime_name);
    model.invoke_address = header.invoke_address & ~1U;
    model.arena_address = header.arena_address;
    model.arena_bytes = header.arena_bytes;
    model.parameter_bytes = header.parameter_bytes;
    for (std::uint64_t i = 0; i < tensors; ++i) {
      auto& list = i < header.input_count ? model.inputs : model.outputs;
      list.push_back(tensor(record<mjrt_note_tensor>(header_bytes + i * header.tensor_bytes, header.tensor_bytes)));
    }
    for (std::uint64_t i = 0; i < header.layer_count; ++i) {
      const auto from = record<mjrt_note_layer>(layers_at + i * header.layer_bytes, header.layer_bytes);
      model.layers.push_back(layer(from));
      const std::uint64_t tensors_of_it = std::uint64_t{from.input_count} + from.output_count;
      if (from.first_activation + tensors_of_it > header.activation_count) {
        wrong_ = "a layer's tensors point outside";
        break;
      }
      // Layers can share one long list.
      activations_ += tensors_of_it;
      if (activations_ > max_activations) {
        wrong_ = "its layers have more than a million tensors all together";
        break;
      }
      for (std::uint64_t t = 0; t < tensors_of_it && wrong_.empty(); ++t) {
        const std::uint64_t at = activations_at + (from.first_activation + t) * header.tensor_bytes;
        auto& list = t < from.input_count ? model.layers.back().inputs : model.layers.back().outputs;
        list.push_back(tensor(record<mjrt_note_tensor>(at, header.tensor_bytes)));
      }
    }
    if (!wrong_.empty()) return malformed(wrong_);
    return model;
  }

 private:
  /// A record is a sequence of 32-bit words, `bytes` of them; what an earlier build's lacks is 0. The caller has
  /// checked that it lies inside.
  template <class Record>
  Record record(std::uint64_t offset, std::uint64_t bytes) const {
    static_assert(sizeof(Record) % 4 == 0);
    std::uint32_t words[sizeof(Record) / 4] = {};
    for (std::size_t i = 0; i < std::size(words) && 4 * (i + 1) <= bytes; ++i)
      words[i] = word_at(desc_, offset + 4 * i);
    return std::bit_cast<Record>(words);
  }

  std::string string(std::uint32_t offset) {
    if (!wrong_.empty()) return {};
    for (std::size_t end = offset; end < strings_.size(); ++end) {
      if (strings_[end] != std::byte{0}) continue;
      // Records can share one long name.
      name_bytes_ += end - offset;
      if (name_bytes_ > kMaxNameBytes) {
        wrong_ = "its names are longer than 16 MiB all together";
        return {};
      }
      return {reinterpret_cast<const char*>(strings_.data()) + offset, end - offset};
    }
    wrong_ = "a string reference points outside";
    return {};
  }

  std::vector<std::int32_t> shape(const mjrt_note_shape& s) {
    std::vector<std::int32_t> dims;
    if (s.rank > max_rank || (std::uint64_t{s.first} + s.rank) * 4 > dims_.size()) {
      wrong_ = "a shape points outside";
      return dims;
    }
    for (std::uint32_t i = 0; i < s.rank; ++i) {
      dims.push_back(static_cast<std::int32_t>(word_at(dims_, std::size_t{4} * (s.first + i))));
    }
    return dims;
  }

  NoteTensor tensor(const mjrt_note_tensor& r) {
    return {.name = string(r.name),
            .address = r.address,
            .bytes = r.bytes,
            .type = static_cast<TensorType>(r.type),
            .shape = shape(r.shape),
            .scale = std::bit_cast<float>(r.scale),
            .zero_point = r.zero_point};
  }

  NoteLayer layer(const mjrt_note_layer& r) {
    return {.function = r.function & ~1U,
            .index = r.index,
            .kind = static_cast<OpKind>(r.kind),
            .name = string(r.name),
            .input_shape = shape(r.input),
            .output_shape = shape(r.output),
            .weight_shape = shape(r.weights),
            .macs = std::uint64_t{r.macs_high} << 32 | r.macs_low,
            .parameter_bytes = r.parameter_bytes,
            .live_bytes = r.live_bytes,
            .inputs = {},
            .outputs = {}};
  }

  std::span<const std::byte> desc_, dims_, strings_;
  std::string wrong_;
  std::size_t name_bytes_ = 0;
  std::uint64_t activations_ = 0;
};

}  // namespace

Result<NoteModel> parse_note(std::span<const std::byte> section) {
  auto descriptor = find_descriptor(section);
  if (!descriptor) return descriptor.error();
  return Parser(*descriptor).parse();
}

}  // namespace mj::model
