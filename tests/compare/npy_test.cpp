// .npy files: what is written is what numpy.save writes, what is read is checked before it is believed.
#include "sim/npy.h"

#include <gmock/gmock.h>

#include <cstring>

namespace mj {
namespace {

using model::TensorType;
using testing::HasSubstr;

std::string numbers(std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += static_cast<char>(i * 7);
  return out;
}

std::string file_of(const std::string& header, const std::string& data, char version = 1) {
  std::string out("\x93NUMPY", 6);
  out += version;
  out += '\0';
  for (unsigned i = 0; i < (version == 1 ? 2U : 4U); ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return out + header + data;
}

std::string header_of(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }          \n";
}

void refused(const std::string& file, ExitCode code, const std::string& word) {
  const auto array = parse_npy(file, "x.npy");
  ASSERT_FALSE(array.ok()) << word;
  EXPECT_EQ(array.error().code, code) << array.error().text();
  EXPECT_THAT(array.error().text(), HasSubstr(word));
  EXPECT_THAT(array.error().text(), HasSubstr("x.npy"));
}

TEST(Npy, WhatIsWrittenIsReadAgain) {
  struct Case {
    TensorType type;
    std::vector<std::int64_t> shape;
    std::size_t bytes;
  };
  for (const Case& c :
       {Case{TensorType::int8, {1, 3, 2}, 6}, Case{TensorType::int16, {4}, 8}, Case{TensorType::int32, {2, 2}, 16},
        Case{TensorType::float32, {}, 4}, Case{TensorType::uint8, {0, 7}, 0}, Case{TensorType::int64, {1}, 8}}) {
    NpyArray array;
    array.type = c.type;
    array.shape = c.shape;
    const std::string data = numbers(c.bytes);
    array.bytes.resize(c.bytes);
    if (c.bytes) std::memcpy(array.bytes.data(), data.data(), c.bytes);
    const auto file = npy_file(array);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ((file->size() - c.bytes) % 64, 0U) << "data begin at a multiple of 64";
    const auto again = parse_npy(*file, "x.npy");
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(again->type, c.type);
    EXPECT_EQ(again->shape, c.shape);
    EXPECT_EQ(again->bytes, array.bytes);
  }
}

TEST(Npy, IsWrittenAsNumpyDoes) {
  NpyArray array{TensorType::int16, {3}, std::vector<std::byte>(6)};
  const auto file = npy_file(array);
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(*file, testing::StartsWith(std::string("\x93NUMPY\x01\x00v\x00", 10) +
                                         "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }  "));
  EXPECT_EQ((*file)[127], '\n');
  EXPECT_FALSE(npy_file({TensorType::int4, {2}, std::vector<std::byte>(1)}).ok()) << "NumPy has no int4";
}

TEST(Npy, OtherVersionsAndSpellingsAreRead) {
  const std::string header = "{\"shape\":(2,3),'fortran_order':False,'descr':'<i1'}";
  for (const char version : {'\x01', '\x02', '\x03'}) {
    const auto array = parse_npy(file_of(header, numbers(6), version), "x.npy");
    ASSERT_TRUE(array.ok()) << array.error().text();
    EXPECT_EQ(array->type, TensorType::int8);
    EXPECT_EQ(array->shape, (std::vector<std::int64_t>{2, 3}));
  }
  EXPECT_TRUE(parse_npy(file_of(header_of("<f4", "(4,)", "True"), numbers(16)), "x").ok()) << "one dimension";
}

TEST(Npy, WhatIsBrokenIsRefusedInWords) {
  const std::string good = file_of(header_of("|i1", "(2, 3)"), numbers(6));
  ASSERT_TRUE(parse_npy(good, "x.npy").ok());
  // Cut off anywhere
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_npy(good.substr(0, n), "x.npy").ok()) << n;
  refused(good + "x", ExitCode::unreadable, "needs 6 bytes, behind the header are 7");
  refused("PK\x03\x04 and so on", ExitCode::unreadable, "not a .npy file");
  refused(file_of(header_of("|i1", "(2, 3)"), numbers(6), 9), ExitCode::unreadable, "version is 9");
  // Shapes that are none, or larger than everything
  for (const char* shape : {"(-1,)", "(2", "2", "[2, 3]", "(2, 'x')", "(99999999999999999999,)", "(2.0,)", "()()"})
    refused(file_of(header_of("|i1", shape), numbers(6)), ExitCode::unreadable, "not a .npy file");
  refused(file_of(header_of("<f8", "(4294967296, 4294967296, 4294967296)"), ""), ExitCode::unreadable, "2^64");
  refused(file_of(header_of("|i1", "(9223372036854775807,)"), ""), ExitCode::unreadable, "9223372036854775807 bytes");
  // Headers that aren't the dictionary
  for (const char* header : {"", "{", "{}", "{'descr': '|i1'}", "{'descr': '|i1', 'descr': '|i1'}",
                             "__import__('os').system('true')", "{'descr': [('a', '<i4')], 'shape': (1,)}"})
    refused(file_of(header, numbers(6)), ExitCode::unreadable, "its header is not");
  // What is well formed, but not what we read
  refused(file_of(header_of(">i2", "(3,)"), numbers(6)), ExitCode::usage, "type we don't read");
  refused(file_of(header_of("|O", "(3,)"), numbers(6)), ExitCode::usage, "type we don't read");
  refused(file_of(header_of("|i1", "(2, 3)", "True"), numbers(6)), ExitCode::usage, "Fortran");
}

}  // namespace
}  // namespace mj
