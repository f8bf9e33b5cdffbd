#include "memory/picobin.h"

namespace mj::memory {

namespace {

constexpr std::uint32_t marker_start = 0xffffded3, marker_end = 0xab123579;
constexpr std::uint32_t searched = 4096, max_block = 0x280;  ///< bytes
constexpr unsigned max_blocks = 64;                          ///< of a loop; the ROM has no limit that is documented
constexpr std::uint32_t image_type = 0x42, vector_table = 0x03, entry_point = 0x44, last = 0xff;
constexpr std::uint32_t type_executable = 1, two_byte_size = 0x80;

using Word = std::function<std::optional<std::uint32_t>(Address)>;

struct Block {
  std::optional<ImageDef> def;
  Address next = 0;
};

/// The block at `at`; none if it isn't one from its first marker to its last.
std::optional<Block> read_block(Address at, bool riscv, const Word& word) {
  if (word(at) != marker_start) return std::nullopt;
  Block block;
  ImageDef def;
  def.at = at;
  bool executable = false;
  std::uint32_t words = 0;
  for (Address item = at + 4; item - at < max_block;) {
    const auto head = word(item);
    if (!head) return std::nullopt;
    const std::uint32_t type = *head & 0xff;
    const std::uint32_t size = *head >> 8 & (type & two_byte_size ? 0xffffu : 0xffu);
    if (type == last) {
      const auto offset = word(item + 4);
      if (size != words || !offset || word(item + 8) != marker_end) return std::nullopt;
      if (executable) block.def = def;
      block.next = at + *offset;
      return block;
    }
    if (size == 0) return std::nullopt;
    if (type == image_type) {
      const std::uint32_t flags = *head >> 16;
      executable = (flags & 0xf) == type_executable && (flags >> 8 & 7) == (riscv ? 1u : 0u);
    } else if (type == vector_table && size >= 2) {
      def.vector_table = word(item + 4);
    } else if (type == entry_point && size >= 3) {
      def.entry = word(item + 4);
      def.stack = word(item + 8).value_or(0);
    }
    words += size;
    item += 4 * size;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageDef> find_image_def(Address base, bool riscv, const Word& word) {
  for (Address first = base; first - base < searched; first += 4) {
    auto block = read_block(first, riscv, word);
    if (!block) continue;
    std::optional<ImageDef> found = block->def;
    for (unsigned n = 0; block->next != first; ++n) {
      if (n == max_blocks) return std::nullopt;
      block = block->next % 4 == 0 ? read_block(block->next, riscv, word) : std::nullopt;
      if (!block) return std::nullopt;
      if (block->def) found = block->def;
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace mj::memory
