// libelf, opened over a copy of an image's bytes. For the .cpp files of this folder only: its types stay out of
// headers.
#pragma once

#include <gelf.h>
#include <libelf.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mj::memory {

struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfCloser>;

// libelf may write into the memory it is given (decompression rewrites section headers), so it gets a copy.
inline ElfHandle open_copy(std::vector<std::byte>& copy) {
  elf_version(EV_CURRENT);
  return ElfHandle(elf_memory(reinterpret_cast<char*>(copy.data()), copy.size()));
}

inline std::string libelf_message() {
  const char* text = elf_errmsg(-1);
  return text != nullptr ? text : "unknown error";
}

}  // namespace mj::memory
