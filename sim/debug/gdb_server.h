// `--gdb :PORT`: gdb attached to a run. The machine stands still inside of Observer::before, in front of an
// instruction, for as long as gdb wants to look; no block is cut for it, so that a run that was stopped a thousand
// times has the cycles of one that never was. What gdb changes (registers, memory, pc) changes the run, of course.
//
// The first instruction waits for gdb. Breakpoints of both kinds leave memory alone. A watchpoint stops behind the
// instruction that made the access, as the cores' own comparators do; so does what --detect finds, with SIGSEGV, which
// gdb doesn't step over. When gdb detaches or its connection ends, the run
// goes on to its end by itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/debug/gdb_protocol.h"
#include "sim/engine/engine.h"
#include "sim/engine/observer.h"

namespace mj::debug {

/// The machine of a run, as far as gdb can't see it through the engine.
struct GdbMachine {
  engine::Engine* engine = nullptr;
  bool thumb = true;
  bool fpu = false;
  /// RISC-V's control and status registers, Arm's special registers, with what reads and writes them by number.
  struct SystemRegister {
    std::string name;
    std::uint32_t number;
  };
  std::vector<SystemRegister> system_registers;
  std::function<std::optional<std::uint32_t>(std::uint32_t number)> read_system;
  std::function<bool(std::uint32_t number, std::uint32_t value)> write_system;
  /// gdb wrote memory.
  std::function<void(Address from, std::size_t n)> wrote;
  /// `monitor` commands that need more than the engine: "cycles", "layer", "energy", "detections"; empty text: not
  /// known. `now` is the current cycle.
  std::function<std::string(const std::string& command, Cycle now)> tell;
};

class GdbServer final : public engine::Observer, GdbTarget {
 public:
  /// Listens on this host only (127.0.0.1). `where`: ":3333", "3333" or "localhost:3333"; port 0 takes a free one.
  /// Errors: usage.
  static Result<std::unique_ptr<GdbServer>> listen(const std::string& where);
  ~GdbServer() override;
  GdbServer(const GdbServer&) = delete;
  GdbServer& operator=(const GdbServer&) = delete;

  unsigned port() const { return port_; }
  /// Blocks until gdb connects.
  Result<void> accept();
  /// A run begins, the first one or, after a reset, the next.
  void begin(GdbMachine machine);
  /// Between two calls of Engine::run: looks for ^C and, if there is one, stops here.
  void poll();
  /// The instruction that is under way did something that it should not: gdb's user reads `text`, and the program stops
  /// in front of the next instruction.
  void found(const std::string& text);
  /// The run stopped by itself: `text` says why. gdb may look at what is left, unless the firmware exited.
  void ended(const GdbStop& stop, const std::string& text);

  bool killed() const { return killed_; }
  bool reset_wanted() const { return reset_wanted_; }

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) override;
  void accessed(const engine::DataAccess& access) override;
  void after(engine::Outcome) override {}
  void redirected(const Redirect&, Cycle) override {}
  void skipped(Cycle, Cycle, std::uint64_t) override {}

 private:
  GdbServer() : session_(static_cast<GdbTarget&>(*this)) {}

  std::string target_xml() const override;
  unsigned register_count() const override;
  std::string read_register(unsigned number) override;
  bool write_register(unsigned number, std::string_view bytes) override;
  std::string read_memory(Address address, std::size_t size) override;
  bool write_memory(Address address, std::string_view bytes) override;
  void set_breakpoint(Address address, bool on) override;
  void set_watchpoint(WatchKind kind, Address address, std::uint32_t size, bool on) override;
  std::string monitor(const std::string& command) override;

  std::optional<std::uint32_t> word_of(unsigned number) const;
  const GdbMachine::SystemRegister* system_register(unsigned number) const;
  /// Answers packets until the run is to go on.
  void serve(const GdbStop& stop, bool announce);
  void send(std::string_view bytes);
  void say_found();
  /// Takes what arrived; `wait`: until something has. False: the connection ended.
  bool receive(bool wait);
  bool interrupted();
  void disconnect();

  struct Watch {
    WatchKind kind;
    Address address;
    std::uint32_t size;
    auto operator<=>(const Watch&) const = default;
  };

  int listener_ = -1, connection_ = -1;
  unsigned port_ = 0;
  GdbFraming framing_;
  GdbSession session_;
  GdbMachine machine_;
  std::set<Address> breakpoints_;
  std::set<Watch> watches_;
  std::optional<GdbStop> stop_next_;  ///< stop in front of the next instruction
  std::string found_;                 ///< what to say then
  bool announce_ = false;             ///< gdb waits for being told of the next stop
  bool killed_ = false, reset_wanted_ = false;
  unsigned since_poll_ = 0;
  Address pc_ = 0;  ///< while the machine stands still
  std::uint32_t mode_ = 0;
  Cycle now_ = 0;
};

}  // namespace mj::debug
