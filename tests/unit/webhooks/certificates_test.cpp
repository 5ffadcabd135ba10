#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "operator/kube/kubeconfig.hpp"
#include "tests/simulation/world/probe.hpp"
#include "webhooks/certificates/rotator.hpp"

namespace llmops::certificates {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Timestamp kNow = *parse_timestamp("2026-11-21T09:00:00Z");
const std::vector<std::string> kNames{"webhook.llmops-system.svc"};

Keys fresh(Timestamp now = kNow, const Periods& periods = {}) {
  auto made = carried_out(Action::MakeAll, {}, kNames, now, periods);
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *made;
}

Keys after(Action action, const Keys& keys, Timestamp now) {
  auto made = carried_out(action, keys, kNames, now, {});
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *made;
}

Action action_of(const Keys& keys, std::optional<Duration> seen_for, Timestamp now) {
  return next_step(keys, seen_for, now, {}).action;
}

TEST(Certificates, AreOfTheAuthorityForTheNamesAndTimesAsked) {
  const Keys keys = fresh();
  EXPECT_TRUE(is_pair(*keys.authority));
  EXPECT_TRUE(is_pair(*keys.server));
  EXPECT_TRUE(signed_by(keys.server->certificate_pem, keys.authority->certificate_pem));
  EXPECT_FALSE(signed_by(keys.server->certificate_pem, fresh().authority->certificate_pem));
  EXPECT_FALSE(is_pair({keys.server->certificate_pem, keys.authority->key_pem}));
  EXPECT_EQ(read_validity(keys.server->certificate_pem)->until, kNow + hours(24 * 365));
  EXPECT_EQ(read_validity(keys.authority->certificate_pem)->until, kNow + hours(24 * 3650));
  EXPECT_FALSE(read_validity("nonsense").ok());
}

TEST(Certificates, OfAServerNeverOutliveTheirAuthority) {
  Periods periods;
  periods.authority = hours(24);
  EXPECT_EQ(read_validity(fresh(kNow, periods).server->certificate_pem)->until, kNow + hours(24));
}

TEST(Keys, TravelThroughASecret) {
  Keys keys = after(Action::RenewAuthority, fresh(), kNow);
  keys = after(Action::RenewServer, keys, kNow);
  Json secret;
  write_keys(keys, secret);
  const Keys read = read_keys(secret);
  EXPECT_EQ(bundle_of(read), bundle_of(keys));
  EXPECT_EQ(read.server->certificate_pem, keys.server->certificate_pem);
  EXPECT_EQ(read.old_until, keys.old_until);
  secret["data"]["tls.key"] = kube::encode_base64("nonsense");
  EXPECT_FALSE(read_keys(secret).server) << "a pair that does not fit is none";
  EXPECT_FALSE(read_keys(Json()).authority);
}

TEST(NextStep, MakesEverythingWhereNothingIsAndPublishesItBeforeAnythingElse) {
  EXPECT_EQ(action_of({}, std::nullopt, kNow), Action::MakeAll);
  EXPECT_EQ(action_of(fresh(), std::nullopt, kNow), Action::Publish);
  EXPECT_EQ(action_of(fresh(), Duration(0), kNow), Action::Wait);
}

TEST(NextStep, ReplacesAnAuthorityThatHasExpiredAndACertificateThatIsLost) {
  EXPECT_EQ(action_of(fresh(), seconds(60), kNow + hours(24 * 3650)), Action::MakeAll);
  Keys keys = fresh();
  keys.server.reset();
  EXPECT_EQ(action_of(keys, seconds(60), kNow), Action::RenewServer);
  keys.server = fresh().server;
  EXPECT_EQ(action_of(keys, seconds(60), kNow), Action::RenewServer) << "of an authority that nobody trusts";
}

TEST(NextStep, RenewsTheCertificateNinetyDaysBeforeItsEnd) {
  const Keys keys = fresh();
  EXPECT_EQ(action_of(keys, seconds(60), kNow + hours(24 * 275) - seconds(1)), Action::Wait);
  EXPECT_EQ(action_of(keys, seconds(60), kNow + hours(24 * 275)), Action::RenewServer);
}

TEST(NextStep, ShowsACertificateOfANewAuthorityOnlyWhenBothHaveBeenTrustedForAWhile) {
  const Timestamp due = kNow + hours(24 * 3560);
  Keys keys = after(Action::RenewServer, fresh(), due - hours(24 * 200));
  ASSERT_EQ(action_of(keys, seconds(60), due), Action::RenewAuthority);
  const std::string old = keys.authority->certificate_pem;
  const Timestamp old_end = read_validity(keys.server->certificate_pem)->until;
  keys = after(Action::RenewAuthority, keys, due);
  EXPECT_EQ(bundle_of(keys), keys.authority->certificate_pem + old);
  EXPECT_EQ(action_of(keys, std::nullopt, due), Action::Publish);
  EXPECT_EQ(action_of(keys, seconds(29), due), Action::Wait);
  ASSERT_EQ(action_of(keys, seconds(30), due), Action::RenewServer);
  keys = after(Action::RenewServer, keys, due);
  EXPECT_TRUE(signed_by(keys.server->certificate_pem, keys.authority->certificate_pem));
  EXPECT_EQ(keys.old_until, old_end);
  EXPECT_EQ(action_of(keys, seconds(60), old_end - seconds(1)), Action::Wait) << "others may show it still";
  ASSERT_EQ(action_of(keys, seconds(60), old_end), Action::DropOld);
  keys = after(Action::DropOld, keys, old_end);
  EXPECT_EQ(bundle_of(keys), keys.authority->certificate_pem);
}

// A replica in the simulated cluster.
struct Replica {
  Replica(simulation::Probe& probe, const Periods& periods)
      : rotator(probe.env, kube::Client(probe.env, probe.transport, simulation::client_config()),
                RotatorOptions{{"llmops-system", "keys"}, "llmops-operator", kNames, periods, nullptr},
                [this](const CertificatePair& pair) { used.push_back(pair.certificate_pem); }) {
    probe.env.spawn("rotator", rotator.run());
  }
  std::vector<std::string> used;
  Rotator rotator;
};

TEST(Rotator, TwoReplicasAgreeAndAtAllTimesTheConfigurationTrustsWhatBothShow) {
  simulation::World world;
  auto server = simulation::add_api_server(world);
  ASSERT_TRUE(server->store
                  .create(kube::kValidatingWebhookConfigurations,
                          {{"metadata", {{"name", "llmops-operator"}}},
                           {"webhooks", {{{"name", "a"}, {"clientConfig", {{"service", Json::object()}}}}}}})
                  .ok());
  Periods periods;
  periods.authority = seconds(60);
  periods.server = seconds(30);
  periods.refresh = seconds(10);
  periods.settle = seconds(3);
  periods.look = seconds(2);
  simulation::Probe& probe = simulation::add_probe(world, "one");
  Replica one(probe, periods);
  Replica two(simulation::add_probe(world, "two"), periods);
  const auto bundle = [&]() -> std::string {
    const auto found = server->store.find(kube::kValidatingWebhookConfigurations, {"", "llmops-operator"});
    return found ? *kube::decode_base64(string_at(*found, "webhooks.0.clientConfig.caBundle")) : "";
  };
  ASSERT_TRUE(world.run_until([&] { return !bundle().empty() && !one.used.empty() && !two.used.empty(); },
                              seconds(30)));
  std::set<std::string> bundles;
  for (int second = 0; second < 300; ++second) {
    world.run_for(seconds(1));
    bundles.insert(bundle());
    for (const auto* replica : {&one, &two}) {
      bool trusted = false;
      const std::string all = bundle();
      for (std::size_t at = 0; (at = all.find("-----BEGIN", at)) != std::string::npos; ++at)
        trusted = trusted || signed_by(replica->used.back(), all.substr(at));
      EXPECT_TRUE(trusted) << "second " << second;
      EXPECT_GT(read_validity(replica->used.back())->until, probe.env.now()) << "second " << second;
    }
  }
  EXPECT_GE(bundles.size(), 6u) << "three authorities, each published beside the one before and alone";
  EXPECT_EQ(one.used.back(), two.used.back());
}

}  // namespace
}  // namespace llmops::certificates
