#include "memory/elf_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "memory/libelf_handle.h"

namespace mj::memory {

bool ElfSection::allocated() const { return (flags & SHF_ALLOC) != 0; }
bool ElfSection::writable() const { return (flags & SHF_WRITE) != 0; }
bool ElfSection::executable() const { return (flags & SHF_EXECINSTR) != 0; }
bool ElfSection::no_bits() const { return type == SHT_NOBITS; }
bool ElfSection::thread_local_() const { return (flags & SHF_TLS) != 0; }
bool ElfSection::compressed() const { return (flags & SHF_COMPRESSED) != 0 || name.starts_with(".zdebug"); }

Result<ElfImage> ElfImage::load(const std::string& path) {
  namespace fs = std::filesystem;
  auto unreadable = [&](std::string what, std::string why) {
    return Error{ExitCode::unreadable, std::move(what), path, std::move(why), "check the path and its permissions"};
  };
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (!fs::exists(status)) return unreadable("file not found", code ? code.message() : "there is no such file");
  if (fs::is_directory(status)) return unreadable("not a file", "it is a directory");
  if (!fs::is_regular_file(status)) return unreadable("not a file", "it is a device, pipe or socket");
  const std::uintmax_t size = fs::file_size(path, code);
  if (code) return unreadable("file can't be read", code.message());
  if (size > kMaxFileBytes) {
    return unreadable("file too large", fmt::format("it has {} bytes, the limit is {}", size, kMaxFileBytes));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return unreadable("file can't be opened", std::strerror(errno));
  std::vector<std::byte> bytes(size);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(stream.gcount()) != size) return unreadable("file can't be read", "it ended early");
  return from_bytes(std::move(bytes), path);
}

const ElfSection* ElfImage::section(std::string_view name) const {
  for (const auto& s : sections_) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

const ElfSymbol* ElfImage::symbol(std::string_view name) const {
  for (const auto& s : symbols_) {
    if (s.section != kSectionUndefined && s.type != SymbolType::file && s.name == name) return &s;
  }
  return nullptr;
}

const ElfSection* ElfImage::section_at(std::uint32_t address) const {
  for (const auto& s : sections_) {
    if (s.allocated() && !(s.thread_local_() && s.no_bits()) && s.contains(address)) return &s;
  }
  return nullptr;
}

Result<std::vector<std::byte>> ElfImage::contents(const ElfSection& section) const {
  if (!section.compressed() || section.bytes.empty()) {
    return std::vector<std::byte>(section.bytes.begin(), section.bytes.end());
  }
  auto failed = [&](std::string why) {
    return Error{ExitCode::unreadable, "compressed section can't be read", name_ + ", section " + section.name,
                 std::move(why), "link without compressed debug sections (-gz=none)"};
  };
  const auto index = static_cast<std::size_t>(&section - sections_.data());
  if (index >= sections_.size()) return failed("it belongs to another image");
  std::vector<std::byte> copy = *bytes_;
  const ElfHandle elf = open_copy(copy);
  Elf_Scn* scn = elf ? elf_getscn(elf.get(), index) : nullptr;
  if (scn == nullptr) return failed(libelf_message());
  // The wanted size is checked before libelf allocates it.
  std::uint64_t size = 0;
  const bool gnu = (section.flags & SHF_COMPRESSED) == 0;
  if (gnu) {
    constexpr std::size_t kHeader = 12;  // "ZLIB" and a 64-bit big-endian size
    if (section.bytes.size() < kHeader || std::memcmp(section.bytes.data(), "ZLIB", 4) != 0) {
      return std::vector<std::byte>(section.bytes.begin(), section.bytes.end());
    }
    for (std::size_t i = 4; i < kHeader; ++i) size = size << 8 | std::to_integer<unsigned>(section.bytes[i]);
  } else {
    GElf_Chdr header;
    if (gelf_getchdr(scn, &header) == nullptr) return failed(libelf_message());
    size = header.ch_size;
  }
  if (size > kMaxLoadBytes) return failed(fmt::format("it would unpack to {} bytes", size));
  if ((gnu ? elf_compress_gnu(scn, 0, 0) : elf_compress(scn, 0, 0)) < 0) return failed(libelf_message());
  Elf_Data* data = elf_rawdata(scn, nullptr);
  if (data == nullptr || (data->d_buf == nullptr && data->d_size != 0)) return failed(libelf_message());
  const auto* first = static_cast<const std::byte*>(data->d_buf);
  return std::vector<std::byte>(first, first + data->d_size);
}

}  // namespace mj::memory
