// What an ElfImage takes from a file, and what it says about files that it can't take.
#include "memory/elf_image.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/elf_attributes.h"
#include "tests/elf/elf_builder.h"
#include "tests/elf/fixtures.h"

namespace mj::memory {
namespace {

using test::ElfBuilder;
using test::minimal;
using testing::ElementsAre;
using testing::HasSubstr;

Error error_of(ElfBuilder elf) {
  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");
  return image.ok() ? Error{} : image.error();
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

TEST(ElfImage, LoadsBytesAtTheLoadAddressAndLeavesBssAlone) {
  // .data lives at 0x20000000 and is stored at 0x100; .bss has a physical address inside flash, as linkers write it.
  ElfBuilder elf;
  elf.load(elf.section(".text", SHF_ALLOC | SHF_EXECINSTR, 0, {1, 2, 3, 4}), 0);
  elf.load(elf.section(".data", SHF_ALLOC | SHF_WRITE, 0x20000000, {5, 6}), 0x100, PF_R | PF_W);
  elf.load(elf.no_bits(".bss", 0x20000004, 64), 0x104, PF_R | PF_W);
  elf.header.e_entry = 0x41;

  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");

  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->entry(), 0x41u) << "the Thumb bit stays";
  ASSERT_EQ(image->segments().size(), 3u);
  const LoadSegment& data = image->segments()[1];
  EXPECT_EQ(data.paddr, 0x100u);
  EXPECT_EQ(data.vaddr, 0x20000000u);
  EXPECT_THAT(data.bytes, ElementsAre(std::byte{5}, std::byte{6}));
  EXPECT_TRUE(data.writable && !data.executable);
  const LoadSegment& bss = image->segments()[2];
  EXPECT_TRUE(bss.bytes.empty());
  EXPECT_EQ(bss.memsz, 64u);
  EXPECT_EQ(image->section(".data")->load_addr, 0x100u);
  EXPECT_FALSE(image->section(".bss")->load_addr.has_value());
  EXPECT_EQ(image->section_at(0x20000005)->name, ".bss");
}

TEST(ElfImage, SymbolsLoseTheThumbBitAndKeepTheirFile) {
  ElfBuilder elf = minimal();
  elf.symbol("conv.cc", 0, 0, STT_FILE, STB_LOCAL, SHN_ABS);
  elf.symbol("$t", 0, 0, STT_NOTYPE, STB_LOCAL, 1);
  elf.symbol("Eval", 0x5, 4, STT_FUNC, STB_LOCAL, 1);
  elf.symbol("$d.1", 8, 0, STT_NOTYPE, STB_LOCAL, 1);
  elf.symbol(".LC3", 8, 0, STT_NOTYPE, STB_LOCAL, 1);
  elf.symbol("main", 0x9, 4, STT_FUNC, STB_GLOBAL, 1);

  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");

  ASSERT_TRUE(image.ok());
  const ElfSymbol* eval = image->symbol("Eval");
  ASSERT_NE(eval, nullptr);
  EXPECT_EQ(eval->value, 4u);
  EXPECT_TRUE(eval->is_thumb);
  EXPECT_EQ(eval->file, "conv.cc");
  EXPECT_EQ(image->symbol("main")->file, "") << "globals stand behind the last file, not in it";
  EXPECT_EQ(image->symbol(".LC3"), nullptr);
  ASSERT_EQ(image->mapping_symbols().size(), 2u);
  EXPECT_EQ(image->mapping_symbols()[0].kind, MappingKind::thumb);
  EXPECT_EQ(image->mapping_symbols()[1].kind, MappingKind::data);
  EXPECT_EQ(image->mapping_symbols()[1].addr, 8u);
}

TEST(ElfImage, OverlappingSegmentsAndOverlaysAreReported) {
  ElfBuilder elf;
  elf.load(elf.section(".one", SHF_ALLOC | SHF_EXECINSTR, 0x100, std::vector<std::uint8_t>(16)), 0x0);
  elf.load(elf.section(".two", SHF_ALLOC | SHF_EXECINSTR, 0x100, std::vector<std::uint8_t>(16)), 0x8);
  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");
  ASSERT_TRUE(image.ok());
  EXPECT_THAT(image->diagnostics(), ElementsAre(HasSubstr("overlap at load address 0x00000008"), HasSubstr("overlay")));
}

// ---- targets ----

TEST(ElfTarget, CortexM4WithHardFloat) {
  MJ_LOAD_FIXTURE(image, "arm_m4.elf");
  const ElfTarget& target = image.target();
  EXPECT_EQ(image.machine(), Machine::arm);
  EXPECT_EQ(target.arch, "armv7e-m");
  EXPECT_EQ(target.profile, 'M');
  EXPECT_EQ(target.fpu, "fpv4-sp");
  EXPECT_EQ(target.float_abi, FloatAbi::hard);
  EXPECT_TRUE(target.dsp);
}

TEST(ElfTarget, CortexM7WithSoftfpAndCortexM0Plus) {
  {
    MJ_LOAD_FIXTURE(m7, "arm_compressed.elf");
    EXPECT_EQ(m7.target().fpu, "fpv5-dp");
    EXPECT_EQ(m7.target().float_abi, FloatAbi::softfp);
  }
  MJ_LOAD_FIXTURE(m0, "arm_m0_dwarf2.elf");
  EXPECT_EQ(m0.target().arch, "armv6-m");
  EXPECT_EQ(m0.target().fpu, "none");
  EXPECT_FALSE(m0.target().dsp);
}

TEST(ElfTarget, RiscV) {
  MJ_LOAD_FIXTURE(image, "riscv.elf");
  EXPECT_EQ(image.machine(), Machine::riscv);
  EXPECT_THAT(image.target().arch, testing::StartsWith("rv32imac_zicsr"));
  EXPECT_TRUE(image.target().compressed);
  EXPECT_EQ(image.target().fpu, "none");
  EXPECT_EQ(image.target().float_abi, FloatAbi::soft);
}

TEST(ElfTarget, RiscVArchStringLosesVersions) {
  BuildAttributes attributes;
  attributes.texts[5] = "rv32i2p1_m2p0_f2p2_c2p0_zicsr2p0_zve32x1p0";
  const ElfTarget target = riscv_target(attributes, 0x3);  // RVC, single float ABI
  EXPECT_EQ(target.arch, "rv32imfc_zicsr_zve32x");
  EXPECT_EQ(target.fpu, "f");
  EXPECT_EQ(target.float_abi, FloatAbi::hard);
}

TEST(ElfTarget, DamagedAttributesAreSaidAndReadInPart) {
  ElfBuilder elf = minimal();
  elf.section(".ARM.attributes", 0, 0, {'A', 200, 0, 0, 0, 'a', 'e'}, SHT_LOPROC + 3);
  auto image = ElfImage::from_bytes(elf.build(), "fw.elf");
  ASSERT_TRUE(image.ok());
  EXPECT_FALSE(image->target().from_attributes);
  EXPECT_THAT(image->diagnostics(), ElementsAre(HasSubstr("attributes")));
}

TEST(ElfImage, NonLoadedSectionsAreReadable) {
  MJ_LOAD_FIXTURE(image, "riscv.elf");
  const ElfSection* regions = image.section(".mj.regions");
  ASSERT_NE(regions, nullptr);
  EXPECT_FALSE(regions->allocated());
  ASSERT_EQ(regions->bytes.size(), 4u + sizeof "region one");
  EXPECT_EQ(std::memcmp(regions->bytes.data() + 4, "region one", 10), 0);
}

TEST(ElfImage, CompressedSectionsAreUnpackedOnRequest) {
  MJ_LOAD_FIXTURE(image, "arm_compressed.elf");
  const ElfSection* section = image.section(".debug_str");
  ASSERT_NE(section, nullptr);
  ASSERT_TRUE(section->compressed()) << "the fixture is built with -gz";
  auto contents = image.contents(*section);
  ASSERT_TRUE(contents.ok()) << contents.error().text();
  EXPECT_GT(contents->size(), section->bytes.size());
  const std::string text(reinterpret_cast<const char*>(contents->data()), contents->size());
  EXPECT_THAT(text, HasSubstr("accumulate"));
}

TEST(ElfImage, AStrippedImageStillLoads) {
  MJ_LOAD_FIXTURE(image, "arm_stripped.elf");
  EXPECT_TRUE(image.symbols().empty());
  EXPECT_FALSE(image.segments().empty());
}

// ---- bad input: each kind has its own words and exit code ----

TEST(ElfErrors, MissingFileDirectoryAndEmptyFile) {
  auto missing = ElfImage::load("/nonexistent/fw.elf");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ExitCode::unreadable);
  EXPECT_EQ(missing.error().what, "file not found");
  EXPECT_EQ(missing.error().where, "/nonexistent/fw.elf");
  auto directory = ElfImage::load("/");
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().why, "it is a directory");
  auto empty = ElfImage::from_bytes({}, "fw.elf");
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().what, "empty file");
}

// ---- Intel HEX ------------------------------------------------------------------------------------------------------

/// One record: length, address, type, data, checksum.
std::string record(unsigned type, unsigned address, const std::string& data) {
  std::string raw{static_cast<char>(data.size()), static_cast<char>(address >> 8), static_cast<char>(address),
                  static_cast<char>(type)};
  raw += data;
  unsigned sum = 0;
  std::string line = ":";
  for (const char c : raw) {
    sum += static_cast<std::uint8_t>(c);
    line += fmt::format("{:02X}", static_cast<std::uint8_t>(c));
  }
  return line + fmt::format("{:02X}\n", (0x100 - (sum & 0xff)) & 0xff);
}
const std::string vectors("\0\x04\0\x20\x09\0\0\x08........", 16);  // SP 0x20000400, reset at 0x08000009
const std::string end_record = ":00000001FF\n";

TEST(IntelHex, IsAnImageOfItsRunsOfAddresses) {
  const std::string text = record(4, 0, {8, 0}) + record(0, 0, vectors) + record(0, 16, "more") +
                           record(0, 0x100, "far") + record(4, 0, {0x10, 0}) + record(0, 0x10c0, "uicr") + end_record;
  const auto image = ElfImage::from_bytes(bytes_of(text), "fw.hex");
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->machine(), Machine::arm);
  EXPECT_EQ(image->entry(), 0x08000009u);
  ASSERT_EQ(image->segments().size(), 3u);
  EXPECT_EQ(image->segments()[0].paddr, 0x08000000u);
  EXPECT_EQ(image->segments()[0].bytes.size(), 20u);
  EXPECT_EQ(image->segments()[1].paddr, 0x08000100u);
  EXPECT_EQ(image->segments()[2].paddr, 0x100010c0u);
  EXPECT_TRUE(image->symbols().empty());
}

TEST(IntelHex, WithoutAVectorTableIsRiscVEnteredAtItsStartAddress) {
  const std::string text =
      record(2, 0, {0x10, 0}) + record(0, 0, "code") + record(5, 0, {0, 1, 0, 2}) + end_record + "behind the end";
  const auto image = ElfImage::from_bytes(bytes_of(text), "fw.hex");
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->machine(), Machine::riscv);
  EXPECT_EQ(image->segments()[0].paddr, 0x10000u);
  EXPECT_EQ(image->entry(), 0x10002u);
}

TEST(IntelHex, WhatIsWrongIsToldWithItsLine) {
  const std::pair<std::string, std::string> cases[] = {
      {record(0, 0, "data") + ":0400000064617461"
                              "00\n",
       "the checksum is wrong"},
      {record(0, 0, "data") + ":04000", "a record ends early"},
      {record(0, 0, "data") + record(0, 2, "data"), "the bytes at 0x00000002 come twice"},
      {record(0, 0, "data") + record(6, 0, ""), "record type 6 does not exist"},
      {record(0, 0, "data") + "junk", "a record begins with ':'"},
      {record(0, 0, "data") + record(4, 0, "x"), "an extended linear address has 2 bytes"}};
  for (const auto& [text, why] : cases) {
    const auto image = ElfImage::from_bytes(bytes_of(text), "fw.hex");
    ASSERT_FALSE(image.ok()) << text;
    EXPECT_EQ(image.error().what, "malformed Intel HEX file");
    EXPECT_THAT(image.error().why, HasSubstr(why));
    EXPECT_EQ(image.error().where, "fw.hex, line 2");
  }
  EXPECT_EQ(ElfImage::from_bytes(bytes_of(end_record), "fw.hex").error().why, "it has no data records");
}

TEST(ElfErrors, OtherFormatsAreRecognised) {
  const std::pair<std::string, std::string> cases[] = {{"\x1c\0\0\0TFL3....", "the first bytes are 1c"},
                                                       {"!<arch>\nfoo", "static library"},
                                                       {"UF2\nxxxx", "UF2"},
                                                       {"MZ\x90", "the first bytes are 4d 5a 90"}};
  for (const auto& [text, why] : cases) {
    auto image = ElfImage::from_bytes(bytes_of(text), "fw");
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().what, "not an ELF file");
    EXPECT_EQ(image.error().code, ExitCode::unreadable);
    EXPECT_THAT(image.error().why, HasSubstr(why));
  }
  auto model = ElfImage::from_bytes(bytes_of(std::string_view("\x1c\0\0\0TFL3....", 12)), "kws.tflite");
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(model.error().try_, HasSubstr("microjoule build kws.tflite"));
}

TEST(ElfErrors, WellFormedButUnsupported) {
  struct Case {
    void (*change)(ElfBuilder&);
    const char* what;
    const char* why;
  };
  const Case cases[] = {
      {[](ElfBuilder& e) {
         e.header.e_ident[EI_CLASS] = ELFCLASS64;
         e.header.e_machine = EM_RISCV;
       },
       "64-bit ELF file", "RISC-V"},
      {[](ElfBuilder& e) { e.header.e_machine = EM_X86_64; }, "not firmware for Arm or RISC-V", "x86-64"},
      {[](ElfBuilder& e) { e.header.e_machine = EM_AARCH64; }, "not firmware for Arm or RISC-V", "AArch64"},
      {[](ElfBuilder& e) { e.header.e_machine = 4242; }, "not firmware for Arm or RISC-V", "machine number 4242"},
      {[](ElfBuilder& e) { e.header.e_type = ET_REL; }, "not linked", "relocatable object"},
      {[](ElfBuilder& e) { e.header.e_type = ET_DYN; }, "shared library or position-independent executable",
       "not fixed"},
      {[](ElfBuilder& e) { e.header.e_type = ET_CORE; }, "core dump", "no executable"},
      {[](ElfBuilder& e) {
         e.header.e_ident[EI_DATA] = ELFDATA2MSB;
         e.header.e_machine = EM_ARM << 8;
       },
       "big-endian ELF file", "Arm"},
  };
  for (const Case& c : cases) {
    ElfBuilder elf = minimal();
    c.change(elf);
    const Error error = error_of(elf);
    EXPECT_EQ(error.code, ExitCode::unsupported) << c.what;
    EXPECT_EQ(error.what, c.what);
    EXPECT_THAT(error.why, HasSubstr(c.why));
    EXPECT_EQ(error.where, "fw.elf");
    EXPECT_FALSE(error.try_.empty());
  }
}

TEST(ElfErrors, RealFilesOfOtherKinds) {
  if (!std::filesystem::exists(test::fixture_path("arm_object.o"))) GTEST_SKIP() << "no arm-none-eabi-gcc";
  auto object = ElfImage::load(test::fixture_path("arm_object.o"));
  ASSERT_FALSE(object.ok());
  EXPECT_EQ(object.error().what, "not linked");
  auto application = ElfImage::load(test::fixture_path("arm_a9.elf"));
  ASSERT_FALSE(application.ok());
  EXPECT_EQ(application.error().what, "firmware for an Arm A-profile core");
  EXPECT_THAT(application.error().why, HasSubstr("armv7-a"));
}

TEST(ElfErrors, TheHostsOwnProgramIsForAnotherMachine) {
  auto image = ElfImage::load("/proc/self/exe");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ExitCode::unsupported);
}

TEST(ElfErrors, NothingToLoad) {
  ElfBuilder none;
  none.section(".text", SHF_ALLOC, 0, {1, 2});
  EXPECT_THAT(error_of(none).why, HasSubstr("no program headers"));
  ElfBuilder only_bss;
  only_bss.load(only_bss.no_bits(".bss", 0x20000000, 16), 0);
  EXPECT_THAT(error_of(only_bss).why, HasSubstr("nothing to run"));
}

TEST(ElfErrors, HugeMemoryIsRefused) {
  ElfBuilder elf = minimal();
  elf.load(elf.no_bits(".bss", 0x20000000, 0x20000001), 0);
  const Error error = error_of(elf);
  EXPECT_EQ(error.code, ExitCode::unreadable);
  EXPECT_THAT(error.why, HasSubstr("limit"));
}

TEST(ElfErrors, AddressesBeyond32BitsAreRefused) {
  ElfBuilder elf = minimal();
  elf.load(elf.no_bits(".bss", 0xfffffff0, 0x100), 0);
  EXPECT_THAT(error_of(elf).why, HasSubstr("beyond the 32-bit address space"));
}

TEST(ElfErrors, OffsetsOutsideOfTheFileAreNamed) {
  auto bytes = minimal().build();
  Elf32_Phdr program;
  std::memcpy(&program, bytes.data() + sizeof(Elf32_Ehdr), sizeof program);
  program.p_offset = 0xfffffff0;
  std::memcpy(bytes.data() + sizeof(Elf32_Ehdr), &program, sizeof program);
  auto image = ElfImage::from_bytes(bytes, "fw.elf");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().what, "truncated ELF file");
  EXPECT_EQ(image.error().where, "fw.elf, program header 0");
  EXPECT_EQ(image.error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::memory
