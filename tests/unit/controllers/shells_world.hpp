// An operator with the four small controllers in a simulated cluster, and a kubelet that plays the
// evaluator.
#pragma once

#include <memory>
#include <string>

#include "controllers/evalgate/controller.hpp"
#include "controllers/evalrun/controller.hpp"
#include "controllers/guardrail/controller.hpp"
#include "controllers/promptversion/controller.hpp"
#include "operator/runtime/manager.hpp"
#include "tests/simulation/world/api_server.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::controllers {

inline constexpr const char* kOperator = "llmops-operator";
inline constexpr const char* kNamespace = "shop";

class Operator final : public simulation::Program {
 public:
  Operator(simulation::SimEnv& env, Transport& transport);
  evalgate::EvalGateController& eval_gate_controller() { return *eval_gate_controller_; }

 private:
  Task<void> work();

  kube::Client client_;
  EventRecorder events_;
  kube::Cache<Cached<api::PromptVersion>> prompt_versions_;
  kube::Cache<Cached<api::Guardrail>> guardrails_;
  kube::Cache<Cached<api::ModelDeployment>> model_deployments_;
  kube::Cache<Cached<api::EvalGate>> eval_gates_;
  kube::Cache<Cached<api::EvalRun>> eval_runs_;
  kube::Cache<evalrun::JobState> jobs_;
  kube::Cache<evalrun::PodState> pods_;
  Manager manager_;
  std::shared_ptr<evalgate::EvalGateController> eval_gate_controller_;
};

// Runs the Jobs that it finds: a pod for each, which ends after `runs_for` with `message`.
struct Kubelet {
  bool makes_pods = true;
  bool pulls_images = true;
  Duration runs_for{5'000};
  std::string message;
  int pods_made = 0;
};

class ShellsWorld {
 public:
  explicit ShellsWorld(std::uint64_t seed = 1);

  simulation::World world;
  std::shared_ptr<simulation::ApiServerState> server;
  Kubelet kubelet;

  void start_operator();
  // The object must be accepted.
  void create(const kube::ResourceType& type, Json object);
  void create_dataset(const std::string& name, const std::string& text);
  // An EvalRun over `golden_set_text`, whose copy is the ConfigMap "bot-dataset".
  void create_eval_run(const std::string& name);

  const Json* find(const kube::ResourceType& type, const std::string& name) const;
  std::string phase(const std::string& eval_run) const;
  bool ended(const std::string& eval_run) const;
  // "True", "False" or empty.
  std::string condition(const kube::ResourceType& type, const std::string& name,
                        const std::string& condition) const;
  bool run_until_ended(const std::string& eval_run, Duration limit = std::chrono::hours(1));

 private:
  void turn_kubelet();
};

// 60 items, one a line.
std::string golden_set_text(int items = 60);

// evalsummary/v1 about golden_set_text().
std::string verdict_message(api::Verdict verdict);

}  // namespace llmops::controllers
