#include "sim/debug/gdb_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mj::debug {

namespace {

constexpr char interrupt_byte = 0x03;
constexpr std::size_t most_items = 64;  ///< packets waiting: gdb sends one at a time

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes hexadecimal digits off the front; nothing if there are none or more than 32 bits.
std::optional<std::uint32_t> take_hex(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (failed != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

const char* bad_packet = "E01";
const char* no_memory = "E0e";  // EFAULT

std::uint8_t checksum(std::string_view payload) {
  std::uint8_t sum = 0;
  for (const char c : payload) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
  return sum;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

// ---- framing --------------------------------------------------------------------------------------------------------

std::string GdbFraming::feed(std::string_view bytes) {
  std::string back;
  for (const char c : bytes) {
    switch (state_) {
      case State::idle:
        if (c == '$') {
          raw_.clear();
          too_long_ = false;
          state_ = State::payload;
        } else if (c == interrupt_byte) {
          if (items_.size() < most_items) items_.push_back({Item::Kind::interrupt, ""});
        } else if (c == '-' && acknowledges_) {
          back += last_sent_;
        }
        break;  // '+' and noise between packets mean nothing
      case State::payload:
        if (c == '#') {
          state_ = State::checksum_high;
        } else if (c == '$') {  // the packet before was cut off
          raw_.clear();
          too_long_ = false;
        } else if (raw_.size() < most_bytes) {
          raw_ += c;
        } else {
          too_long_ = true;
        }
        break;
      case State::checksum_high:
        high_ = c;
        state_ = State::checksum_low;
        break;
      case State::checksum_low: {
        state_ = State::idle;
        const bool right =
            !too_long_ && digit(high_) >= 0 && digit(c) >= 0 && digit(high_) * 16 + digit(c) == checksum(raw_);
        if (acknowledges_) back += right ? '+' : '-';
        if (!right || items_.size() >= most_items) break;
        std::string packet;
        for (std::size_t i = 0; i < raw_.size(); ++i) {
          if (raw_[i] == '}' && i + 1 < raw_.size())
            packet += static_cast<char>(raw_[++i] ^ 0x20);
          else
            packet += raw_[i];
        }
        items_.push_back({Item::Kind::packet, std::move(packet)});
        break;
      }
    }
  }
  return back;
}

std::optional<GdbFraming::Item> GdbFraming::next() {
  if (items_.empty()) return std::nullopt;
  Item item = std::move(items_.front());
  items_.pop_front();
  return item;
}

std::string GdbFraming::frame(std::string_view payload) {
  std::string escaped;
  for (const char c : payload) {
    if (c == '$' || c == '#' || c == '}' || c == '*') {
      escaped += '}';
      escaped += static_cast<char>(c ^ 0x20);
    } else {
      escaped += c;
    }
  }
  return last_sent_ = fmt::format("${}#{:02x}", escaped, checksum(escaped));
}

// ---- conversation ---------------------------------------------------------------------------------------------------

std::string GdbSession::console(std::string_view text) { return "O" + to_hex(text); }

std::string GdbSession::stopped(const GdbStop& stop) {
  using Kind = GdbStop::Kind;
  stop_ = stop;
  switch (stop.kind) {
    case Kind::interrupted:
      return "T02thread:1;";  // SIGINT
    case Kind::stepped:
    case Kind::breakpoint:
      return "T05thread:1;";  // SIGTRAP
    case Kind::watchpoint:
      return fmt::format("T05{}:{:x};thread:1;",
                         stop.watch == WatchKind::write  ? "watch"
                         : stop.watch == WatchKind::read ? "rwatch"
                                                         : "awatch",
                         stop.address);
    case Kind::fault:
      return "T0bthread:1;";  // SIGSEGV
    case Kind::exited:
      return fmt::format("W{:02x}", static_cast<unsigned>(stop.status) & 0xff);
  }
  return "T05thread:1;";
}

GdbSession::Answer GdbSession::handle(std::string_view packet) {
  const auto say = [](std::string payload) { return Answer{std::move(payload), false, GdbAction::none, false}; };
  const auto go = [](GdbAction action) { return Answer{"", true, action, false}; };
  if (packet.empty()) return say("");
  const char command = packet[0];
  std::string_view rest = packet.substr(1);
  switch (command) {
    case '?':
      return say(stopped(stop_));
    case 'q':
    case 'Q':
      return query(packet);
    case 'H':  // one thread: every choice is the same
      return say("OK");
    case 'T':
      return say(rest == "1" ? "OK" : bad_packet);
    case 'g': {
      std::string all;
      for (unsigned i = 0; i < target_.register_count(); ++i) all += to_hex(target_.read_register(i));
      return say(all);
    }
    case 'G': {
      const auto bytes = from_hex(rest);
      if (!bytes) return say(bad_packet);
      std::size_t at = 0;
      for (unsigned i = 0; i < target_.register_count() && at < bytes->size(); ++i) {
        const std::size_t size = target_.read_register(i).size();
        if (at + size > bytes->size()) return say(bad_packet);
        target_.write_register(i, std::string_view(*bytes).substr(at, size));
        at += size;
      }
      return say("OK");
    }
    case 'p': {
      const auto number = take_hex(rest);
      if (!number || !rest.empty()) return say(bad_packet);
      const std::string bytes = target_.read_register(*number);
      return say(bytes.empty() ? bad_packet : to_hex(bytes));
    }
    case 'P': {
      const auto number = take_hex(rest);
      if (!number || !take(rest, '=')) return say(bad_packet);
      const auto bytes = from_hex(rest);
      return say(bytes && target_.write_register(*number, *bytes) ? "OK" : bad_packet);
    }
    case 'm': {
      const auto address = take_hex(rest);
      if (!address || !take(rest, ',')) return say(bad_packet);
      const auto size = take_hex(rest);
      if (!size || *size == 0 || !rest.empty()) return say(bad_packet);
      // As much as an answer holds: gdb asks again for what is missing.
      const std::size_t most = GdbFraming::most_bytes / 2 - 8;
      const std::string bytes = target_.read_memory(*address, std::min<std::size_t>(*size, most));
      return say(bytes.empty() ? no_memory : to_hex(bytes));
    }
    case 'M':
    case 'X': {
      const auto address = take_hex(rest);
      if (!address || !take(rest, ',')) return say(bad_packet);
      const auto size = take_hex(rest);
      if (!size || !take(rest, ':')) return say(bad_packet);
      const auto bytes = command == 'X' ? std::optional<std::string>(rest) : from_hex(rest);
      if (!bytes || bytes->size() != *size) return say(bad_packet);
      return say(bytes->empty() || target_.write_memory(*address, *bytes) ? "OK" : no_memory);
    }
    case 'c':
    case 's': {
      if (!rest.empty()) return say("");  // an address to go on at: gdb sets the pc instead
      return go(command == 'c' ? GdbAction::resume : GdbAction::step);
    }
    case 'v':
      if (packet == "vCont?") return say("vCont;c;C;s;S");
      if (take(packet, "vCont;")) {
        if (packet.starts_with('s') || packet.starts_with('S')) return go(GdbAction::step);
        if (packet.starts_with('c') || packet.starts_with('C')) return go(GdbAction::resume);
        return say(bad_packet);
      }
      if (take(packet, "vKill")) return {"OK", false, GdbAction::kill, false};
      return say("");
    case 'Z':
    case 'z':
      return say(breakpoint(packet));
    case 'D':
      return {"OK", false, GdbAction::detach, false};
    case 'k':
      return go(GdbAction::kill);
    default:
      return say("");  // not known: that is the answer that says so
  }
}

std::string GdbSession::breakpoint(std::string_view packet) {
  const bool on = packet[0] == 'Z';
  packet.remove_prefix(1);
  if (packet.empty()) return bad_packet;
  const char type = packet[0];
  packet.remove_prefix(1);
  if (!take(packet, ',')) return bad_packet;
  const auto address = take_hex(packet);
  if (!address || !take(packet, ',')) return bad_packet;
  const auto size = take_hex(packet);
  if (!size) return bad_packet;
  switch (type) {
    case '0':  // memory is never patched: both kinds are the same
    case '1':
      target_.set_breakpoint(*address, on);
      return "OK";
    case '2':
    case '3':
    case '4':
      if (*size == 0) return bad_packet;
      target_.set_watchpoint(type == '2'   ? WatchKind::write
                             : type == '3' ? WatchKind::read
                                           : WatchKind::access,
                             *address, *size, on);
      return "OK";
    default:
      return "";
  }
}

GdbSession::Answer GdbSession::query(std::string_view packet) {
  const auto say = [](std::string payload) { return Answer{std::move(payload), false, GdbAction::none, false}; };
  if (packet.starts_with("qSupported"))
    return say(fmt::format("PacketSize={:x};qXfer:features:read+;QStartNoAckMode+;vContSupported+;hwbreak-;swbreak-",
                           GdbFraming::most_bytes));
  if (packet == "QStartNoAckMode") return {"OK", false, GdbAction::none, true};
  if (packet == "qC") return say("QC1");
  if (packet == "qfThreadInfo") return say("m1");
  if (packet == "qsThreadInfo") return say("l");
  if (packet.starts_with("qAttached")) return say("1");
  if (packet == "qOffsets") return say("Text=0;Data=0;Bss=0");
  if (packet.starts_with("qSymbol")) return say("OK");
  if (take(packet, "qXfer:features:read:")) {
    if (!take(packet, "target.xml:")) return say("E00");
    const auto offset = take_hex(packet);
    if (!offset || !take(packet, ',')) return say(bad_packet);
    const auto size = take_hex(packet);
    if (!size) return say(bad_packet);
    const std::string xml = target_.target_xml();
    if (*offset >= xml.size()) return say("l");
    const std::size_t n = std::min<std::size_t>(*size, GdbFraming::most_bytes / 2 - 8);
    const std::string part = xml.substr(*offset, n);
    return say((*offset + part.size() < xml.size() ? "m" : "l") + part);
  }
  if (take(packet, "qRcmd,")) {
    const auto command = from_hex(packet);
    if (!command) return say(bad_packet);
    const std::string text = target_.monitor(*command);
    return say(text.empty() ? "OK" : to_hex(text.substr(0, GdbFraming::most_bytes / 2 - 8)));
  }
  return say("");
}

}  // namespace mj::debug
