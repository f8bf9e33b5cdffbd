#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "sim/timing/core_timing.h"
#include "sim/version.h"
#include "tools/report/format.h"
#include "tools/sweep/parallel.h"
#include "tools/sweep/retime.h"
#include "tools/sweep/sweep.h"

namespace mj::sweep {
namespace {

using profile::RunResult;

/// Points that one run may serve, in the plan's order.
using Group = std::vector<std::size_t>;

class Executor {
 public:
  explicit Executor(const Request& request) : request_(request) {}

  Result<Sweep> execute() {
    sweep_.subject = request_.subject;
    sweep_.plan = request_.plan;
    sweep_.with_budget = request_.budget.has_value();
    sweep_.outcomes.resize(points().size());
    for (const Board& board : request_.plan.boards)
      contents_.push_back(request_.store ? content_name(board_contents(board.argument)) : "");
    const std::vector<Group> groups = group();
    expected_ = groups.size();
    std::vector<std::size_t> runs(groups.size(), 0);
    for_each_index(groups.size(), request_.jobs, [&](std::size_t i) {
      if (!broken()) runs[i] = serve(groups[i]);
    });
    if (broken_) return *broken_;
    for (const std::size_t n : runs) sweep_.runs += n;
    place();
    remark();
    return std::move(sweep_);
  }

 private:
  const std::vector<Point>& points() const { return request_.plan.points; }
  const Firmware& firmware_of(const Point& p) const { return request_.firmware[p.board]; }

  /// Whether another clock changes nothing but times. Firmware that isn't of our making may look at a timer, at the
  /// semihosting clock or at a register that depends on it, and no run tells whether it did. Our runtime never does.
  bool clock_only_times(const Point& p) const {
    return p.clock_hz && firmware_of(p).of_our_making && !request_.max_sim_time_s;
  }

  std::vector<Group> group() {
    using Key = std::tuple<std::size_t, std::string, Hertz, bool>;  // board, wait states, clock, clock only times
    std::map<Key, std::size_t> known;
    std::vector<Group> groups;
    for (std::size_t i = 0; i < points().size(); ++i) {
      const Point& p = points()[i];
      Outcome& outcome = sweep_.outcomes[i];
      outcome.reason = p.impossible.empty() ? firmware_of(p).impossible : p.impossible;
      if (!outcome.reason.empty()) continue;
      const bool any_clock = clock_only_times(p);
      const auto [at, added] =
          known.emplace(Key{p.board, p.wait_states, any_clock ? 0 : p.clock_hz.value_or(0), any_clock}, groups.size());
      if (added) groups.emplace_back();
      groups[at->second].push_back(i);
    }
    return groups;
  }

  /// Fills in the outcomes of the group's points; how many runs that took.
  std::size_t serve(const Group& group) {
    struct Source {
      std::size_t point;  ///< that was run
      std::string file;
      RunResult result;
      bool retimed = false;
    };
    std::map<Hertz, Source> by_clock;  // 0: as programmed
    std::size_t runs = 0;
    for (const std::size_t i : group) {
      const Point& p = points()[i];
      Outcome& outcome = sweep_.outcomes[i];
      const Hertz clock = p.clock_hz.value_or(0);
      auto at = by_clock.find(clock);
      outcome.made = Made::same_run;
      if (at == by_clock.end() && !by_clock.empty() && clock_only_times(p)) {
        const Source& first = by_clock.at(points()[group.front()].clock_hz.value_or(0));
        if (auto retimed = retime(first.result, clock))
          at = by_clock.emplace(clock, Source{first.point, first.file, std::move(*retimed), true}).first;
      }
      if (at == by_clock.end()) {
        auto ran = obtain(p);
        if (!ran) {
          // Whatever the clock, it would be refused again.
          for (const std::size_t k : group)
            if (k >= i) refuse(sweep_.outcomes[k], ran.error());
          return runs;
        }
        ++runs;
        at = by_clock.emplace(clock, Source{i, ran->file, std::move(ran->result)}).first;
        outcome.made = Made::run;
      }
      const Source& source = at->second;
      if (source.retimed) outcome.made = Made::retimed;
      if (outcome.made == Made::same_run && priced_differently(p, points()[source.point]))
        outcome.made = Made::repriced;
      outcome.run_of = source.point;
      outcome.result_file = source.file;
      judge(p, source.result, outcome);
    }
    return runs;
  }

  static bool priced_differently(const Point& a, const Point& b) { return a.supply != b.supply || a.volts != b.volts; }

  struct Ran {
    std::string file;
    RunResult result;
  };
  Result<Ran> obtain(const Point& p) {
    const std::string name = request_.store ? content_name(deciding(p)) : "";
    if (request_.store) {
      auto kept = request_.store->find(
          name, [&](const std::string& file) { warn(fmt::format("{}: damaged; it is run again", file)); });
      if (kept) {
        tell(p, kept->result, "kept from an earlier sweep");
        return Ran{std::move(kept->file), std::move(kept->result)};
      }
    }
    RunRequest run;
    run.firmware = firmware_of(p).path.string();
    run.board = request_.plan.boards[p.board].argument;
    run.max_cycles = request_.max_cycles;
    run.max_sim_time_s = request_.max_sim_time_s;
    run.clock_hz = p.clock_hz;
    run.flash_wait_states = p.wait_states;
    auto result = request_.backend.run(run);
    if (!result) {
      progress(settings(p) + ": " + result.error().brief());
      return result.error();
    }
    if (!request_.store) {
      tell(p, *result, "");
      return Ran{"", std::move(*result)};
    }
    auto kept = request_.store->keep(name, *result);
    if (!kept) {
      const std::lock_guard lock(mutex_);
      if (!broken_) broken_ = kept.error();
      return kept.error();
    }
    tell(p, kept->result, "");
    return Ran{std::move(kept->file), std::move(kept->result)};
  }

  /// Everything that decides a run's result.
  std::string deciding(const Point& p) const {
    return fmt::format("run 1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", version, timing::model_version,
                       firmware_of(p).name, firmware_of(p).content, contents_[p.board], p.clock_hz.value_or(0),
                       p.wait_states, request_.max_cycles.value_or(0), request_.max_sim_time_s.value_or(0));
  }

  void refuse(Outcome& outcome, const Error& error) {
    outcome.state = State::impossible;
    outcome.made = Made::nothing;
    outcome.reason = error.brief();
    if (error.code != ExitCode::internal) return;
    outcome.state = State::failed;
    outcome.reason = "a bug of microjoule: " + outcome.reason;
    const std::lock_guard lock(mutex_);
    sweep_.internal_error = true;
  }

  void judge(const Point& p, const RunResult& source, Outcome& outcome) {
    RunResult result = source;
    if (auto priced = request_.backend.price(result, {p.supply, p.volts}, request_.energy_table); !priced) {
      refuse(outcome, priced.error());
      return;
    }
    if (result.stop.exit_code != ExitCode::ok) {
      outcome.state = State::failed;
      outcome.reason = result.stop.message;
      return;
    }
    outcome.state = State::done;
    outcome.figures = figures_of(result);
    const std::string& source_text = result.totals.cycles_estimate.source;
    outcome.core_tier = source_text.substr(0, source_text.find(':'));
    if (!request_.budget) return;
    const auto verdict = budget::evaluate(*request_.budget, result, std::nullopt);
    outcome.passes = verdict && verdict->passed();
    if (!verdict) {
      outcome.over.push_back(verdict.error().brief());
      return;
    }
    for (const budget::Finding* f : verdict->findings()) {
      const budget::Metric metric = verdict->rules[f->rule].metric;
      outcome.over.push_back(fmt::format("{}: {} is {:.6g} {}, allowed {:.6g}", f->subject, budget::name(metric),
                                         f->judged, budget::unit(metric), f->allowed));
    }
  }

  /// The fronts: points with energy among themselves, points without among themselves.
  void place() {
    bool with = false, without = false;
    for (const bool energy : {true, false}) {
      std::vector<std::size_t> which;
      std::vector<std::vector<Measure>> measures;
      for (std::size_t i = 0; i < points().size(); ++i) {
        const Outcome& o = sweep_.outcomes[i];
        if (o.state != State::done || o.figures.energy_j.has_value() != energy) continue;
        const Figures& f = o.figures;
        const std::string& board = request_.plan.boards[points()[i].board].spec.id;
        const auto exact = [](std::uint64_t n) {
          const auto v = static_cast<double>(n);
          return Measure{v, v, v, ""};
        };
        std::vector<Measure> m{
            {f.latency_s.value, f.latency_s.low, f.latency_s.high, board}, exact(f.flash_used), exact(f.ram_peak())};
        if (energy) m.push_back({f.energy_j->value, f.energy_j->low, f.energy_j->high, board + " " + f.supply});
        which.push_back(i);
        measures.push_back(std::move(m));
      }
      (energy ? with : without) = !which.empty();
      const std::vector<Place> places = pareto_front(measures);
      for (std::size_t k = 0; k < which.size(); ++k) sweep_.outcomes[which[k]].place = places[k];
    }
    if (with)
      sweep_.remarks.push_back(
          "*: front, no other point is as good in latency, energy, flash and RAM and better in one");
    if (without)
      sweep_.remarks.push_back(
          "(*): front of the points without an energy figure; they are compared in latency, flash and RAM, and only "
          "with "
          "each other");
    const bool uncertain = std::any_of(sweep_.outcomes.begin(), sweep_.outcomes.end(),
                                       [](const Outcome& o) { return o.state == State::done && !o.place.certain; });
    if (uncertain)
      sweep_.remarks.push_back(
          "≈: not certain, for intervals overlap. Points of one board (and supply) share their model's error, so their "
          "order is sure; points of different boards don't");
  }

  void remark() {
    std::size_t retimed = 0, repriced = 0, same = 0;
    bool foreign = false;
    for (std::size_t i = 0; i < points().size(); ++i) {
      retimed += sweep_.outcomes[i].made == Made::retimed;
      repriced += sweep_.outcomes[i].made == Made::repriced;
      same += sweep_.outcomes[i].made == Made::same_run;
      foreign |= !firmware_of(points()[i]).of_our_making;
    }
    std::string how;
    const auto add = [&](std::size_t n, const char* what) {
      if (n) how += fmt::format("{}{} {}", how.empty() ? ": " : "; ", n, what);
    };
    add(retimed, "re-timed (clock, where the wait states stay the same)");
    add(repriced, "re-priced (supply and volts)");
    add(same, "with settings that come to the same as another's");
    const auto impossible = static_cast<std::size_t>(std::count_if(
        sweep_.outcomes.begin(), sweep_.outcomes.end(), [](const Outcome& o) { return o.state == State::impossible; }));
    add(impossible, "not possible");
    sweep_.remarks.insert(sweep_.remarks.begin(), fmt::format("{}, {}{}", report::plural(points().size(), "point"),
                                                              report::plural(sweep_.runs, "run"), how));
    if (foreign && request_.plan.varies(Parameter::clock))
      sweep_.remarks.insert(sweep_.remarks.begin() + 1,
                            "each clock was run: this firmware may look at a timer, and then its cycles depend on the "
                            "clock");
  }

  std::string settings(const Point& p) const {
    std::string text = request_.plan.boards[p.board].spec.id;
    for (std::size_t a = 0; a < request_.plan.axes.size(); ++a)
      if (const Parameter which = request_.plan.axes[a].parameter;
          which == Parameter::clock || which == Parameter::wait_states)
        text += ", " + (which == Parameter::clock ? "" : std::string(name(which)) + " ") + p.values[a];
    return text;
  }
  void tell(const Point& p, const RunResult& result, const char* how) {
    progress(fmt::format("{}: {} cycles{}{}", settings(p), report::count(result.totals.cycles), *how ? ", " : "", how));
  }
  void progress(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (request_.progress) request_.progress(done_, std::max(done_, expected_), what);
  }
  void warn(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (request_.warn) request_.warn(what);
  }
  bool broken() {
    const std::lock_guard lock(mutex_);
    return broken_.has_value();
  }

  const Request& request_;
  Sweep sweep_;
  std::vector<std::string> contents_;  ///< of each board: content_name
  std::size_t expected_ = 0;
  std::mutex mutex_;  ///< guards what follows, and Sweep::internal_error
  std::size_t done_ = 0;
  std::optional<Error> broken_;
};

}  // namespace

ExitCode Sweep::exit_code() const {
  if (internal_error) return ExitCode::internal;
  const bool any =
      std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.passes.value_or(false); });
  return with_budget && !any ? ExitCode::budget : ExitCode::ok;
}

Result<Sweep> execute(const Request& request) { return Executor(request).execute(); }

}  // namespace mj::sweep
