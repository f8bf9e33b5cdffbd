// Semihosting: console, files, exit status and time for firmware that asks the debugger for them (Arm Semihosting
// specification 2.0, which RISC-V uses with the same numbers). Deterministic: time is simulated time, files live under
// one folder of the host and nowhere else.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "memory/bus.h"
#include "sim/base/wires.h"

namespace mj {

class Semihost {
 public:
  /// ConsoleSink names of the firmware's standard output and standard error.
  static constexpr const char *stdout_name = "semihosting", *stderr_name = "semihosting stderr";

  struct Wiring {
    memory::Bus& bus;
    ConsoleSink& console;
    ExitSink& exit;
    DiagnosticSink& diagnostics;
    std::function<Cycle()> now;       ///< cycles since reset
    std::function<double()> seconds;  ///< simulated seconds since reset
    std::function<Hertz()> hz;
  };
  /// `folder`: where files are opened ("" refuses every file); `input`: what the console reads; `command_line`: what
  /// SYS_GET_CMDLINE gives.
  Semihost(Wiring wiring, std::string folder, std::string input, std::string command_line);
  ~Semihost();

  /// Serves operation `op` with `argument`; the value that goes back in r0 / a0.
  std::uint32_t call(std::uint32_t op, std::uint32_t argument);

 private:
  struct File;
  std::uint32_t open(std::uint32_t block);
  std::uint32_t write(std::uint32_t block);
  std::uint32_t read(std::uint32_t block);
  bool word(std::uint32_t block, unsigned index, std::uint32_t& out);
  bool set_word(std::uint32_t block, unsigned index, std::uint32_t value);
  bool string(std::uint32_t address, std::uint32_t length, std::string& out);
  std::string host_path(const std::string& name) const;
  File* file(std::uint32_t handle);
  std::uint32_t fail(int error);
  void put(const std::string& bytes, const char* to = stdout_name);

  Wiring w_;
  std::string folder_, input_, command_line_;
  std::size_t input_at_ = 0;
  std::vector<std::unique_ptr<File>> files_;
  int errno_ = 0;
};

}  // namespace mj
