#include "cli/cluster_words.hpp"

#include <map>

#include "cli/network.hpp"
#include "cli/release.hpp"
#include "cli/value_names.hpp"
#include "operator/kube/kubeconfig.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {
namespace {

constexpr Duration kPatience{2'000};

std::vector<Word> contexts(const ClusterFlags& flags) {
  const auto paths = flags.kubeconfig.empty() ? kube::kubeconfig_paths() : std::vector{flags.kubeconfig};
  const auto names = kube::contexts_of_kubeconfig_files(paths);
  std::vector<Word> words;
  if (names)
    for (const std::string& name : *names) words.push_back({name, ""});
  return words;
}

std::string description_of(const Release& release) {
  const auto& status = release.status;
  if (!status.phase) return "not seen by the operator yet";
  return std::string(to_string(*status.phase)) +
         (status.step && *status.step != "-" ? ", step " + *status.step : "");
}

std::vector<Word> model_deployments(const kube::ListResult& list) {
  std::vector<Word> words;
  for (const std::string& raw : list.raw_items) {
    const auto object = parse_json(raw);
    if (!object) continue;
    const auto release = read_release(*object);
    words.push_back({kube::parse_meta(*object).name, release ? description_of(*release) : ""});
  }
  return words;
}

std::vector<Word> namespaces(const kube::ListResult& list) {
  std::vector<Word> words;
  for (const std::string& raw : list.raw_items)
    if (const auto object = parse_json(raw)) words.push_back({kube::parse_meta(*object).name, ""});
  return words;
}

// The latest first.
std::vector<Word> revisions(const Release& release) {
  std::map<std::int64_t, std::string, std::greater<>> known;
  const auto& status = release.status;
  if (status.stable) known.emplace(status.stable->revision, "stable");
  if (status.candidate) known.emplace(status.candidate->revision, "candidate");
  for (const auto& entry : status.history)
    known.emplace(entry.revision,
                  std::string(to_string(entry.outcome)) + ", changed " + parts_text(entry.changed));
  std::vector<Word> words;
  for (const auto& [revision, description] : known) words.push_back({std::to_string(revision), description});
  return words;
}

template <class T>
Result<T> ask(Context& context, Task<Result<T>> question) {
  Network& network = *context.network;
  return wait_for(network, with_timeout(network.env, kPatience, std::move(question)));
}

}  // namespace

std::vector<Word> words_of_cluster(std::string_view value, const ClusterFlags& flags, const std::string& name,
                                   Context& context) {
  if (value == kContextValue) return contexts(flags);
  const bool of_list = value == kModelDeploymentValue || value == kNamespaceValue;
  if (!of_list && (value != kRevisionValue || name.empty())) return {};
  auto cluster = find_cluster(flags, context);
  if (!cluster) return {};
  const std::string ns = cluster->ns;
  kube::Client client(context.network->env, context.network->transport, std::move(cluster->config));
  if (value == kRevisionValue) {
    const auto release = ask(context, get_release(client, {ns, name}));
    return release ? revisions(*release) : std::vector<Word>();
  }
  const bool asks_namespaces = value == kNamespaceValue;
  const auto listed = ask(context, asks_namespaces ? client.list(kube::kNamespaces, "", {})
                                                   : client.list(kube::kModelDeployments, ns, {}));
  if (!listed) return {};
  return asks_namespaces ? namespaces(*listed) : model_deployments(*listed);
}

}  // namespace llmops::cli
