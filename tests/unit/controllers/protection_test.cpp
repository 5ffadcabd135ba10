// Who may reach the pods of a ModelDeployment, and how many of them may be drained. What these policies allow
// together is played through by tests/e2e/unit/reachability_test.py, from the file that is compared here.
#include "controllers/modeldeployment/core/children/protection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "controllers/evalrun/core/children.hpp"
#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

void protect(Observed& observed) {
  observed.protection.network_policies = true;
  observed.protection.disruption_budgets = true;
  observed.protection.operator_namespace = "llmops-system";
}

std::vector<std::string> writes_about(const ReleaseWorld& world, const std::string& kind) {
  std::vector<std::string> found;
  for (const auto& write : world.writes)
    if (write.find(kind) != std::string::npos) found.push_back(write);
  return found;
}

std::size_t first(const ReleaseWorld& world, const std::string& write) {
  return static_cast<std::size_t>(std::find(world.writes.begin(), world.writes.end(), write) -
                                  world.writes.begin());
}

TEST(Protection, IsThereBeforeThePodsThatItShields) {
  ReleaseWorld world;
  protect(world.observed);
  world.run();
  ASSERT_TRUE(world.status().stable);
  EXPECT_THAT(
      writes_about(world, "NetworkPolicy/"),
      ElementsAre("create NetworkPolicy/support-bot-gateway", "create NetworkPolicy/support-bot-engine",
                  "create NetworkPolicy/support-bot-evaluator"));
  EXPECT_THAT(writes_about(world, "PodDisruptionBudget/"),
              ElementsAre("create PodDisruptionBudget/support-bot-gateway"));
  std::size_t deployments = world.writes.size();
  for (std::size_t i = world.writes.size(); i-- > 0;)
    if (world.writes[i].find("create Deployment/") == 0) deployments = i;
  ASSERT_LT(deployments, world.writes.size());
  EXPECT_LT(first(world, "create NetworkPolicy/support-bot-evaluator"), deployments);
  const std::size_t settled = world.writes.size();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.writes.size(), settled);
}

TEST(Protection, GoesWhenItIsWantedNoLongerAndLeavesWhatIsNotOurs) {
  ReleaseWorld world;
  protect(world.observed);
  world.run();
  ChildState foreign;
  foreign.meta.ns = world.observed.meta.ns;
  foreign.meta.name = "another";
  world.observed.children["NetworkPolicy/another"] = foreign;
  world.writes.clear();
  world.observed.protection = {};
  world.run();
  std::erase(world.writes, "status");  // which tells of the foreign object
  EXPECT_THAT(world.writes,
              testing::UnorderedElementsAre("delete support-bot-gateway", "delete support-bot-engine",
                                            "delete support-bot-evaluator", "delete support-bot-gateway"));
  EXPECT_TRUE(world.observed.child("NetworkPolicy", "another"));
  EXPECT_TRUE(world.observed.child("Deployment", "support-bot-gateway"));
}

TEST(Protection, ChangesInPlaceWhenAnotherNamespaceMonitors) {
  ReleaseWorld world;
  protect(world.observed);
  world.run();
  world.writes.clear();
  world.observed.protection.monitoring_namespaces = {"monitoring"};
  world.run();
  EXPECT_THAT(world.writes, ElementsAre("replace NetworkPolicy/support-bot-gateway"));
}

TEST(Children, ThatOthersChangedAreChangedBack) {
  for (const char* name :
       {"NetworkPolicy/support-bot-engine", "PodDisruptionBudget/support-bot-gateway", "Service/support-bot",
        "Service/support-bot-evaluation", "Role/support-bot-gateway", "RoleBinding/support-bot-gateway"}) {
    ReleaseWorld world;
    protect(world.observed);
    world.run();
    world.writes.clear();
    ASSERT_FALSE(world.observed.children.at(name).essence.empty()) << name;
    world.observed.children.at(name).essence = "forged";
    world.run();
    EXPECT_THAT(world.writes, ElementsAre("replace " + std::string(name)));
  }
}

TEST(Configuration, ThatOthersWroteIsOverwrittenUnderAnEpochThatGatewaysTake) {
  for (const std::int64_t by : {0, 1, 1000}) {
    ReleaseWorld world;
    world.run();
    world.writes.clear();
    const std::int64_t before = *world.status().epoch;
    world.observed.config->epoch = before + by;
    world.observed.config->essence = "forged";
    world.observed.children.at("ConfigMap/support-bot-gateway").essence = "forged";
    world.run();
    EXPECT_THAT(world.writes, testing::Contains("replace ConfigMap/support-bot-gateway")) << by;
    EXPECT_EQ(*world.status().epoch, before + by + 1);
    EXPECT_EQ(world.observed.config->epoch, before + by + 1);
    EXPECT_EQ(world.status().last_run, 1) << "no release follows from it";
    EXPECT_EQ(world.status().phase, api::Phase::Healthy);
  }
}

TEST(Configuration, ThatOthersSetBackIsWrittenAgain) {
  ReleaseWorld world;
  world.run();
  world.writes.clear();
  const std::int64_t epoch = *world.status().epoch;
  ASSERT_GE(epoch, 1);
  world.observed.config->epoch = 0;
  world.observed.config->essence = "forged";
  world.observed.children.at("ConfigMap/support-bot-gateway").essence = "forged";
  world.run();
  EXPECT_THAT(world.writes, ElementsAre("replace ConfigMap/support-bot-gateway"));
  EXPECT_EQ(*world.status().epoch, epoch);
}

TEST(Children, OfAnEarlierObjectOfTheSameNameAreWaitedForAndNoConflict) {
  ReleaseWorld world;
  world.run();
  auto& role = world.observed.children.at("Role/support-bot-gateway");
  role.meta.owner_references[0].uid = "of-the-backup";
  world.writes.clear();
  world.run();
  EXPECT_THAT(world.writes, testing::IsEmpty()) << "it is not ours to write";
  EXPECT_FALSE(world.told("NameConflict"));
  // The garbage collector took it.
  world.observed.children.erase("Role/support-bot-gateway");
  world.run();
  EXPECT_THAT(world.writes, ElementsAre("create Role/support-bot-gateway"));
  // Somebody else's stays a conflict.
  world.observed.children.at("Role/support-bot-gateway").meta.owner_references[0].name = "another";
  world.observed.children.at("Role/support-bot-gateway").meta.owner_references[0].uid = "of-another";
  world.run();
  EXPECT_TRUE(world.told("NameConflict"));
}

TEST(Essence, ChangesWithWhatCouldDoHarmAndNotWithWhatOthersMayAdd) {
  Json service = {{"kind", "Service"},
                  {"spec", {{"selector", {{"a", "b"}}}, {"ports", Json::array({{{"port", 80}}})}}}};
  const std::string before = essence_of(kube::kServices, service);
  service["spec"]["clusterIP"] = "10.0.0.1";
  service["spec"]["ports"][0]["protocol"] = "TCP";
  service["metadata"]["labels"]["tracked"] = "yes";
  EXPECT_EQ(essence_of(kube::kServices, service), before);
  service["spec"]["selector"]["a"] = "c";
  EXPECT_NE(essence_of(kube::kServices, service), before);
  EXPECT_EQ(essence_of(kube::kConfigMaps, {{"data", {{"body.json", "{}"}}}}), "");
  EXPECT_NE(essence_of(kube::kConfigMaps, {{"data", {{"config.json", "{}"}}}}), "");
}

TEST(Protection, IsNotMadeUnlessAskedFor) {
  ReleaseWorld world;
  world.run();
  EXPECT_THAT(world.writes, Each(Not(HasSubstr("NetworkPolicy"))));
  EXPECT_THAT(world.writes, Each(Not(HasSubstr("PodDisruptionBudget"))));
}

api::EvalRunSpec offline_run() {
  api::EvalRunSpec spec;
  spec.offline.emplace();
  spec.dataset_digest = std::string(64, 'a');
  spec.dataset_config_map = "golden";
  spec.evaluation_service = "bot-evaluation.shop.svc:8081";
  spec.audience = "llmops.dev/evaluation";
  spec.served_model_name = "bot";
  return spec;
}

TEST(PullSecrets, AreNamedByGatewayAndEvaluatorPods) {
  ReleaseWorld world;
  world.run();
  world.observed.image_pull_secrets = {"registry"};
  const Json expected = Json::array({{{"name", "registry"}}});
  bool seen = false;
  for (const auto& child : gateway_children(gateway_inputs(world.observed))) {
    if (child.type != kube::kDeployments) continue;
    seen = true;
    EXPECT_EQ(child.object["spec"]["template"]["spec"]["imagePullSecrets"], expected);
  }
  EXPECT_TRUE(seen);
  const Json job = evalrun::job({}, offline_run(), "image:1", {"registry"});
  EXPECT_EQ(job["spec"]["template"]["spec"]["imagePullSecrets"], expected);
  EXPECT_FALSE(
      evalrun::job({}, offline_run(), "image:1")["spec"]["template"]["spec"].contains("imagePullSecrets"));
}

// Pods of two ModelDeployments and their policies, as they reach the API server.
Json kept_objects() {
  Json objects = Json::array();
  for (const char* name : {"support-bot", "other-bot"}) {
    ReleaseWorld world;
    world.run();
    protect(world.observed);
    world.observed.meta.name = name;
    world.observed.protection.monitoring_namespaces = {"monitoring"};
    const auto pod = [&](const Json& workload, std::string_view component) {
      const Json& made = workload["spec"]["template"];
      objects.push_back({{"apiVersion", "v1"},
                         {"kind", "Pod"},
                         {"metadata",
                          {{"name", std::string(name) + "-" + std::string(component)},
                           {"namespace", world.observed.meta.ns},
                           {"labels", made["metadata"]["labels"]}}},
                         {"ports", made["spec"]["containers"][0].value("ports", Json::array())}});
    };
    for (const auto& child : gateway_children(gateway_inputs(world.observed)))
      if (child.type == kube::kDeployments) pod(child.object, "gateway");
    const auto engine = engine_deployment(world.observed, *world.observed.content(world.status().stable), 1);
    pod(engine->object, "engine");
    kube::ObjectMeta run;
    run.ns = world.observed.meta.ns;
    run.name = std::string(name) + "-run-2-0-0-0";
    api::EvalRunSpec spec = offline_run();
    spec.model_deployment = name;
    spec.run = 2;
    pod(evalrun::job(run, spec, "image:1"), "evaluator");
    for (const auto& child : protection_children(world.observed.meta, world.observed.protection)) {
      if (child.type != kube::kNetworkPolicies) continue;
      Json object = child.object;
      object["metadata"].erase("annotations");
      object["metadata"].erase("ownerReferences");
      objects.push_back(std::move(object));
    }
  }
  return objects;
}

TEST(NetworkPolicies, AreThoseOfTheFileThatTheReachabilityTestPlays) {
  const std::string found = kept_objects().dump(1) + "\n";
  if (const char* path = std::getenv("PROTECTION_FILE")) std::ofstream(path) << found;
  std::ifstream file(PROTECTION_DOCUMENT);
  const std::string kept{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(found, kept) << "PROTECTION_FILE=" << PROTECTION_DOCUMENT << " writes it anew";
}

}  // namespace
}  // namespace llmops::release
