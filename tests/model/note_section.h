// A section of notes as a linker leaves it, written byte by byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/include/mjrt/note.h"

namespace mj::test {

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* raw = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), raw, raw + sizeof value);
}

/// A section with somebody else's note first and then ours: one input, one output, one layer.
/// `missing` bytes are cut from its end, with the note's own size set right. `layers`: that many times the same layer;
/// its name then has `longer` letters more.
inline std::vector<std::byte> section(std::uint32_t version = MJRT_NOTE_VERSION, std::size_t missing = 0,
                                      std::uint32_t layers = 1, std::uint32_t longer = 0) {
  static constexpr char kStrings[] = "net\0mjrt 1\0in\0out\0\0";  // at 0, 4, 11, 14
  const std::string strings = std::string(kStrings, 14) + std::string(longer, 'n') + std::string(kStrings + 14, 6);
  const auto string_bytes = static_cast<std::uint32_t>(strings.size());
  std::vector<std::byte> desc;
  append(desc, mjrt_note_header{.version = version,
                                .header_bytes = sizeof(mjrt_note_header),
                                .tensor_bytes = sizeof(mjrt_note_tensor),
                                .layer_bytes = sizeof(mjrt_note_layer),
                                .input_count = 1,
                                .output_count = 1,
                                .layer_count = layers,
                                .dim_count = 4,
                                .string_bytes = string_bytes,
                                .model_name = 0,
                                .runtime_name = 4,
                                .invoke_address = 0x08000201,
                                .arena_address = 0x20000000,
                                .arena_bytes = 64,
                                .parameter_bytes = 30,
                                .activation_count = 2});
  append(desc, mjrt_note_tensor{11, 0x20000000, 6, 9, {0, 2}, std::bit_cast<std::uint32_t>(0.5F), -3});
  append(desc, mjrt_note_tensor{14, 0x20000010, 5, 9, {2, 2}, std::bit_cast<std::uint32_t>(0.25F), 7});
  for (std::uint32_t i = 0; i < layers; ++i)
    append(desc, mjrt_note_layer{0x08000101, 0, 9, 14, {0, 2}, {2, 2}, {2, 2}, 30, 1, 30, 11, 0, 1, 1});
  for (const std::uint32_t dim : {1U, 6U, 1U, 5U}) append(desc, dim);
  for (const char c : strings) append(desc, c);
  append(desc, mjrt_note_tensor{11, 0x20000000, 6, 9, {0, 2}, std::bit_cast<std::uint32_t>(0.5F), -3});
  append(desc, mjrt_note_tensor{14, 0x20000010, 5, 9, {2, 2}, std::bit_cast<std::uint32_t>(0.25F), 7});

  std::vector<std::byte> bytes;
  auto note = [&bytes](const std::string& owner, const std::vector<std::byte>& content) {
    for (const std::size_t word : {owner.size() + 1, content.size(), std::size_t{1}}) {
      append(bytes, static_cast<std::uint32_t>(word));
    }
    for (std::size_t i = 0; i < (owner.size() + 4) / 4 * 4; ++i) append(bytes, i < owner.size() ? owner[i] : '\0');
    bytes.insert(bytes.end(), content.begin(), content.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
  };
  note("other", std::vector<std::byte>(5));
  desc.resize(desc.size() - missing);
  note(MJRT_NOTE_NAME, desc);
  return bytes;
}

}  // namespace mj::test
