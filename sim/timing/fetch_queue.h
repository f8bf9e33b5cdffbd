// A fetch queue in front of the decoder, with an optional one-entry branch predictor: what makes a core's cycles depend
// on how code lies in words. Private to this folder.
//
// One cycle: the decoder takes an instruction's halfwords from the buffer; the word requested in the cycle before
// arrives and goes to the buffer, or behind earlier words into the queue; a new word is requested unless the queue
// could overflow. A jump empties everything and requests its target in its own cycle.
#pragma once

#include <array>
#include <cstdint>

#include "sim/timing/core_timing.h"

namespace mj::timing {

struct FetchQueueRow {
  std::uint16_t row = 0;
  std::uint32_t words = 2;      ///< of the queue
  std::uint32_t halfwords = 3;  ///< of the buffer that instructions are decoded from
  bool predictor = false;       ///< one entry: the last taken backward branch
  bool shared_port = false;     ///< data accesses take the bus from fetch
};

class FetchQueue {
 public:
  /// Takes up `state` (see save) for code that goes on at `pc`.
  FetchQueue(const FetchQueueRow& row, const PipeState& state, std::uint32_t pc);
  /// Writes bytes [first_byte, 24) of `state`.
  void save(PipeState& state) const;
  static constexpr std::size_t first_byte = 13;

  bool holds(unsigned halfwords) const { return buffer_size_ >= halfwords; }
  /// Whether the branch of so many halfwords at the buffer's head was predicted taken.
  bool predicts(unsigned halfwords) const { return buffer_size_ >= halfwords && buffer_[halfwords - 1]; }

  /// One clock: `taken` halfwords leave the buffer; `data` if a data access has the bus.
  void clock(unsigned taken, bool data);
  /// Whether a jump has to wait a clock: a refused request goes out first.
  bool jump_waits() const { return held_; }
  /// A jump to a target that is told later (arrive).
  void jump();
  /// Whether the state that this was made from stood between a jump and its target.
  bool arrived() const { return arrived_; }

  /// A taken branch that was not predicted.
  void learn(std::uint32_t pc, unsigned size, std::uint32_t target);
  void forget() { entry_ = {}; }

 private:
  struct Word {
    std::uint8_t valid = 0;  ///< halfwords; 0 = no word
    bool ends_in_predicted = false;
  };
  struct Entry {
    std::uint32_t source = 0, target = 0;
    std::uint8_t size = 0;  ///< bytes; 0 = no entry
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// The cycle after a jump: its target's word is there.
  void arrive(std::uint32_t target);
  Word request();
  void into_buffer(Word word);
  bool has_room(Word word, unsigned level) const { return level + word.valid <= row_.halfwords; }

  const FetchQueueRow& row_;
  std::array<bool, 4> buffer_{};  ///< per halfword: last of a branch predicted taken
  unsigned buffer_size_ = 0;
  std::array<Word, 4> queue_{};
  unsigned queue_size_ = 0;
  Word pending_;            ///< requested in the cycle before
  std::uint32_t next_ = 0;  ///< address of the next halfword to request; its word is requested from there on
  bool overhang_ = false;   ///< the last word holds the first half of the predicted branch
  bool held_ = false;       ///< a request was refused
  bool jumped_ = false, arrived_ = false;
  Entry entry_;
};

}  // namespace mj::timing
