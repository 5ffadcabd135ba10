#include "cli/cluster.hpp"

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/network.hpp"
#include "cli/value_names.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace llmops::cli {
namespace {

Result<kube::ClientConfig> read_config(const ClusterFlags& flags, Env& env) {
  if (!flags.kubeconfig.empty()) return kube::load_kubeconfig_files({flags.kubeconfig}, flags.context);
  auto config = kube::load_kubeconfig(flags.context);
  if (config || !flags.context.empty() || config.error().code != ErrorCode::NotFound) return config;
  auto own = kube::in_cluster_config(env);
  return own ? std::move(own) : std::move(config);
}

}  // namespace

void add_cluster_options(CLI::App& app, ClusterFlags& flags) {
  app.add_option("-n,--namespace", flags.ns, "namespace (default: that of the kubeconfig's context)")
      ->type_name(kNamespaceValue);
  app.add_option("--context", flags.context, "context of the kubeconfig (default: the current one)")
      ->type_name(kContextValue);
  app.add_option("--kubeconfig", flags.kubeconfig, "kubeconfig file (default: $KUBECONFIG or ~/.kube/config)")
      ->type_name(kFileValue);
}

Result<Cluster> find_cluster(const ClusterFlags& flags, Context& context) {
  if (!context.network) return Error{ErrorCode::Unavailable, "this program was started without a network"};
  auto config = read_config(flags, context.network->env);
  // A kubeconfig that is not there is a wrong call, not an object that does not exist.
  if (!config) return Error{ErrorCode::InvalidArgument, config.error().message};
  config->user_agent = "llmops";
  Cluster cluster{std::move(*config), flags.ns};
  if (cluster.ns.empty()) cluster.ns = cluster.config.default_namespace;
  return cluster;
}

int end_with_error(const Error& error, Context& context) {
  context.out << std::flush;
  context.err << "llmops: " << error.message << "\n" << std::flush;
  if (error.code == ErrorCode::NotFound) return kBad;
  return error.code == ErrorCode::InvalidArgument ? kUsage : kUnmeasured;
}

}  // namespace llmops::cli
