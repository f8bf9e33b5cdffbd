// Running one firmware image on one board, from files to a result: what `microjoule run` is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"
#include "sim/profile/tensors.h"

namespace mj {

/// Which instructions to show, one a line (sim/debug/trace.h has the format).
struct TraceRequest {
  std::function<void(std::string_view)> write;  ///< gets whole lines; empty: no trace
  std::string symbol;                           ///< only instructions of this function itself; empty: all
  std::optional<unsigned> layer;                ///< only while the layer of this index runs, what it calls included
};

/// Which layers' tensors to take along; the run is the same with and without.
struct TensorRequest {
  std::function<bool(const profile::Layer&)> wanted;  ///< asked as a layer begins; empty: none
  std::uint64_t inference = 1;                        ///< of each network, 1: the first
  bool constants = false;                             ///< layers' constants and networks' inputs, too
  /// Gets what was taken, in the order of the calls, when the firmware has ended.
  std::function<void(std::vector<profile::CapturedLayer>)> give;
};

struct RunRequest {
  std::string firmware;  ///< path of the ELF file
  std::string board;     ///< id or path of a board file; empty: proposed from the image
  std::string overlay;   ///< JSON text laid over the board's numbers (see load_board); empty: none
  std::optional<Cycle> max_cycles;
  std::optional<double> max_sim_time_s;
  std::optional<Hertz> clock_hz;  ///< what-if: the core's clock from reset on, whatever the firmware programs
  /// What-if: flash wait states, whatever the firmware programs: a number, or "auto" for the least that the board's
  /// table allows at each clock; empty: as programmed, or auto if a clock is held on a board with such a table.
  std::string flash_wait_states;
  TraceRequest trace;
  TensorRequest tensors;
  std::string detect;                            ///< what to detect (sim/detect.h): names or "all"; empty: nothing
  std::optional<std::string> gdb;                ///< gdb may attach at this port of this host, ":3333"
  std::function<void(std::string_view)> remark;  ///< one line for the user before the run; may be empty
  std::vector<std::string> roi;                  ///< regions of interest, "BEGIN:END" each, symbols or addresses
  energy::Conditions supply;                     ///< how to price energy
  std::string energy_table;    ///< path of an energy table to use instead of the board's; empty: the board's
  std::string input_path;      ///< raw int8 bytes or .npy for the network's first input; empty: none
  std::string output_path;     ///< where the network's first output goes, by extension raw or .npy; empty: none
  std::string layers_path;     ///< a mapping of functions to layers (models/schema/layers.schema.json); empty: none
  bool split_traffic = false;  ///< bytes moved of each memory region by itself (Engine::split_traffic)
  std::string dump_memory;     ///< "BEGIN:END=FILE": memory at the end (sim/memory_dump.h); empty: none
  std::string files_folder;    ///< folder that semihosting may open files in; empty: none
  std::string console_input;   ///< what the firmware reads from its console
  std::string command_line;    ///< semihosting SYS_GET_CMDLINE
  std::function<void(char)> console;                        ///< each byte that the firmware prints; may be empty
  std::function<void(char)> console_error;                  ///< the same for semihosting's standard error
  std::function<void(Cycle now, double seconds)> progress;  ///< every `progress_every` cycles; may be empty
  Cycle progress_every = 50'000'000;                        ///< also how often gdb's connection is looked at; not 0
};

/// Runs the firmware to its end. An Error is returned only if the run could not begin; whatever happens to the firmware
/// is in the result (stop, fault).
Result<profile::RunResult> run(const RunRequest& request);

}  // namespace mj
