#include "operator/kube/client.hpp"

#include "fixtures.hpp"

namespace llmops::kube {
namespace {

using simulation::InjectedAnswer;

struct ClientTest : ClusterTest {
  const ObjectKey key{"default", "a"};
};

TEST_F(ClientTest, a_created_object_comes_back_with_uid_version_and_time) {
  const auto created = await(probe.client.create(kConfigMaps, config_map("a", "1")));
  ASSERT_TRUE(created.ok()) << created.error().message;
  const auto read = await(probe.client.get(kConfigMaps, key));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, *created);
  const ObjectMeta meta = parse_meta(*read);
  EXPECT_FALSE(meta.uid.empty());
  EXPECT_FALSE(meta.resource_version.empty());
  EXPECT_TRUE(meta.creation_timestamp.has_value());
  EXPECT_EQ(string_at(*read, "kind"), "ConfigMap");
}

TEST_F(ClientTest, creating_a_name_that_exists_is_AlreadyExists_and_changes_nothing) {
  put("a", "1");
  const auto again = await(probe.client.create(kConfigMaps, config_map("a", "2")));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::AlreadyExists);
  EXPECT_NE(again.error().message.find("configmaps \"a\" already exists"), std::string::npos)
      << again.error().message;
  EXPECT_EQ(string_at(*server->store.find(kConfigMaps, key), "data.value"), "1");
}

TEST_F(ClientTest, a_missing_object_is_NotFound_and_so_is_an_unknown_path) {
  EXPECT_EQ(await(probe.client.get(kConfigMaps, key)).error().code, ErrorCode::NotFound);
  EXPECT_EQ(await(probe.client.get_raw("/openid/v1/jwks")).error().code, ErrorCode::NotFound);
}

TEST_F(ClientTest, a_write_with_an_old_version_is_a_Conflict) {
  const auto created = await(probe.client.create(kConfigMaps, config_map("a", "1")));
  put("a", "2");
  Json stale = *created;
  stale["data"]["value"] = "3";
  EXPECT_EQ(await(probe.client.replace(kConfigMaps, stale)).error().code, ErrorCode::Conflict);
  EXPECT_EQ(string_at(*server->store.find(kConfigMaps, key), "data.value"), "2");
}

TEST_F(ClientTest, a_write_of_the_same_content_makes_no_version) {
  const auto created = await(probe.client.create(kConfigMaps, config_map("a", "1")));
  const auto again = await(probe.client.replace(kConfigMaps, *created));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(parse_meta(*again).resource_version, parse_meta(*created).resource_version);
}

TEST_F(ClientTest, a_status_write_changes_the_status_only_and_a_spec_write_the_spec_only) {
  Json deployment = {{"metadata", {{"namespace", "default"}, {"name", "m"}}},
                     {"spec", {{"replicas", 2}}},
                     {"status", {{"phase", "Sneaked"}}}};
  const auto created = await(probe.client.create(kModelDeployments, deployment));
  ASSERT_TRUE(created.ok());
  EXPECT_FALSE(created->contains("status"));
  Json with_both = *created;
  with_both["spec"]["replicas"] = 9;
  with_both["status"] = {{"phase", "Healthy"}};
  const auto status =
      await(probe.client.replace_subresource(kModelDeployments, {"default", "m"}, "status", with_both));
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(integer_at(*status, "spec.replicas"), 2);
  EXPECT_EQ(string_at(*status, "status.phase"), "Healthy");
  EXPECT_EQ(parse_meta(*status).generation, 1);
  Json spec = *status;
  spec["spec"]["replicas"] = 3;
  spec["status"]["phase"] = "Degraded";
  const auto replaced = await(probe.client.replace(kModelDeployments, spec));
  ASSERT_TRUE(replaced.ok());
  EXPECT_EQ(string_at(*replaced, "status.phase"), "Healthy");
  EXPECT_EQ(parse_meta(*replaced).generation, 2);
}

TEST_F(ClientTest, scale_writes_replicas_with_the_version_that_it_was_read_with) {
  Json deployment = {{"metadata", {{"namespace", "default"}, {"name", "engine"}}},
                     {"spec", {{"replicas", 1}, {"selector", {{"matchLabels", {{"a", "b"}}}}}}}};
  const auto created = await(probe.client.create(kDeployments, deployment));
  Json scale = {{"apiVersion", "autoscaling/v1"},
                {"kind", "Scale"},
                {"metadata",
                 {{"name", "engine"},
                  {"namespace", "default"},
                  {"resourceVersion", parse_meta(*created).resource_version}}},
                {"spec", {{"replicas", 0}}}};
  const auto scaled =
      await(probe.client.replace_subresource(kDeployments, {"default", "engine"}, "scale", scale));
  ASSERT_TRUE(scaled.ok()) << scaled.error().message;
  EXPECT_EQ(string_at(*scaled, "status.selector"), "a=b");
  EXPECT_EQ(integer_at(*server->store.find(kDeployments, {"default", "engine"}), "spec.replicas"), 0);
  const auto stale =
      await(probe.client.replace_subresource(kDeployments, {"default", "engine"}, "scale", scale));
  EXPECT_EQ(stale.error().code, ErrorCode::Conflict);
}

TEST_F(ClientTest, a_delete_goes_only_to_the_object_that_was_meant) {
  const auto created = await(probe.client.create(kConfigMaps, config_map("a", "1")));
  const auto foreign = await(probe.client.remove(kConfigMaps, key, {"another-uid", ""}));
  EXPECT_EQ(foreign.error().code, ErrorCode::Conflict);
  const auto stale = await(probe.client.remove(kConfigMaps, key, {parse_meta(*created).uid, "1"}));
  EXPECT_EQ(stale.error().code, ErrorCode::Conflict);
  ASSERT_TRUE(await(probe.client.remove(kConfigMaps, key,
                                        {parse_meta(*created).uid, parse_meta(*created).resource_version}))
                  .ok());
  EXPECT_EQ(await(probe.client.remove(kConfigMaps, key, {})).error().code, ErrorCode::NotFound);
}

TEST_F(ClientTest, immutable_content_is_refused_as_InvalidArgument) {
  Json fixed = config_map("a", "1");
  fixed["immutable"] = true;
  auto created = await(probe.client.create(kConfigMaps, fixed));
  (*created)["data"]["value"] = "2";
  EXPECT_EQ(await(probe.client.replace(kConfigMaps, *created)).error().code, ErrorCode::InvalidArgument);
  Json revision = {
      {"metadata", {{"namespace", "default"}, {"name", "m-1"}}}, {"revision", 1}, {"data", {{"x", 1}}}};
  auto stored = await(probe.client.create(kControllerRevisions, revision));
  (*stored)["revision"] = 2;
  stored = await(probe.client.replace(kControllerRevisions, *stored));
  ASSERT_TRUE(stored.ok());
  (*stored)["data"]["x"] = 2;
  EXPECT_EQ(await(probe.client.replace(kControllerRevisions, *stored)).error().code,
            ErrorCode::InvalidArgument);
}

TEST_F(ClientTest, a_list_holds_what_the_selectors_name) {
  put("a", "1", {{"app", "x"}});
  put("b", "2", {{"app", "y"}});
  put("c", "3");
  const auto names = [&](const ListOptions& options) {
    const auto listed = await(probe.client.list(kConfigMaps, "default", options));
    std::string found;
    for (const auto& raw : listed->raw_items) found += parse_meta(*parse_json(raw)).name;
    return found;
  };
  EXPECT_EQ(names({}), "abc");
  EXPECT_EQ(names({"app=x", ""}), "a");
  EXPECT_EQ(names({"app in (x,y)", ""}), "ab");
  EXPECT_EQ(names({"app!=x", ""}), "bc");
  EXPECT_EQ(names({"!app", ""}), "c");
  EXPECT_EQ(names({"", "metadata.name=b"}), "b");
  EXPECT_TRUE(await(probe.client.list(kConfigMaps, "elsewhere", {}))->raw_items.empty());
  EXPECT_EQ(await(probe.client.list(kConfigMaps, "", {}))->raw_items.size(), 3u);
}

TEST_F(ClientTest, a_list_that_the_server_cuts_into_pages_is_read_to_its_end) {
  for (int i = 0; i < 7; ++i) put("item-" + std::to_string(i), "x");
  server->options.page_size = 3;
  EXPECT_EQ(await(probe.client.list(kConfigMaps, "default", {}))->raw_items.size(), 7u);
}

TEST_F(ClientTest, a_list_is_a_quorum_read_of_everything) {
  server->inject = [](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    for (const char* weaker : {"resourceVersion", "resourceVersionMatch", "limit"})
      EXPECT_EQ(request.query(weaker), "") << weaker;
    return std::nullopt;
  };
  EXPECT_TRUE(await(probe.client.list(kConfigMaps, "default", {})).ok());
}

TEST_F(ClientTest, a_page_token_that_expired_starts_the_list_again) {
  for (int i = 0; i < 7; ++i) put("item-" + std::to_string(i), "x");
  server->options.page_size = 3;
  int pages = 0;
  server->inject = [&](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    if (request.query("continue").empty() || ++pages != 2) return std::nullopt;
    return InjectedAnswer{410, {}, dump_json(simulation::failure(410, "Expired", "too old").body)};
  };
  EXPECT_EQ(await(probe.client.list(kConfigMaps, "default", {}))->raw_items.size(), 7u);
  EXPECT_EQ(pages, 4);
}

TEST_F(ClientTest, waits_as_long_as_the_server_asks_and_then_tries_again) {
  put("a", "1");
  int refused = 0;
  server->inject = [&](const HttpRequest&) -> std::optional<InjectedAnswer> {
    if (refused == 3) return std::nullopt;
    ++refused;
    return InjectedAnswer{429, {{"Retry-After", "2"}}, "slow down"};
  };
  const Duration before = world.time();
  EXPECT_TRUE(await(probe.client.get(kConfigMaps, key)).ok());
  EXPECT_GE(world.time() - before, Duration(6'000));
  EXPECT_EQ(refused, 3);
}

TEST_F(ClientTest, gives_up_after_ten_attempts_and_says_what_the_server_said) {
  int asked = 0;
  server->inject = [&](const HttpRequest&) {
    ++asked;
    return InjectedAnswer{503, {{"Retry-After", "1"}}, "etcd has no leader"};
  };
  const auto refused = await(probe.client.get(kConfigMaps, key));
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_NE(refused.error().message.find("etcd has no leader"), std::string::npos);
  EXPECT_EQ(asked, 10);
}

TEST_F(ClientTest, does_not_repeat_a_failure_that_carries_no_Retry_After) {
  int asked = 0;
  server->inject = [&](const HttpRequest&) {
    ++asked;
    return InjectedAnswer{500, {}, dump_json(simulation::failure(500, "InternalError", "boom").body)};
  };
  EXPECT_EQ(await(probe.client.create(kConfigMaps, config_map("a", "1"))).error().code,
            ErrorCode::Unavailable);
  EXPECT_EQ(asked, 1);
}

TEST_F(ClientTest, a_write_whose_answer_was_lost_is_an_error_though_it_happened) {
  world.set_faults([](const std::string&, const std::string&, const HttpRequest& request) {
    return request.method == "POST" ? simulation::Fault::ResponseLost : simulation::Fault::None;
  });
  EXPECT_EQ(await(probe.client.create(kConfigMaps, config_map("a", "1"))).error().code,
            ErrorCode::Unavailable);
  EXPECT_TRUE(await(probe.client.get(kConfigMaps, key)).ok());
}

TEST_F(ClientTest, silence_ends_in_DeadlineExceeded) {
  world.set_faults(
      [](const std::string&, const std::string&, const HttpRequest&) { return simulation::Fault::Hang; });
  EXPECT_EQ(await(probe.client.get(kConfigMaps, key)).error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(ClientTest, names_are_percent_encoded_into_the_path_and_say_who_asks) {
  std::string target, agent;
  server->inject = [&](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    target = request.target;
    agent = std::string(request.headers.get("User-Agent"));
    return std::nullopt;
  };
  const ListOptions options{"a in (b,c)", ""};
  ASSERT_TRUE(await(probe.client.list(kRoles, "x y/z", options)).ok());
  EXPECT_EQ(
      target,
      "/apis/rbac.authorization.k8s.io/v1/namespaces/x%20y%2Fz/roles?labelSelector=a%20in%20%28b%2Cc%29");
  EXPECT_EQ(agent.substr(0, 16), "llmops-operator/");
}

TEST_F(ClientTest, an_object_without_a_name_never_leaves) {
  const auto refused =
      await(probe.client.create(kConfigMaps, Json{{"metadata", {{"namespace", "default"}}}}));
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(server->requests, 0u);
}

}  // namespace
}  // namespace llmops::kube
