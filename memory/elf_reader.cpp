// Checks and reads an ELF file into an ElfImage.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "memory/elf_attributes.h"
#include "memory/elf_image.h"
#include "memory/hex_image.h"
#include "memory/libelf_handle.h"

#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#ifndef SHT_ARM_ATTRIBUTES
#define SHT_ARM_ATTRIBUTES (SHT_LOPROC + 3)
#endif
#ifndef SHT_RISCV_ATTRIBUTES
#define SHT_RISCV_ATTRIBUTES (SHT_LOPROC + 3)
#endif

namespace mj::memory {
namespace {

constexpr std::size_t kEhdrBytes = sizeof(Elf32_Ehdr);
constexpr std::uint64_t kAddressSpace = 1ull << 32;

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_NONE:
      return "no machine";
    case EM_386:
      return "x86 (i386)";
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64 (64-bit Arm)";
    case EM_ARM:
      return "Arm";
    case EM_RISCV:
      return "RISC-V";
    case EM_MIPS:
      return "MIPS";
    case EM_PPC:
      return "PowerPC";
    case EM_XTENSA:
      return "Xtensa";
    case EM_AVR:
      return "AVR";
    case EM_MSP430:
      return "MSP430";
    case EM_ARC_COMPACT:
      return "ARC";
    case EM_TRICORE:
      return "TriCore";
    default:
      return fmt::format("machine number {}", machine);
  }
}

bool is_mapping_symbol(std::string_view name) {
  if (name.size() < 2 || name[0] != '$') return false;
  if (name[1] == 'x') return true;  // RISC-V: "$x", "$xrv32i2p1", "$x.12"
  return (name[1] == 't' || name[1] == 'd' || name[1] == 'a') && (name.size() == 2 || name[2] == '.');
}

// Assembler temporaries that a relaxing linker leaves in the table; never anything a user named.
bool is_assembler_temporary(std::string_view name) { return name.starts_with(".L") || name.starts_with("L0\001"); }

// A file that is no ELF at all: say what it looks like, because that is what the user has to change.
Error not_elf(std::span<const std::byte> bytes, const std::string& name) {
  Error error{ExitCode::unreadable, "not an ELF file", name, "", "give the linked .elf (or .axf, .out) file"};
  auto starts = [&](std::size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
  };
  if (starts(4, "TFL3")) {
    error.why = "it is a TensorFlow Lite model";
    error.try_ = "make firmware from it first: microjoule build " + name + " --board <board> -o out.elf";
  } else if (starts(0, "!<arch>\n")) {
    error.why = "it is a static library (ar archive)";
    error.try_ = "link it with an application and give the linked .elf";
  } else if (starts(0, "UF2\n")) {
    error.why = "it is a UF2 image, which has neither symbols nor a target";
    error.try_ = "give the .elf that the UF2 file was made from";
  } else if (starts(0, "S0") || starts(0, "S1") || starts(0, "S3")) {
    error.why = "it looks like Motorola S-records, which have neither symbols nor a target";
    error.try_ = "give the .elf that the .srec file was made from";
  } else {
    std::string magic;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, bytes.size()); ++i) {
      magic += fmt::format("{}{:02x}", i == 0 ? "" : " ", std::to_integer<unsigned>(bytes[i]));
    }
    error.why = "the first bytes are " + magic + ", an ELF file starts with 7f 45 4c 46";
  }
  return error;
}

}  // namespace

// Fills an ElfImage step by step; each step checks what the next ones rely on.
class ElfReader {
 public:
  ElfReader(std::vector<std::byte> bytes, std::string name) {
    image_.bytes_ = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    image_.name_ = std::move(name);
  }

  Result<ElfImage> read() {
    if (auto done = check_header(); !done) return done.error();
    copy_ = *image_.bytes_;
    elf_ = open_copy(copy_);
    if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF) return malformed("header", libelf_message());
    if (auto done = read_segments(); !done) return done.error();
    if (auto done = read_sections(); !done) return done.error();
    if (auto done = read_target(); !done) return done.error();
    if (auto done = read_symbols(); !done) return done.error();
    elf_.reset();
    return std::move(image_);
  }

 private:
  std::span<const std::byte> bytes() const { return *image_.bytes_; }
  std::uint64_t file_size() const { return image_.bytes_->size(); }

  Error malformed(const std::string& part, std::string why) const {
    return {ExitCode::unreadable, "malformed ELF file", image_.name_ + ", " + part, std::move(why),
            "link the firmware again, or check how the file was copied"};
  }
  Error truncated(const std::string& part, std::uint64_t needed) const {
    return {ExitCode::unreadable, "truncated ELF file", image_.name_ + ", " + part,
            fmt::format("the file must have at least {} bytes, it has {}", needed, file_size()),
            "copy or link the file again"};
  }
  Error unsupported(std::string what, std::string why, std::string try_this) const {
    return {ExitCode::unsupported, std::move(what), image_.name_, std::move(why), std::move(try_this)};
  }
  // [offset, offset + size) must be inside the file.
  std::optional<Error> outside(const std::string& part, std::uint64_t offset, std::uint64_t size) const {
    if (offset > file_size() || size > file_size() - offset) return truncated(part, offset + size);
    return std::nullopt;
  }

  Result<void> check_header() {
    const auto data = bytes();
    if (data.empty()) {
      return Error{ExitCode::unreadable, "empty file", image_.name_, "it has 0 bytes", "link or copy the file again"};
    }
    const std::size_t magic = std::min<std::size_t>(data.size(), SELFMAG);
    if (std::memcmp(data.data(), ELFMAG, magic) != 0) return not_elf(data, image_.name_);
    if (data.size() < EI_NIDENT + 4) return truncated("ELF header", kEhdrBytes);
    const auto elf_class = std::to_integer<unsigned>(data[EI_CLASS]);
    const auto encoding = std::to_integer<unsigned>(data[EI_DATA]);
    if (elf_class != ELFCLASS32 && elf_class != ELFCLASS64) {
      return malformed("ELF header", fmt::format("class {} is neither 32-bit (1) nor 64-bit (2)", elf_class));
    }
    if (encoding != ELFDATA2LSB && encoding != ELFDATA2MSB) {
      return malformed("ELF header",
                       fmt::format("data encoding {} is neither little- (1) nor big-endian (2)", encoding));
    }
    const unsigned low = std::to_integer<unsigned>(data[18]), high = std::to_integer<unsigned>(data[19]);
    const unsigned machine = encoding == ELFDATA2LSB ? low | high << 8 : high | low << 8;
    const std::string built_for = "it is built for " + machine_name(machine);
    const std::string wanted = "compile for a Cortex-M (arm-none-eabi-gcc) or 32-bit RISC-V (-march=rv32...) core";
    if (machine != EM_ARM && machine != EM_RISCV)
      return unsupported("not firmware for Arm or RISC-V", built_for, wanted);
    if (elf_class == ELFCLASS64) return unsupported("64-bit ELF file", built_for + ", 64-bit", wanted);
    if (encoding == ELFDATA2MSB) {
      return unsupported("big-endian ELF file", built_for + ", big-endian",
                         "compile for little-endian (-mlittle-endian)");
    }
    if (data.size() < kEhdrBytes) return truncated("ELF header", kEhdrBytes);
    Elf32_Ehdr header;
    std::memcpy(&header, data.data(), sizeof header);
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT) {
      return malformed("ELF header", fmt::format("version is {}, not 1", header.e_version));
    }
    switch (header.e_type) {
      case ET_EXEC:
        break;
      case ET_REL:
        return unsupported("not linked", "it is a relocatable object file (.o)", "link it and give the linked .elf");
      case ET_DYN:
        return unsupported("shared library or position-independent executable", "its addresses are not fixed",
                           "link without -shared and -pie");
      case ET_CORE:
        return unsupported("core dump", "it is no executable", "give the firmware's .elf");
      default:
        return malformed("ELF header", fmt::format("file type {} is not an executable (2)", header.e_type));
    }
    if (header.e_phoff == 0) {
      return malformed("ELF header", "it has no program headers, so nothing says what is loaded");
    }
    if (header.e_phentsize != sizeof(Elf32_Phdr)) {
      return malformed("ELF header", fmt::format("program header size is {}, not 32", header.e_phentsize));
    }
    if (header.e_shoff != 0 && header.e_shentsize != sizeof(Elf32_Shdr)) {
      return malformed("ELF header", fmt::format("section header size is {}, not 40", header.e_shentsize));
    }
    if (auto bad = outside("program headers", header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf32_Phdr))) {
      return *bad;
    }
    const std::uint64_t sections = std::max<std::uint64_t>(header.e_shnum, 1) * sizeof(Elf32_Shdr);
    if (header.e_shoff != 0) {
      if (auto bad = outside("section headers", header.e_shoff, sections)) return *bad;
    }
    image_.entry_ = header.e_entry;
    image_.flags_ = header.e_flags;
    image_.target_.machine = machine == EM_ARM ? Machine::arm : Machine::riscv;
    return {};
  }

  Result<void> read_segments() {
    std::size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0) return malformed("program headers", libelf_message());
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Phdr header;
      const std::string part = fmt::format("program header {}", i);
      if (gelf_getphdr(elf_.get(), static_cast<int>(i), &header) == nullptr) return malformed(part, libelf_message());
      if (header.p_type != PT_LOAD) continue;
      if (header.p_filesz > header.p_memsz) {
        return malformed(part,
                         fmt::format("{} bytes in the file but only {} in memory", header.p_filesz, header.p_memsz));
      }
      if (header.p_filesz != 0) {
        if (auto bad = outside(part, header.p_offset, header.p_filesz)) return *bad;
      }
      if (header.p_vaddr + header.p_memsz > kAddressSpace || header.p_paddr + header.p_filesz > kAddressSpace) {
        return malformed(part, fmt::format("0x{:08x} plus {} bytes is beyond the 32-bit address space", header.p_vaddr,
                                           header.p_memsz));
      }
      total += header.p_memsz;
      if (total > ElfImage::kMaxLoadBytes) {
        return malformed(part, fmt::format("the load segments want {} bytes of memory, the limit is {}", total,
                                           ElfImage::kMaxLoadBytes));
      }
      if (header.p_memsz == 0) continue;
      LoadSegment segment;
      segment.index = static_cast<std::uint32_t>(i);
      segment.vaddr = static_cast<std::uint32_t>(header.p_vaddr);
      segment.paddr = static_cast<std::uint32_t>(header.p_paddr);
      segment.memsz = static_cast<std::uint32_t>(header.p_memsz);
      if (header.p_filesz != 0) segment.bytes = bytes().subspan(header.p_offset, header.p_filesz);
      segment.readable = (header.p_flags & PF_R) != 0;
      segment.writable = (header.p_flags & PF_W) != 0;
      segment.executable = (header.p_flags & PF_X) != 0;
      image_.segments_.push_back(segment);
    }
    const auto& all = image_.segments_;
    if (std::none_of(all.begin(), all.end(), [](const LoadSegment& s) { return !s.bytes.empty(); })) {
      return malformed("program headers", "no load segment has any bytes, there is nothing to run");
    }
    report_overlapping_segments();
    return {};
  }

  void report_overlapping_segments() {
    std::vector<const LoadSegment*> loaded;
    for (const auto& s : image_.segments_) {
      if (!s.bytes.empty()) loaded.push_back(&s);
    }
    std::stable_sort(loaded.begin(), loaded.end(), [](auto* a, auto* b) { return a->paddr < b->paddr; });
    for (std::size_t i = 1; i < loaded.size(); ++i) {
      if (loaded[i]->paddr - loaded[i - 1]->paddr < loaded[i - 1]->bytes.size()) {
        image_.diagnostics_.push_back(
            fmt::format("load segments {} and {} overlap at load address 0x{:08x}; the later program header wins",
                        loaded[i - 1]->index, loaded[i]->index, loaded[i]->paddr));
      }
    }
  }

  Result<void> read_sections() {
    Elf32_Ehdr header;
    std::memcpy(&header, bytes().data(), sizeof header);
    if (header.e_shoff == 0) return {};
    std::size_t count = 0, names = 0;
    if (elf_getshdrnum(elf_.get(), &count) != 0) return malformed("section headers", libelf_message());
    if (auto bad = outside("section headers", header.e_shoff, count * std::uint64_t{sizeof(Elf32_Shdr)})) return *bad;
    if (elf_getshdrstrndx(elf_.get(), &names) != 0) return malformed("section headers", libelf_message());
    image_.sections_.resize(count);
    for (std::size_t i = 1; i < count; ++i) {
      GElf_Shdr raw;
      Elf_Scn* scn = elf_getscn(elf_.get(), i);
      if (scn == nullptr || gelf_getshdr(scn, &raw) == nullptr) {
        return malformed(fmt::format("section header {}", i), libelf_message());
      }
      ElfSection& section = image_.sections_[i];
      const char* name = elf_strptr(elf_.get(), names, raw.sh_name);
      if (name != nullptr) section.name = name;
      if (auto bad = count_names(section.name.size())) return *bad;
      section.type = raw.sh_type;
      section.flags = static_cast<std::uint32_t>(raw.sh_flags);
      section.addr = static_cast<std::uint32_t>(raw.sh_addr);
      section.size = static_cast<std::uint32_t>(raw.sh_size);
      section.align = std::max(1u, static_cast<std::uint32_t>(raw.sh_addralign));
      const std::string part = fmt::format("section {} ({})", i, section.name);
      if (raw.sh_type != SHT_NOBITS && raw.sh_type != SHT_NULL && raw.sh_size != 0) {
        if (auto bad = outside(part, raw.sh_offset, raw.sh_size)) return *bad;
        section.bytes = bytes().subspan(raw.sh_offset, raw.sh_size);
      }
      if (section.allocated() && raw.sh_addr + raw.sh_size > kAddressSpace) {
        return malformed(part, "it reaches beyond the 32-bit address space");
      }
      section.load_addr = load_address(section, raw.sh_offset);
    }
    report_overlapping_sections();
    return {};
  }

  // A section's LMA, through the load segment whose file bytes hold it.
  std::optional<std::uint32_t> load_address(const ElfSection& section, std::uint64_t offset) const {
    if (!section.allocated() || section.bytes.empty()) return std::nullopt;
    for (const LoadSegment& segment : image_.segments_) {
      if (segment.bytes.empty()) continue;
      const auto start = static_cast<std::uint64_t>(segment.bytes.data() - bytes().data());
      if (offset >= start && offset - start + section.size <= segment.bytes.size()) {
        return static_cast<std::uint32_t>(segment.paddr + (offset - start));
      }
    }
    return std::nullopt;
  }

  void report_overlapping_sections() {
    std::vector<const ElfSection*> placed;
    for (const auto& s : image_.sections_) {
      if (s.allocated() && s.size != 0 && !(s.thread_local_() && s.no_bits())) placed.push_back(&s);
    }
    std::stable_sort(placed.begin(), placed.end(), [](auto* a, auto* b) { return a->addr < b->addr; });
    for (std::size_t i = 1; i < placed.size(); ++i) {
      if (placed[i]->addr - placed[i - 1]->addr < placed[i - 1]->size) {
        image_.diagnostics_.push_back(
            fmt::format("sections {} and {} share addresses from 0x{:08x} (an overlay): code there can't be told apart "
                        "by address",
                        placed[i - 1]->name, placed[i]->name, placed[i]->addr));
      }
    }
  }

  Result<void> read_target() {
    const bool arm = image_.target_.machine == Machine::arm;
    std::span<const std::byte> raw;
    for (const auto& s : image_.sections_) {
      if (s.type == (arm ? SHT_ARM_ATTRIBUTES : SHT_RISCV_ATTRIBUTES)) raw = s.bytes;
    }
    const BuildAttributes attributes = parse_build_attributes(raw, arm ? "aeabi" : "riscv");
    if (attributes.malformed) image_.diagnostics_.push_back("the build attributes section is malformed; read in part");
    image_.target_ = arm ? arm_target(attributes, image_.flags_) : riscv_target(attributes, image_.flags_);
    const ElfTarget& target = image_.target_;
    if (target.profile == 'A' || target.profile == 'R') {
      return unsupported(fmt::format("firmware for an Arm {}-profile core", target.profile),
                         "the build attributes say " + target.arch + ", not an M-profile architecture",
                         "compile for a Cortex-M core (-mcpu=cortex-m4 -mthumb)");
    }
    if (target.arch.starts_with("rv64")) {
      return malformed(".riscv.attributes", "a 32-bit file whose architecture is " + target.arch);
    }
    return {};
  }

  // Counts text that was copied out of a string table.
  std::optional<Error> count_names(std::size_t bytes) {
    name_bytes_ += bytes;
    if (name_bytes_ <= ElfImage::kMaxNameBytes) return std::nullopt;
    return malformed("names of sections and symbols",
                     fmt::format("they are longer than {} MiB all together", ElfImage::kMaxNameBytes >> 20));
  }

  Result<void> read_symbols() {
    for (std::size_t i = 1; i < image_.sections_.size(); ++i) {
      if (image_.sections_[i].type != SHT_SYMTAB || image_.sections_[i].bytes.empty()) continue;
      Elf_Scn* scn = elf_getscn(elf_.get(), i);
      GElf_Shdr header;
      Elf_Data* data = scn != nullptr ? elf_getdata(scn, nullptr) : nullptr;
      if (data == nullptr || gelf_getshdr(scn, &header) == nullptr) {
        image_.diagnostics_.push_back("the symbol table can't be read: " + libelf_message());
        return {};
      }
      if (auto done = read_symbol_table(data, header.sh_link); !done) return done;
      break;  // an executable has one
    }
    std::stable_sort(image_.mapping_.begin(), image_.mapping_.end(), [](const auto& a, const auto& b) {
      return a.section != b.section ? a.section < b.section : a.addr < b.addr;
    });
    return {};
  }

  Result<void> read_symbol_table(Elf_Data* data, std::size_t strings) {
    const std::size_t count = std::min<std::size_t>(data->d_size / sizeof(Elf32_Sym), INT32_MAX);
    std::size_t unreadable = 0;
    std::string file;
    for (std::size_t i = 1; i < count; ++i) {
      GElf_Sym raw;
      if (gelf_getsym(data, static_cast<int>(i), &raw) == nullptr) break;
      const char* name = elf_strptr(elf_.get(), strings, raw.st_name);
      if (name == nullptr) ++unreadable;
      ElfSymbol symbol = convert(raw, name != nullptr ? name : "");
      if (symbol.type == SymbolType::file) file = symbol.name;
      if (symbol.type != SymbolType::file && symbol.binding == SymbolBinding::local) symbol.file = file;
      // Symbol tables of a profile also repeat the name of the section.
      const std::size_t section_name =
          symbol.section < image_.sections_.size() ? image_.sections_[symbol.section].name.size() : 0;
      if (auto bad = count_names(symbol.name.size() + symbol.file.size() + section_name)) return *bad;
      if (symbol.type == SymbolType::notype && is_mapping_symbol(symbol.name)) {
        add_mapping(symbol);
      } else if (!is_assembler_temporary(symbol.name)) {
        image_.symbols_.push_back(std::move(symbol));
      }
    }
    if (unreadable != 0) {
      image_.diagnostics_.push_back(fmt::format("{} symbols have a name outside the string table", unreadable));
    }
    return {};
  }

  ElfSymbol convert(const GElf_Sym& raw, std::string name) const {
    ElfSymbol symbol;
    symbol.name = std::move(name);
    symbol.value = static_cast<std::uint32_t>(raw.st_value);
    symbol.size = static_cast<std::uint32_t>(raw.st_size);
    constexpr unsigned kThumbFunc = 13;  // STT_ARM_TFUNC, old toolchains
    const unsigned type = GELF_ST_TYPE(raw.st_info);
    const bool arm = image_.target_.machine == Machine::arm;
    switch (type) {
      case STT_NOTYPE:
        symbol.type = SymbolType::notype;
        break;
      case STT_OBJECT:
      case STT_COMMON:
        symbol.type = SymbolType::object;
        break;
      case STT_FUNC:
      case STT_GNU_IFUNC:
        symbol.type = SymbolType::func;
        break;
      case STT_SECTION:
        symbol.type = SymbolType::section;
        break;
      case STT_FILE:
        symbol.type = SymbolType::file;
        break;
      case STT_TLS:
        symbol.type = SymbolType::tls;
        break;
      default:
        symbol.type = arm && type == kThumbFunc ? SymbolType::func : SymbolType::other;
    }
    if (arm && symbol.type == SymbolType::func) {
      symbol.is_thumb = (symbol.value & 1) != 0 || type == kThumbFunc;
      symbol.value &= ~1u;
    }
    switch (GELF_ST_BIND(raw.st_info)) {
      case STB_LOCAL:
        symbol.binding = SymbolBinding::local;
        break;
      case STB_GLOBAL:
        symbol.binding = SymbolBinding::global;
        break;
      case STB_WEAK:
        symbol.binding = SymbolBinding::weak;
        break;
      default:
        symbol.binding = SymbolBinding::other;
    }
    if (raw.st_shndx == SHN_ABS) {
      symbol.section = kSectionAbsolute;
    } else if (raw.st_shndx >= image_.sections_.size()) {
      symbol.section = kSectionOther;
    } else {
      symbol.section = raw.st_shndx;
    }
    return symbol;
  }

  void add_mapping(const ElfSymbol& symbol) {
    MappingSymbol mapping;
    mapping.addr = symbol.value;
    mapping.section = symbol.section;
    switch (symbol.name[1]) {
      case 't':
        mapping.kind = MappingKind::thumb;
        break;
      case 'a':
        mapping.kind = MappingKind::arm;
        break;
      case 'x':
        mapping.kind = MappingKind::code;
        if (symbol.name.size() > 2 && symbol.name[2] != '.') mapping.isa = symbol.name.substr(2);
        break;
      default:
        mapping.kind = MappingKind::data;
    }
    image_.mapping_.push_back(std::move(mapping));
  }

  std::size_t name_bytes_ = 0;
  ElfImage image_;
  std::vector<std::byte> copy_;
  ElfHandle elf_;
};

Result<ElfImage> ElfImage::from_bytes(std::vector<std::byte> bytes, std::string name) {
  if (looks_like_hex(bytes)) {
    auto elf = elf_of_hex(bytes, name);
    if (!elf) return elf.error();
    bytes = std::move(elf).value();
  }
  return ElfReader(std::move(bytes), std::move(name)).read();
}

}  // namespace mj::memory
