// Everything that a decision about one ModelDeployment may look at: plain values, time among them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/parts.hpp"
#include "controllers/modeldeployment/core/plan.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/base/time.hpp"
#include "crds/wire/gateway_report.hpp"
#include "crds/wire/revision_body.hpp"
#include "operator/kube/object.hpp"

namespace llmops::release {

// What a reference of the spec led to. Exactly one of `problem` and the content is there.
struct ResolvedPrompt {
  bool wanted = false;  // the spec asks for a prompt at all
  std::optional<api::PromptContent> content;
  std::string problem;  // names the field, what was found, what to do
};

// The guardrails of spec.guardrailRefs in their order. With a problem the list is incomplete.
struct ResolvedGuardrails {
  std::vector<wire::ResolvedGuardrail> list;
  std::string problem;
  bool pending = false;  // the problem is only that the Guardrail's controller has yet to look at it
};

struct ResolvedGate {
  std::optional<PinnedGate> gate;
  std::string dataset;  // text of the golden set, to be copied
  std::string problem;
};

// A ControllerRevision of ours that records a stack.
struct RevisionRecord {
  kube::ObjectMeta meta;
  std::int64_t ordinal = 0;
  std::string hash;                      // the whole digest, from an annotation
  std::string serving_hash;              // likewise
  std::optional<Timestamp> promoted_at;  // the latest time
  std::optional<Timestamp> rejected_at;  // likewise
};

struct PlanRecord {
  kube::ObjectMeta meta;
  std::int64_t number = 0;
  std::string digest;
};

struct EngineState {
  kube::ObjectMeta meta;
  std::string serving_hash;         // first ten digits, as in the label
  std::int64_t replicas = 0;        // spec
  std::int64_t ready_replicas = 0;  // status
  std::string problem;  // a condition of the Deployment that says why no pod comes (quota, forbidden)
};

struct PodState {
  kube::ObjectMeta meta;
  std::string serving_hash;  // engine pods
  std::string ip;
  std::string phase;
  bool scheduled = false;
  std::string unscheduled_message;  // of the PodScheduled condition
  bool has_run = false;             // a container of it has been started
  bool ready = false;
  std::string waiting_reason;  // ContainerCreating, ImagePullBackOff, CrashLoopBackOff …
  std::string waiting_message;
  std::int64_t restarts = 0;
  bool ended() const { return phase == "Succeeded" || phase == "Failed"; }
};

// Another object that we own or want to own.
struct ChildState {
  kube::ObjectMeta meta;
  std::string content_digest;  // our annotation
  std::string essence;         // of what is there: essence_of()
  bool all_ours = false;       // is_all_ours()
};

struct ConfigState {
  kube::ObjectMeta meta;
  std::int64_t epoch = 0;
  std::string content_digest;
  std::string essence;  // likewise
};

struct EvalRunState {
  kube::ObjectMeta meta;
  std::optional<api::EvalRunStatus> status;
  std::string revision;  // hash of the content that it judges
  std::string stable;    // likewise, what it is compared with; empty: nothing
  std::int64_t step = 0;
  bool background = false;
  std::optional<api::LiveEvaluation> live;  // a live gate: this controller judges it
  bool dry_run = false;                     // nothing follows from its verdict
};

// How this installation shields the pods that it starts.
struct Protection {
  bool network_policies = false;
  bool disruption_budgets = false;
  std::string operator_namespace;                  // of the pods that may ask gateways for reports
  std::vector<std::string> monitoring_namespaces;  // whose pods may read gateways' metrics
  bool operator==(const Protection&) const = default;
};

struct Observed {
  Timestamp now{};
  kube::ObjectMeta meta;
  api::ModelDeploymentSpec spec;
  api::ModelDeploymentStatus status;

  ResolvedPrompt prompt;
  ResolvedGuardrails guardrails;
  std::map<std::string, ResolvedGate> gates;  // by name, those that the spec's steps name

  std::vector<RevisionRecord> revisions;
  std::map<std::string, Stack> contents;  // by hash: of stable, candidate and previous stable at least
  std::vector<PlanRecord> plans;
  std::optional<Plan> plan;  // of the run that is on

  std::vector<EngineState> engines;
  std::vector<PodState> engine_pods;
  std::vector<PodState> gateway_pods;
  std::int64_t gateway_ready_replicas = 0;
  std::map<std::string, wire::GatewayReport> reports;  // by pod UID, fresh
  std::map<std::string, std::string> unreachable;      // pod name → why
  // The reports tell all slots that start after it; nothing where no slot was asked for.
  std::optional<Timestamp> slots_told_since;
  // By pod UID, while live gates count: what those told this process last that tell nothing now. Many are
  // gone, and what they counted is nowhere else.
  std::map<std::string, wire::GatewayReport> last_words;
  // By pod UID, likewise: for how long this process has had no answer from it.
  std::map<std::string, Duration> silent_for;

  std::optional<ConfigState> config;
  std::map<std::string, ChildState> children;  // by "Kind/name"
  std::map<std::string, EvalRunState> eval_runs;

  // Whether the limit on releases that run at once leaves room for one more of this ModelDeployment.
  bool fleet_has_room = true;
  std::string fleet_detail;  // what it waits for when there is none

  // When this process last wrote the status; before that, when it first saw the object.
  Timestamp last_status_write{};
  // Facts of this installation.
  std::string image;                            // of gateways and evaluators
  std::vector<std::string> image_pull_secrets;  // of gateway pods, by name in their own namespace
  Protection protection;

  const RevisionRecord* revision(std::string_view hash) const;
  const EngineState* engine(std::string_view serving_hash) const;
  const ChildState* child(std::string_view kind, std::string_view name) const;
  // Null where its record has not been read, or there is no such revision.
  const Stack* content(const std::string& hash) const;
  const Stack* content(const std::optional<api::RevisionStatus>& revision) const;
};

}  // namespace llmops::release
