// Requests to the API server. Above the HTTP seam: the same client talks to a real kube-apiserver and to
// the simulated one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/resource.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::kube {

// Where the API server is and who we are. `credentials` is asked before every request, so that tokens and
// certificates may change under a running program.
struct Credentials {
  std::string bearer_token;  // empty: none
  std::shared_ptr<const TlsClient> tls;
};

struct ClientConfig {
  std::string host;
  std::uint16_t port = 443;
  std::string path_prefix;  // of a proxied server; usually empty
  std::string default_namespace = "default";
  std::function<Result<Credentials>()> credentials;
  std::string user_agent = "llmops-operator";
};

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
};

struct Preconditions {
  std::string uid;
  std::string resource_version;
};

// What a list answers; `raw_items` are the texts of the items, so that a projection need not build a tree.
struct ListResult {
  std::string resource_version;
  std::vector<std::string> raw_items;
};

struct WatchEvent {
  enum class Type { Added, Modified, Deleted, Bookmark, Error };
  Type type = Type::Error;
  std::string raw_object;  // the object's (or Status') text
};

// An open watch. next() returns Unavailable at a normal end of the stream.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual Task<Result<WatchEvent>> next() = 0;
};

// Error codes are those of the server's Status.reason. A write that got no answer returns DeadlineExceeded or
// Unavailable and may have happened: the caller observes again, it does not retry blindly. 429 and 5xx with
// Retry-After are retried here, as client-go does.
class Client {
 public:
  Client(Env& env, Transport& transport, ClientConfig config);
  ~Client();

  Task<Result<Json>> get(const ResourceType& type, const ObjectKey& key);
  // A quorum list (resourceVersion unset), paged until the end.
  Task<Result<ListResult>> list(const ResourceType& type, std::string ns, ListOptions options);
  Task<Result<Json>> create(const ResourceType& type, Json object);
  // PUT of the whole object with its metadata.resourceVersion.
  Task<Result<Json>> replace(const ResourceType& type, Json object);
  // PUT of a subresource: "status" or "scale".
  Task<Result<Json>> replace_subresource(const ResourceType& type, ObjectKey key, std::string subresource,
                                         Json object);
  // Background propagation. NotFound is an error like any other.
  Task<Result<void>> remove(const ResourceType& type, ObjectKey key, Preconditions preconditions);
  Task<Result<std::unique_ptr<Watch>>> watch(const ResourceType& type, std::string ns, ListOptions options,
                                             std::string resource_version);
  // GET of any path ("/openid/v1/jwks"), as text.
  Task<Result<std::string>> get_raw(std::string path);

  const ClientConfig& config() const { return config_; }
  Env& env() { return env_; }
  // Requests to the lease must not wait behind others: a client whose connections are its own.
  Client with_pool(std::string pool) const;

 private:
  // One request with credentials, user agent and the retries that the server asks for.
  Task<Result<HttpResponse>> exchange(HttpRequest request, ExchangeOptions options);
  Task<Result<Json>> send(HttpRequest request);
  Task<Result<std::string>> send_raw(HttpRequest request);

  Env& env_;
  Transport& transport_;
  ClientConfig config_;
  std::string pool_;
};

// kubeconfig from KUBECONFIG (list, first wins, relative paths), else ~/.kube/config; `context` empty:
// current.
Result<ClientConfig> load_kubeconfig(std::string_view context = {});
// The ServiceAccount mounted into the pod; the token file is read again every minute.
Result<ClientConfig> in_cluster_config(Env& env);
// in_cluster_config where KUBERNETES_SERVICE_HOST is set, else load_kubeconfig.
Result<ClientConfig> default_config(Env& env);

}  // namespace llmops::kube
