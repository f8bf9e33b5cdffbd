// Two who look at the same run.
#pragma once

#include "sim/engine/observer.h"

namespace mj::debug {

/// Tells both of everything, `first` first: what it changes in front of an instruction, `second` sees. Of an
/// instruction that `first` kept from executing (it moved the program or ended it), `second` is told before() only.
class TwoObservers final : public engine::Observer {
 public:
  TwoObservers(engine::Observer& first, engine::Observer& second) : first_(first), second_(second) {}

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) override {
    first_.before(insn, effects, mode, now);
    second_.before(insn, effects, mode, now);
  }
  void accessed(const engine::DataAccess& access) override {
    first_.accessed(access);
    second_.accessed(access);
  }
  void after(engine::Outcome outcome) override {
    first_.after(outcome);
    second_.after(outcome);
  }
  void redirected(const Redirect& how, Cycle now) override {
    first_.redirected(how, now);
    second_.redirected(how, now);
  }
  void skipped(Cycle from, Cycle to, std::uint64_t passes) override {
    first_.skipped(from, to, passes);
    second_.skipped(from, to, passes);
  }

 private:
  engine::Observer &first_, &second_;
};

}  // namespace mj::debug
