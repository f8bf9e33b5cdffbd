// The layer table in a firmware's note: read whole, refused when it is cut off or points outside.
#include "sim/profile/model/note.h"

#include <gmock/gmock.h>

#include <bit>
#include <cstring>

#include "runtime/include/mjrt/note.h"

namespace mj::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* raw = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), raw, raw + sizeof value);
}

/// A section with somebody else's note first and then ours: one input, one output, one layer.
/// `missing` bytes are cut from its end, with the note's own size set right.
std::vector<std::byte> section(std::uint32_t version = MJRT_NOTE_VERSION, std::size_t missing = 0) {
  static constexpr char kStrings[] = "net\0mjrt 1\0in\0out\0";  // at 0, 4, 11, 14
  const std::uint32_t string_bytes = 20;
  std::vector<std::byte> desc;
  append(desc, mjrt_note_header{.version = version,
                                .header_bytes = sizeof(mjrt_note_header),
                                .tensor_bytes = sizeof(mjrt_note_tensor),
                                .layer_bytes = sizeof(mjrt_note_layer),
                                .input_count = 1,
                                .output_count = 1,
                                .layer_count = 1,
                                .dim_count = 4,
                                .string_bytes = string_bytes,
                                .model_name = 0,
                                .runtime_name = 4,
                                .invoke_address = 0x08000201,
                                .arena_address = 0x20000000,
                                .arena_bytes = 64,
                                .parameter_bytes = 30});
  append(desc, mjrt_note_tensor{11, 0x20000000, 6, 9, {0, 2}, std::bit_cast<std::uint32_t>(0.5F), -3});
  append(desc, mjrt_note_tensor{14, 0x20000010, 5, 9, {2, 2}, std::bit_cast<std::uint32_t>(0.25F), 7});
  append(desc, mjrt_note_layer{0x08000101, 0, 9, 14, {0, 2}, {2, 2}, {2, 2}, 30, 1, 30, 11});
  for (const std::uint32_t dim : {1U, 6U, 1U, 5U}) append(desc, dim);
  for (std::size_t i = 0; i < string_bytes; ++i) append(desc, i < sizeof kStrings ? kStrings[i] : '\0');

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

TEST(Note, ReadsTheTable) {
  const auto note = parse_note(section());
  ASSERT_TRUE(note.ok()) << note.error().text();
  EXPECT_EQ(note->model_name, "net");
  EXPECT_EQ(note->runtime_name, "mjrt 1");
  EXPECT_EQ(note->invoke_address, 0x08000200U) << "the Thumb bit is cleared";
  ASSERT_EQ(note->inputs.size(), 1U);
  EXPECT_EQ(note->inputs[0].name, "in");
  EXPECT_EQ(note->inputs[0].address, 0x20000000U);
  EXPECT_EQ(note->inputs[0].scale, 0.5F);
  EXPECT_EQ(note->inputs[0].zero_point, -3);
  EXPECT_THAT(note->inputs[0].shape, ElementsAre(1, 6));
  ASSERT_EQ(note->outputs.size(), 1U);
  EXPECT_EQ(note->outputs[0].name, "out");
  ASSERT_EQ(note->layers.size(), 1U);
  EXPECT_EQ(note->layers[0].function, 0x08000100U);
  EXPECT_EQ(note->layers[0].kind, OpKind::fully_connected);
  EXPECT_EQ(note->layers[0].macs, (std::uint64_t{1} << 32) + 30);
  EXPECT_THAT(note->layers[0].weight_shape, ElementsAre(1, 5));
}

TEST(Note, CutOffAnywhereIsAnError) {
  const std::vector<std::byte> whole = section();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto note = parse_note(cut);
    ASSERT_FALSE(note.ok()) << size << " bytes of " << whole.size();
    EXPECT_EQ(note.error().code, ExitCode::unreadable);
  }
}

TEST(Note, ATableShorterThanItsHeaderSaysIsAnError) {
  const std::size_t whole = sizeof(mjrt_note_header) + 2 * sizeof(mjrt_note_tensor) + sizeof(mjrt_note_layer) + 16 + 20;
  for (std::size_t missing = 1; missing <= whole; ++missing) {
    const auto note = parse_note(section(MJRT_NOTE_VERSION, missing));
    ASSERT_FALSE(note.ok()) << missing << " bytes missing";
    EXPECT_EQ(note.error().code, ExitCode::unreadable);
  }
}

TEST(Note, WrongWordsNeverCrash) {
  const std::vector<std::byte> whole = section();
  for (const std::uint32_t word : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU, 0x40000000U, 0xFFFFFFF0U}) {
    for (std::size_t i = 0; i + 4 <= whole.size(); i += 4) {
      std::vector<std::byte> broken = whole;
      std::memcpy(broken.data() + i, &word, 4);
      (void)parse_note(broken).ok();
    }
  }
}

TEST(Note, NamesAVersionThatItDoesNotKnow) {
  const auto note = parse_note(section(2));
  ASSERT_FALSE(note.ok());
  EXPECT_EQ(note.error().code, ExitCode::unsupported);
  EXPECT_THAT(note.error().text(), HasSubstr("version is 2"));
}

TEST(Note, NoNoteOfOursIsAnError) {
  const auto note = parse_note({});
  ASSERT_FALSE(note.ok());
  EXPECT_EQ(note.error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::model
