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

}  // namespace
}  // namespace llmops::release
