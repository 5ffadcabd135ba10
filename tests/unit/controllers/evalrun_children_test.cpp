#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/evalrun/core/children.hpp"
#include "controllers/evalrun/core/workload.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "crds/wire/eval_spec.hpp"

namespace llmops::evalrun {
namespace {

kube::ObjectMeta run() {
  kube::ObjectMeta meta;
  meta.ns = "shop";
  meta.name = "bot-run-3-1-0-0";
  meta.uid = "run-uid";
  return meta;
}

api::EvalRunSpec spec() {
  api::EvalRunSpec spec;
  spec.model_deployment = "bot";
  spec.run = 3;
  spec.gate = "golden";
  spec.dataset_digest = std::string(64, 'd');
  spec.dataset_config_map = "bot-dataset-dddddddddd";
  spec.revision = {15, std::string(64, 'c')};
  spec.stable_revision = api::RevisionReference{14, std::string(64, 'a')};
  spec.evaluation_service = "bot-evaluation.shop.svc:8081";
  spec.audience = "llmops.dev/evaluation/shop/bot";
  spec.served_model_name = "bot";
  spec.offline.emplace().timeout = std::chrono::milliseconds(90'500);
  spec.offline->dataset.config_map_ref.name = "golden";
  api::Metric metric;
  metric.name = "right";
  metric.objective = api::Objective{0.9, std::nullopt};
  spec.offline->metrics.push_back(metric);
  return spec;
}

TEST(SpecConfigMap, HoldsOneArmForEachRevisionUnderItsEvaluationUrl) {
  const Json object = spec_config_map(run(), spec());
  EXPECT_TRUE(bool_at(object, "immutable"));
  const auto parsed = wire::EvalSpec::parse(Json::parse(object["data"]["spec.json"].get<std::string>()));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  ASSERT_EQ(parsed->arms.size(), 2u);
  EXPECT_EQ(parsed->arms[0].name, api::ArmName::Candidate);
  EXPECT_EQ(parsed->arms[0].url,
            "http://bot-evaluation.shop.svc:8081/revisions/" + std::string(64, 'c') + "/v1");
  EXPECT_EQ(parsed->arms[1].name, api::ArmName::Stable);
  EXPECT_EQ(parsed->dataset_path, "/etc/llmops/dataset/dataset.jsonl");
  EXPECT_EQ(parsed->dataset_digest, spec().dataset_digest);
  EXPECT_EQ(parsed->eval_run, "bot-run-3-1-0-0");

  auto first = spec();
  first.stable_revision.reset();
  EXPECT_EQ(evaluation_of(run(), first).arms.size(), 1u);
}

TEST(Job, RunsOnceUnderARestrictedPodWithATokenOfItsAudience) {
  const Json object = job(run(), spec(), "image:1");
  EXPECT_EQ(integer_at(object, "spec.backoffLimit", -1), 0);
  EXPECT_EQ(integer_at(object, "spec.activeDeadlineSeconds"), 151);
  EXPECT_EQ(integer_at(object, "spec.ttlSecondsAfterFinished"), 3600);
  const Json& pod = object["spec"]["template"]["spec"];
  EXPECT_EQ(pod["restartPolicy"], "Never");
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
  const Json& container = pod["containers"][0];
  EXPECT_EQ(container["image"], "image:1");
  EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
  EXPECT_EQ(container["terminationMessagePolicy"], "File");
  EXPECT_EQ(container["args"].dump(),
            R"(["--spec","/etc/llmops/evaluation/spec.json","--spec-digest",")" +
                sha256_hex(spec_config_map(run(), spec())["data"]["spec.json"].get<std::string>()) +
                R"(","--dataset","/etc/llmops/dataset/dataset.jsonl",)"
                R"("--token","/var/run/secrets/llmops/token","--termination-log","/dev/termination-log"])");
  EXPECT_EQ(string_at(pod, "volumes.0.configMap.name"), "bot-run-3-1-0-0");
  EXPECT_EQ(string_at(pod, "volumes.1.configMap.name"), "bot-dataset-dddddddddd");
  EXPECT_EQ(string_at(pod, "volumes.2.projected.sources.0.serviceAccountToken.audience"),
            "llmops.dev/evaluation/shop/bot");
  ASSERT_EQ(container["volumeMounts"].size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(container["volumeMounts"][i]["name"], pod["volumes"][i]["name"]);
}

api::EvalRunSpec asking_prometheus() {
  api::EvalRunSpec spec;
  spec.model_deployment = "bot";
  spec.run = 3;
  spec.gate = "measured";
  spec.revision = {15, std::string(64, 'c')};
  spec.stable_revision = api::RevisionReference{14, std::string(64, 'a')};
  spec.prometheus.emplace().endpoint_ref.name = "prometheus";
  auto& metric = spec.prometheus->metrics.emplace_back();
  metric.name = "answered";
  metric.query = R"(a{r="{{candidate}}"} - a{r="{{stable}}",n="{{namespace}}/{{name}}"})";
  metric.success_condition = "result[0] > 0";
  metric.interval = std::chrono::minutes(1);
  metric.count = 10;
  return spec;
}

TEST(SpecConfigMap, OfQueriesHoldsThemWithTheirArgumentsAndNoArms) {
  const Json object = spec_config_map(run(), asking_prometheus());
  const auto parsed = wire::EvalSpec::parse(Json::parse(object["data"]["spec.json"].get<std::string>()));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  ASSERT_TRUE(parsed->prometheus);
  EXPECT_EQ(parsed->prometheus->metrics[0].query, R"(a{r="cccccccccc"} - a{r="aaaaaaaaaa",n="shop/bot"})");
  EXPECT_FALSE(parsed->offline);
  EXPECT_TRUE(parsed->arms.empty());
}

TEST(Job, ThatAsksAPrometheusMountsThreeKeysOfItsEndpointAndNoToken) {
  const Json object = job(run(), asking_prometheus(), "image:1");
  const Json& pod = object["spec"]["template"]["spec"];
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  ASSERT_EQ(pod["volumes"].size(), 2u);
  EXPECT_EQ(
      pod["volumes"][1].dump(),
      R"({"name":"endpoint","secret":{"defaultMode":288,"items":[{"key":"url","path":"url"},)"
      R"({"key":"token","path":"token"},{"key":"ca","path":"ca"}],"optional":true,"secretName":"prometheus"}})");
  const Json& container = pod["containers"][0];
  ASSERT_EQ(container["volumeMounts"].size(), 2u);
  EXPECT_EQ(container["volumeMounts"][1]["mountPath"], "/etc/llmops/endpoint");
  EXPECT_EQ(container["volumeMounts"][1]["readOnly"], true);
  EXPECT_EQ(
      container["args"].dump(),
      R"(["--spec","/etc/llmops/evaluation/spec.json","--spec-digest",")" +
          sha256_hex(spec_config_map(run(), asking_prometheus())["data"]["spec.json"].get<std::string>()) +
          R"(","--endpoint","/etc/llmops/endpoint","--termination-log","/dev/termination-log"])");
  // Nine minutes of measurements, five errors of a minute and 30 s each, and the grace of every Job.
  EXPECT_EQ(integer_at(object, "spec.activeDeadlineSeconds"), 9 * 60 + 5 * 90 + 60);
  EXPECT_EQ(object["spec"]["template"]["metadata"]["labels"]["llmops.dev/calls-endpoint"], "true");
  EXPECT_FALSE(job(run(), spec(), "image:1")["spec"]["template"]["metadata"]["labels"].contains(
      "llmops.dev/calls-endpoint"));
}

TEST(Children, CarryTheLabelsThatTheCachesSelectAndBelongToTheirRun) {
  for (const Json& object : {spec_config_map(run(), spec()), job(run(), spec(), "image:1")}) {
    const auto meta = kube::parse_meta(object);
    EXPECT_EQ(meta.name, "bot-run-3-1-0-0");
    EXPECT_EQ(meta.label("app.kubernetes.io/managed-by") + "," + meta.label("llmops.dev/component"),
              "llmops-operator,evaluator");
    EXPECT_EQ(meta.label("llmops.dev/eval-run"), "bot-run-3-1-0-0");
    EXPECT_EQ(meta.label("llmops.dev/model-deployment"), "bot");
    ASSERT_TRUE(meta.controller());
    EXPECT_EQ(meta.controller()->uid, "run-uid");
    EXPECT_EQ(meta.controller()->kind, "EvalRun");
  }
  EXPECT_EQ(evaluator_selector(),
            "app.kubernetes.io/managed-by=llmops-operator,llmops.dev/component=evaluator");
  const Json made = job(run(), spec(), "image:1");
  EXPECT_EQ(made["spec"]["template"]["metadata"]["labels"], made["metadata"]["labels"]);
}

TEST(PodState, ReadsTheEvaluatorsContainerAmongOthers) {
  const auto pod =
      project_pod(R"({"metadata":{"name":"p","uid":"u"},"status":{"phase":"Failed","reason":"Evicted",
    "message":"low on memory","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable"}],
    "containerStatuses":[{"name":"sidecar","state":{"terminated":{"exitCode":1}}},
      {"name":"evaluator","state":{"terminated":{"exitCode":3,"reason":"Error","message":"words"}}}]}})");
  ASSERT_TRUE(pod.ok());
  ASSERT_TRUE(pod->terminated);
  EXPECT_EQ(pod->terminated->exit_code, 3);
  EXPECT_EQ(pod->terminated->message, "words");
  EXPECT_TRUE(pod->ended());
  EXPECT_TRUE(pod->unschedulable);
  EXPECT_EQ(pod->reason, "Evicted");
  const auto waiting =
      project_pod(R"({"metadata":{"name":"p"},"status":{"phase":"Pending","containerStatuses":[
    {"name":"evaluator","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}})");
  EXPECT_EQ(waiting->waiting_reason, "ImagePullBackOff");
  EXPECT_FALSE(waiting->ended());
}

TEST(JobState, KnowsItsEndFromItsConditions) {
  const auto failed = project_job(R"({"metadata":{"name":"j"},"status":{"conditions":[
    {"type":"FailureTarget","status":"True","reason":"DeadlineExceeded"},
    {"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"too long"}]}})");
  EXPECT_TRUE(failed->failed);
  EXPECT_EQ(failed->reason, "DeadlineExceeded");
  const auto about_to_fail = project_job(R"({"metadata":{"name":"j"},"status":{"conditions":[
    {"type":"FailureTarget","status":"True","reason":"DeadlineExceeded"}]}})");
  EXPECT_FALSE(about_to_fail->finished());
  EXPECT_TRUE(
      project_job(
          R"({"metadata":{"name":"j"},"status":{"conditions":[{"type":"Complete","status":"True"}]}})")
          ->complete);
}

}  // namespace
}  // namespace llmops::evalrun
