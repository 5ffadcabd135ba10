#include "tests/simulation/world/api_server.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/world/api_watch.hpp"
#include "tests/simulation/world/kinds.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;
using kube::ResourceType;

// A path of the API, taken apart.
struct Target {
  const ResourceType* type = nullptr;
  ObjectKey key;  // name empty: the collection; ns empty as well: all namespaces
  std::string subresource;
};

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    if (path.front() == '/') path.remove_prefix(1);
    const auto end = path.find('/');
    parts.push_back(percent_decode(path.substr(0, end)));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  return parts;
}

std::optional<Target> parse_target(const HttpRequest& request) {
  const std::vector<std::string> parts = parts_of(request.path());
  if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) return std::nullopt;
  const bool core = parts[0] == "api";
  std::size_t at = core ? 2 : 3;
  if (at >= parts.size()) return std::nullopt;
  Target target;
  if (parts[at] == "namespaces" && at + 2 < parts.size()) {
    target.key.ns = parts[at + 1];
    at += 2;
  }
  target.type = find_type(core ? "" : parts[1], parts[core ? 1 : 2], parts[at]);
  if (at + 1 < parts.size()) target.key.name = parts[at + 1];
  if (at + 2 < parts.size()) target.subresource = parts[at + 2];
  if (!target.type || at + 3 < parts.size()) return std::nullopt;
  return target;
}

// Items of built-in kinds come without kind and apiVersion, as from the real server.
const std::string& list_item(const ResourceType& type, const StoredObject& object) {
  return type.group == "llmops.dev" ? object.text() : object.untyped_text();
}

struct Answer {
  Answer(const Outcome& outcome) : status(outcome.status), text(outcome.body.text()) {}
  explicit Answer(std::string text_) : text(std::move(text_)) {}
  int status = 200;
  std::string text;
};

std::string key_of(const Json& object) {
  return string_at(object, "metadata.namespace") + "/" + string_at(object, "metadata.name");
}

Answer list(ApiServerState& state, const Target& target, const HttpRequest& request) {
  const auto selector = Selector::parse(request.query("labelSelector"), request.query("fieldSelector"));
  if (!selector.ok()) return failure(400, "BadRequest", selector.error().message);
  // A page token names the revision it belongs to and the last key that was given.
  const std::string token = request.query("continue");
  const auto slash = token.find('!');
  std::uint64_t revision = state.store.revision();
  if (!token.empty()) {
    revision = std::strtoull(token.c_str(), nullptr, 10);
    if (revision < state.store.oldest())
      return failure(410, "Expired",
                     "The provided continue parameter is too old to display a consistent list result.");
  }
  const std::size_t asked = std::strtoull(request.query("limit").c_str(), nullptr, 10);
  // Who asks for one name gets that object, without a look at what lies behind it.
  const bool one_name = request.query("fieldSelector").starts_with("metadata.name=");
  const std::size_t page_size = one_name ? 0 : asked > 0 ? asked : state.options.page_size;
  std::string items, last, more;
  std::size_t given = 0, remaining = 0;
  for (const StoredObject& object : state.store.list(*target.type, target.key.ns)) {
    if (!token.empty() && key_of(object) <= token.substr(slash + 1)) continue;
    // A full page has a next one wherever more objects are, also when none of them will match.
    if (page_size > 0 && given == page_size) {
      more = std::to_string(revision) + "!" + last;
      ++remaining;
      continue;
    }
    if (!selector->matches(object)) continue;
    items.append(given++ == 0 ? "" : ",").append(list_item(*target.type, object));
    last = key_of(object);
  }
  Json metadata = {{"resourceVersion", std::to_string(revision)}};
  // Lists of custom resources carry the member always; with a selector nobody knows how many remain.
  if (!more.empty() || target.type->group == "llmops.dev") metadata["continue"] = more;
  const bool selects = !request.query("labelSelector").empty() || !request.query("fieldSelector").empty();
  if (!more.empty() && !selects) metadata["remainingItemCount"] = remaining;
  return Answer("{\"apiVersion\":\"" + target.type->api_version() + "\",\"items\":[" + items +
                "],\"kind\":\"" + std::string(target.type->kind) +
                "List\",\"metadata\":" + dump_json(metadata) + "}");
}

Outcome unknown_path() {
  return failure(404, "NotFound", "the server could not find the requested resource");
}
Outcome not_allowed() {
  return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

Outcome remove(ApiServerState& state, const Target& target, const HttpRequest& request) {
  DeleteRequest options;
  if (!request.body.empty()) {
    const auto body = parse_json(request.body);
    if (!body.ok()) return failure(400, "BadRequest", body.error().message);
    options.uid = string_at(*body, "preconditions.uid");
    options.resource_version = string_at(*body, "preconditions.resourceVersion");
    if (find_path(*body, "gracePeriodSeconds"))
      options.grace_period_seconds = integer_at(*body, "gracePeriodSeconds");
  }
  return state.store.remove(*target.type, target.key, options);
}

Outcome write(ApiServerState& state, const Target& target, const HttpRequest& request) {
  auto body = parse_json(request.body);
  if (!body.ok()) return failure(400, "BadRequest", body.error().message);
  if (!body->is_object() || (body->contains("metadata") && !(*body)["metadata"].is_object()))
    return failure(400, "BadRequest", "the object provided is unrecognized");
  if (request.method == "POST") {
    if (!target.key.name.empty()) return not_allowed();
    const std::string ns = string_at(*body, "metadata.namespace", target.key.ns);
    if (ns != target.key.ns)
      return failure(400, "BadRequest",
                     "the namespace of the provided object does not match the namespace sent on the request");
    if (!ns.empty()) (*body)["metadata"]["namespace"] = ns;
    return state.store.create(*target.type, std::move(*body));
  }
  if (target.key.name.empty()) return not_allowed();
  const std::string name = string_at(*body, "metadata.name");
  if (name != target.key.name)
    return failure(400, "BadRequest",
                   name.empty() ? "name must be provided"
                                : "the name of the object (" + name +
                                      ") does not match the name on the URL (" + target.key.name + ")");
  const std::string ns = string_at(*body, "metadata.namespace", target.key.ns);
  if (ns != target.key.ns)
    return failure(400, "BadRequest",
                   "the namespace of the object (" + ns + ") does not match the namespace on the request (" +
                       target.key.ns + ")");
  if (target.subresource.empty()) return state.store.replace(*target.type, target.key, std::move(*body));
  if (target.subresource == "status" && has_status(*target.type))
    return state.store.replace_status(*target.type, target.key, std::move(*body));
  if (target.subresource == "scale" && has_scale(*target.type))
    return state.store.replace_scale(*target.type, target.key, *body);
  return unknown_path();
}

Answer answer(ApiServerState& state, const Target& target, const HttpRequest& request) {
  if (request.method == "GET") {
    if (target.key.name.empty()) return list(state, target, request);
    if (target.subresource == "scale" && has_scale(*target.type))
      return state.store.get_scale(*target.type, target.key);
    return state.store.get(*target.type, target.key);
  }
  if (request.method == "DELETE")
    return target.key.name.empty() ? not_allowed() : remove(state, target, request);
  if (request.method == "POST" || request.method == "PUT") return write(state, target, request);
  return not_allowed();
}

Task<void> send(ServerExchange& exchange, Answer answer) {
  Headers headers;
  headers.set("Content-Type", "application/json");
  const Result<void> sent =
      co_await exchange.respond(answer.status, std::move(headers), std::move(answer.text));
  (void)sent;
}

// Deletes what lost its owners a while after something changed, and once after the start.
Task<void> collect_garbage(Env& env, std::shared_ptr<ApiServerState> state) {
  for (;;) {
    const Result<void> slept = co_await env.sleep(env.jittered(state->options.garbage_delay / 4, 3.0));
    if (!slept.ok()) co_return;
    if (state->store.collect_garbage() > 0) continue;
    if (co_await env.wait(state->store.changed()) == Wake::Cancelled) co_return;
  }
}

class ApiServer final : public Program {
 public:
  ApiServer(SimEnv& env, Transport& transport, std::shared_ptr<ApiServerState> state) {
    ListenOptions listen;
    listen.port = state->options.port;
    listen.max_body_bytes = 3u << 20;
    state->open_watches = 0;
    auto served = transport.serve(
        listen, [&env, state](ServerExchange& exchange) { return answer_api(env, state, exchange); });
    server_ = std::move(served).value();
    if (state->options.garbage_collection) env.spawn("garbage collector", collect_garbage(env, state));
  }

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace

Task<void> answer_api(Env& env, std::shared_ptr<ApiServerState> state, ServerExchange& exchange) {
  ++state->requests;
  const HttpRequest& request = exchange.request();
  if (state->inject) {
    if (auto injected = state->inject(request)) {
      const Result<void> sent =
          co_await exchange.respond(injected->status, injected->headers, injected->body);
      (void)sent;
      co_return;
    }
  }
  const std::optional<Target> target = parse_target(request);
  if (!target) {
    co_await send(exchange, unknown_path());
    co_return;
  }
  if (request.method == "GET" && target->key.name.empty() && request.query("watch") == "1") {
    co_await serve_watch(env, state, *target->type, target->key.ns, exchange);
    co_return;
  }
  if (request.method == "GET" && target->key.name.empty() && !request.query("resourceVersion").empty() &&
      request.query("continue").empty())
    ++state->lists_not_by_quorum;
  Answer made = answer(*state, *target, request);
  co_await send(exchange, std::move(made));
}

std::shared_ptr<ApiServerState> add_api_server(World& world, ApiServerOptions options) {
  auto state = std::make_shared<ApiServerState>(world, options);
  world.add_process(options.name, [state](SimEnv& env, Transport& transport) -> std::unique_ptr<Program> {
    return std::make_unique<ApiServer>(env, transport, state);
  });
  return state;
}

kube::ClientConfig client_config(const ApiServerOptions& options) {
  kube::ClientConfig config;
  config.host = options.name;
  config.port = options.port;
  return config;
}

}  // namespace llmops::simulation
