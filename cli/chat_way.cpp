#include "cli/chat_way.hpp"

#include "operator/kube/kubeconfig.hpp"
#include "operator/kube/path.hpp"

namespace llmops::cli {
namespace {

constexpr std::uint16_t kServicePort = 80;

}  // namespace

Result<ChatWay> way_of_url(const std::string& url) {
  kube::ClientConfig parsed;
  const auto secure = kube::parse_server_url(url, parsed);
  if (!secure) return with_context(secure.error(), "--url");
  ChatWay way;
  way.description = url;
  way.peer.host = parsed.host;
  way.peer.port = parsed.port;
  if (*secure) way.peer.tls = std::make_shared<const TlsClient>();
  way.prefix = parsed.path_prefix;
  if (way.prefix.ends_with("/v1")) way.prefix.resize(way.prefix.size() - 3);
  return way;
}

std::vector<ChatWay> ways_to_service(const Json& service, const kube::ClientConfig& config,
                                     const kube::Credentials& credentials) {
  const std::string name = string_at(service, "metadata.name");
  const std::string ns = string_at(service, "metadata.namespace");
  const std::string address = string_at(service, "spec.clusterIP");
  const auto port = static_cast<std::uint16_t>(integer_at(service, "spec.ports.0.port", kServicePort));
  std::vector<ChatWay> ways;

  ChatWay direct;
  direct.peer.host = address.empty() || address == "None" ? name + "." + ns + ".svc" : address;
  direct.peer.port = port;
  direct.description = "the Service's address " + direct.peer.host + ":" + std::to_string(port);
  ways.push_back(std::move(direct));

  ChatWay proxied;
  proxied.description = "the API server's proxy";
  proxied.peer.host = config.host;
  proxied.peer.port = config.port;
  proxied.peer.tls = credentials.tls;
  proxied.prefix = config.path_prefix + kube::object_path(kube::kServices, {ns, name}) + ":" +
                   std::to_string(port) + "/proxy";
  proxied.bearer_token = credentials.bearer_token;
  ways.push_back(std::move(proxied));
  return ways;
}

std::string service_of_url(const std::string& url) {
  const std::string_view text = url;
  if (!text.starts_with("http://")) return {};
  const std::string_view host = text.substr(7, text.find_first_of("/:", 7) - 7);
  return std::string(host.substr(0, host.find('.')));
}

Result<std::string> choose_model(std::string_view models_body, const std::string& wanted) {
  auto parsed = parse_json(models_body);
  const Json* data = parsed ? find_path(*parsed, "data") : nullptr;
  if (!data || !data->is_array())
    return Error{ErrorCode::InvalidArgument,
                 "GET /v1/models: found no list of models: this is not a gateway"};
  std::string names;
  for (const Json& model : *data) {
    const std::string id = string_at(model, "id");
    if (id == wanted) return id;
    names += (names.empty() ? "" : ", ") + id;
  }
  if (data->size() == 1) return names;
  return Error{ErrorCode::NotFound, data->empty() ? "the gateway is not open to users yet"
                                                  : "found no model " + wanted + ", allowed " + names};
}

}  // namespace llmops::cli
