// The layer table in a firmware's note: read whole, refused when it is cut off or points outside.
#include "sim/profile/model/note.h"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/model/note_section.h"

namespace mj::model {
namespace {

using test::section;

using testing::ElementsAre;
using testing::HasSubstr;

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
  ASSERT_EQ(note->layers[0].inputs.size(), 1U);
  EXPECT_EQ(note->layers[0].inputs[0].address, 0x20000000U);
  ASSERT_EQ(note->layers[0].outputs.size(), 1U);
  EXPECT_EQ(note->layers[0].outputs[0].address, 0x20000010U);
  EXPECT_EQ(note->layers[0].outputs[0].zero_point, 7);
}

TEST(Note, OneOfAnEarlierBuildHasLayersWithoutTensors) {
  // Given the records as they were before layers told their tensors: a header of 15 words, a layer of 14
  std::vector<std::byte> bytes;
  const auto words = [&](std::initializer_list<std::uint32_t> list) {
    for (const std::uint32_t word : list) test::append(bytes, word);
  };
  words({11, 60 + 56 + 4, 1});
  for (const char c : std::string("microjoule\0\0", 12)) test::append(bytes, c);
  words({1, 60, 32, 56, 0, 0, 1, 0, 4, 0, 0, 0x08000201, 0x20000000, 64, 30});
  words({0x08000101, 3, 9, 0, 0, 0, 0, 0, 0, 0, 30, 1, 30, 11});
  for (const char c : std::string("net\0", 4)) test::append(bytes, c);
  const auto note = parse_note(bytes);
  ASSERT_TRUE(note.ok()) << note.error().text();
  ASSERT_EQ(note->layers.size(), 1U);
  EXPECT_EQ(note->layers[0].index, 3U);
  EXPECT_EQ(note->layers[0].live_bytes, 11U);
  EXPECT_TRUE(note->layers[0].inputs.empty());
  EXPECT_TRUE(note->layers[0].outputs.empty());
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
  const std::size_t whole = sizeof(mjrt_note_header) + 4 * sizeof(mjrt_note_tensor) + sizeof(mjrt_note_layer) + 16 + 20;
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

TEST(Note, LayersThatShareOneLongNameAreRefused) {
  // Given a note of 2 MB whose 30,000 layers all have the same name of 100 KB: 3 GB of names
  const std::vector<std::byte> bytes = section(MJRT_NOTE_VERSION, 0, 30'000, 100'000);
  ASSERT_LT(bytes.size(), 2'200'000U);
  const auto note = parse_note(bytes);
  ASSERT_FALSE(note.ok());
  EXPECT_EQ(note.error().code, ExitCode::unreadable);
  EXPECT_THAT(note.error().text(), HasSubstr("longer than 16 MiB"));
}

}  // namespace
}  // namespace mj::model
