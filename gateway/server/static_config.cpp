#include "gateway/server/static_config.hpp"

#include <utility>

namespace llmops::gateway {
namespace {

Result<EndpointAddress> parse_endpoint(const Json& entry, const FieldPath& path) {
  EndpointAddress address;
  address.ip = string_at(entry, "ip");
  if (address.ip.empty()) return field_error(path.member("ip"), "nothing", "an IP address");
  const long long port = integer_at(entry, "port");
  if (port < 0 || port > 65'535) return field_error(path.member("port"), std::to_string(port), "1 to 65535");
  address.port = static_cast<std::uint16_t>(port);
  address.pod_uid = string_at(entry, "podUID", address.ip + ":" + std::to_string(port));
  return address;
}

}  // namespace

Result<StaticConfig> parse_static_config(std::string_view text) {
  auto document = parse_json(text);
  if (!document.ok()) return document.error();
  const FieldPath root;
  const Json* config = find_path(*document, "config");
  if (!config) return field_error(root.member("config"), "nothing", "a gatewayconfig/v1");
  const FieldPath config_path = root.member("config");
  auto parsed = wire::GatewayConfig::parse(*config, config_path);
  if (!parsed.ok()) return parsed.error();
  StaticConfig result;
  result.config = std::move(*parsed);
  if (const Json* bodies = find_path(*document, "bodies"); bodies && bodies->is_array()) {
    const FieldPath list = root.member("bodies");
    for (std::size_t i = 0; i < bodies->size(); ++i) {
      auto body = wire::RevisionBody::parse((*bodies)[i], list.index(i));
      if (!body.ok()) return body.error();
      const std::string hash = body->hash;
      result.bodies.emplace(hash, std::move(*body));
    }
  }
  if (const Json* endpoints = find_path(*document, "endpoints"); endpoints && endpoints->is_array()) {
    const FieldPath list = root.member("endpoints");
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
      const FieldPath path = list.index(i);
      auto address = parse_endpoint((*endpoints)[i], path);
      if (!address.ok()) return address.error();
      const std::string hash = string_at((*endpoints)[i], "servingHash");
      if (hash.empty())
        return field_error(path.member("servingHash"), "nothing", "the serving hash of its revision");
      result.endpoints[hash].push_back(std::move(*address));
    }
  }
  if (const Json* jwks = find_path(*document, "jwks")) result.jwks = dump_json(*jwks);
  return result;
}

}  // namespace llmops::gateway
