// A cluster made of plain values, for decide() alone: it carries out transitions and actions at once, lets
// engines load and gateways acknowledge as the test says, and moves time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/decide.hpp"

namespace llmops::release {

class ReleaseWorld {
 public:
  ReleaseWorld();

  Observed observed;
  std::vector<Note> notes;           // in the order in which they were told
  std::vector<std::string> writes;   // "status", "create Deployment/x", …
  bool engines_load = true;          // new engine pods become servable at once
  bool gateways_acknowledge = true;  // gateways take over every configuration at once
  bool gateways_answer = true;       // gateways can be asked for their report
  // A gateway that no watch has told of stays at this epoch: only a live list knows it.
  std::optional<std::int64_t> unseen_gateway_epoch;
  bool pods_find_room = true;        // new engine pods are placed on a node
  std::int64_t accelerators = 1000;  // engine pods that find a place at once
  std::set<std::string> broken;      // serving hashes of which no pod is ready
  // What a gateway says besides its epoch and its endpoints.
  std::function<void(const Observed&, const PodState&, wire::GatewayReport&)> tell;
  // The verdict of an EvalRun of an offline gate; nullopt leaves it running.
  std::function<std::optional<api::EvalRunPhase>(const api::EvalRunSpec&)> judge;

  void set_prompt(const std::string& system_message);
  void set_model(const std::string& path);
  // A guardrail of that name with one rule about these words, behind the others or in place of its namesake.
  void set_guardrail(const std::string& name, const std::string& word,
                     api::GuardrailUpdate update = api::GuardrailUpdate::Gated);
  void remove_guardrail(const std::string& name);
  // The words of the guardrails of a revision, in their order: "secret,bomb".
  std::string guardrails_of(const std::string& hash) const;
  std::string stable_guardrails() const { return guardrails_of(status().stable->hash); }
  void add_gate(const std::string& name, const std::string& digest = "gate-1");
  void add_live_gate(const std::string& name, api::LiveEvaluation live);
  // Live gates that watch the whole release.
  void watch(std::vector<std::string> gates);
  static api::CanaryStep weight(std::int64_t percent);
  static api::CanaryStep pause(Duration duration);
  static api::CanaryStep pause_for_a_person();
  static api::CanaryStep scale(std::int64_t replicas);
  static api::CanaryStep analysis(const std::string& gate);
  void set_steps(std::vector<api::CanaryStep> steps);

  // Engines and gateways do what they do by themselves.
  void settle();
  // What decide() says, with what earlier passes built and without.
  Decision look();
  // One pass; false when there was nothing to do but wait.
  bool pass();
  // Passes, moving time on by what decide() waits for, until nothing is left to wait for, `until` holds, or
  // an hour has gone.
  void run(const std::function<bool()>& until = nullptr);
  // Passes for so long, or until nothing is left to wait for; calls `each` after every pass.
  void run_for(Duration time, const std::function<void()>& each = nullptr);
  void advance(Duration by);
  // The annotation llmops.dev/command, with an id of its own.
  void command(const std::string& text);

  const api::ModelDeploymentStatus& status() const { return observed.status; }
  std::int64_t engine_pods_ever() const { return engine_pods_ever_; }
  std::int64_t weight_of(api::ArmName arm) const;
  bool told(std::string_view reason) const;
  const EngineState* engine_of(const std::string& serving_hash) const {
    return observed.engine(serving_hash);
  }

 private:
  void carry_out(const Action& action);
  void create(const Create& action);
  void note_config(const Child& child);
  void pull_reports(const wire::GatewayReport& report);
  std::string next_version() { return std::to_string(++version_); }

  Derived derived_;
  std::map<std::int64_t, Plan> plans_;
  std::int64_t version_ = 100;
  std::int64_t engine_pods_ever_ = 0;
  int commands_ = 0;
};

// A world in which the first deploy is done.
ReleaseWorld healthy_world();

}  // namespace llmops::release
