// How networks are recognised in firmware: one row a runtime, each with a static half that looks at the image and a
// dynamic half that listens to the run.
//
// The static half (Look) says how sure it is and why; `microjoule inspect --why` prints it. The dynamic half
// (LayerSource) is told of each function that begins, with the machine's registers and memory at that moment, so that
// it works on stripped images, too: functions are entered by calls. It tells a LayerRecorder what begins; what began in
// a frame ends with it. Several sources may run at once (recognition.h chooses).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/engine/engine.h"
#include "sim/profile/layers.h"
#include "sim/profile/tensors.h"
#include "sim/program.h"

namespace mj::profile {

/// The machine at the moment at which a function begins.
class Guest {
 public:
  Guest(engine::Engine& engine, bool arm);

  /// Argument 0..3 (Arm) or 0..7 (RISC-V) as the calling convention passes integers and pointers in registers.
  std::uint32_t argument(unsigned n) const { return engine_.state().r[first_argument_ + n]; }
  /// Register argument or, behind those, word of the stack: argument `n` of a function of word-sized arguments.
  std::optional<std::uint32_t> any_argument(unsigned n) const;
  std::uint32_t sp() const { return engine_.state().r[engine_.arch().sp]; }
  /// Where the function returns to, without the Thumb bit.
  Address return_address() const { return engine_.state().r[engine_.arch().lr] & ~1u; }
  /// Whether the instruction in front of return_address() is a call to an address in a register: BLX (register), or
  /// JALR that links ra, compressed or not.
  bool called_by_pointer() const;
  /// A word of plain memory; none if the address is not aligned or has no memory.
  std::optional<std::uint32_t> word(Address a) const;
  /// Copies bytes of plain memory; false if any of them has none.
  bool read(Address a, void* out, std::size_t n) const;
  const memory::Bus& bus() const { return engine_.bus(); }
  engine::Engine& engine() const { return engine_; }

 private:
  engine::Engine& engine_;
  bool arm_;
  unsigned first_argument_, register_arguments_;
};

/// What the arguments of one call of a kernel say of the layer that made it.
struct KernelCall {
  Address function = 0;
  std::string kernel;  ///< "arm_convolve_s8"
  std::string op;      ///< as a model calls it: "CONV_2D"
  std::optional<std::uint64_t> macs;
  std::vector<std::int64_t> input, weights, output;  ///< shapes; empty: unknown
};

/// What a source works with; all of it lives as long as the source.
struct Stage {
  const Program& program;
  const Guest& guest;
  const Meter& meter;
  LayerRecorder& recorder;
  /// Whether a layer of a source that ranks above this one is running: then what this source sees is no layer, but is
  /// compared with that one.
  std::function<bool(const KernelCall&)> inside_other;
  /// A function begins at this address, though no symbol says so: from now on it is seen to begin also where it is
  /// jumped to (a tail call).
  std::function<void(Address)> is_function;
};

/// The dynamic half. Exceptions, threads and the ends of frames are the recorder's business, not a source's.
class LayerSource {
 public:
  virtual ~LayerSource() = default;
  /// A function begins: called, or (where symbols name it) jumped to. `depth` is its frame's place in its thread.
  virtual void entered(Address function, std::size_t depth) = 0;
  /// The frame at this depth ended; before the recorder ends what began in it.
  virtual void left(std::size_t /*depth*/) {}
  virtual void interrupted() {}
  virtual void resumed() {}
  virtual void switched(std::uint32_t /*thread*/) {}
  /// Where the layer that began with the last entered() reads and writes; asked at that moment, and only if somebody
  /// wants to know.
  virtual LayerTensors tensors(int /*layer*/) {
    return LayerTensors::unknown("how this runtime hands tensors to its layers is not known");
  }
  /// A kernel that another source knows was called within this source's layer (number of the recorder).
  virtual void kernel_called(int /*layer*/, const KernelCall&) {}
  /// The run is about to end: nothing more will begin, what is under way hasn't been closed yet.
  virtual void ending() {}
  /// The run ended: the last words to the recorder's networks (confidence, disagreements).
  virtual void finish() {}
};

/// What a recogniser says of an image before it runs.
struct Candidate {
  std::string runtime;  ///< as reports call it: "TensorFlow Lite Micro"
  int confidence = 0;   ///< 0..100: that the image has such a network; 0: nothing speaks for it
  std::vector<std::string> reasons;
  /// What the image alone tells of its networks; layers refer to them by index. For inspect.
  std::vector<Network> networks;
  std::vector<Layer> layers;
  std::vector<Address> layer_functions;  ///< for each layer the function that runs it; 0: not known
  /// Functions that must be seen to begin even where no symbol names them.
  std::vector<Address> functions;
  /// Other runtimes of the same row that the image has, too.
  std::vector<Candidate> others;
  /// Makes the dynamic half; empty: there is none. A row whose runtime shows only in the run has confidence 0 and one.
  std::function<std::unique_ptr<LayerSource>(const Stage&)> listen;
};

/// The static half. Errors: an image that says that it has such a network but can't be believed.
using Look = Result<Candidate> (*)(const Program&);

struct Recogniser {
  std::string_view name;  ///< for --layers and diagnostics: "tflm"
  Look look;
};

/// All of them; the ones before rank above the ones behind when both see the same thing.
std::span<const Recogniser> recognisers();

}  // namespace mj::profile
