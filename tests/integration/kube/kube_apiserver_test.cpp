// The runtime against a real kube-apiserver: what the simulated one and the release engine take for granted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "operator/kube/cache.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/real/loop.hpp"
#include "operator/runtime/elector.hpp"

namespace llmops::kube {
namespace {

using testing::HasSubstr;

// Fails, not skips, when there is no API server: a suite that did not run has proven nothing.
class RealApiServer : public testing::Test {
 protected:
  void SetUp() override {
    auto config = load_kubeconfig();
    ASSERT_TRUE(config.ok()) << config.error().message << "; bring a cluster up with: make cluster-up";
    client_.emplace(loop_.env(), loop_.transport(), *config);
    ns_ = "llmops-test-" + std::to_string(loop_.env().random() % 1'000'000'000);
    Json ns = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns_}}}};
    const auto created = await(client_->create(kNamespaces, ns));
    ASSERT_TRUE(created.ok()) << created.error().message;
  }
  void TearDown() override {
    if (client_) (void)await(client_->remove(kNamespaces, {"", ns_}, {}));
  }

  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    struct Run {
      static Task<void> into(Task<T> inner, std::optional<T>& target) {
        target.emplace(co_await std::move(inner));
      }
    };
    loop_.run_until_done("test", Run::into(std::move(task), result));
    return std::move(*result);
  }

  Json config_map(const std::string& name, const std::string& value) const {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"namespace", ns_}}},
            {"data", {{"v", value}}}};
  }

  Loop loop_;
  std::optional<Client> client_;
  std::string ns_;
};

TEST_F(RealApiServer, AnswersWritesWithTheCodesThatTheControllersDecideOn) {
  const auto created = await(client_->create(kConfigMaps, config_map("a", "1")));
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(await(client_->create(kConfigMaps, config_map("a", "2"))).error().code, ErrorCode::AlreadyExists);
  EXPECT_EQ(await(client_->get(kConfigMaps, {ns_, "none"})).error().code, ErrorCode::NotFound);

  Json changed = *created;
  changed["data"]["v"] = "2";
  ASSERT_TRUE(await(client_->replace(kConfigMaps, changed)).ok());
  EXPECT_EQ(await(client_->replace(kConfigMaps, changed)).error().code, ErrorCode::Conflict)
      << "an old resourceVersion";
  const Preconditions old{string_at(*created, "metadata.uid"),
                          string_at(*created, "metadata.resourceVersion")};
  EXPECT_EQ(await(client_->remove(kConfigMaps, {ns_, "a"}, old)).error().code, ErrorCode::Conflict);
}

TEST_F(RealApiServer, DoesNotRaiseTheVersionOfAWriteThatChangesNothing) {
  const auto created = await(client_->create(kConfigMaps, config_map("same", "1")));
  const auto again = await(client_->replace(kConfigMaps, *created));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(string_at(*again, "metadata.resourceVersion"), string_at(*created, "metadata.resourceVersion"));
}

TEST_F(RealApiServer, KeepsTheDataOfARecordAndLetsItBeAnnotated) {
  Json record = {{"apiVersion", "apps/v1"},
                 {"kind", "ControllerRevision"},
                 {"revision", 1},
                 {"data", {{"a", 1}}},
                 {"metadata", {{"name", "r"}, {"namespace", ns_}}}};
  auto created = await(client_->create(kControllerRevisions, record));
  ASSERT_TRUE(created.ok()) << created.error().message;
  (*created)["metadata"]["annotations"]["x"] = "y";
  created = await(client_->replace(kControllerRevisions, *created));
  ASSERT_TRUE(created.ok()) << created.error().message;
  (*created)["data"]["a"] = 2;
  EXPECT_FALSE(await(client_->replace(kControllerRevisions, *created)).ok());
}

TEST_F(RealApiServer, ScalesUnderAPrecondition) {
  Json pod = {{"metadata", {{"labels", {{"a", "b"}}}}},
              {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "localhost/none:1"}}})}}}};
  Json deployment = {
      {"apiVersion", "apps/v1"},
      {"kind", "Deployment"},
      {"metadata", {{"name", "d"}, {"namespace", ns_}}},
      {"spec", {{"replicas", 0}, {"selector", {{"matchLabels", {{"a", "b"}}}}}, {"template", pod}}}};
  const auto created = await(client_->create(kDeployments, deployment));
  ASSERT_TRUE(created.ok()) << created.error().message;
  Json scale = {{"apiVersion", "autoscaling/v1"},
                {"kind", "Scale"},
                {"metadata", {{"name", "d"}, {"namespace", ns_}, {"resourceVersion", "1"}}},
                {"spec", {{"replicas", 1}}}};
  EXPECT_EQ(await(client_->replace_subresource(kDeployments, {ns_, "d"}, "scale", scale)).error().code,
            ErrorCode::Conflict);
}

struct Seen {
  ObjectMeta meta;
  std::string value;
};

Result<Seen> project_seen(std::string_view raw) {
  auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  return Seen{parse_meta(*object), string_at(*object, "data.v")};
}

TEST_F(RealApiServer, IsFollowedByACacheThroughAdditionsChangesAndDeletions) {
  Cache<Seen> cache(kConfigMaps, ns_, {}, project_seen);
  std::vector<std::string> log;
  cache.listen([&](const auto& before, const auto& after) {
    const auto& object = after ? after : before;
    if (object->meta.name == "kube-root-ca.crt") return;
    log.push_back((before ? (after ? "changed " : "deleted ") : "added ") + object->meta.name + "=" +
                  object->value);
  });
  TaskHandle follow = loop_.env().spawn("cache", cache.run(*client_));
  struct Script {
    static Task<void> wait_for(Env& env, Cache<Seen>& cache, std::vector<std::string>& log,
                               std::size_t entries) {
      while (log.size() < entries)
        if (co_await env.wait(cache.progress(), Duration(10'000)) == Wake::TimedOut) co_return;
    }
    static Task<void> run(Env& env, Client& client, Cache<Seen>& cache, std::vector<std::string>& log,
                          Json first, Json second, TaskHandle& follow) {
      while (!cache.synced()) co_await env.wait(cache.progress(), Duration(10'000));
      auto created = co_await client.create(kConfigMaps, std::move(first));
      co_await wait_for(env, cache, log, 1);
      second["metadata"]["resourceVersion"] = string_at(*created, "metadata.resourceVersion");
      const ObjectKey key = parse_meta(second).key();
      (void)co_await client.replace(kConfigMaps, std::move(second));
      co_await wait_for(env, cache, log, 2);
      (void)co_await client.remove(kConfigMaps, key, {});
      co_await wait_for(env, cache, log, 3);
      follow.cancel();
      co_await follow.join();
    }
  };
  loop_.run_until_done("script", Script::run(loop_.env(), *client_, cache, log, config_map("a", "1"),
                                             config_map("a", "2"), follow));
  EXPECT_THAT(log, testing::ElementsAre("added a=1", "changed a=2", "deleted a=2"));
}

TEST_F(RealApiServer, LetsOneOfTwoElectorsLeadAndTheOtherTakeOverAReleasedLease) {
  ElectorOptions options;
  options.ns = ns_;
  options.retry_period = Duration(100);
  options.identity = "first";
  Elector first(loop_.env(), *client_, options);
  options.identity = "second";
  Elector second(loop_.env(), *client_, options);
  bool first_led = false, second_led = false;
  Notify led;
  TaskHandle one = loop_.env().spawn("first", first.run([&] {
    first_led = true;
    led.notify_all();
  }));
  struct Script {
    static Task<void> run(Env& env, Elector& a, Elector& b, TaskHandle& one, Notify& led, bool& first_led,
                          bool& second_led) {
      while (!first_led) co_await env.wait(led, Duration(10'000));
      TaskHandle two = env.spawn("second", b.run([&] {
        second_led = true;
        led.notify_all();
      }));
      EXPECT_FALSE(b.leading());
      one.cancel();
      co_await one.join();
      co_await a.release();
      while (!second_led)
        if (co_await env.wait(led, Duration(20'000)) == Wake::TimedOut) break;
      EXPECT_TRUE(b.leading());
      two.cancel();
      co_await two.join();
    }
  };
  loop_.run_until_done("script", Script::run(loop_.env(), first, second, one, led, first_led, second_led));
  EXPECT_TRUE(second_led);
}

}  // namespace
}  // namespace llmops::kube
