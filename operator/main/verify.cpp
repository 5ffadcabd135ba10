#include "operator/main/verify.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"

namespace llmops {
namespace {

constexpr int kAttempts = 15;
constexpr Duration kBetween{2'000};
constexpr std::size_t kMaxBytes = 4096;

// Empty: it is ready.
Task<std::string> ask_operator(Transport& transport, std::string host, std::uint16_t port) {
  Peer peer;
  peer.host = host;
  peer.port = port;
  ExchangeOptions options;
  options.connect_timeout = options.head_timeout = options.idle_timeout = Duration(2'000);
  const HttpRequest request("GET", "/readyz");
  const std::string who = "operator at " + host + ":" + std::to_string(port);
  auto response = co_await transport.exchange(peer, request, options);
  if (!response.ok()) co_return who + ": " + response.error().message;
  auto body = co_await read_all(*response->body, kMaxBytes);
  if (response->status == 200) co_return "";
  co_return who + ": /readyz answers " + std::to_string(response->status) + (body.ok() ? ": " + *body : "");
}

// The kinds that the API server does not serve, or why it cannot be asked.
Task<std::vector<std::string>> ask_api_server(kube::Client& client) {
  std::vector<std::string> problems;
  auto text = co_await client.get_raw("/apis/" + std::string(names::kApiVersion));
  if (!text.ok()) {
    problems.push_back("API server: " + std::string(names::kApiVersion) + ": " + text.error().message);
    co_return problems;
  }
  const auto found = parse_json(*text);
  const Json* resources = found.ok() ? find_path(*found, "resources") : nullptr;
  for (const auto& type : {kube::kModelDeployments, kube::kPromptVersions, kube::kGuardrails,
                           kube::kEvalGates, kube::kEvalRuns}) {
    const bool served =
        resources && resources->is_array() && std::ranges::any_of(*resources, [&](const Json& resource) {
          return string_at(resource, "name") == type.plural;
        });
    if (!served)
      problems.push_back("API server: " + std::string(type.plural) + "." + std::string(type.group) +
                         " is not served; are the CRDs of this version installed?");
  }
  co_return problems;
}

}  // namespace

Task<std::vector<std::string>> verify(Env& env, Transport& transport, kube::ClientConfig config,
                                      std::string host, std::uint16_t port) {
  kube::Client client(env, transport, std::move(config));
  std::vector<std::string> problems;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) {
      const auto slept = co_await env.sleep(kBetween);
      if (!slept.ok()) break;
    }
    problems = co_await ask_api_server(client);
    std::string unready = co_await ask_operator(transport, host, port);
    if (!unready.empty()) problems.push_back(std::move(unready));
    if (problems.empty()) break;
  }
  co_return problems;
}

}  // namespace llmops
