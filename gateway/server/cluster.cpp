#include "gateway/server/cluster.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::gateway {
namespace {

constexpr JsonLimits kObjectLimits{4u << 20, 64};

Result<std::string> data_of(const Json& config_map, const kube::ObjectKey& name, const char* key) {
  if (const Json* data = find_path(config_map, "data"); data && data->is_object())
    if (const auto text = data->find(key); text != data->end() && text->is_string())
      return text->get<std::string>();
  return Error{ErrorCode::InvalidArgument, "ConfigMap " + name.to_string() + ": found no key " + key};
}

}  // namespace

Result<ConfigObject> project_config(std::string_view raw_object) {
  const auto object = parse_json(raw_object, kObjectLimits);
  if (!object.ok()) return object.error();
  ConfigObject config;
  config.meta = kube::parse_meta(*object);
  auto text = data_of(*object, config.meta.key(), "config.json");
  if (!text.ok()) return text.error();
  config.text = std::move(*text);
  return config;
}

Result<EngineSlice> project_slice(std::string_view raw_object) {
  const auto object = parse_json(raw_object, kObjectLimits);
  if (!object.ok()) return object.error();
  EngineSlice slice;
  slice.meta = kube::parse_meta(*object);
  slice.serving_hash = slice.meta.label(names::kServingHash);
  const std::string family = string_at(*object, "addressType");
  const Json* endpoints = find_path(*object, "endpoints");
  if (!endpoints || !endpoints->is_array() || (family != "IPv4" && family != "IPv6")) return slice;
  for (const Json& endpoint : *endpoints) {
    EndpointAddress address;
    address.pod_uid = string_at(endpoint, "targetRef.uid");
    address.ip = string_at(endpoint, "addresses.0");
    // An absent condition means ready (discovery/v1).
    address.ready = bool_at(endpoint, "conditions.ready", true);
    address.terminating = bool_at(endpoint, "conditions.terminating", false);
    const bool serving = bool_at(endpoint, "conditions.serving", address.ready);
    if (address.terminating && !serving) continue;
    if (!address.pod_uid.empty() && !address.ip.empty()) slice.addresses.push_back(std::move(address));
  }
  return slice;
}

std::vector<EndpointAddress> merge_slices(const std::vector<std::shared_ptr<const EngineSlice>>& slices) {
  std::map<std::string, EndpointAddress> by_uid;
  for (const auto& slice : slices)
    for (const EndpointAddress& address : slice->addresses) {
      const auto [known, added] = by_uid.emplace(address.pod_uid, address);
      const bool v4 = address.ip.find(':') == std::string::npos;
      if (!added && v4 && known->second.ip.find(':') != std::string::npos) known->second = address;
    }
  std::vector<EndpointAddress> merged;
  for (auto& [uid, address] : by_uid) merged.push_back(std::move(address));
  return merged;
}

ClusterSource::ClusterSource(Env& env, kube::Client& client, Gateway& gateway, std::string ns,
                             std::string model_deployment)
    : env_(env),
      client_(client),
      gateway_(gateway),
      ns_(std::move(ns)),
      name_(model_deployment + "-gateway"),
      configs_(kube::kConfigMaps, ns_, kube::ListOptions{{}, "metadata.name=" + name_}, project_config),
      slices_(kube::kEndpointSlices, ns_,
              kube::ListOptions{std::string(names::kModelDeployment) + "=" + model_deployment, {}},
              project_slice) {
  configs_.listen([this](const auto&, const auto& after) {
    // A ConfigMap that was deleted leaves the last configuration in force.
    if (!after) return;
    pending_ = after->text;
    changed_.notify_all();
  });
  slices_.add_index("serving-hash",
                    [](const EngineSlice& slice) { return std::vector<std::string>{slice.serving_hash}; });
  slices_.listen([this](const auto& before, const auto& after) {
    if (before && (!after || before->serving_hash != after->serving_hash)) slice_changed(*before);
    if (after) slice_changed(*after);
  });
  configs_.on_error(
      [this](const kube::ObjectKey&, const Error& error) { watch_failed("configuration", error); });
  slices_.on_error(
      [this](const kube::ObjectKey&, const Error& error) { watch_failed("EndpointSlices", error); });
  configs_.on_failure([this](const Error& error) { watch_failed("configuration", error); });
  slices_.on_failure([this](const Error& error) { watch_failed("EndpointSlices", error); });
}

void ClusterSource::watch_failed(const char* what, const Error& error) {
  Json fields = Json::object();
  fields["what"] = what;
  fields["error"] = error.message;
  gateway_.log().warning("watch failed", std::move(fields));
}

void ClusterSource::slice_changed(const EngineSlice& slice) {
  if (slice.serving_hash.empty()) return;
  gateway_.on_endpoints(slice.serving_hash,
                        merge_slices(slices_.by_index("serving-hash", slice.serving_hash)));
}

Task<void> ClusterSource::run() {
  Duration retry = kFirstRetry;
  bool read = false;
  TaskHandle slices = env_.spawn("endpointslices", slices_.run(client_));
  TaskHandle configs;
  for (;;) {
    Result<void> done;
    const std::optional<std::string> text = std::exchange(pending_, std::nullopt);
    if (!read) {
      done = co_await read_config();
      if (done.ok()) {
        read = true;
        configs = env_.spawn("configuration", configs_.run(client_));
        continue;
      }
    } else if (text) {
      done = co_await apply(*text);
      if (!done.ok() && !pending_) pending_ = text;
    }
    if (done.ok()) {
      retry = kFirstRetry;
      if (!pending_ && co_await env_.wait(changed_) == Wake::Cancelled) break;
      continue;
    }
    if (done.error().code == ErrorCode::Cancelled) break;
    Json fields = Json::object();
    fields["configMap"] = ns_ + "/" + name_;
    fields["error"] = done.error().message;
    gateway_.log().warning("configuration not taken", std::move(fields));
    // A newer one may come while this one is waited for.
    if (co_await env_.wait(changed_, env_.jittered(retry, 0.3)) == Wake::Cancelled) break;
    retry = std::min(retry * 2, kLongestRetry);
  }
  slices.cancel();
  configs.cancel();
  co_await slices.join();
  co_await configs.join();
}

Task<Result<void>> ClusterSource::read_config() {
  const kube::ObjectKey key{ns_, name_};
  const auto object = co_await client_.get(kube::kConfigMaps, key);
  if (!object.ok()) co_return object.error();
  auto text = data_of(*object, key, "config.json");
  if (!text.ok()) co_return text.error();
  co_return co_await apply(std::move(*text));
}

Task<Result<void>> ClusterSource::apply(std::string text) {
  auto parsed = parse_json(text, kObjectLimits);
  if (!parsed.ok()) co_return with_context(parsed.error(), "config.json");
  auto config = wire::GatewayConfig::parse(*parsed);
  if (!config.ok()) co_return with_context(config.error(), "config.json");
  // What is older than what is in force needs no bodies: they may be gone.
  if (gateway_.router().configured() && config->epoch < gateway_.router().epoch()) {
    const RevisionBodies none;
    co_return gateway_.on_config(*config, none);
  }
  RevisionBodies bodies;
  std::map<std::string, wire::RevisionBody> kept;
  for (const wire::GatewayModel& model : config->models)
    for (const wire::GatewayRevision& revision : model.revisions) {
      auto found = co_await body(revision.body.config_map, revision.body.digest);
      if (!found.ok()) co_return with_context(found.error(), "body of revision " + short_hash(revision.hash));
      bodies[revision.hash] = *found;
      kept[revision.body.digest] = std::move(*found);
    }
  auto taken = gateway_.on_config(*config, bodies);
  if (taken.ok()) bodies_ = std::move(kept);
  co_return taken;
}

Task<Result<wire::RevisionBody>> ClusterSource::body(std::string config_map, std::string digest) {
  if (const auto known = bodies_.find(digest); known != bodies_.end()) co_return known->second;
  const kube::ObjectKey key{ns_, config_map};
  const auto object = co_await client_.get(kube::kConfigMaps, key);
  if (!object.ok()) co_return object.error();
  const auto content = data_of(*object, key, "body.json");
  if (!content.ok()) co_return content.error();
  if (const std::string found = sha256_hex(*content); found != digest)
    co_return Error{ErrorCode::Conflict, "ConfigMap " + key.to_string() + ": found digest " +
                                             short_hash(found) + ", the configuration names " +
                                             short_hash(digest)};
  auto parsed = parse_json(*content, kObjectLimits);
  if (!parsed.ok()) co_return with_context(parsed.error(), key.to_string() + ": body.json");
  co_return wire::RevisionBody::parse(*parsed);
}

}  // namespace llmops::gateway
