#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/evalrun/core/children.hpp"
#include "controllers/evalrun/core/decide.hpp"
#include "controllers/shared/conditions.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "crds/wire/eval_summary.hpp"

namespace llmops::evalrun {
namespace {

using api::EvalRunPhase;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr Timestamp kNow{std::chrono::seconds{1'800'000'000}};
const std::string kDigest(64, 'd');

kube::OwnerReference owned_by(const char* kind, const char* uid) {
  return {"v1", kind, "x", uid, true};
}

Observed observed() {
  Observed seen;
  seen.now = kNow;
  seen.meta.ns = "shop";
  seen.meta.name = "bot-run-1-0-0-0";
  seen.meta.uid = "run-uid";
  seen.meta.generation = 1;
  seen.spec.model_deployment = "bot";
  seen.spec.run = 1;
  seen.spec.gate = "golden";
  seen.spec.dataset_digest = kDigest;
  seen.spec.dataset_config_map = "bot-dataset-dddddddddd";
  seen.spec.revision = {15, std::string(64, 'c')};
  seen.spec.stable_revision = api::RevisionReference{14, std::string(64, 'a')};
  seen.spec.evaluation_service = "bot-evaluation.shop.svc:8081";
  seen.spec.audience = "llmops.dev/evaluation/shop/bot";
  seen.spec.served_model_name = "bot";
  seen.spec.offline.emplace().timeout = 10min;
  api::Metric metric;
  metric.name = "right";
  seen.spec.offline->metrics.push_back(metric);
  seen.image = "registry.example/llmops:1";
  seen.dataset = DatasetCopy{true, kDigest};
  return seen;
}

JobState job_of(const Observed& seen) {
  JobState job;
  job.meta.ns = seen.meta.ns;
  job.meta.name = seen.meta.name;
  job.meta.uid = "job-uid";
  job.meta.creation_timestamp = kNow;
  job.meta.owner_references = {owned_by("EvalRun", "run-uid")};
  return job;
}

PodState pod_of(const char* name = "pod-a") {
  PodState pod;
  pod.meta.name = name;
  pod.meta.creation_timestamp = kNow;
  pod.meta.owner_references = {owned_by("Job", "job-uid")};
  pod.phase = "Running";
  return pod;
}

wire::EvalSummary summary(api::Verdict verdict) {
  wire::EvalSummary said;
  said.verdict = verdict;
  said.message = "54 of 60, stable 59 of 60";
  said.dataset_digest = kDigest;
  said.result_digest = std::string(64, 'e');
  said.items = 60;
  api::MetricResult metric;
  metric.name = "right";
  metric.scorer = "contains";
  metric.verdict = verdict;
  metric.n = 60;
  said.metrics.push_back(metric);
  return said;
}

PodState ended_with(std::string message, std::int64_t exit_code = 0, std::string reason = "Completed") {
  PodState pod = pod_of();
  pod.phase = exit_code == 0 ? "Succeeded" : "Failed";
  pod.terminated = Terminated{exit_code, std::move(reason), std::move(message)};
  return pod;
}

// A run whose Job has been seen.
Observed running() {
  Observed seen = observed();
  seen.job = job_of(seen);
  const Decision decision = decide(seen);
  const auto* transition = std::get_if<Transition>(&decision);
  if (!transition) throw std::logic_error("no transition");
  seen.status = transition->status;
  return seen;
}

api::EvalRunStatus status_after(const Observed& seen) {
  const Decision decision = decide(seen);
  const auto* transition = std::get_if<Transition>(&decision);
  EXPECT_TRUE(transition) << "decision " << decision.index();
  return transition ? transition->status : api::EvalRunStatus{};
}

void expect_error(const Observed& seen, const std::string& reason,
                  const testing::Matcher<std::string>& message) {
  const auto status = status_after(seen);
  EXPECT_EQ(status.phase, EvalRunPhase::Error);
  EXPECT_THAT(status.message.value_or(""), message);
  EXPECT_EQ(status.completed_at, seen.now);
  const auto* complete = controllers::find_condition(status.conditions, "Complete");
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->status, api::ConditionStatus::True);
  EXPECT_EQ(complete->reason, reason);
}

TEST(EvalRunBegins, LooksAtItsGoldenSetThenCreatesSpecAndJobInThisOrder) {
  Observed seen = observed();
  seen.dataset.reset();
  Decision decision = decide(seen);
  ASSERT_TRUE(std::holds_alternative<Look>(decision));
  EXPECT_TRUE(std::get<Look>(decision).dataset);
  decision = decide(observed());
  ASSERT_TRUE(std::holds_alternative<Actions>(decision));
  const auto& creates = std::get<Actions>(decision).creates;
  ASSERT_EQ(creates.size(), 2u);
  EXPECT_EQ(creates[0].type, kube::kConfigMaps);
  EXPECT_EQ(creates[1].type, kube::kJobs);
}

TEST(EvalRunBegins, EndsAsErrorWhenItsGoldenSetIsMissingOrAnother) {
  Observed seen = observed();
  seen.dataset = DatasetCopy{};
  expect_error(seen, "DatasetMissing", HasSubstr("ConfigMap shop/bot-dataset-dddddddddd"));
  seen.dataset = DatasetCopy{true, std::string(64, 'f')};
  expect_error(seen, "DatasetChanged", AllOf(HasSubstr("found digest ffffffffff"), HasSubstr("dddddddddd")));
}

Observed asking_prometheus() {
  Observed seen = observed();
  seen.spec.offline.reset();
  seen.spec.dataset_digest.reset();
  seen.spec.dataset_config_map.reset();
  seen.spec.evaluation_service.reset();
  seen.spec.audience.reset();
  seen.spec.served_model_name.reset();
  seen.dataset.reset();
  seen.spec.prometheus.emplace().endpoint_ref.name = "prometheus";
  seen.spec.prometheus->metrics.emplace_back().name = "right";
  return seen;
}

TEST(EvalRunOfQueries, CreatesSpecAndJobWithoutAGoldenSet) {
  Observed seen = asking_prometheus();
  const Decision decision = decide(seen);
  const auto* actions = std::get_if<Actions>(&decision);
  ASSERT_TRUE(actions);
  ASSERT_EQ(actions->creates.size(), 2u);
  EXPECT_EQ(actions->creates[0].type, kube::kConfigMaps);
  EXPECT_EQ(actions->creates[1].type, kube::kJobs);
  seen.job = job_of(seen);
  const Decision next = decide(seen);
  const auto* transition = std::get_if<Transition>(&next);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->status.phase, EvalRunPhase::Running);
  EXPECT_THAT(*transition->status.message, HasSubstr("asking Prometheus about revision 15 for gate golden"));
}

TEST(EvalRunOfQueries, EndsWithWhatTheEvaluatorMeasuredAndNothingAboutAGoldenSet) {
  Observed seen = asking_prometheus();
  seen.status.emplace().phase = EvalRunPhase::Running;
  seen.status->started_at = kNow;
  seen.job = job_of(seen);
  const auto ended = [&](wire::EvalSummary said) {
    seen.pods = {ended_with(dump_json(said.to_json()))};
    const Decision decision = decide(seen);
    const auto* transition = std::get_if<Transition>(&decision);
    return transition ? *transition : Transition{};
  };
  wire::EvalSummary said = summary(api::Verdict::Failed);
  said.dataset_digest.clear();
  said.result_digest.clear();
  EXPECT_EQ(ended(said).status.phase, EvalRunPhase::Failed);
  said.dataset_digest = kDigest;
  EXPECT_THAT(*ended(said).status.message, HasSubstr("read another golden set"));
  said.dataset_digest.clear();
  said.metrics[0].name = "another";
  EXPECT_THAT(*ended(said).status.message, HasSubstr("found nothing about metric right"));
}

TEST(EvalRunBegins, EndsAsErrorWhenACreateIsRefusedForGood) {
  Observed seen = observed();
  seen.refusal = Refusal{"NameConflict", "Job shop/bot-run-1-0-0-0 exists and belongs to CronJob other"};
  expect_error(seen, "NameConflict", HasSubstr("CronJob other"));
}

TEST(EvalRunBegins, IsRunningOnceItsJobIsSeenWithoutCreatingAnything) {
  const Observed seen = running();
  EXPECT_EQ(seen.status->phase, EvalRunPhase::Running);
  EXPECT_EQ(seen.status->job, "bot-run-1-0-0-0");
  EXPECT_EQ(seen.status->started_at, kNow);
  EXPECT_EQ(seen.status->message, "asking revision 15 and revision 14 the same items of gate golden");
  const Decision decision = decide(seen);
  ASSERT_TRUE(std::holds_alternative<Wait>(decision));
  EXPECT_EQ(std::get<Wait>(decision).until, kNow + 10min + kJobGrace + kEndGrace);
}

TEST(EvalRunBegins, DoesNotTakeAnothersJobForItsOwn) {
  Observed seen = observed();
  seen.job = job_of(seen);
  seen.job->meta.owner_references = {owned_by("EvalRun", "an earlier one")};
  EXPECT_TRUE(std::holds_alternative<Actions>(decide(seen)));
}

class EvalRunVerdict : public testing::TestWithParam<std::pair<api::Verdict, EvalRunPhase>> {};

TEST_P(EvalRunVerdict, IsWhatTheEvaluatorSaid) {
  Observed seen = running();
  seen.now += 2min;
  const auto said = summary(GetParam().first);
  seen.pods = {ended_with(dump_json(said.to_json()))};
  const Decision decision = decide(seen);
  ASSERT_TRUE(std::holds_alternative<Transition>(decision));
  const auto& transition = std::get<Transition>(decision);
  EXPECT_EQ(transition.status.phase, GetParam().second);
  EXPECT_EQ(transition.status.message, "54 of 60, stable 59 of 60");
  EXPECT_EQ(transition.status.metrics, said.metrics);
  EXPECT_EQ(transition.status.result_digest, said.result_digest);
  EXPECT_EQ(transition.status.completed_at, seen.now);
  EXPECT_EQ(transition.status.started_at, kNow);
  ASSERT_TRUE(transition.note);
  EXPECT_EQ(transition.note->warning, GetParam().second != EvalRunPhase::Successful);
  seen.status = transition.status;
  EXPECT_TRUE(std::holds_alternative<Done>(decide(seen)));
}

INSTANTIATE_TEST_SUITE_P(All, EvalRunVerdict,
                         testing::Values(std::pair{api::Verdict::Successful, EvalRunPhase::Successful},
                                         std::pair{api::Verdict::Failed, EvalRunPhase::Failed},
                                         std::pair{api::Verdict::Inconclusive, EvalRunPhase::Inconclusive},
                                         std::pair{api::Verdict::Error, EvalRunPhase::Error}));

TEST(EvalRunError, HasAReasonForEveryWayOfLosingAVerdict) {
  struct Case {
    const char* what;
    PodState pod;
    const char* says;
  };
  PodState evicted = pod_of();
  evicted.phase = "Failed";
  evicted.reason = "Evicted";
  evicted.message = "The node was low on resource: memory.";
  auto other_set = summary(api::Verdict::Successful);
  other_set.dataset_digest = std::string(64, 'f');
  auto silent = summary(api::Verdict::Successful);
  silent.metrics.clear();
  auto twice = summary(api::Verdict::Successful);
  twice.metrics.push_back(twice.metrics[0]);
  auto version = summary(api::Verdict::Successful).to_json();
  version["version"] = "evalsummary/v9";
  auto digest = summary(api::Verdict::Successful);
  digest.result_digest = "sha256:xyz";
  const std::string whole = dump_json(summary(api::Verdict::Successful).to_json());
  const Case cases[] = {
      {"no message", ended_with(""), "termination message is empty"},
      {"not JSON", ended_with("panic"), "not evalsummary/v1"},
      {"cut by the kubelet", ended_with(whole.substr(0, whole.size() - 5)), "not evalsummary/v1"},
      {"another version", ended_with(dump_json(version)), "found \"evalsummary/v9\""},
      {"a missing field", ended_with(R"({"version":"evalsummary/v1"})"), "verdict"},
      {"an exit code", ended_with("no such file", 2, "Error"), "exit code 2 (Error): no such file"},
      {"out of memory", ended_with("", 137, "OOMKilled"), "exit code 137 (OOMKilled)"},
      {"evicted", evicted, "(Evicted): The node was low on resource"},
      {"another golden set", ended_with(dump_json(other_set.to_json())), "another golden set"},
      {"a silent metric", ended_with(dump_json(silent.to_json())), "nothing about metric right"},
      {"a metric twice", ended_with(dump_json(twice.to_json())), "twice"},
      {"a digest that is none", ended_with(dump_json(digest.to_json())), "resultDigest"}};
  for (const auto& test : cases) {
    SCOPED_TRACE(test.what);
    Observed seen = running();
    seen.pods = {test.pod};
    expect_error(seen, "EvaluatorFailed", HasSubstr(test.says));
    EXPECT_TRUE(status_after(seen).metrics.empty());
  }
}

TEST(EvalRunError, KeepsTheEvaluatorsWordsWhenItCouldReadNothing) {
  Observed seen = running();
  auto said = summary(api::Verdict::Error);
  said.dataset_digest.clear();
  said.result_digest.clear();
  said.metrics.clear();
  said.message = "the golden set could not be read";
  seen.pods = {ended_with(dump_json(said.to_json()))};
  expect_error(seen, "Error", HasSubstr("the golden set could not be read"));
}

TEST(EvalRunError, FollowsAJobThatIsGoneOnlyOnceTheApiServerSaysSo) {
  Observed seen = running();
  seen.job.reset();
  const Decision decision = decide(seen);
  ASSERT_TRUE(std::holds_alternative<Look>(decision));
  EXPECT_TRUE(std::get<Look>(decision).workload);
  seen.confirmed = true;
  expect_error(seen, "JobGone", HasSubstr("deleted before its verdict was read"));
}

TEST(EvalRunError, FollowsAJobThatEndedWithoutAPodOnlyOnceTheApiServerSaysSo) {
  Observed seen = running();
  seen.job->complete = true;
  EXPECT_TRUE(std::holds_alternative<Look>(decide(seen)));
  seen.confirmed = true;
  expect_error(seen, "MessageLost", HasSubstr("verdict are gone"));
  seen.job->complete = false;
  seen.job->failed = true;
  seen.job->reason = "DeadlineExceeded";
  seen.job->message = "Job was active longer than specified deadline";
  expect_error(seen, "JobFailed", HasSubstr("(DeadlineExceeded): Job was active"));
}

TEST(EvalRunError, DoesNotWaitForAnUnreachableNodeForEver) {
  Observed seen = running();
  seen.pods = {pod_of()};
  seen.now = kNow + 10min + kJobGrace + kEndGrace - 1ms;
  EXPECT_TRUE(std::holds_alternative<Wait>(decide(seen)));
  seen.now += 1ms;
  EXPECT_TRUE(std::holds_alternative<Look>(decide(seen)));
  seen.confirmed = true;
  expect_error(seen, "DeadlineExceeded", HasSubstr("11 min"));
}

TEST(EvalRunWaits, DoesNotHoldTheApiServersClockAgainstItsOwn) {
  Observed seen = observed();
  seen.job = job_of(seen);
  seen.job->meta.creation_timestamp = kNow - 2h;
  seen.status = status_after(seen);
  EXPECT_EQ(seen.status->started_at, kNow);
  EXPECT_TRUE(std::holds_alternative<Wait>(decide(seen)));
}

TEST(EvalRunWaits, SaysWhyItsPodDoesNotStartInWordsThatStayTheSame) {
  Observed seen = running();
  PodState pod = pod_of();
  pod.phase = "Pending";
  pod.waiting_reason = "ErrImagePull";
  seen.pods = {pod};
  seen.status = status_after(seen);
  EXPECT_EQ(seen.status->phase, EvalRunPhase::Running);
  EXPECT_THAT(*seen.status->message,
              AllOf(HasSubstr("registry.example/llmops:1 cannot be pulled"), HasSubstr("pod-a")));
  EXPECT_EQ(seen.status->started_at, kNow);
  seen.pods[0].waiting_reason = "ImagePullBackOff";
  EXPECT_TRUE(std::holds_alternative<Wait>(decide(seen))) << "the same trouble is told once";
  seen.pods[0].waiting_reason = "ContainerCreating";
  EXPECT_THAT(*status_after(seen).message, HasSubstr("asking revision 15"));
  seen.pods[0].waiting_reason.clear();
  seen.pods[0].unschedulable = true;
  EXPECT_THAT(*status_after(seen).message, HasSubstr("no node takes"));
}

TEST(EvalRunWaits, ReadsOnlyThePodsOfItsOwnJobAndTheFirstOfThem) {
  Observed seen = running();
  PodState foreign = ended_with(dump_json(summary(api::Verdict::Failed).to_json()));
  foreign.meta.owner_references = {owned_by("Job", "another job")};
  seen.pods = {foreign};
  EXPECT_TRUE(std::holds_alternative<Wait>(decide(seen)));
  PodState second = ended_with(dump_json(summary(api::Verdict::Failed).to_json()));
  second.meta.name = "pod-b";
  second.meta.creation_timestamp = kNow + 5s;
  seen.pods = {second, ended_with(dump_json(summary(api::Verdict::Successful).to_json()))};
  EXPECT_EQ(status_after(seen).phase, EvalRunPhase::Successful);
  // While the first one still measures, nobody speaks in its place.
  PodState first = pod_of();
  first.meta.name = "pod-a";
  seen.pods = {second, first};
  EXPECT_TRUE(std::holds_alternative<Wait>(decide(seen)));
}

TEST(EvalRunWaits, BelievesNeitherOfTwoPodsOfTheSameSecond) {
  Observed seen = running();
  PodState forged = ended_with(dump_json(summary(api::Verdict::Successful).to_json()));
  forged.meta.name = "aaaaa";
  seen.pods = {forged, pod_of()};
  seen.pods[1].meta.creation_timestamp = forged.meta.creation_timestamp;
  const auto status = status_after(seen);
  EXPECT_EQ(status.phase, EvalRunPhase::Error);
  EXPECT_THAT(*status.message, HasSubstr("cannot be told"));
}

TEST(EvalRunWaits, TakesAVerdictEvenWhenTheJobFailedMeanwhile) {
  Observed seen = running();
  seen.job->failed = true;
  seen.pods = {ended_with(dump_json(summary(api::Verdict::Failed).to_json()))};
  EXPECT_EQ(status_after(seen).phase, EvalRunPhase::Failed);
}

}  // namespace
}  // namespace llmops::evalrun
