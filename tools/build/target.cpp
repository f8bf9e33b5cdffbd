#include "tools/build/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/base/did_you_mean.h"

namespace mj::build {
namespace {

/// Which source file under runtime/port/console drives which type of device.
struct ConsolePort {
  std::string_view device_type, file;
};
constexpr std::array<ConsolePort, 7> kConsolePorts{{{"stm32-usart-v3", "stm32_usart_v3"},
                                                    {"stm32-usart-v2", "stm32_usart_v2"},
                                                    {"nrf-uart", "nrf_uart"},
                                                    {"pl011", "pl011"},
                                                    {"cmsdk-uart", "cmsdk"},
                                                    {"ns16550", "ns16550"},
                                                    {"ibex-uart", "ibex_demo_uart"}}};

/// Bytes from the table of jumps to the reset entry behind it in runtime/port/riscv/startup.S.
constexpr Address kVectorTableBytes = 0x80;

Error wrong(std::string what, std::string where, std::string why, std::string advice) {
  return {ExitCode::usage, std::move(what), std::move(where), std::move(why), std::move(advice)};
}

std::string one_of_the_buildable() { return fmt::format("one of {}", fmt::join(buildable_boards(), ", ")); }

/// Flash, RAM and where the image begins in them.
Result<void> place(const BoardSpec& board, const std::string& where, BoardTarget& t) {
  const FirmwareSpec& firmware = *board.firmware;
  const BootSpec& boot = board.boot;
  const bool arm = board.core.isa == "thumb";
  t.vector_table = !arm && boot.reset_mtvec && *boot.entry == *boot.reset_mtvec + kVectorTableBytes;
  const Address start = firmware.image_start ? *firmware.image_start
                        : arm                ? *boot.vector_table
                        : t.vector_table     ? *boot.reset_mtvec
                                             : *boot.entry;
  const auto home = std::find_if(board.regions.begin(), board.regions.end(), [&](const RegionSpec& r) {
    return r.alias_of.empty() && r.base <= start && start - r.base < r.size;
  });
  if (home == board.regions.end()) {
    return wrong(fmt::format("no memory for the image at {:#010x}", start),
                 where + (firmware.image_start ? "#/firmware/image_start" : "#/boot"),
                 "no region holds that address, aliases not counted",
                 "correct it or the regions; firmware.image_start moves the image");
  }
  const RegionSpec& last = *board.region(firmware.ram.back());
  const auto ram_end = static_cast<std::uint32_t>(last.base + last.size);  // 0: at the end of the address space
  const auto& ram = firmware.ram;
  const bool shared = std::find(ram.begin(), ram.end(), home->name) != ram.end();
  if (shared && firmware.ram_start) {
    return wrong("the image begins in RAM, which has a ram_start, too", where + "#/firmware/ram_start",
                 fmt::format("the image begins at {:#010x} in {}", start, home->name),
                 "remove ram_start: data lie behind the code");
  }
  if (!shared) t.code = Region{start, static_cast<std::uint32_t>(home->base + home->size - start)};
  t.ram.base = shared ? start : firmware.ram_start.value_or(board.region(ram.front())->base);
  t.ram.bytes = ram_end - t.ram.base;
  return {};
}

Result<void> choose_console(const BoardSpec& board, const std::string& where, BoardTarget& t) {
  const auto device =
      std::find_if(board.devices.begin(), board.devices.end(), [&](const auto& d) { return d.name == board.console; });
  const auto port = std::find_if(kConsolePorts.begin(), kConsolePorts.end(), [&](const ConsolePort& p) {
    return device != board.devices.end() && p.device_type == device->type;
  });
  if (port == kConsolePorts.end()) {
    std::vector<std::string_view> known;
    for (const ConsolePort& p : kConsolePorts) known.push_back(p.device_type);
    const std::string is = device == board.devices.end() ? "no device" : "of type " + device->type;
    return wrong("the runtime has no console for this board", where + "#/console",
                 fmt::format("{} is {}; there are consoles for {}", board.console, is, fmt::join(known, ", ")),
                 "name another device as console");
  }
  if (device->number_or("stride", 1) != 1) {
    return wrong("the runtime's console drives byte registers side by side only",
                 fmt::format("{}#/devices/{}/params/stride", where, device->name), "",
                 "name another device as console");
  }
  t.console = port->file;
  t.console_base = device->base;
  return {};
}

}  // namespace

std::vector<std::string> buildable_boards() {
  std::vector<std::string> ids;
  for (const std::string& id : list_boards())
    if (const auto board = load_board(id); board && board->firmware) ids.push_back(id);
  return ids;
}

Result<BoardTarget> target_of(const BoardSpec& board, const std::string& where) {
  if (!board.firmware) {
    return wrong("no firmware can be built for board " + board.id, where, "it has no \"firmware\" object",
                 one_of_the_buildable() + "; or a board file of your own with that object");
  }
  const bool arm = board.core.isa == "thumb";
  BoardTarget t;
  t.id = board.id;
  t.name = board.name;
  t.toolchain = arm ? "arm-none-eabi" : "riscv64-unknown-elf";
  t.startup = arm ? "arm" : "riscv";
  t.flags = board.firmware->compiler_flags;
  t.clock = board.firmware->clock_setup;
  t.clock_hz = static_cast<std::uint32_t>(board.firmware->clock_hz);
  if (auto placed = place(board, where, t); !placed) return placed.error();
  if (auto chosen = choose_console(board, where, t); !chosen) return chosen.error();
  t.exit = arm ? "arm_semihost" : "riscv_semihost";
  for (const auto& d : board.devices) {
    if (d.type == "test-finisher") t.exit = "virt_finisher", t.exit_base = d.base;
  }
  return t;
}

Result<BoardTarget> find_target(const std::string& id_or_path) {
  const bool own = id_or_path.ends_with(".json");
  const std::vector<std::string> ids = list_boards();
  if (!own && std::find(ids.begin(), ids.end(), id_or_path) == ids.end()) {
    const std::string near = did_you_mean(id_or_path, buildable_boards());
    return wrong(
        fmt::format("unknown board \"{}\"", id_or_path), "", "",
        (near.empty() ? "" : near + " ") + one_of_the_buildable() + "; or the path of a board file that ends in .json");
  }
  const auto board = load_board(id_or_path);
  if (!board) return board.error();
  return target_of(*board, own ? id_or_path : id_or_path + ".json");
}

}  // namespace mj::build
