#include "controllers/modeldeployment/shell/projections.hpp"

#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/children/protection.hpp"

namespace llmops::release {
namespace {

TEST(Projection, OfAChildIsTheSameFromAListWhereObjectsDoNotSayTheirKind) {
  kube::ObjectMeta owner;
  owner.ns = "shop";
  owner.name = "support-bot";
  owner.uid = "uid-1";
  for (const Child& child :
       protection_children(owner, {.network_policies = true, .disruption_budgets = true})) {
    Json listed = child.object;
    listed.erase("kind");
    listed.erase("apiVersion");
    const auto seen = project_child(child.type, dump_json(listed));
    ASSERT_TRUE(seen.ok());
    EXPECT_NE(seen->essence, "");
    EXPECT_EQ(seen->essence, essence_of(child.type, child.object)) << child.name();
    EXPECT_EQ(seen->content_digest, child.digest);
  }
}

const Json kPod = {
    {"metadata",
     {{"namespace", "shop"},
      {"name", "support-bot-engine-1"},
      {"uid", "uid-2"},
      {"labels",
       {{"app", "support"},
        {"llmops.dev/serving-hash", "f00d"},
        {"llmops.development/model-deployment", "other"}}},
      {"annotations",
       {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}, {"llmops.dev/endpoints", "detector"}}}}},
    {"status", {{"phase", "Running"}, {"podIP", "10.0.0.7"}}}};

TEST(Projection, KeepsOnlyTheLabelsAndAnnotationsOfOurGroup) {
  const auto seen = project_pod(dump_json(kPod));
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->meta.labels, (kube::StringMap{{"llmops.dev/serving-hash", "f00d"}}));
  EXPECT_EQ(seen->meta.annotations, (kube::StringMap{{"llmops.dev/endpoints", "detector"}}));
}

TEST(Projection, OfAPodIsItsState) {
  const auto seen = project_pod(dump_json(kPod));
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->meta.uid, "uid-2");
  EXPECT_EQ(seen->meta.annotation("llmops.dev/endpoints"), "detector");
  EXPECT_EQ(seen->serving_hash, "f00d");
  EXPECT_EQ(seen->ip, "10.0.0.7");
}

TEST(Projection, OfADeploymentIsItsState) {
  Json deployment = kPod;
  deployment["spec"]["replicas"] = 3;
  const auto seen = project_deployment(dump_json(deployment));
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->meta.name, "support-bot-engine-1");
  EXPECT_EQ(seen->serving_hash, "f00d");
  EXPECT_EQ(seen->replicas, 3);
}

}  // namespace
}  // namespace llmops::release
