#include "tests/integration/conformance/player.hpp"

#include <map>
#include <memory>
#include <utility>

#include "operator/kube/path.hpp"
#include "tests/integration/conformance/objects.hpp"

namespace llmops::conformance {
namespace {

using kube::ObjectKey;
using kube::ResourceType;

constexpr const char* kForeignUid = "11111111-2222-4333-8444-555555555555";
constexpr const char* kOldVersion = "1";
constexpr const char* kLastName = "zz-last";  // the object that ends every watch
constexpr Duration kPatience{20'000};
constexpr int kMostPages = 20;

struct OpenWatch {
  std::size_t log = 0;
  std::unique_ptr<kube::Watch> watch;
};

class Player {
 public:
  Player(Side& side, std::vector<std::string> namespaces)
      : side_(side), client_(side.env, side.transport, side.config) {
    transcript_.namespaces = std::move(namespaces);
  }
  Task<void> run(const Program& program);
  Transcript take() { return std::move(transcript_); }

 private:
  Task<void> perform(const Operation& operation);
  Task<void> list(const Operation& operation);
  Task<void> open_watch(const Operation& operation);
  Task<void> end_watches();
  Task<void> read_to_the_end(OpenWatch& open);
  Task<void> ask(const Operation& operation, const ResourceType* answered, HttpRequest request);
  HttpRequest request_of(const Operation& operation) const;
  std::string body_of(const Operation& operation) const;
  Json removal_of(const Operation& operation) const;
  long long other_replicas(const Operation& operation) const;
  void set_identity(const Operation& operation, Json& metadata) const;
  void apply_edit(const Operation& operation, Json& object) const;
  void remember(const ResourceType& type, const Answer& answer);

  std::string ns_of(const Operation& operation) const {
    return operation.ns == 2 ? "" : transcript_.namespaces[static_cast<std::size_t>(operation.ns)];
  }
  ObjectKey key_of(const Operation& operation) const {
    return {ns_of(operation), object_name(operation.name)};
  }
  // What was seen of this object, oldest first.
  const std::vector<Json>* seen(const Operation& operation) const {
    const auto it = seen_.find({operation.type->plural, key_of(operation)});
    return it == seen_.end() || it->second.empty() ? nullptr : &it->second;
  }
  std::string known_version(const Operation& operation) const;
  std::string known_uid(const Operation& operation) const;

  Side& side_;
  kube::Client client_;
  Transcript transcript_;
  std::map<std::pair<std::string_view, ObjectKey>, std::vector<Json>> seen_;
  std::vector<std::string> versions_;  // of all answers
  std::vector<OpenWatch> open_;
};

std::string Player::known_version(const Operation& operation) const {
  const auto* versions = seen(operation);
  if (operation.version == Known::None) return {};
  if (!versions) return operation.version == Known::Last ? "" : kOldVersion;
  if (operation.version == Known::Last) return string_at(versions->back(), "metadata.resourceVersion");
  const std::string old = string_at(versions->front(), "metadata.resourceVersion");
  return old == string_at(versions->back(), "metadata.resourceVersion") ? kOldVersion : old;
}

std::string Player::known_uid(const Operation& operation) const {
  if (operation.uid == Known::None) return {};
  if (operation.uid == Known::Old) return kForeignUid;
  const auto* versions = seen(operation);
  return versions ? string_at(versions->back(), "metadata.uid") : "";
}

void Player::set_identity(const Operation& operation, Json& metadata) const {
  const std::string version = known_version(operation), uid = known_uid(operation);
  metadata["name"] = object_name(operation.name);
  metadata["namespace"] = ns_of(operation);
  metadata.erase("resourceVersion");
  metadata.erase("uid");
  if (!version.empty()) metadata["resourceVersion"] = version;
  if (!uid.empty()) metadata["uid"] = uid;
}

void Player::apply_edit(const Operation& operation, Json& object) const {
  Json& metadata = object["metadata"];
  const std::string value = "v" + std::to_string(operation.value);
  switch (operation.edit) {
    case Edit::Nothing:
      break;
    case Edit::Label:
      metadata["labels"]["x"] = value;
      break;
    case Edit::NoLabel:
      if (metadata.contains("labels")) metadata["labels"].erase("x");
      break;
    case Edit::Annotation:
      metadata["annotations"]["llmops.dev/note"] = value;
      break;
    case Edit::Content:
      set_content(*operation.type, object, operation.value);
      break;
    case Edit::Finalizer:
      metadata["finalizers"] = Json::array({"llmops.dev/test"});
      break;
    case Edit::NoFinalizer:
      metadata.erase("finalizers");
      break;
    case Edit::Owner:
      metadata["ownerReferences"] = Json::array({{{"apiVersion", "v1"},
                                                  {"kind", "ConfigMap"},
                                                  {"name", "owner"},
                                                  {"uid", kForeignUid},
                                                  {"controller", true},
                                                  {"blockOwnerDeletion", true}}});
      break;
  }
}

// Creates begin with the plain object; replacements with what was last seen, as a controller's do.
std::string Player::body_of(const Operation& operation) const {
  const auto* versions = seen(operation);
  Json object =
      operation.verb == Verb::Replace && versions ? versions->back() : plain_object(*operation.type);
  if (operation.verb == Verb::Create || !versions)
    object["metadata"] = {{"labels", {{"made-by", "conformance"}}}};
  if (*operation.type == kube::kEvents && operation.verb == Verb::Create)
    object["regarding"]["namespace"] = ns_of(operation);
  if (operation.value == 1) object["metadata"].erase("managedFields");
  apply_edit(operation, object);
  set_identity(operation, object["metadata"]);
  return dump_json(object);
}

Json Player::removal_of(const Operation& operation) const {
  Json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  const std::string version = known_version(operation), uid = known_uid(operation);
  if (!uid.empty()) options["preconditions"]["uid"] = uid;
  if (!version.empty()) options["preconditions"]["resourceVersion"] = version;
  return options;
}

// Never what it is: the first write of /scale enters managedFields, which are not simulated, and so makes a
// version though nothing else changes.
long long Player::other_replicas(const Operation& operation) const {
  const auto* versions = seen(operation);
  const long long now = versions ? integer_at(versions->back(), "spec.replicas") : 1;
  const long long wanted = is_ours(*operation.type) ? operation.value + 1 : operation.value;
  return wanted == now ? wanted + 1 : wanted;
}

HttpRequest Player::request_of(const Operation& operation) const {
  const ResourceType& type = *operation.type;
  const ObjectKey key = key_of(operation);
  switch (operation.verb) {
    case Verb::Create:
      return HttpRequest("POST", kube::collection_path(type, key.ns), {}, body_of(operation));
    case Verb::Replace:
      return HttpRequest("PUT", kube::object_path(type, key), {}, body_of(operation));
    case Verb::ReplaceStatus: {
      Json object = {{"apiVersion", type.api_version()},
                     {"kind", type.kind},
                     {"metadata", Json::object()},
                     {"status", status_of(type, operation.value)}};
      set_identity(operation, object["metadata"]);
      return HttpRequest("PUT", kube::object_path(type, key, "status"), {}, dump_json(object));
    }
    case Verb::ReplaceScale: {
      Json scale = {{"apiVersion", "autoscaling/v1"},
                    {"kind", "Scale"},
                    {"metadata", Json::object()},
                    {"spec", {{"replicas", other_replicas(operation)}}}};
      set_identity(operation, scale["metadata"]);
      return HttpRequest("PUT", kube::object_path(type, key, "scale"), {}, dump_json(scale));
    }
    case Verb::GetScale:
      return HttpRequest("GET", kube::object_path(type, key, "scale"));
    case Verb::Remove:
      return HttpRequest("DELETE", kube::object_path(type, key), {}, dump_json(removal_of(operation)));
    default:
      return HttpRequest("GET", kube::object_path(type, key));
  }
}

void Player::remember(const ResourceType& type, const Answer& answer) {
  const std::string version = string_at(answer.body, "metadata.resourceVersion");
  if (answer.status >= 300 || version.empty()) return;
  versions_.push_back(version);
  const ObjectKey key{string_at(answer.body, "metadata.namespace"), string_at(answer.body, "metadata.name")};
  std::vector<Json>& known = seen_[{type.plural, key}];
  if (string_at(answer.body, "kind") == type.kind) {
    known.push_back(answer.body);
  } else if (string_at(answer.body, "kind") == "Scale" && !known.empty()) {
    Json scaled = known.back();
    scaled["metadata"].erase("managedFields");  // they are from before
    scaled["metadata"]["resourceVersion"] = version;
    scaled["spec"]["replicas"] = integer_at(answer.body, "spec.replicas");
    known.push_back(std::move(scaled));
  }
}

Task<void> Player::ask(const Operation& operation, const ResourceType* answered, HttpRequest request) {
  Answer answer = co_await send(side_, answered, std::move(request));
  answer.request = operation.to_string();
  remember(*operation.type, answer);
  transcript_.answers.push_back(std::move(answer));
}

Task<void> Player::list(const Operation& operation) {
  const Selectors& chosen = selectors()[static_cast<std::size_t>(operation.selector)];
  std::string next_page;
  for (int page = 0; page < kMostPages; ++page) {
    const std::string query =
        kube::query_string({{"labelSelector", chosen.labels},
                            {"fieldSelector", chosen.fields},
                            {"limit", operation.limit > 0 ? std::to_string(operation.limit) : ""},
                            {"continue", next_page}});
    co_await ask(operation, operation.type,
                 HttpRequest("GET", kube::collection_path(*operation.type, ns_of(operation)) + query));
    next_page = string_at(transcript_.answers.back().body, "metadata.continue");
    if (next_page.empty()) co_return;
  }
}

Task<void> Player::open_watch(const Operation& operation) {
  const Selectors& chosen = selectors()[static_cast<std::size_t>(operation.selector)];
  if (versions_.empty()) {
    Operation first = operation;
    first.verb = Verb::List;
    co_await list(first);
  }
  const std::string from = versions_.empty() ? kOldVersion : versions_[operation.mark % versions_.size()];
  auto watch =
      co_await client_.watch(*operation.type, ns_of(operation), {chosen.labels, chosen.fields}, from);
  WatchLog log{operation.to_string(), operation.type, {}};
  if (watch.ok()) {
    open_.push_back({transcript_.watches.size(), std::move(*watch)});
  } else {
    log.events.push_back({std::string(to_string(watch.error().code)), Json()});
  }
  transcript_.watches.push_back(std::move(log));
}

Task<void> Player::read_to_the_end(OpenWatch& open) {
  static constexpr const char* kTypes[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
  WatchLog& log = transcript_.watches[open.log];
  for (;;) {
    Task<Result<kube::WatchEvent>> reading = open.watch->next();
    auto event = co_await with_timeout(side_.env, kPatience, std::move(reading));
    if (!event.ok()) {
      log.events.push_back({std::string(to_string(event.error().code)), Json()});
      co_return;
    }
    if (event->type == kube::WatchEvent::Type::Bookmark) continue;
    auto object = parse_json(event->raw_object);
    log.events.push_back({kTypes[static_cast<int>(event->type)], object.ok() ? std::move(*object) : Json()});
    if (string_at(log.events.back().object, "metadata.name") == kLastName) co_return;
  }
}

Task<void> Player::end_watches() {
  std::map<std::string_view, bool> made;
  for (const OpenWatch& open : open_) {
    const ResourceType& type = *transcript_.watches[open.log].type;
    if (std::exchange(made[type.plural], true)) continue;
    Json last = plain_object(type);
    last["metadata"] = {{"name", kLastName},
                        {"namespace", transcript_.namespaces[0]},
                        {"labels", {{"made-by", "conformance"}, {"x", "v0"}}}};
    if (type == kube::kEvents) last["regarding"]["namespace"] = transcript_.namespaces[0];
    HttpRequest request("POST", kube::collection_path(type, transcript_.namespaces[0]), {}, dump_json(last));
    Answer answer = co_await send(side_, &type, std::move(request));
    answer.request = "create the last of " + std::string(type.plural);
    transcript_.answers.push_back(std::move(answer));
  }
  for (OpenWatch& open : open_) co_await read_to_the_end(open);
  open_.clear();
}

Task<void> Player::perform(const Operation& operation) {
  if (operation.verb == Verb::Watch) return open_watch(operation);
  if (operation.verb == Verb::List) return list(operation);
  return ask(operation, operation.type, request_of(operation));
}

Task<void> Player::run(const Program& program) {
  for (const Operation& operation : program.operations) co_await perform(operation);
  co_await end_watches();
}

}  // namespace

Task<Answer> send(Side& side, const ResourceType* type, HttpRequest request) {
  Answer answer;
  answer.type = type;
  const Result<kube::Credentials> credentials =
      side.config.credentials ? side.config.credentials() : Result<kube::Credentials>(kube::Credentials{});
  Peer peer;
  peer.host = side.config.host;
  peer.port = side.config.port;
  peer.pool = "conformance";
  if (credentials.ok()) peer.tls = credentials->tls;
  request.headers.set("Accept", "application/json, */*;q=0.8");
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  const ExchangeOptions options;
  Result<HttpResponse> response = co_await side.transport.exchange(peer, request, options);
  if (!response.ok()) {
    answer.body = response.error().message;
    co_return answer;
  }
  answer.status = response->status;
  const Result<std::string> text = co_await read_all(*response->body, 16u << 20);
  if (!text.ok()) co_return answer;
  const JsonLimits limits{16u << 20, 256};
  auto parsed = parse_json(*text, limits);
  answer.body = parsed.ok() ? std::move(*parsed) : Json(*text);
  co_return answer;
}

Task<Transcript> play(Side& side, const Program& program, std::vector<std::string> namespaces) {
  Player player(side, std::move(namespaces));
  co_await player.run(program);
  co_return player.take();
}

}  // namespace llmops::conformance
