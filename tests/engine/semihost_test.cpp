// Semihosting (Arm Semihosting specification 2.0): what each operation answers, and that files stay in their folder.
#include "sim/semihost.h"

#include <array>

#include "tests/engine/bench.h"

namespace mj {
namespace {

constexpr std::uint32_t failed = 0xffffffff;
enum : std::uint32_t {
  sys_open = 1,
  sys_close,
  sys_writec,
  sys_write0,
  sys_write,
  sys_read,
  sys_readc,
  sys_iserror,
  sys_istty,
  sys_seek,
  sys_flen = 0x0c,
  sys_remove = 0x0e,
  sys_rename = 0x0f,
  sys_clock = 0x10,
  sys_time = 0x11,
  sys_errno = 0x13,
  sys_get_cmdline = 0x15,
  sys_heapinfo = 0x16,
  sys_exit = 0x18,
  sys_exit_extended = 0x20,
  sys_elapsed = 0x30,
  sys_tickfreq = 0x31
};
enum : std::uint32_t { read_binary = 1, write_binary = 5, append_binary = 9 };

/// 64 KiB of RAM at 0x20000000; parameter blocks at its beginning, strings and buffers at 0x20001000 and up.
class SemihostTest : public testing::Test, ConsoleSink, ExitSink, DiagnosticSink {
 protected:
  static constexpr Address block = 0x20000000, text_at = 0x20001000, buffer = 0x20002000;

  SemihostTest() { restart("", "hello"); }
  void restart(const std::string& folder, const std::string& input) {
    host_ = std::make_unique<Semihost>(Semihost::Wiring{bus(), *this, *this, *this, [] { return Cycle{0x1'2345'6789}; },
                                                        [] { return 12.345; }, [] { return Hertz{4'000'000}; }},
                                       folder, input, "fw.elf --fast");
  }
  memory::Bus& bus() {
    if (bus_.regions().empty()) {
      memory::Region r;
      r.name = "RAM";
      r.base = 0x20000000;
      r.size = 0x10000;
      r.bytes = std::make_shared<std::vector<std::uint8_t>>(r.size);
      bus_.add(std::move(r));
    }
    return bus_;
  }
  std::uint32_t call(std::uint32_t op, std::initializer_list<std::uint32_t> words) {
    Address a = block;
    for (const std::uint32_t w : words) {
      bus_.poke(a, reinterpret_cast<const std::uint8_t*>(&w), 4);
      a += 4;
    }
    return host_->call(op, block);
  }
  std::uint32_t call_value(std::uint32_t op, std::uint32_t argument) { return host_->call(op, argument); }
  void put_text(const std::string& s, Address at = text_at) {
    bus_.poke(at, reinterpret_cast<const std::uint8_t*>(s.c_str()), s.size() + 1);
  }
  std::string text(Address at, std::size_t n) {
    std::string s(n, 0);
    bus_.peek(at, reinterpret_cast<std::uint8_t*>(s.data()), n);
    return s;
  }
  std::uint32_t word(Address a) {
    std::uint32_t v = 0;
    bus_.peek(a, reinterpret_cast<std::uint8_t*>(&v), 4);
    return v;
  }
  std::uint32_t open(const std::string& name, std::uint32_t mode) {
    put_text(name);
    return call(sys_open, {text_at, mode, static_cast<std::uint32_t>(name.size())});
  }
  std::uint32_t write(std::uint32_t handle, const std::string& s) {
    put_text(s, buffer);
    return call(sys_write, {handle, buffer, static_cast<std::uint32_t>(s.size())});
  }

  void put(std::string_view device, char byte) override {
    (device == Semihost::stderr_name ? error_ : console_).push_back(byte);
  }
  void request_exit(int status) override { exit_ = status; }
  void request_reset() override { FAIL(); }
  void not_modelled(std::string_view, std::uint32_t, std::string_view what) override { reported_ = what; }

  memory::Bus bus_;
  std::unique_ptr<Semihost> host_;
  std::string console_, error_, reported_;
  int exit_ = -1;
};

TEST_F(SemihostTest, TheConsoleIsWrittenByCharacterStringAndHandle) {
  put_text("a");
  call_value(sys_writec, text_at);
  put_text("bc\n");
  call_value(sys_write0, text_at);
  EXPECT_EQ(open(":tt", write_binary), 1u);
  EXPECT_EQ(write(1, "def"), 0u) << "bytes not written";
  EXPECT_EQ(open(":tt", append_binary), 2u);
  write(2, "bad");
  EXPECT_EQ(console_, "abc\ndef");
  EXPECT_EQ(error_, "bad");
  EXPECT_EQ(call(sys_istty, {1}), 1u);
}

TEST_F(SemihostTest, TheConsoleIsReadUntilItsInputEnds) {
  EXPECT_EQ(call_value(sys_readc, 0), static_cast<std::uint32_t>('h'));
  const std::uint32_t in = open(":tt", read_binary);
  EXPECT_EQ(call(sys_read, {in, buffer, 3}), 0u);
  EXPECT_EQ(text(buffer, 3), "ell");
  EXPECT_EQ(call(sys_read, {in, buffer, 10}), 9u) << "bytes not read";
  EXPECT_EQ(call(sys_read, {in, buffer, 10}), 10u) << "end of input";
  EXPECT_EQ(call_value(sys_readc, 0), failed);
}

TEST_F(SemihostTest, FilesAreWrittenSoughtAndReadBelowTheFolder) {
  const test::Folder folder;
  restart(folder.string(), "");
  const std::uint32_t out = open("data.bin", write_binary);
  ASSERT_NE(out, failed);
  EXPECT_EQ(write(out, "0123456789"), 0u);
  EXPECT_EQ(call(sys_flen, {out}), 10u);
  EXPECT_EQ(call(sys_close, {out}), 0u);
  EXPECT_EQ(test::read_all(folder / "data.bin"), "0123456789");
  const std::uint32_t in = open("data.bin", read_binary);
  EXPECT_EQ(in, out) << "a closed handle is used again";
  EXPECT_EQ(call(sys_seek, {in, 4}), 0u);
  EXPECT_EQ(call(sys_read, {in, buffer, 4}), 0u);
  EXPECT_EQ(text(buffer, 4), "4567");
  EXPECT_EQ(call(sys_istty, {in}), 0u);
  call(sys_close, {in});
  put_text("data.bin");
  put_text("new.bin", buffer);
  EXPECT_EQ(call(sys_rename, {text_at, 8, buffer, 7}), 0u);
  EXPECT_TRUE(std::filesystem::exists(folder / "new.bin"));
  EXPECT_EQ(call(sys_remove, {buffer, 7}), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder / "new.bin"));
}

TEST_F(SemihostTest, NoFileOutsideOfTheFolderIsReached) {
  const test::Folder folder, outside;
  std::ofstream(outside / "secret") << "x";
  std::filesystem::create_directories(folder / "sub");
  restart((folder / "sub").string(), "");
  const std::string absolute = (outside / "secret").string();
  for (const std::string& name : {std::string("../x"), std::string("a/../../x"), std::string(".."), absolute,
                                  std::string("/etc/hostname"), std::string()}) {
    EXPECT_EQ(open(name, write_binary), failed) << name;
    EXPECT_EQ(open(name, read_binary), failed) << name;
    put_text(name);
    EXPECT_EQ(call(sys_remove, {text_at, static_cast<std::uint32_t>(name.size())}), failed) << name;
    put_text("y", buffer);
    EXPECT_EQ(call(sys_rename, {text_at, static_cast<std::uint32_t>(name.size()), buffer, 1}), failed) << name;
    EXPECT_EQ(call(sys_rename, {buffer, 1, text_at, static_cast<std::uint32_t>(name.size())}), failed) << name;
  }
  EXPECT_TRUE(std::filesystem::exists(outside / "secret"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  EXPECT_NE(reported_, "");
}

TEST_F(SemihostTest, ASymbolicLinkInTheFolderDoesNotLeadOutOfIt) {
  const test::Folder folder, outside;
  std::ofstream(outside / "secret") << "x";
  std::filesystem::create_directory_symlink(outside.string(), folder / "link");
  std::filesystem::create_symlink(outside / "secret", folder / "file");
  restart(folder.string(), "");
  EXPECT_EQ(open("link/secret", read_binary), failed);
  EXPECT_EQ(open("link/new", write_binary), failed);
  EXPECT_EQ(open("file", read_binary), failed);
  EXPECT_FALSE(std::filesystem::exists(outside / "new"));
}

TEST_F(SemihostTest, WithoutAFolderEveryFileIsRefusedAndSaidSo) {
  EXPECT_EQ(open("data.bin", read_binary), failed);
  EXPECT_NE(reported_.find("data.bin"), std::string::npos);
  EXPECT_EQ(call_value(sys_errno, 0), static_cast<std::uint32_t>(EACCES));
}

TEST_F(SemihostTest, WrongHandlesModesAndPointersFailWithoutHarm) {
  EXPECT_EQ(call(sys_close, {7}), failed);
  EXPECT_EQ(call(sys_write, {7, buffer, 5}), 5u);
  EXPECT_EQ(call(sys_read, {0, buffer, 5}), 5u);
  EXPECT_EQ(open(":tt", 99), failed);
  EXPECT_EQ(call_value(sys_open, 0x60000000), failed);
  const std::uint32_t out = open(":tt", write_binary);
  EXPECT_EQ(call(sys_write, {out, 0x60000000, 4}), 4u);
  EXPECT_EQ(call(sys_open, {text_at, 0, 0xffffffff}), failed);
  EXPECT_EQ(call(sys_read, {out, buffer, 4}), 4u) << "the output can't be read";
  call_value(sys_write0, 0x60000000);
  EXPECT_EQ(console_, "");
}

TEST_F(SemihostTest, ExitCodes) {
  call_value(sys_exit, 0x20026);
  EXPECT_EQ(exit_, 0);
  call_value(sys_exit, 0x20023);  // ADP_Stopped_RunTimeErrorUnknown
  EXPECT_EQ(exit_, 1);
  call(sys_exit_extended, {0x20026, 42});
  EXPECT_EQ(exit_, 42);
}

TEST_F(SemihostTest, TimeIsSimulatedTime) {
  EXPECT_EQ(call_value(sys_clock, 0), 1234u) << "centiseconds";
  EXPECT_EQ(call_value(sys_time, 0), 12u);
  EXPECT_EQ(call_value(sys_tickfreq, 0), 4'000'000u);
  EXPECT_EQ(call_value(sys_elapsed, block), 0u);
  EXPECT_EQ(word(block), 0x23456789u);
  EXPECT_EQ(word(block + 4), 1u);
}

TEST_F(SemihostTest, HeapinfoLeavesTheLimitsToTheFirmware) {
  for (Address a = buffer; a < buffer + 16; a += 4)
    call(0, {}), bus_.poke(a, reinterpret_cast<const std::uint8_t*>("xxxx"), 4);
  EXPECT_EQ(call(sys_heapinfo, {buffer}), 0u);
  for (Address a = buffer; a < buffer + 16; a += 4) EXPECT_EQ(word(a), 0u);
}

TEST_F(SemihostTest, TheCommandLineGoesIntoABufferThatIsLongEnough) {
  EXPECT_EQ(call(sys_get_cmdline, {buffer, 100}), 0u);
  EXPECT_EQ(text(buffer, 14), std::string("fw.elf --fast") + '\0');
  EXPECT_EQ(word(block + 4), 13u);
  EXPECT_EQ(call(sys_get_cmdline, {buffer, 13}), failed) << "no room for the end";
}

TEST_F(SemihostTest, ExtensionsAreNamedByTheFeatureFile) {
  const std::uint32_t f = open(":semihosting-features", read_binary);
  EXPECT_EQ(call(sys_read, {f, buffer, 5}), 0u);
  EXPECT_EQ(text(buffer, 4), "SHFB");
  EXPECT_EQ(text(buffer + 4, 1)[0] & 3, 3);
  EXPECT_EQ(call(sys_flen, {f}), 5u);
}

TEST_F(SemihostTest, AnUnknownOperationFailsAndIsReported) {
  EXPECT_EQ(call_value(0x99, 0), failed);
  EXPECT_NE(reported_.find("0x99"), std::string::npos);
}

using SemihostArm = test::Arm;
using SemihostRv32 = test::Riscv;

TEST_F(SemihostArm, FirmwarePrintsAndExits) {
  test::Bench b("mps2-an386", R"(
    func main
      movs  r0, #4
      ldr   r1, =hello
      bkpt  #0xab
      movs  r0, #0x20
      ldr   r1, =status
      bkpt  #0xab
    never:
      b     never
      .balign 4
    hello:  .asciz "hi"
      .balign 4
    status: .word 0x20026, 7
  )");
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.kind, engine::StopKind::exited);
  EXPECT_EQ(stop.status, 7);
  EXPECT_EQ(b.machine().console_text(), "hi");
  EXPECT_EQ(b.engine().semihost_calls(), 2u);
  b.expect_conserved();
}

TEST_F(SemihostArm, ElapsedIsTheCycleOfTheCall) {
  // 1 + 2 cycles before; BKPT 1.
  test::Bench b("mps2-an386", R"(
    func main
      movs  r0, #0x30
      ldr   r1, =0x20000100
      bkpt  #0xab
      movs  r0, #0x30
      adds  r1, #8
      bkpt  #0xab
    end:
      b     end
  )");
  b.run();
  EXPECT_EQ(b.word(Address{0x20000108}) - b.word(Address{0x20000100}), 3u);
}

TEST_F(SemihostRv32, OnlyTheWholeSequenceIsACall) {
  test::Bench b("virt32", R"(
    .option norvc
    func main
      la    t0, handler
      csrw  mtvec, t0
      li    a0, 4
      la    a1, hello
      slli  x0, x0, 0x1f
      ebreak
      srai  x0, x0, 7
      ebreak                    # a breakpoint
    end:
      j     end
      .balign 4
    handler:
      li    a0, 0x18
      li    a1, 0x20026
      slli  x0, x0, 0x1f
      ebreak
      srai  x0, x0, 7
    hello: .asciz "hi"
  )");
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.kind, engine::StopKind::exited);
  EXPECT_EQ(stop.status, 0);
  EXPECT_EQ(b.machine().console_text(), "hi");
  EXPECT_EQ(b.engine().fault_count(), 1u);
}

TEST_F(SemihostArm, ABreakpointInAnItBlockIsTakenWhateverTheCondition) {
  test::Bench b("mps2-an386", R"(
    func main
      movs r0, #0x18       @ SYS_EXIT
      ldr  r1, =0x20026    @ ADP_Stopped_ApplicationExit
      cmp  r0, r0
      it   ne
      bkpt 0xab
      b    .
  )");
  EXPECT_EQ(b.run(10000).kind, engine::StopKind::exited);
}

}  // namespace
}  // namespace mj
