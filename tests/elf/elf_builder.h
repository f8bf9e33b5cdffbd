// Writes small ELF files byte by byte, so that a test can say exactly what is in one and break it where it wants.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mj::test {

class ElfBuilder {
 public:
  Elf32_Ehdr header{};

  explicit ElfBuilder(std::uint16_t machine = EM_ARM) {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS32;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = machine;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof(Elf32_Ehdr);
    header.e_phentsize = sizeof(Elf32_Phdr);
    header.e_shentsize = sizeof(Elf32_Shdr);
    sections_.push_back({});
  }

  /// A section with bytes; returns its index.
  std::uint16_t section(const std::string& name, std::uint32_t flags, std::uint32_t addr,
                        std::vector<std::uint8_t> bytes, std::uint32_t type = SHT_PROGBITS, std::uint32_t align = 4) {
    Section s;
    s.name = name;
    s.header.sh_type = type;
    s.header.sh_flags = flags;
    s.header.sh_addr = addr;
    s.header.sh_size = static_cast<std::uint32_t>(bytes.size());
    s.header.sh_addralign = align;
    s.bytes = std::move(bytes);
    sections_.push_back(std::move(s));
    return static_cast<std::uint16_t>(sections_.size() - 1);
  }
  /// A .bss-like section.
  std::uint16_t no_bits(const std::string& name, std::uint32_t addr, std::uint32_t size) {
    const auto index = section(name, SHF_ALLOC | SHF_WRITE, addr, {}, SHT_NOBITS);
    sections_[index].header.sh_size = size;
    return index;
  }
  /// A load segment for a section: its bytes are stored at paddr.
  void load(std::uint16_t section_index, std::uint32_t paddr, std::uint32_t flags = PF_R | PF_X) {
    loads_.push_back({section_index, paddr, flags});
  }
  void symbol(const std::string& name, std::uint32_t value, std::uint32_t size, unsigned type, unsigned binding,
              std::uint16_t section_index) {
    symbols_.push_back({name, value, size, type, binding, section_index});
  }

  std::vector<std::byte> build() {
    std::vector<Section> all = sections_;
    if (!symbols_.empty()) add_symbol_table(all);
    add_names(all);
    std::vector<std::byte> out(sizeof header + loads_.size() * sizeof(Elf32_Phdr));
    auto append = [&](const void* data, std::size_t size) {
      const auto* first = static_cast<const std::byte*>(data);
      out.insert(out.end(), first, first + size);
    };
    for (Section& s : all) {
      while (out.size() % 4 != 0) out.push_back(std::byte{0});
      s.header.sh_offset = static_cast<std::uint32_t>(out.size());
      append(s.bytes.data(), s.bytes.size());
    }
    while (out.size() % 4 != 0) out.push_back(std::byte{0});
    header.e_phoff = loads_.empty() ? 0 : sizeof header;
    header.e_phnum = static_cast<std::uint16_t>(loads_.size());
    header.e_shoff = static_cast<std::uint32_t>(out.size());
    header.e_shnum = static_cast<std::uint16_t>(all.size());
    header.e_shstrndx = static_cast<std::uint16_t>(all.size() - 1);
    for (const Section& s : all) append(&s.header, sizeof s.header);
    std::memcpy(out.data(), &header, sizeof header);
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      const Section& s = all[loads_[i].section];
      Elf32_Phdr program{};
      program.p_type = PT_LOAD;
      program.p_offset = s.header.sh_offset;
      program.p_vaddr = s.header.sh_addr;
      program.p_paddr = loads_[i].paddr;
      program.p_filesz = static_cast<std::uint32_t>(s.bytes.size());
      program.p_memsz = s.header.sh_size;
      program.p_flags = loads_[i].flags;
      std::memcpy(out.data() + sizeof header + i * sizeof program, &program, sizeof program);
    }
    return out;
  }

 private:
  struct Section {
    std::string name;
    Elf32_Shdr header{};
    std::vector<std::uint8_t> bytes;
  };
  struct Load {
    std::uint16_t section;
    std::uint32_t paddr, flags;
  };
  struct SymbolRow {
    std::string name;
    std::uint32_t value, size;
    unsigned type, binding;
    std::uint16_t section;
  };

  static std::uint32_t add_text(std::vector<std::uint8_t>& table, const std::string& text) {
    const auto at = static_cast<std::uint32_t>(table.size());
    table.insert(table.end(), text.begin(), text.end());
    table.push_back(0);
    return at;
  }

  void add_symbol_table(std::vector<Section>& all) const {
    Section table, strings;
    strings.name = ".strtab";
    strings.header.sh_type = SHT_STRTAB;
    strings.bytes.push_back(0);
    table.name = ".symtab";
    table.header.sh_type = SHT_SYMTAB;
    table.header.sh_entsize = sizeof(Elf32_Sym);
    table.header.sh_link = static_cast<std::uint32_t>(all.size());
    table.bytes.resize(sizeof(Elf32_Sym));
    std::map<std::string, std::uint32_t> written;  // equal names stand in the table once, as a linker has it
    for (const SymbolRow& row : symbols_) {
      Elf32_Sym raw{};
      const auto [name, is_new] = written.try_emplace(row.name);
      if (is_new) name->second = add_text(strings.bytes, row.name);
      raw.st_name = name->second;
      raw.st_value = row.value;
      raw.st_size = row.size;
      raw.st_info = static_cast<unsigned char>(ELF32_ST_INFO(row.binding, row.type));
      raw.st_shndx = row.section;
      const auto* first = reinterpret_cast<const std::uint8_t*>(&raw);
      table.bytes.insert(table.bytes.end(), first, first + sizeof raw);
    }
    strings.header.sh_size = static_cast<std::uint32_t>(strings.bytes.size());
    table.header.sh_size = static_cast<std::uint32_t>(table.bytes.size());
    all.push_back(std::move(strings));
    all.push_back(std::move(table));
  }

  static void add_names(std::vector<Section>& all) {
    all.push_back({});
    all.back().name = ".shstrtab";
    all.back().header.sh_type = SHT_STRTAB;
    std::vector<std::uint8_t> names;
    for (Section& s : all) s.header.sh_name = add_text(names, s.name);
    all.back().bytes = std::move(names);
    all.back().header.sh_size = static_cast<std::uint32_t>(all.back().bytes.size());
  }

  std::vector<Section> sections_;
  std::vector<Load> loads_;
  std::vector<SymbolRow> symbols_;
};

/// A minimal image that loads: 16 bytes of code at 0.
inline ElfBuilder minimal() {
  ElfBuilder elf;
  elf.load(elf.section(".text", SHF_ALLOC | SHF_EXECINSTR, 0, std::vector<std::uint8_t>(16, 0)), 0);
  return elf;
}

}  // namespace mj::test
