// Boards as data: what stands in models/boards/<id>.json, checked and in plain structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory/bus.h"
#include "memory/flash_timing.h"
#include "peripherals/device_spec.h"
#include "sim/base/error.h"
#include "sim/base/units.h"

namespace mj {

struct CoreSpec {
  std::string timing;       ///< file under models/cores, without .json
  std::string timing_rows;  ///< JSON laid over that file; empty: none
  std::string timing_note;  ///< not empty: that table is not this core's; say so with every result
  std::string isa;          ///< "thumb" or "rv32"
  std::vector<std::string> features;
  Hertz reset_clock_hz = 0;
  Hertz max_clock_hz = 0;  ///< 0: unknown
  Hertz min_clock_hz = 0;  ///< that firmware can choose; 0: any
  unsigned nvic_priority_bits = 0, irq_count = 0;
  unsigned sau_regions = 0;                ///< of a core with the Security Extension
  unsigned systick_reference_divider = 0;  ///< core cycles per tick of the reference clock; 0: there is none
};

enum class BudgetKind : std::uint8_t { none, flash, ram };

struct RegionSpec {
  std::string name;
  memory::RegionKind kind = memory::RegionKind::ram;  ///< flash or ram
  Address base = 0;
  std::uint64_t size = 0;  ///< bytes
  std::string alias_of;    ///< shares that region's bytes from alias_offset on, and its front end unless it has one
  std::uint64_t alias_offset = 0;
  std::uint32_t read_wait = 0, write_wait = 0;  ///< extra core cycles of each access
  std::uint32_t run_wait = 0;                   ///< extra core cycles of each run of loads
  bool unsure_waits = false;                    ///< these, or numbers of front_end, are inferred or estimated
  std::optional<memory::FlashTimingParams> front_end;
  std::optional<memory::BusCosts>
      bus;  ///< RAM that the core reaches over its bus, through its data cache if that is on
  BudgetKind budget = BudgetKind::none;  ///< what the use of this region counts as
  std::string source, certainty, note;
};

/// A part of the address space as the chip attributes it to the security states (Implementation Defined Attribution
/// Unit, Armv8-M ARM DDI 0553 B8.2).
struct IdauSpec {
  Address base = 0;
  std::uint64_t size = 0;
  std::string attribution;               ///< "secure", "callable", "non-secure" or "exempt"
  unsigned region = 0;                   ///< number that TT gives
  std::optional<unsigned> callable_bit;  ///< this bit of the chip's register makes it callable
};

struct BootSpec {
  std::optional<Address> vector_table;           ///< Arm
  std::vector<Address> vector_table_candidates;  ///< Arm, behind boot loaders
  std::optional<Address> entry, reset_mtvec;     ///< RISC-V
  std::optional<Address> image_def;              ///< from here on the boot ROM looks for what the image tells it
  std::vector<std::pair<Address, std::uint32_t>> rom_words;  ///< what stands in for the boot ROM
  std::string skipped;                                       ///< code of the real boot that does not run
};

/// What building a firmware needs besides the rest of the board.
struct FirmwareSpec {
  std::vector<std::string> compiler_flags;  ///< GCC's: instruction set and ABI
  std::vector<std::string> ram;             ///< regions for data and stack, each directly behind the one before
  std::optional<Address> ram_start;         ///< none: the base of the first of them
  std::optional<Address> image_start;       ///< none: where `boot` points
  std::string clock_setup;                  ///< file under runtime/port/clock, without .c
  Hertz clock_hz = 0;                       ///< behind the clock set-up
};

/// Highest clock for 0, 1, 2... wait states; for messages ("4 wait states, but 120 MHz needs 5").
struct WaitStateTable {
  std::string condition;
  std::vector<Hertz> max_hz;
};

/// One number of the file with where it comes from, for `boards show`.
struct Figure {
  std::string pointer;  ///< JSON pointer
  std::string value, unit, source, certainty;
};

struct BoardSpec {
  std::string id;  ///< file name without .json
  std::string name, soc;
  std::vector<std::string> notes;
  std::vector<std::string> replaced;   ///< JSON pointers of what an overlay replaced or added
  std::vector<std::string> same_core;  ///< boards that it extends and whose core it has, the nearest first
  CoreSpec core;
  std::vector<RegionSpec> regions;               ///< flash and RAM, by base; an alias may come before its target
  std::vector<peripherals::DeviceSpec> devices;  ///< by name
  std::vector<IdauSpec> idau;                    ///< none: the SAU decides alone
  BootSpec boot;
  std::string console;  ///< a device's name, or "semihosting"
  std::vector<WaitStateTable> wait_states;
  std::optional<FirmwareSpec> firmware;  ///< none: nothing can be built for this board
  std::vector<Figure> figures;

  /// Null: there is no region of this name.
  const RegionSpec* region(std::string_view named) const {
    for (const RegionSpec& r : regions)
      if (r.name == named) return &r;
    return nullptr;
  }

  /// The least flash wait states that the board's first table allows at `hz`; none above its last clock, or if the
  /// board has no table.
  std::optional<std::uint32_t> least_wait_states(Hertz hz) const {
    if (wait_states.empty()) return std::nullopt;
    const std::vector<Hertz>& max = wait_states.front().max_hz;
    for (std::size_t i = 0; i < max.size(); ++i)
      if (hz <= max[i]) return static_cast<std::uint32_t>(i);
    return std::nullopt;
  }

  std::uint64_t budget_bytes(BudgetKind kind) const {
    std::uint64_t sum = 0;
    for (const RegionSpec& r : regions)
      if (r.budget == kind) sum += r.size;
    return sum;
  }
};

/// Directory of cores/, boards/, energy/, schema/: MJ_MODELS_DIR of the environment, else ../share/microjoule/models
/// beside the executable, else the source tree's.
std::string models_dir();

/// Ids of the shipped boards, sorted.
std::vector<std::string> list_boards();

/// A shipped board by id, or a user's board if the argument ends in ".json".
/// Errors: usage (unknown id, wrong key or value, overlap, unknown device type), unreadable (missing or broken file).
/// `overlay`: JSON text laid over the board (RFC 7386) as what "extends" it would be, but it stays that board; empty:
/// none.
Result<BoardSpec> load_board(const std::string& id_or_path, const std::string& overlay = "");
/// The board's file, with what it extends and the overlay merged, before it is checked: what calibration reads and
/// changes.
Result<std::string> merged_board_text(const std::string& id_or_path, const std::string& overlay = "");

/// The rows that an overlay replaces of a core's table, for boards without a file (generic:...): core.timing_rows as
/// text. Errors: usage, when it has anything else.
Result<std::string> overlay_rows(const std::string& overlay);

}  // namespace mj
