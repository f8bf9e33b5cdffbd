#include "sim/memory_dump.h"

#include <fmt/format.h>

#include <fstream>

namespace mj {

Error bad_memory_dump(const std::string& text, const std::string& why) {
  return Error{ExitCode::usage, fmt::format("'{}' is no memory to dump", text), "--dump-memory", why,
               "BEGIN:END=FILE, two symbols or addresses: begin_signature:end_signature=out.sig"};
}

Result<void> write_memory_dump(memory::Bus& bus, const MemoryDump& dump) {
  std::ofstream out(dump.path);
  for (Address at = dump.begin; at != dump.end; at += 4) {
    std::uint8_t b[4];
    if (!bus.peek(at, b, sizeof b))
      return Error{ExitCode::unreadable, fmt::format("the board has no memory at 0x{:08x}", at), "--dump-memory", "",
                   ""};
    out << fmt::format("{:02x}{:02x}{:02x}{:02x}\n", b[3], b[2], b[1], b[0]);
  }
  if (!out.flush()) return Error{ExitCode::unreadable, "cannot write a file", dump.path, "", "check the folder"};
  return {};
}

}  // namespace mj
