// What arrives at --gdb's port: the bytes as a stream in pieces, and as one packet that was framed well.
#include <algorithm>
#include <map>

#include "sim/debug/gdb_protocol.h"
#include "tests/fuzz/target.h"

using namespace mj;
using namespace mj::debug;

namespace {

/// A machine with 40 registers and 256 bytes at 0x20000000.
class Target final : public GdbTarget {
 public:
  std::string target_xml() const override { return "<target><reg name=\"r0\"/></target>"; }
  unsigned register_count() const override { return 40; }
  std::string read_register(unsigned n) override { return n < 40 ? std::string(n < 24 ? 4 : 8, 'r') : ""; }
  bool write_register(unsigned n, std::string_view bytes) override {
    return n < 40 && bytes.size() == read_register(n).size();
  }
  std::string read_memory(Address address, std::size_t size) override {
    fuzz::require(size <= GdbFraming::most_bytes, "no more memory is asked for than fits a packet");
    if (address < base || address - base >= memory.size()) return "";
    return memory.substr(address - base, size);
  }
  bool write_memory(Address address, std::string_view bytes) override {
    if (address < base || std::uint64_t{address - base} + bytes.size() > memory.size()) return false;
    std::copy(bytes.begin(), bytes.end(), memory.begin() + (address - base));
    return true;
  }
  void set_breakpoint(Address address, bool on) override { points[address] = on; }
  void set_watchpoint(WatchKind, Address address, std::uint32_t, bool on) override { points[address] = on; }
  std::string monitor(const std::string& command) override { return command + "\n"; }

 private:
  static constexpr Address base = 0x20000000;
  std::string memory = std::string(256, 'm');
  std::map<Address, bool> points;
};

void answer(GdbSession& session, GdbFraming& framing, std::string_view packet) {
  const GdbSession::Answer a = session.handle(packet);
  fuzz::require(!(a.silent && !a.payload.empty()), "a silent answer has no payload");
  // What is framed can be read back as it was.
  GdbFraming peer;
  peer.feed(framing.frame(a.payload));
  const auto item = peer.next();
  fuzz::require(a.payload.size() > GdbFraming::most_bytes ||
                    (item && item->kind == GdbFraming::Item::Kind::packet && item->packet == a.payload),
                "an answer arrives as it was sent");
  if (a.no_ack) framing.stop_acknowledging();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  Target target;
  {
    GdbFraming framing;
    GdbSession session(target);
    // The first byte says how long the pieces are.
    const std::size_t piece = bytes.empty() ? 1 : 1 + static_cast<std::uint8_t>(bytes[0]) % 64;
    for (std::size_t at = 1; at < bytes.size(); at += piece) {
      const std::string sent = framing.feed(bytes.substr(at, piece));
      fuzz::require(sent.size() <= 64 * (2 * GdbFraming::most_bytes + 8), "what is sent at once has a bound");
      while (const auto item = framing.next())
        if (item->kind == GdbFraming::Item::Kind::packet) answer(session, framing, item->packet);
    }
  }
  GdbFraming framing;
  GdbSession session(target);
  answer(session, framing, bytes);
  session.stopped({GdbStop::Kind::watchpoint, 0, WatchKind::read, 0x20000000});
  answer(session, framing, "?");
  if (const auto raw = from_hex(bytes)) fuzz::require(from_hex(to_hex(*raw)) == raw, "hexadecimal goes both ways");
  return 0;
}
