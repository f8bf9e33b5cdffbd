#include "sim/profile/call_tree.h"

#include <algorithm>
#include <utility>

namespace mj::profile {

namespace {
constexpr Address no_return = 1;  ///< never an instruction's address
}  // namespace

CallTree::CallTree() {
  nodes_.push_back({});
  frames_.push_back({});
}

void CallTree::start(Address function, std::uint32_t sp) {
  nodes_.assign(1, {});
  nodes_[0].function = function;
  nodes_[0].calls = 1;
  frames_.assign(1, {0, no_return, sp, false, false, false});
  parked_.clear();
  thread_ = 0;
  threads_ = 1;
  settled_ = 0;
  if (part_of_) nodes_[0].part = part_of_(0, function, false);
}

void CallTree::classify(Classify part_of) {
  part_of_ = std::move(part_of);
  if (part_of_) nodes_[0].part = part_of_(0, nodes_[0].function, false);
}

std::uint32_t CallTree::child(std::uint32_t parent, Address function, bool exception, std::uint32_t tag) {
  const std::uint64_t key = function | (exception ? std::uint64_t{1} << 32 : 0) | std::uint64_t{tag} << 33;
  if (const auto at = nodes_[parent].children.find(key); at != nodes_[parent].children.end()) return at->second;
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({});
  nodes_.back().parent = parent;
  nodes_.back().function = function;
  nodes_.back().exception = exception;
  nodes_.back().tag = tag;
  if (part_of_) nodes_.back().part = part_of_(nodes_[parent].part, function, exception) % most_parts;
  nodes_[parent].children.emplace(key, index);
  return index;
}

void CallTree::tag(std::uint32_t tag) {
  std::uint32_t& top = frames_.back().node;
  --nodes_[top].calls;
  top = child(nodes_[top].parent, nodes_[top].function, false, tag);
  ++nodes_[top].calls;
}

void CallTree::settle(Cycle now) {
  nodes_[frames_.back().node].self_cycles += now - settled_;
  settled_ = now;
}

void CallTree::pop(Cycle now) {
  const Frame top = frames_.back();
  const Address function = nodes_[top.node].function;
  frames_.pop_back();
  if (!top.exception)
    for (Listener* l : listeners_) l->left(function, frames_.size(), now);
}

void CallTree::enter(Address function, Address return_pc, std::uint32_t sp, Cycle now, bool called, Address alternate) {
  settle(now);
  if (frames_.size() == 1 && nodes_[0].function == function && frames_[0].return_pc == no_return) return;  // the start
  // Frames that had used less stack than is in use now are gone (longjmp), those of an outer handler stay.
  for (bool more = true; more && frames_.size() > 1 && !frames_.back().exception && frames_.back().sp < sp;) {
    more = !frames_.back().across;
    pop(now);
  }
  const auto same_activation = [&](const Frame& f) { return !f.exception && f.sp == sp && f.return_pc == return_pc; };
  // The usual link register is still its caller's, and the other one points into that caller, just behind its
  // beginning.
  constexpr Address beginning = 64;
  const Frame& caller = frames_.back();
  const bool moves_sp = called && alternate != 0 && alternate != return_pc && !caller.exception && caller.sp == sp &&
                        caller.return_pc == return_pc && nodes_[caller.node].function != function &&
                        alternate - nodes_[caller.node].function < beginning;
  if (moves_sp) {
    return_pc = alternate;
    moved_sp_ = true;
  }
  if (called && !moves_sp) {
    // Whoever is called from the same place with the same stack pointer has ended before.
    while (frames_.size() > 1 && same_activation(frames_.back())) pop(now);
  } else if (!called) {
    // A loop back to the beginning of the function on top, its return address saved elsewhere or given up.
    const Frame& top = frames_.back();
    if (!top.exception && top.sp == sp && nodes_[top.node].function == function) return;
    // A tail call from a function entered through another tail call: the whole chain shares return address and sp. A
    // cycle of tail calls must not grow the stack: fall back to the frame that this function already has.
    for (std::size_t i = frames_.size(); i-- > 1 && same_activation(frames_[i]);)
      if (nodes_[frames_[i].node].function == function) {
        while (frames_.size() > i + 1) pop(now);
        return;
      }
  }
  const std::uint32_t node = child(frames_.back().node, function, false);
  ++nodes_[node].calls;
  frames_.push_back({node, return_pc, sp, false, false, moves_sp});
  for (Listener* l : listeners_) l->entered(function, frames_.size() - 1, now);
}

void CallTree::enter_across(Address function, Address return_pc, std::uint32_t sp, Cycle now) {
  settle(now);
  const std::uint32_t node = child(frames_.back().node, function, false);
  ++nodes_[node].calls;
  frames_.push_back({node, return_pc, sp, false, true, false});
  for (Listener* l : listeners_) l->entered(function, frames_.size() - 1, now);
}

void CallTree::crossed(std::uint32_t sp) {
  if (frames_.size() == 1 || frames_.back().exception) return;
  frames_.back().sp = sp;
  frames_.back().across = true;
}

void CallTree::reach(Address pc, std::uint32_t sp, Cycle now, bool surely) {
  // It may have fallen into others of its kind.
  constexpr std::size_t kinds = 8;
  for (std::size_t n = 0, i = frames_.size(); moved_sp_ && n < kinds && i-- > 1 && !frames_[i].exception; ++n)
    if (frames_[i].moves_sp && frames_[i].return_pc == pc) {
      settle(now);
      while (frames_.size() > i) pop(now);
      return;
    }
  // The frame whose return this is; frames above it end with it. Frames under an exception are out of reach.
  std::size_t found = 0;
  for (std::size_t i = frames_.size(); i-- > 1;) {
    const Frame& f = frames_[i];
    if (f.exception || f.sp > sp) break;
    if (f.return_pc == pc && f.sp == sp) found = i;
    if (f.across) break;
  }
  if (found == 0) {
    if (surely) landed(pc, sp, now);
    return;
  }
  settle(now);
  while (frames_.size() > found) pop(now);
}

void CallTree::landed(Address pc, std::uint32_t sp, Cycle now) {
  // Frames that had used less stack are gone. Of those that begin at this stack pointer and the one around them, the
  // one whose beginning lies nearest below `pc` is the one that goes on.
  std::size_t stays = frames_.size() - 1, i = stays;
  Address nearest = 0;
  for (;; --i) {
    const Frame& f = frames_[i];
    if (f.exception) break;
    const Address begin = nodes_[f.node].function;
    if (f.sp < sp) {
      if (i == 0) break;
      stays = i - 1;
      nearest = 0;
      if (f.across) break;
      continue;
    }
    if (begin <= pc && begin > nearest) {
      nearest = begin;
      stays = i;
    }
    if (f.sp > sp || i == 0 || f.across) break;
  }
  if (stays + 1 == frames_.size()) return;
  settle(now);
  while (frames_.size() > stays + 1) pop(now);
}

void CallTree::enter_exception(unsigned exception, std::uint32_t sp, Cycle now) {
  settle(now);
  const std::uint32_t node = child(frames_.back().node, exception, true);
  ++nodes_[node].calls;
  frames_.push_back({node, no_return, sp, true, false, false});
  for (Listener* l : listeners_) l->interrupted(now);
}

void CallTree::chain_exception(unsigned exception, Cycle now) {
  settle(now);
  while (frames_.size() > 1 && !frames_.back().exception) pop(now);
  Frame frame = frames_.back();
  if (frames_.size() > 1) frames_.pop_back();
  frame.node = child(frames_.back().node, exception, true);
  frame.exception = true;
  ++nodes_[frame.node].calls;
  frames_.push_back(frame);
}

void CallTree::leave_exception(std::uint32_t sp, Cycle now) {
  settle(now);
  while (frames_.size() > 1 && !frames_.back().exception) pop(now);
  if (frames_.size() == 1) return;
  for (Listener* l : listeners_) l->resumed(now);
  if (frames_.back().sp != sp) {
    // A scheduler switched threads.
    parked_.push_back({thread_, std::move(frames_)});
    const auto other =
        std::find_if(parked_.begin(), parked_.end(), [&](const Thread& t) { return t.frames.back().sp == sp; });
    const bool known = other != parked_.end();
    thread_ = known ? other->id : threads_++;
    if (known) {
      frames_ = std::move(other->frames);
      frames_.pop_back();
      parked_.erase(other);
    } else {
      frames_.assign(1, {0, no_return, sp, false, false, false});  // a thread that starts: below the root
    }
    for (Listener* l : listeners_) l->switched(thread_, now);
    return;
  }
  frames_.pop_back();
}

std::vector<Address> CallTree::stack() const {
  std::vector<Address> out;
  for (const Frame& f : frames_)
    if (!f.exception) out.push_back(nodes_[f.node].function);
  return out;
}

}  // namespace mj::profile
