#include "sim/profile/dwarf_line.h"

#include <dwarf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <optional>

namespace mj::profile {
namespace {

// Reads little-endian values inside [pos, end) of a section; past the end it sets `failed` and yields zeros.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::uint64_t pos) : bytes_(bytes), pos_(pos) {
    if (pos_ > bytes_.size()) fail();
  }
  bool failed() const { return failed_; }
  bool at_end() const { return failed_ || pos_ >= bytes_.size(); }
  std::uint64_t pos() const { return pos_; }
  void limit(std::uint64_t size) {
    if (size > bytes_.size() - pos_) {
      fail();
    } else {
      bytes_ = bytes_.first(pos_ + size);
    }
  }
  void skip(std::uint64_t size) {
    if (size > bytes_.size() - pos_) {
      fail();
    } else {
      pos_ += size;
    }
  }
  void seek(std::uint64_t pos) {
    if (pos > bytes_.size() || pos < pos_) {
      fail();
    } else {
      pos_ = pos;
    }
  }
  std::uint64_t fixed(unsigned size) {
    if (size > bytes_.size() - pos_) {
      fail();
      return 0;
    }
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(bytes_[pos_ + i]) << (8 * i);
    pos_ += size;
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !at_end(); shift += 7) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !at_end();) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
    fail();
    return 0;
  }
  std::string text() {
    std::string out;
    for (;;) {
      const std::uint8_t c = u8();
      if (c == 0 || failed_) return out;
      out.push_back(static_cast<char>(c));
    }
  }

 private:
  void fail() {
    failed_ = true;
    pos_ = bytes_.size();
  }
  std::span<const std::byte> bytes_;
  std::uint64_t pos_;
  bool failed_ = false;
};

std::string text_at(std::span<const std::byte> section, std::uint64_t offset) { return Reader(section, offset).text(); }

struct Header {
  unsigned version = 0;
  unsigned offset_size = 4;
  unsigned min_insn_length = 1;
  int line_base = 0;
  unsigned line_range = 1;
  unsigned opcode_base = 1;
  std::array<std::uint8_t, 256> operand_count{};
};

class LineParser {
 public:
  LineParser(const LineSections& sections, std::uint64_t offset, const std::string& comp_dir)
      : sections_(sections), in_(sections.line, offset), comp_dir_(comp_dir) {}

  LineProgram run() {
    if (read_header()) execute();
    if (out_.error.empty() && in_.failed()) out_.error = "it ends in the middle";
    return std::move(out_);
  }

 private:
  bool stop(std::string why) {
    out_.error = std::move(why);
    return false;
  }

  bool read_header() {
    std::uint64_t length = in_.fixed(4);
    if (length == 0xffffffff) {
      header_.offset_size = 8;
      length = in_.fixed(8);
    }
    if (in_.failed()) return false;
    in_.limit(length);
    header_.version = in_.u16();
    if (in_.failed()) return false;
    if (header_.version < 2 || header_.version > 5) return stop(fmt::format("version {} is unknown", header_.version));
    if (header_.version >= 5) {
      const unsigned address_size = in_.u8();
      in_.u8();  // segment selector size
      if (address_size != 4) return stop(fmt::format("addresses of {} bytes", address_size));
    }
    const std::uint64_t header_length = in_.fixed(header_.offset_size);
    if (in_.failed() || header_length > sections_.line.size()) return stop("header length beyond the section");
    const std::uint64_t program_at = in_.pos() + header_length;
    header_.min_insn_length = in_.u8();
    if (header_.version >= 4) in_.u8();  // maximum operations per instruction: VLIW only
    in_.u8();                            // default_is_stmt: rows count whether they are statements or not
    header_.line_base = static_cast<std::int8_t>(in_.u8());
    header_.line_range = in_.u8();
    header_.opcode_base = in_.u8();
    if (in_.failed() || header_.line_range == 0 || header_.opcode_base == 0) return stop("header fields are zero");
    for (unsigned i = 1; i < header_.opcode_base; ++i) header_.operand_count[i] = in_.u8();
    const bool names = header_.version >= 5 ? read_tables() : read_old_tables();
    if (!names) return false;
    in_.seek(program_at);
    return !in_.failed();
  }

  // Counts text of directories and files; false: more than any program has.
  bool count_text(std::size_t bytes) {
    text_bytes_ += bytes;
    return text_bytes_ <= kMaxFileNameBytes || stop("its file names are longer than 16 MiB all together");
  }

  bool add_file(const std::string& name, std::uint64_t directory) {
    std::string path = name;
    if (!path.starts_with('/') && directory < directories_.size()) {
      const std::string& dir = directories_[directory];
      if (!dir.empty()) path = dir + "/" + path;
    }
    if (!count_text(path.size())) return false;
    out_.files.push_back(name.empty() ? "" : relative_path(path, comp_dir_));
    return true;
  }

  bool read_old_tables() {
    directories_.emplace_back();  // 0: the compilation directory
    for (std::string dir = in_.text(); !dir.empty(); dir = in_.text()) directories_.push_back(std::move(dir));
    out_.files.emplace_back();
    for (std::string name = in_.text(); !name.empty(); name = in_.text()) {
      const std::uint64_t directory = in_.uleb();
      in_.uleb();  // time
      in_.uleb();  // length
      if (!add_file(name, directory)) return false;
    }
    return !in_.failed();
  }

  // One field of a DWARF 5 directory or file entry, as text or as a number.
  bool read_form(std::uint64_t form, std::string& text, std::uint64_t& number) {
    switch (form) {
      case DW_FORM_string:
        text = in_.text();
        return true;
      case DW_FORM_line_strp:
        text = text_at(sections_.line_str, in_.fixed(header_.offset_size));
        return true;
      case DW_FORM_strp:
        text = text_at(sections_.str, in_.fixed(header_.offset_size));
        return true;
      case DW_FORM_udata:
        number = in_.uleb();
        return true;
      case DW_FORM_data1:
        number = in_.u8();
        return true;
      case DW_FORM_data2:
        number = in_.u16();
        return true;
      case DW_FORM_data4:
        number = in_.fixed(4);
        return true;
      case DW_FORM_data8:
        number = in_.fixed(8);
        return true;
      case DW_FORM_data16:
        in_.skip(16);
        return true;
      case DW_FORM_block:
        in_.skip(in_.uleb());
        return true;
      case DW_FORM_block1:
        in_.skip(in_.u8());
        return true;
      default:
        return stop(fmt::format("form 0x{:x} in a file table", form));
    }
  }

  bool read_table(bool directories) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> format(in_.u8());
    for (auto& [content, form] : format) {
      content = in_.uleb();
      form = in_.uleb();
    }
    const std::uint64_t count = in_.uleb();
    if (format.empty() && count != 0) return stop("a file table without columns");
    for (std::uint64_t i = 0; i < count && !in_.failed(); ++i) {
      std::string name;
      std::uint64_t directory = 0;
      for (const auto& [content, form] : format) {
        std::string text;
        std::uint64_t number = 0;
        if (!read_form(form, text, number) || !count_text(text.size())) return false;
        if (content == DW_LNCT_path) name = std::move(text);
        if (content == DW_LNCT_directory_index) directory = number;
      }
      if (in_.failed()) break;
      if (!directories) {
        if (!add_file(name, directory)) return false;
      } else {
        // Directory 0 is the compilation directory; the others may be relative to it.
        directories_.push_back(name);
      }
    }
    return !in_.failed();
  }
  bool read_tables() { return read_table(true) && read_table(false); }

  struct Registers {
    std::uint64_t addr = 0;
    std::uint64_t file = 1;
    std::uint64_t line = 1;
    std::uint64_t column = 0;
  };

  static std::uint32_t clip(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xffffffff));
  }

  void emit() { sequence_.rows.push_back({clip(reg_.addr), clip(reg_.file), clip(reg_.line), clip(reg_.column)}); }

  void end_sequence() {
    sequence_.end = clip(reg_.addr);
    // Addresses of a sequence only rise (DWARF 5 6.2.5); one that does not is broken and would confuse the search.
    const auto falls = [](const LineRow& a, const LineRow& b) { return b.addr < a.addr; };
    const bool broken = std::adjacent_find(sequence_.rows.begin(), sequence_.rows.end(), falls) != sequence_.rows.end();
    if (!broken && !sequence_.rows.empty() && sequence_.end >= sequence_.rows.back().addr) {
      out_.sequences.push_back(std::move(sequence_));
    }
    sequence_ = {};
    reg_ = {};
  }

  void execute() {
    while (!in_.at_end() && out_.error.empty()) {
      const unsigned opcode = in_.u8();
      if (opcode >= header_.opcode_base) {
        const unsigned adjusted = opcode - header_.opcode_base;
        reg_.addr += std::uint64_t{adjusted / header_.line_range} * header_.min_insn_length;
        reg_.line += static_cast<std::uint64_t>(header_.line_base + static_cast<int>(adjusted % header_.line_range));
        emit();
      } else if (opcode == 0) {
        extended();
      } else {
        standard(opcode);
      }
    }
  }

  void extended() {
    const std::uint64_t length = in_.uleb();
    const std::uint64_t next = in_.pos() + length;
    if (length == 0) return;
    switch (in_.u8()) {
      case DW_LNE_end_sequence:
        end_sequence();
        break;
      case DW_LNE_set_address:
        reg_.addr = length == 5 ? in_.fixed(4) : 0;
        break;
      case DW_LNE_define_file: {
        const std::string name = in_.text();
        add_file(name, in_.uleb());
        break;
      }
      default:
        break;  // discriminators, vendor extensions: the length skips them
    }
    if (next >= in_.pos()) in_.seek(next);
  }

  void standard(unsigned opcode) {
    switch (opcode) {
      case DW_LNS_copy:
        emit();
        break;
      case DW_LNS_advance_pc:
        reg_.addr += in_.uleb() * header_.min_insn_length;
        break;
      case DW_LNS_advance_line:
        reg_.line += static_cast<std::uint64_t>(in_.sleb());
        break;
      case DW_LNS_set_file:
        reg_.file = in_.uleb();
        break;
      case DW_LNS_set_column:
        reg_.column = in_.uleb();
        break;
      case DW_LNS_const_add_pc:
        reg_.addr += std::uint64_t{(255 - header_.opcode_base) / header_.line_range} * header_.min_insn_length;
        break;
      case DW_LNS_fixed_advance_pc:
        reg_.addr += in_.u16();
        break;
      default:
        // Negate statement, basic block, prologue and epilogue marks, ISA: nothing that we use.
        for (unsigned i = 0; i < header_.operand_count[opcode]; ++i) in_.uleb();
    }
  }

  const LineSections& sections_;
  Reader in_;
  const std::string& comp_dir_;
  Header header_;
  std::vector<std::string> directories_;
  std::size_t text_bytes_ = 0;
  Registers reg_;
  LineSequence sequence_;
  LineProgram out_;
};

}  // namespace

LineProgram parse_line_program(const LineSections& sections, std::uint64_t offset, const std::string& comp_dir) {
  return LineParser(sections, offset, comp_dir).run();
}

std::string relative_path(const std::string& path, const std::string& comp_dir) {
  // Purely lexical: the result must not depend on this machine's files.
  auto normal = [](const std::string& p) { return std::filesystem::path(p).lexically_normal().generic_string(); };
  std::string out = normal(path);
  std::string base = normal(comp_dir);
  if (!base.empty() && base.back() != '/') base += '/';
  if (base.size() > 1 && out.size() > base.size() && out.starts_with(base)) out.erase(0, base.size());
  return out;
}

}  // namespace mj::profile
