// The GDB remote serial protocol without a socket: what is answered to which packet, and that no bytes do harm.
#include "sim/debug/gdb_protocol.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mj::debug {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A target of four registers and 16 bytes of memory at 0x1000 that writes down what it is told.
class Target final : public GdbTarget {
 public:
  std::string target_xml() const override { return "<target>" + std::string(20, 'x') + "#$}*</target>"; }
  unsigned register_count() const override { return 4; }
  std::string read_register(unsigned n) override { return n < 4 ? registers[n] : ""; }
  bool write_register(unsigned n, std::string_view bytes) override {
    if (n >= 4 || bytes.size() != 4) return false;
    registers[n] = bytes;
    return true;
  }
  std::string read_memory(Address a, std::size_t size) override {
    if (a < 0x1000 || a >= 0x1010) return "";
    return memory.substr(a - 0x1000, size);
  }
  bool write_memory(Address a, std::string_view bytes) override {
    if (a < 0x1000 || a - 0x1000 + bytes.size() > 16) return false;
    memory.replace(a - 0x1000, bytes.size(), bytes);
    return true;
  }
  void set_breakpoint(Address a, bool on) override { told.push_back(fmt::format("break {:x} {}", a, on)); }
  void set_watchpoint(WatchKind kind, Address a, std::uint32_t size, bool on) override {
    told.push_back(fmt::format("watch {} {:x} {} {}", static_cast<int>(kind), a, size, on));
  }
  std::string monitor(const std::string& command) override { return command == "quiet" ? "" : "<" + command + ">"; }

  std::string registers[4] = {std::string("\1\0\0\0", 4), "abcd", "efgh", "\xff\xff\xff\xff"};
  std::string memory = "0123456789abcdef";
  std::vector<std::string> told;
};

class Protocol : public testing::Test {
 protected:
  std::string ask(std::string_view packet) { return session.handle(packet).payload; }
  Target target;
  GdbSession session{target};
};

// ---- framing --------------------------------------------------------------------------------------------------------

TEST(Framing, APacketArrivesWhateverPiecesItComesIn) {
  GdbFraming f;
  EXPECT_EQ(f.feed("$m10"), "");
  EXPECT_EQ(f.feed("00,4#"), "");
  EXPECT_EQ(f.feed("8"), "");
  EXPECT_FALSE(f.next());
  EXPECT_EQ(f.feed("e"), "+");
  EXPECT_EQ(f.next()->packet, "m1000,4");
  EXPECT_FALSE(f.next());
}

TEST(Framing, AWrongChecksumIsAskedForAgain) {
  GdbFraming f;
  EXPECT_EQ(f.feed("$g#00"), "-");
  EXPECT_EQ(f.feed("$g#zz"), "-");
  EXPECT_FALSE(f.next());
  EXPECT_EQ(f.feed("$g#67"), "+");
  EXPECT_EQ(f.next()->packet, "g");
}

TEST(Framing, WhatGdbDidNotUnderstandIsSentAgain) {
  GdbFraming f;
  EXPECT_EQ(f.frame("OK"), "$OK#9a");
  EXPECT_EQ(f.feed("-"), "$OK#9a");
  EXPECT_EQ(f.feed("+"), "");
}

TEST(Framing, WithoutAcknowledgementsNothingIsSentBack) {
  GdbFraming f;
  f.frame("OK");
  f.stop_acknowledging();
  EXPECT_EQ(f.feed("-$g#67"), "");
  EXPECT_EQ(f.next()->packet, "g");
}

TEST(Framing, EscapesBothWays) {
  GdbFraming f;
  const std::string odd = "a}b#c$d*e";
  EXPECT_EQ(f.frame(odd),
            "$a}]b}\x03"
            "c}\x04"
            "d}\ne#" +
                f.frame(odd).substr(f.frame(odd).size() - 2));
  EXPECT_EQ(f.feed(f.frame(odd)), "+");
  EXPECT_EQ(f.next()->packet, odd);
}

TEST(Framing, AnInterruptStandsBetweenPackets) {
  GdbFraming f;
  f.feed("$g#67\x03$g#67");
  EXPECT_EQ(f.next()->kind, GdbFraming::Item::Kind::packet);
  EXPECT_EQ(f.next()->kind, GdbFraming::Item::Kind::interrupt);
  EXPECT_EQ(f.next()->kind, GdbFraming::Item::Kind::packet);
}

TEST(Framing, APacketThatIsCutOffGivesWayToTheNext) {
  GdbFraming f;
  EXPECT_EQ(f.feed("$m1000,$g#67"), "+");
  EXPECT_EQ(f.next()->packet, "g");
}

TEST(Framing, AnEndlessPacketTakesNoMemoryAndIsRefused) {
  GdbFraming f;
  f.feed("$");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(f.feed(std::string(1000, 'a')), "");
  EXPECT_EQ(f.feed("#00"), "-");
  EXPECT_FALSE(f.next());
  EXPECT_EQ(f.feed("$g#67"), "+");
}

TEST(Framing, AFloodOfPacketsTakesNoMemory) {
  GdbFraming f;
  for (int i = 0; i < 10000; ++i) f.feed("$g#67\x03");
  int n = 0;
  while (f.next()) ++n;
  EXPECT_LE(n, 64);
}

// ---- conversation ---------------------------------------------------------------------------------------------------

TEST_F(Protocol, Registers) {
  EXPECT_EQ(ask("g"), "010000006162636465666768ffffffff");
  EXPECT_EQ(ask("p1"), "61626364");
  EXPECT_EQ(ask("p4"), "E01");
  EXPECT_EQ(ask("P1=31323334"), "OK");
  EXPECT_EQ(target.registers[1], "1234");
  for (const char* bad :
       {"P", "P1", "P1=", "P1=3", "P1=313233", "P1=3132333g", "P9=31323334", "p", "px", "p1x", "p123456789"})
    EXPECT_EQ(ask(bad), "E01") << bad;
  EXPECT_EQ(ask("G" + std::string(32, '0')), "OK");
  EXPECT_EQ(target.registers[3], std::string(4, '\0'));
  EXPECT_EQ(ask("G00"), "E01");
  EXPECT_EQ(ask("Gxy"), "E01");
}

TEST_F(Protocol, Memory) {
  EXPECT_EQ(ask("m1002,3"), "323334");
  EXPECT_EQ(ask("m100e,8"), "6566") << "what there is";
  EXPECT_EQ(ask("m2000,1"), "E0e");
  EXPECT_EQ(ask("M1000,2:4142"), "OK");
  EXPECT_EQ(ask("X1002,3:}#$"), "OK") << "binary, its escapes resolved before";
  EXPECT_EQ(target.memory, "AB}#$56789abcdef");
  EXPECT_EQ(ask("X1000,0:"), "OK") << "gdb asks so whether X is known";
  EXPECT_EQ(ask("M1000,2:41"), "E01");
  EXPECT_EQ(ask("X1000,2:1"), "E01");
  EXPECT_EQ(ask("M100f,2:4142"), "E0e");
  for (const char* bad :
       {"m", "m1000", "m1000,", "m,4", "m1000,0", "m1000,4x", "mffffffff0,4", "M1000,2", "M1000", "X"})
    EXPECT_EQ(ask(bad), "E01") << bad;
  EXPECT_LT(ask("m1000,ffffffff").size(), GdbFraming::most_bytes);
}

TEST_F(Protocol, BreakpointsAndWatchpoints) {
  for (const char* packet : {"Z0,1000,2", "z0,1000,2", "Z1,1004,4", "Z2,2000,4", "z2,2000,4", "Z3,2000,1", "Z4,2000,8"})
    EXPECT_EQ(ask(packet), "OK") << packet;
  EXPECT_THAT(target.told, ElementsAre("break 1000 true", "break 1000 false", "break 1004 true", "watch 0 2000 4 true",
                                       "watch 0 2000 4 false", "watch 1 2000 1 true", "watch 2 2000 8 true"));
  EXPECT_EQ(ask("Z5,1000,4"), "") << "no such kind";
  for (const char* bad : {"Z", "Z0", "Z0,", "Z0,1000", "Z0,x,2", "Z2,1000,0", "z1,1000,"}) EXPECT_EQ(ask(bad), "E01");
}

TEST_F(Protocol, GoingOnIsSilentUntilTheNextStop) {
  const auto action = [&](std::string_view packet) { return session.handle(packet).action; };
  EXPECT_EQ(action("c"), GdbAction::resume);
  EXPECT_EQ(action("s"), GdbAction::step);
  EXPECT_EQ(action("vCont;c"), GdbAction::resume);
  EXPECT_EQ(action("vCont;s:1;c"), GdbAction::step);
  EXPECT_EQ(action("D"), GdbAction::detach);
  EXPECT_EQ(action("D;1"), GdbAction::detach);
  EXPECT_EQ(action("k"), GdbAction::kill);
  EXPECT_EQ(action("vKill;1"), GdbAction::kill);
  EXPECT_EQ(action("g"), GdbAction::none);
  EXPECT_TRUE(session.handle("c").silent);
  EXPECT_TRUE(session.handle("k").silent);
  EXPECT_FALSE(session.handle("D").silent);
  EXPECT_EQ(ask("vCont;"), "E01");
  EXPECT_EQ(ask("vCont;x"), "E01");
  EXPECT_EQ(ask("vCont?"), "vCont;c;C;s;S");
}

TEST_F(Protocol, StopsSayWhy) {
  using Kind = GdbStop::Kind;
  EXPECT_EQ(session.stopped({Kind::interrupted}), "T02thread:1;");
  EXPECT_EQ(session.stopped({Kind::breakpoint}), "T05thread:1;");
  EXPECT_EQ(session.stopped({Kind::watchpoint, 0, WatchKind::read, 0x20000004}), "T05rwatch:20000004;thread:1;");
  EXPECT_EQ(ask("?"), "T05rwatch:20000004;thread:1;");
  EXPECT_EQ(session.stopped({Kind::exited, 7}), "W07");
  EXPECT_EQ(session.stopped({Kind::exited, -1}), "Wff");
  EXPECT_EQ(session.stopped({Kind::fault}), "T0bthread:1;");
  EXPECT_EQ(GdbSession::console("Hi\n"), "O48690a");
}

TEST_F(Protocol, Queries) {
  EXPECT_THAT(ask("qSupported:multiprocess+;xmlRegisters=i386"),
              testing::AllOf(HasSubstr("PacketSize=4000"), HasSubstr("qXfer:features:read+")));
  EXPECT_TRUE(session.handle("QStartNoAckMode").no_ack);
  EXPECT_EQ(ask("qRcmd," + to_hex("cycles")), to_hex("<cycles>"));
  EXPECT_EQ(ask("qRcmd," + to_hex("quiet")), "OK");
  EXPECT_EQ(ask("qRcmd,6"), "E01");
  EXPECT_EQ(ask("qWhatever"), "") << "not known";
  EXPECT_EQ(ask("!"), "");
  EXPECT_EQ(ask(""), "");
}

TEST_F(Protocol, TheTargetDescriptionComesInPieces) {
  std::string xml;
  for (std::string piece = "m"; piece[0] == 'm'; xml += piece.substr(1))
    piece = ask(fmt::format("qXfer:features:read:target.xml:{:x},7", xml.size()));
  EXPECT_EQ(xml, target.target_xml());
  EXPECT_EQ(ask("qXfer:features:read:target.xml:ffff,7"), "l");
  EXPECT_EQ(ask("qXfer:features:read:other.xml:0,7"), "E00");
  for (const char* bad : {"qXfer:features:read:target.xml:", "qXfer:features:read:target.xml:0",
                          "qXfer:features:read:target.xml:0,", "qXfer:features:read:target.xml:,7"})
    EXPECT_EQ(ask(bad), "E01");
}

TEST(Hex, BothWays) {
  EXPECT_EQ(to_hex(std::string("\x00\xff\x41", 3)), "00ff41");
  EXPECT_EQ(from_hex("00ff41"), std::string("\x00\xff\x41", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_EQ(from_hex(""), "");
}

/// Bytes that look like packets, with anything done to them: whatever comes, an answer comes back that a packet holds,
/// and the conversation goes on afterwards.
TEST_F(Protocol, NoBytesDoHarm) {
  std::mt19937 random(1);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const char* seeds[] = {"g",
                         "p1",
                         "P1=31323334",
                         "m1000,4",
                         "M1000,2:4142",
                         "X1000,2:ab",
                         "Z0,1000,2",
                         "z2,1000,4",
                         "vCont;c",
                         "vCont?",
                         "qSupported:a+",
                         "qXfer:features:read:target.xml:0,100",
                         "qRcmd,6162",
                         "Hg0",
                         "T1",
                         "?",
                         "D",
                         "G00",
                         "QStartNoAckMode",
                         "c",
                         "s"};
  GdbFraming framing;
  std::size_t packets = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes = seeds[below(std::size(seeds))];
    for (unsigned n = below(4); n > 0; --n) {
      const unsigned at = below(static_cast<unsigned>(bytes.size()) + 1);
      switch (below(3)) {
        case 0:
          bytes.insert(at, 1, static_cast<char>(below(256)));
          break;
        case 1:
          bytes = bytes.substr(0, at);
          break;
        default:
          if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
      }
    }
    session.handle(bytes);
    if (below(2)) bytes = GdbFraming().frame(bytes);
    framing.feed(bytes);
    while (const auto item = framing.next()) {
      ++packets;
      const auto answer = session.handle(item->packet);
      EXPECT_LE(answer.payload.size(), GdbFraming::most_bytes);
    }
  }
  EXPECT_GT(packets, 10'000U);
  EXPECT_EQ(target.memory.size(), 16U);
  framing.feed("#00");
  framing.feed("$g#67");
  EXPECT_EQ(framing.next()->packet, "g");
}

}  // namespace
}  // namespace mj::debug
