// The engine behind its port: loads, answers, and does wrong what it was told to.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "e2e/fault_engine/answers.hpp"
#include "e2e/fault_engine/completion.hpp"
#include "e2e/fault_engine/draw.hpp"
#include "e2e/fault_engine/settings.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::fault_engine {

// How a request ended; each is counted once.
enum class Outcome {
  Ok,       // answered well, though it could have met a fault
  Spared,   // answered well, and no fault applied to it
  Error,    // answered 500 on purpose
  Stall,    // left without an answer on purpose; counted when it begins
  Cut,      // cut in the middle on purpose
  Refusal,  // answered with a refusal on purpose
  Left,     // the client left before the end, through no fault of ours
  Invalid,  // answered 400: not a request that we understand
};
inline constexpr std::array<std::string_view, 8> kOutcomes = {"ok",  "spared",  "error", "stall",
                                                              "cut", "refusal", "left",  "invalid"};

class FaultEngine {
 public:
  FaultEngine(Env& env, Settings settings, Answers answers, std::uint64_t seed)
      : env_(env), settings_(std::move(settings)), answers_(std::move(answers)), seed_(seed) {}

  // Ready after the load time; with `crashes` the process ends in the middle of it.
  Task<void> load(bool crashes);
  Handler handler();
  // In the Prometheus text format.
  std::string metrics() const;

 private:
  struct Slot;

  Task<void> answer(ServerExchange& exchange);
  Task<void> complete(ServerExchange& exchange);
  Task<Outcome> say(ServerExchange& exchange, Question question, Fault fault, Outcome when_said);
  Task<Result<void>> stream(ServerExchange& exchange, const Question& question, const Reply& reply, bool cut);
  Task<Result<void>> whole(ServerExchange& exchange, const Reply& reply, bool cut);
  Reply reply_to(const Question& question, Fault fault);
  bool faults_apply(const Question& question);
  Task<Result<void>> pause(Duration duration);
  void count(Outcome outcome) { ++counts_[static_cast<std::size_t>(outcome)]; }

  Env& env_;
  Settings settings_;
  Answers answers_;
  std::uint64_t seed_;
  bool ready_ = false;
  Duration ready_since_{0};
  std::uint64_t requests_ = 0;  // numbers of draws
  std::int64_t exposed_ = 0;    // requests that could meet faults but for their number
  std::uint64_t faultable_ = 0;
  std::int64_t busy_slots_ = 0;
  Notify slot_freed_;
  Notify never_;
  std::array<std::uint64_t, kOutcomes.size()> counts_{};
};

}  // namespace llmops::fault_engine
