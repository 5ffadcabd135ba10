#include "operator/kube/in_cluster.hpp"

#include <charconv>
#include <cstdlib>
#include <utility>

#include "operator/kube/kubeconfig.hpp"

namespace llmops::kube {
namespace {

constexpr Duration kTokenPeriod{60'000};
constexpr Duration kAuthorityPeriod{300'000};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The mounted files as last read.
class Mounted {
 public:
  Mounted(Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  Result<Credentials> current() {
    const Duration now = env_.uptime();
    if (current_.bearer_token.empty() || now - token_read_at_ >= kTokenPeriod) {
      token_read_at_ = now;
      const Result<std::string> text = read_file(folder_ + "/token");
      const std::string token = text.ok() ? trimmed(*text) : std::string();
      if (!token.empty()) current_.bearer_token = token;
    }
    if (!current_.tls || now - authority_read_at_ >= kAuthorityPeriod) {
      authority_read_at_ = now;
      const Result<std::string> pem = read_file(folder_ + "/ca.crt");
      if (pem.ok() && !pem->empty() && (!current_.tls || current_.tls->ca_pem != *pem)) {
        TlsClient tls;
        tls.ca_pem = *pem;
        current_.tls = std::make_shared<const TlsClient>(std::move(tls));
      }
    }
    if (current_.bearer_token.empty() || !current_.tls)
      return Error{ErrorCode::Unauthorized, "no ServiceAccount token or ca.crt in " + folder_};
    return current_;
  }

 private:
  Env& env_;
  std::string folder_;
  Credentials current_;
  Duration token_read_at_{0};
  Duration authority_read_at_{0};
};

}  // namespace

Result<ClientConfig> in_cluster_config_from(Env& env, std::string folder, std::string host,
                                            std::uint16_t port) {
  auto mounted = std::make_shared<Mounted>(env, folder);
  const Result<Credentials> first = mounted->current();
  if (!first.ok()) return first.error();
  ClientConfig config;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  config.host = std::move(host);
  config.port = port;
  const Result<std::string> ns = read_file(folder + "/namespace");
  if (ns.ok() && !trimmed(*ns).empty()) config.default_namespace = trimmed(*ns);
  config.credentials = [mounted] { return mounted->current(); };
  return config;
}

Result<ClientConfig> in_cluster_config(Env& env) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port_text = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !*host)
    return Error{ErrorCode::NotFound, "KUBERNETES_SERVICE_HOST is not set: this is no pod of a cluster"};
  std::uint16_t port = 443;
  const std::string_view text = port_text ? port_text : "";
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (!text.empty() && (code != std::errc{} || end != text.data() + text.size() || port == 0))
    return Error{ErrorCode::InvalidArgument,
                 "KUBERNETES_SERVICE_PORT: found \"" + std::string(text) + "\", allowed 1 to 65535"};
  return in_cluster_config_from(env, kServiceAccountFolder, host, port);
}

Result<ClientConfig> default_config(Env& env) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  return host && *host ? in_cluster_config(env) : load_kubeconfig();
}

}  // namespace llmops::kube
