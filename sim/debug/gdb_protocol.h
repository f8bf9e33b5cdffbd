// The GDB remote serial protocol without sockets: bytes to packets, packets to operations on a target, answers to
// bytes (GDB manual, appendix E). Whatever bytes arrive, nothing here crashes, hangs or grows without bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.h"

namespace mj::debug {

/// Cuts a stream of bytes into packets and answers what is answered without looking into them.
class GdbFraming {
 public:
  /// Longest packet taken; told to gdb as PacketSize (there in hexadecimal).
  static constexpr std::size_t most_bytes = 0x4000;

  struct Item {
    enum class Kind : std::uint8_t { packet, interrupt } kind = Kind::packet;
    std::string packet;  ///< between '$' and '#', escapes resolved
  };
  /// Takes bytes as they arrive, in pieces of any size. Returns what to send back at once: acknowledgements, and for a
  /// '-' the last packet again.
  std::string feed(std::string_view bytes);
  /// The next packet or ^C, in order of arrival.
  std::optional<Item> next();
  /// `payload` as a packet: framed, escaped, with its checksum.
  std::string frame(std::string_view payload);
  /// From now on neither side acknowledges (QStartNoAckMode).
  void stop_acknowledging() { acknowledges_ = false; }

 private:
  enum class State : std::uint8_t { idle, payload, checksum_high, checksum_low };
  State state_ = State::idle;
  bool acknowledges_ = true;
  bool too_long_ = false;
  std::string raw_, last_sent_;
  char high_ = 0;
  std::deque<Item> items_;
};

enum class WatchKind : std::uint8_t { write, read, access };

/// Why the target stands still.
struct GdbStop {
  enum class Kind : std::uint8_t {
    interrupted,  ///< ^C, or the beginning
    stepped,
    breakpoint,
    watchpoint,
    fault,   ///< the core locked up, or --detect found something
    exited,  ///< the firmware ended with `status`
  };
  Kind kind = Kind::interrupted;
  int status = 0;
  WatchKind watch = WatchKind::write;
  Address address = 0;  ///< watchpoint: the data address
};

/// The machine as the protocol sees it. Registers are numbered as in target_xml().
class GdbTarget {
 public:
  virtual ~GdbTarget() = default;
  /// The target description.
  virtual std::string target_xml() const = 0;
  /// The first so many are told and taken all at once ('g', 'G'); the rest one by one.
  virtual unsigned register_count() const = 0;
  /// Bytes of the register, little endian; empty: no such register.
  virtual std::string read_register(unsigned number) = 0;
  /// False: no such register, it can't be written, or `bytes` has another size.
  virtual bool write_register(unsigned number, std::string_view bytes) = 0;
  /// Up to `size` bytes from `address` on, without side effects; as many as can be told that way.
  virtual std::string read_memory(Address address, std::size_t size) = 0;
  virtual bool write_memory(Address address, std::string_view bytes) = 0;
  virtual void set_breakpoint(Address address, bool on) = 0;
  virtual void set_watchpoint(WatchKind kind, Address address, std::uint32_t size, bool on) = 0;
  /// A `monitor` command: the text to show.
  virtual std::string monitor(const std::string& command) = 0;
};

/// What the peer wants the target to do after a packet.
enum class GdbAction : std::uint8_t { none, resume, step, detach, kill };

/// One connection's conversation while the target stands still.
class GdbSession {
 public:
  explicit GdbSession(GdbTarget& target) : target_(target) {}

  struct Answer {
    std::string payload;  ///< meaningless if `silent`
    bool silent = false;  ///< no packet is sent: resumed, killed
    GdbAction action = GdbAction::none;
    bool no_ack = false;  ///< acknowledging ends after this answer
  };
  Answer handle(std::string_view packet);
  /// Payload of the packet that tells that the target stopped; `stop` is repeated for '?'.
  std::string stopped(const GdbStop& stop);
  /// Payload that shows text on the gdb user's console.
  static std::string console(std::string_view text);

 private:
  Answer query(std::string_view packet);
  std::string breakpoint(std::string_view packet);

  GdbTarget& target_;
  GdbStop stop_;
};

/// "48656c6c6f" for "Hello".
std::string to_hex(std::string_view bytes);
/// The other way round; nothing if it isn't an even number of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace mj::debug
