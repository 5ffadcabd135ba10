// The credentials that the kubelet mounts into every pod.
#pragma once

#include <cstdint>
#include <string>

#include "operator/kube/client.hpp"

namespace llmops::kube {

inline constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

// `folder` holds token, ca.crt and namespace. The token is read again every minute (the kubelet renews it at
// 80 % of its life) and the CA every five minutes; what cannot be read leaves the last good one in use.
// After client-go transport/token_source.go and transport/ca_rotation.go.
Result<ClientConfig> in_cluster_config_from(Env& env, std::string folder, std::string host,
                                            std::uint16_t port);

}  // namespace llmops::kube
