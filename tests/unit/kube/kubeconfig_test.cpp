#include "operator/kube/kubeconfig.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "operator/kube/in_cluster.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops::kube {
namespace {

struct Kubeconfig : ::testing::Test {
  std::filesystem::path folder;

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kubeconfig-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::filesystem::remove_all(folder);
    ::unsetenv("KUBECONFIG");
  }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
};

constexpr const char* kBasic = R"(
apiVersion: v1
kind: Config
unknown: [1, 2]
current-context: one
clusters:
- name: c1
  cluster: {server: "https://10.0.0.1:6443/prefix/", certificate-authority: ca.pem, tls-server-name: kubernetes}
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: team}
users:
- name: u1
  user: {token: " secret "}
)";

TEST_F(Kubeconfig, reads_server_authority_namespace_and_token) {
  write("ca.pem", "PEM");
  const auto config = load_kubeconfig_files({write("config", kBasic)});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->host, "10.0.0.1");
  EXPECT_EQ(config->port, 6443);
  EXPECT_EQ(config->path_prefix, "/prefix");
  EXPECT_EQ(config->default_namespace, "team");
  const auto credentials = config->credentials();
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(credentials->bearer_token, "secret");
  EXPECT_EQ(credentials->tls->ca_pem, "PEM");
  EXPECT_EQ(credentials->tls->server_name, "kubernetes");
}

TEST_F(Kubeconfig, of_several_files_the_first_wins_and_paths_are_relative_to_their_own_file) {
  write("first/ca.pem", "FIRST");
  write("second/ca.pem", "SECOND");
  const std::string first = write("first/config", R"(
clusters: [{name: shared, cluster: {server: "https://first", certificate-authority: ca.pem}}]
users: [{name: u, user: {token: first}}]
)");
  const std::string second = write("second/config", R"(
current-context: from-second
clusters:
- {name: shared, cluster: {server: "https://second"}}
- {name: own, cluster: {server: "https://own:1", certificate-authority: ca.pem}}
contexts:
- {name: from-second, context: {cluster: shared, user: u}}
- {name: other, context: {cluster: own, user: u}}
users: [{name: u, user: {token: second}}]
)");
  ::setenv("KUBECONFIG", (first + ":" + (folder / "missing").string() + "::" + second).c_str(), 1);
  const auto current = load_kubeconfig();
  ASSERT_TRUE(current.ok()) << current.error().message;
  EXPECT_EQ(current->host, "first");
  EXPECT_EQ(current->port, 443);
  EXPECT_EQ(current->credentials()->bearer_token, "first");
  EXPECT_EQ(current->credentials()->tls->ca_pem, "FIRST");
  const auto other = load_kubeconfig("other");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->host, "own");
  EXPECT_EQ(other->credentials()->tls->ca_pem, "SECOND");
}

TEST_F(Kubeconfig, data_beats_files_and_certificates_come_in_pairs) {
  const auto config = load_kubeconfig_files({write("config", R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://[fd00::1]:6443", certificate-authority-data: UEVN, certificate-authority: /nowhere, insecure-skip-tls-verify: true}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]
)")});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->host, "fd00::1");
  const auto tls = config->credentials()->tls;
  EXPECT_EQ(tls->ca_pem, "PEM");
  EXPECT_EQ(tls->certificate_pem, "CERT");
  EXPECT_EQ(tls->key_pem, "KEY");
  EXPECT_TRUE(tls->insecure_skip_verify);
  const auto half = load_kubeconfig_files({write("half", R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://a"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {client-key-data: S0VZ}}]
)")});
  EXPECT_EQ(half.error().code, ErrorCode::InvalidArgument);
}

TEST_F(Kubeconfig, a_token_file_beats_the_token_and_is_read_again_and_survives_its_absence) {
  const std::string token = write("token", "one\n");
  const auto config = load_kubeconfig_files({write("config", R"(
current-context: x
clusters: [{name: c, cluster: {server: "http://localhost:8001"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: fixed, tokenFile: token}}]
)")});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->credentials()->bearer_token, "one");
  EXPECT_EQ(config->credentials()->tls, nullptr);
  write("token", "two");
  EXPECT_EQ(config->credentials()->bearer_token, "two");
  std::filesystem::remove(token);
  EXPECT_EQ(config->credentials()->bearer_token, "two");
}

TEST_F(Kubeconfig, says_what_is_missing_and_what_there_is) {
  const std::string path = write("config", kBasic);
  EXPECT_EQ(load_kubeconfig_files({path}, "two").error().message,
            "kubeconfig: contexts: found \"two\", allowed one");
  EXPECT_EQ(load_kubeconfig_files({"/nowhere"}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(load_kubeconfig_files({path}).error().code, ErrorCode::NotFound) << "ca.pem is missing";
  EXPECT_EQ(load_kubeconfig_files({write("odd", "a: [")}).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(load_kubeconfig_files({write("list", "[]")}).error().code, ErrorCode::InvalidArgument);
}

TEST_F(Kubeconfig, never_runs_a_program) {
  const auto config = load_kubeconfig_files({write("config", R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://a"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {exec: {command: touch}}}]
)")});
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("found exec"), std::string::npos);
}

TEST(ServerUrl, is_taken_apart_and_refused_with_what_was_found) {
  ClientConfig config;
  for (const char* odd : {"", "10.0.0.1", "ftp://x", "https://", "https://x:0", "https://x:70000",
                          "https://[::1", "https://x:1y"})
    EXPECT_FALSE(parse_server_url(odd, config).ok()) << odd;
  EXPECT_EQ(*parse_server_url("http://x", config), false);
  EXPECT_EQ(config.port, 80);
}

TEST(Base64, decodes_what_is_base64_only) {
  EXPECT_EQ(*decode_base64("aGVs\nbG8="), "hello");
  EXPECT_EQ(*decode_base64(""), "");
  for (const char* odd : {"a", "a=b", "aGVsb*8="}) EXPECT_FALSE(decode_base64(odd).ok()) << odd;
}

struct InCluster : Kubeconfig {
  simulation::World world;
  simulation::Probe& probe = simulation::add_probe(world);
};

TEST_F(InCluster, reads_the_token_again_every_minute_and_keeps_the_last_good_one) {
  write("token", "one");
  write("ca.crt", "CA");
  write("namespace", "llmops\n");
  const auto config = in_cluster_config_from(probe.env, folder.string(), "[fd00::1]", 443);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->host, "fd00::1");
  EXPECT_EQ(config->default_namespace, "llmops");
  write("token", "two");
  EXPECT_EQ(config->credentials()->bearer_token, "one");
  world.run_for(Duration(60'000));
  EXPECT_EQ(config->credentials()->bearer_token, "two");
  write("token", "");
  world.run_for(Duration(60'000));
  EXPECT_EQ(config->credentials()->bearer_token, "two");
}

TEST_F(InCluster, a_new_authority_is_a_new_value_so_that_old_connections_are_not_reused) {
  write("token", "one");
  write("ca.crt", "CA");
  const auto config = in_cluster_config_from(probe.env, folder.string(), "10.0.0.1", 443);
  const auto before = config->credentials()->tls;
  world.run_for(std::chrono::minutes(5));
  EXPECT_EQ(config->credentials()->tls, before);
  write("ca.crt", "NEW");
  world.run_for(std::chrono::minutes(5));
  EXPECT_EQ(config->credentials()->tls->ca_pem, "NEW");
}

TEST_F(InCluster, says_what_is_not_mounted) {
  EXPECT_EQ(in_cluster_config_from(probe.env, folder.string(), "10.0.0.1", 443).error().code,
            ErrorCode::Unauthorized);
}

}  // namespace
}  // namespace llmops::kube
