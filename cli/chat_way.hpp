// Ways from here to a gateway.
#pragma once

#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::cli {

struct ChatWay {
  std::string description;  // "the Service's address 10.96.184.163"
  Peer peer;
  std::string prefix;        // before "/v1/…"
  std::string bearer_token;  // of the API server, where it passes requests on; empty: none
};

// "http://127.0.0.1:8080" with or without "/v1". InvalidArgument names what is allowed.
Result<ChatWay> way_of_url(const std::string& url);

// In the order in which they are tried: the Service's address (its name where it has no address), then the
// API server's proxy. `service`: the Service as the API server has it.
std::vector<ChatWay> ways_to_service(const Json& service, const kube::ClientConfig& config,
                                     const kube::Credentials& credentials);

// The Service of "http://support-bot.shop.svc/v1"; empty when the URL is not of that form.
std::string service_of_url(const std::string& url);

// The `model` to send: `wanted` where GET /v1/models names it, else the only one. NotFound when it names none
// (a gateway is closed before the first release has served) or several others.
Result<std::string> choose_model(std::string_view models_body, const std::string& wanted);

}  // namespace llmops::cli
