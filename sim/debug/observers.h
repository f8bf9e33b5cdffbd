// Several who look at the same run.
#pragma once

#include <vector>

#include "sim/engine/observer.h"

namespace mj::debug {

/// Tells all of everything, in the order in which they were added: what one changes in front of an instruction, those
/// behind it see. Of an instruction that one of them kept from executing (it moved the program or ended it), the others
/// are told before() only.
class Observers final : public engine::Observer {
 public:
  /// `observer` outlives this.
  void add(engine::Observer& observer) { all_.push_back(&observer); }

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) override {
    for (Observer* o : all_) o->before(insn, effects, mode, now);
  }
  void accessed(const engine::DataAccess& access) override {
    for (Observer* o : all_) o->accessed(access);
  }
  void after(engine::Outcome outcome) override {
    for (Observer* o : all_) o->after(outcome);
  }
  void redirected(const Redirect& how, Cycle now) override {
    for (Observer* o : all_) o->redirected(how, now);
  }
  void skipped(Cycle from, Cycle to, std::uint64_t passes) override {
    for (Observer* o : all_) o->skipped(from, to, passes);
  }

 private:
  std::vector<Observer*> all_;
};

}  // namespace mj::debug
