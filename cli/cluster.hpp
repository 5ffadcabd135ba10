// Which cluster and which namespace a verb means, and how its errors end the program.
#pragma once

#include <string>

#include "cli/verb.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/client.hpp"

namespace llmops::cli {

struct ClusterFlags {
  std::string kubeconfig;  // empty: $KUBECONFIG, then ~/.kube/config, then the pod's own account
  std::string context;     // empty: the current one
  std::string ns;          // empty: the context's
};

// --kubeconfig, --context, -n.
void add_cluster_options(CLI::App& app, ClusterFlags& flags);

struct Cluster {
  kube::ClientConfig config;
  std::string ns;
};

// Errors: NotFound and InvalidArgument of the kubeconfig, Unavailable when the program has no network.
Result<Cluster> find_cluster(const ClusterFlags& flags, Context& context);

// The message on `err`. NotFound kBad, a wrong input kUsage, everything else (unreachable, no right)
// kUnmeasured.
int end_with_error(const Error& error, Context& context);

}  // namespace llmops::cli
