#include "sim/timing/fetch_queue.h"

#include <cassert>
#include <cstring>

namespace mj::timing {
namespace {

// Bytes of a PipeState: buffer, queue, pending word, then the predictor's entry (source, target; their low bits are
// free for its size).
enum : std::size_t { at_buffer = FetchQueue::first_byte, at_queue, at_pending, at_source = 16, at_target = 20 };
constexpr unsigned flags_shift = 2, jumped_bit = 0x20, overhang_bit = 0x40, held_bit = 0x80;
constexpr unsigned word_present = 1, word_full = 2, word_predicted = 4, live_bit = 0x80;

}  // namespace

FetchQueue::FetchQueue(const FetchQueueRow& row, const PipeState& state, std::uint32_t pc) : row_(row) {
  const auto& b = state.bytes;
  std::uint32_t source = 0, target = 0;
  std::memcpy(&source, &b[at_source], 4);
  std::memcpy(&target, &b[at_target], 4);
  if (target & 1) entry_ = {source & ~1u, target & ~1u, static_cast<std::uint8_t>(source & 1 ? 4 : 2)};
  const auto word = [](unsigned bits) {
    Word w;
    if (bits & word_present) w = {static_cast<std::uint8_t>(bits & word_full ? 2 : 1), (bits & word_predicted) != 0};
    return w;
  };
  // An empty pipeline is as if the code had just been jumped to.
  if (!(b[at_pending] & live_bit) || (b[at_buffer] & jumped_bit)) {
    arrive(pc);
    return;
  }
  overhang_ = b[at_buffer] & overhang_bit;
  held_ = b[at_buffer] & held_bit;
  buffer_size_ = b[at_buffer] & 3;
  for (unsigned k = 0; k < 3; ++k) buffer_[k] = b[at_buffer] >> (flags_shift + k) & 1;
  for (unsigned k = 0; k < 2; ++k)
    if (const Word w = word(b[at_queue] >> (3 * k)); w.valid != 0) queue_[queue_size_++] = w;
  pending_ = word(b[at_pending]);
  // Where the stream stands follows from what is in flight: behind the last predicted branch it went on at its target.
  next_ = pc;
  for (unsigned k = 0; k < buffer_size_; ++k) next_ = buffer_[k] ? entry_.target : next_ + 2;
  for (unsigned k = 0; k <= queue_size_; ++k) {
    const Word& w = k < queue_size_ ? queue_[k] : pending_;
    next_ = w.ends_in_predicted ? entry_.target : next_ + 2u * w.valid;
  }
}

void FetchQueue::save(PipeState& state) const {
  auto& b = state.bytes;
  const auto bits = [](const Word& w) {
    return w.valid == 0 ? 0u
                        : word_present | (w.valid == 2 ? word_full : 0) | (w.ends_in_predicted ? word_predicted : 0);
  };
  unsigned buffer = buffer_size_;
  for (unsigned k = 0; k < buffer_size_; ++k) buffer |= static_cast<unsigned>(buffer_[k]) << (flags_shift + k);
  buffer |= (jumped_ ? jumped_bit : 0) | (overhang_ ? overhang_bit : 0) | (held_ ? held_bit : 0);
  b[at_buffer] = static_cast<std::uint8_t>(buffer);
  b[at_queue] =
      static_cast<std::uint8_t>((queue_size_ > 0 ? bits(queue_[0]) : 0) | (queue_size_ > 1 ? bits(queue_[1]) : 0) << 3);
  b[at_pending] = static_cast<std::uint8_t>(bits(pending_) | live_bit);
  const std::uint32_t source = entry_.source | (entry_.size == 4 ? 1u : 0u), target = entry_.target | 1u;
  if (entry_.size != 0) {
    std::memcpy(&b[at_source], &source, 4);
    std::memcpy(&b[at_target], &target, 4);
  }
}

FetchQueue::Word FetchQueue::request() {
  const std::uint32_t word = next_ & ~3u;
  Word w{static_cast<std::uint8_t>(next_ & 2 ? 1 : 2), false};
  const bool spans = entry_.size == 4 && (entry_.source & 2);
  const bool matches = row_.predictor && entry_.size != 0 && word == (entry_.source & ~3u);
  if (overhang_ || (matches && !spans)) {
    const std::uint32_t last = entry_.source + entry_.size - 2u;  // the branch's last halfword: its word ends there
    w.valid = static_cast<std::uint8_t>(w.valid - ((last & 2) ? 0 : 1));
    w.ends_in_predicted = true;
    overhang_ = false;
    next_ = entry_.target;
    return w;
  }
  overhang_ = matches && spans;
  next_ = word + 4;
  return w;
}

void FetchQueue::into_buffer(Word word) {
  for (unsigned k = 0; k < word.valid; ++k) buffer_[buffer_size_++] = word.ends_in_predicted && k + 1u == word.valid;
}

void FetchQueue::clock(unsigned taken, bool data) {
  assert(taken <= buffer_size_);
  const bool full = queue_size_ >= row_.words || (queue_size_ != 0 && pending_.valid != 0);
  const bool wants = held_ || !full;
  const bool granted = wants && !(row_.shared_port && data);
  held_ = wants && !granted;

  for (unsigned k = 0; k + taken < buffer_size_; ++k) buffer_[k] = buffer_[k + taken];
  buffer_size_ -= taken;
  Word arrived = pending_;
  if (queue_size_ != 0) {
    if (has_room(queue_[0], buffer_size_)) {
      into_buffer(queue_[0]);
      for (unsigned k = 1; k < queue_size_; ++k) queue_[k - 1] = queue_[k];
      --queue_size_;
    }
  } else if (arrived.valid != 0 && has_room(arrived, buffer_size_)) {
    into_buffer(arrived);
    arrived = {};
  }
  if (arrived.valid != 0) queue_[queue_size_++] = arrived;
  pending_ = granted ? request() : Word{};
}

void FetchQueue::jump() {
  buffer_size_ = queue_size_ = 0;
  buffer_ = {};
  pending_ = {};
  overhang_ = held_ = false;
  jumped_ = true;
}

void FetchQueue::arrive(std::uint32_t target) {
  arrived_ = true;
  // The target's own word is never looked up in the predictor.
  into_buffer({static_cast<std::uint8_t>(target & 2 ? 1 : 2), false});
  next_ = (target & ~3u) + 4;
  pending_ = request();
}

void FetchQueue::learn(std::uint32_t pc, unsigned size, std::uint32_t target) {
  if (row_.predictor && target < pc) entry_ = {pc, target, static_cast<std::uint8_t>(size)};
}

}  // namespace mj::timing
