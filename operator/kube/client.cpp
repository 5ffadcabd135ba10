#include "operator/kube/client.hpp"

#include <utility>

#include "operator/kube/path.hpp"
#include "operator/kube/raw_json.hpp"
#include "operator/kube/status_error.hpp"
#include "operator/kube/watch.hpp"

namespace llmops::kube {
namespace {

constexpr int kMaxAttempts = 10;                    // client-go rest/with_retry.go
constexpr std::size_t kMaxObjectBytes = 16u << 20;  // etcd holds objects of 1.5 MiB; custom servers more
constexpr std::size_t kMaxListBytes = 512u << 20;   // 10,000 objects of 20 KiB and room
constexpr std::size_t kMaxDepth = 256;
constexpr Duration kWatchHeadTimeout{155'000};  // a proxy may hold the header until the first event
constexpr Duration kMinWatchTimeout{300'000};   // the server ends a watch after 5 to 10 minutes

std::string describe_request(const HttpRequest& request) {
  return request.method + " " + std::string(request.path());
}

bool may_be_retried(int status, const Headers& headers) {
  return (status == 429 || status >= 500) && retry_after_ms(headers) > 0;
}

ObjectKey key_of(const ResourceType& type, const Json& object) {
  return {type.namespaced ? string_at(object, "metadata.namespace") : std::string(),
          string_at(object, "metadata.name")};
}

Error needs_name(const ResourceType& type, std::string_view verb) {
  return Error{
      ErrorCode::InvalidArgument,
      std::string(verb) + " " + std::string(type.kind) +
          ": metadata.name (and metadata.namespace of a namespaced kind): found nothing, allowed a name"};
}

template <class T>
Task<Result<T>> answer(Error error) {
  co_return error;
}

bool names_one(const ResourceType& type, const ObjectKey& key) {
  return !key.name.empty() && (!type.namespaced || !key.ns.empty());
}

}  // namespace

Client::Client(Env& env, Transport& transport, ClientConfig config)
    : env_(env), transport_(transport), config_(std::move(config)), pool_("api") {}

Client::~Client() = default;

Client Client::with_pool(std::string pool) const {
  Client other(env_, transport_, config_);
  other.pool_ = std::move(pool);
  return other;
}

Task<Result<HttpResponse>> Client::exchange(HttpRequest request, ExchangeOptions options) {
  for (int attempt = 1;; ++attempt) {
    const Result<Credentials> credentials =
        config_.credentials ? config_.credentials() : Result<Credentials>(Credentials{});
    if (!credentials.ok()) co_return credentials.error();
    Peer peer;
    peer.host = config_.host;
    peer.port = config_.port;
    peer.tls = credentials->tls;
    peer.pool = pool_;
    HttpRequest sent = request;
    sent.target = config_.path_prefix + request.target;
    sent.headers.set("Accept", "application/json, */*;q=0.8");
    sent.headers.set("User-Agent", config_.user_agent + "/" LLMOPS_VERSION);
    if (!sent.body.empty()) sent.headers.set("Content-Type", "application/json");
    if (!credentials->bearer_token.empty())
      sent.headers.set("Authorization", "Bearer " + credentials->bearer_token);
    Result<HttpResponse> response = co_await transport_.exchange(peer, sent, options);
    if (!response.ok()) co_return with_context(response.error(), describe_request(request));
    if (!may_be_retried(response->status, response->headers) || attempt == kMaxAttempts) co_return response;
    const Duration wait = env_.jittered(Duration(retry_after_ms(response->headers)), 0.2);
    response->body.reset();
    const Result<void> slept = co_await env_.sleep(wait);
    if (!slept.ok()) co_return slept.error();
  }
}

Task<Result<std::string>> Client::send_raw(HttpRequest request) {
  const ExchangeOptions options;
  Result<HttpResponse> response = co_await exchange(request, options);
  if (!response.ok()) co_return response.error();
  const bool good = response->status >= 200 && response->status < 300;
  Result<std::string> body = co_await read_all(*response->body, good ? kMaxListBytes : kMaxObjectBytes);
  if (!body.ok()) co_return with_context(body.error(), describe_request(request));
  if (!good) co_return status_error(response->status, response->headers, *body, describe_request(request));
  co_return body;
}

Task<Result<Json>> Client::send(HttpRequest request) {
  const std::string what = describe_request(request);
  const Result<std::string> body = co_await send_raw(std::move(request));
  if (!body.ok()) co_return body.error();
  const JsonLimits limits{kMaxObjectBytes, kMaxDepth};
  Result<Json> parsed = parse_json(*body, limits);
  if (!parsed.ok()) co_return with_context(parsed.error(), what);
  co_return parsed;
}

Task<Result<Json>> Client::get(const ResourceType& type, const ObjectKey& key) {
  if (!names_one(type, key)) return answer<Json>(needs_name(type, "get"));
  return send(HttpRequest("GET", object_path(type, key)));
}

Task<Result<ListResult>> Client::list(const ResourceType& type, std::string ns, ListOptions options) {
  ListResult all;
  std::string next_page;
  bool restarted = false;
  for (;;) {
    const std::string query = query_string({{"labelSelector", options.label_selector},
                                            {"fieldSelector", options.field_selector},
                                            {"continue", next_page}});
    HttpRequest request("GET", collection_path(type, ns) + query);
    const Result<std::string> body = co_await send_raw(std::move(request));
    if (!body.ok()) {
      // A page token that has expired: once more from the start, as client-go's pager falls back to a full
      // list.
      if (body.error().code != ErrorCode::Expired || next_page.empty() || restarted) co_return body.error();
      restarted = true;
      all = ListResult();
      next_page.clear();
      continue;
    }
    const auto items = raw_member(*body, "items");
    const auto elements = items && *items != "null" ? raw_elements(*items) : std::vector<std::string_view>();
    if (!items || !elements)
      co_return Error{ErrorCode::Internal,
                      "list of " + std::string(type.plural) + ": the answer is not a list"};
    for (const auto element : *elements) all.raw_items.emplace_back(element);
    all.resource_version = raw_string_at(*body, {"metadata", "resourceVersion"});
    const auto metadata = raw_member(*body, "metadata").value_or("{}");
    next_page = raw_string_at(metadata, {"continue"});
    if (next_page.empty()) co_return all;
  }
}

Task<Result<Json>> Client::create(const ResourceType& type, Json object) {
  const ObjectKey key = key_of(type, object);
  if (!names_one(type, key)) return answer<Json>(needs_name(type, "create"));
  return send(HttpRequest("POST", collection_path(type, key.ns), {}, dump_json(object)));
}

Task<Result<Json>> Client::replace(const ResourceType& type, Json object) {
  const ObjectKey key = key_of(type, object);
  if (!names_one(type, key)) return answer<Json>(needs_name(type, "replace"));
  return send(HttpRequest("PUT", object_path(type, key), {}, dump_json(object)));
}

Task<Result<Json>> Client::replace_subresource(const ResourceType& type, ObjectKey key,
                                               std::string subresource, Json object) {
  if (!names_one(type, key)) return answer<Json>(needs_name(type, "replace " + subresource + " of"));
  return send(HttpRequest("PUT", object_path(type, key, subresource), {}, dump_json(object)));
}

Task<Result<void>> Client::remove(const ResourceType& type, ObjectKey key, Preconditions preconditions) {
  if (!names_one(type, key)) co_return needs_name(type, "delete");
  Json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  if (!preconditions.uid.empty()) options["preconditions"]["uid"] = preconditions.uid;
  if (!preconditions.resource_version.empty())
    options["preconditions"]["resourceVersion"] = preconditions.resource_version;
  HttpRequest request("DELETE", object_path(type, key), {}, dump_json(options));
  const Result<std::string> body = co_await send_raw(std::move(request));
  if (!body.ok()) co_return body.error();
  co_return Result<void>();
}

Task<Result<std::unique_ptr<Watch>>> Client::watch(const ResourceType& type, std::string ns,
                                                   ListOptions options, std::string resource_version) {
  const Duration limit = env_.jittered(kMinWatchTimeout, 1.0);
  const std::string query = query_string({{"watch", "1"},
                                          {"allowWatchBookmarks", "true"},
                                          {"timeoutSeconds", std::to_string(limit.count() / 1000)},
                                          {"resourceVersion", resource_version},
                                          {"labelSelector", options.label_selector},
                                          {"fieldSelector", options.field_selector}});
  HttpRequest request("GET", collection_path(type, ns) + query);
  ExchangeOptions exchange_options;
  exchange_options.head_timeout = kWatchHeadTimeout;
  exchange_options.idle_timeout = limit + Duration(10'000);
  exchange_options.reuse_connection = false;
  Result<HttpResponse> response = co_await exchange(request, exchange_options);
  if (!response.ok()) co_return response.error();
  if (response->status != 200) {
    const Result<std::string> body = co_await read_all(*response->body, kMaxObjectBytes);
    const std::string text = body.ok() ? *body : std::string();
    co_return status_error(response->status, response->headers, text, describe_request(request));
  }
  co_return make_watch(std::move(*response));
}

Task<Result<std::string>> Client::get_raw(std::string path) {
  return send_raw(HttpRequest("GET", std::move(path)));
}

}  // namespace llmops::kube
