#include "operator/runtime/elector.hpp"

#include <algorithm>
#include <utility>

namespace llmops {
namespace {

constexpr double kRetryJitter =
    0.2;  // client-go waits retry_period × 1.0 to 2.2; less spread fails over sooner
constexpr Duration kShortestRequest{1'000};
constexpr int kReleaseAttempts = 3;

long long seconds(Duration duration) {
  return std::max<long long>(1, duration.count() / 1000);
}

}  // namespace

Elector::Elector(Env& env, kube::Client client, ElectorOptions options)
    : env_(env), client_(std::move(client)), options_(std::move(options)) {}

Duration Elector::remaining() const {
  if (!leading_) return Duration(0);
  return std::max(Duration(0), renewed_at_ + options_.renew_deadline - env_.uptime());
}

// One slow request must leave time for another before the deadline.
Duration Elector::request_limit() const {
  const Duration half = std::max(kShortestRequest, options_.renew_deadline / 2);
  return leading_ ? std::min(half, remaining()) : half;
}

void Elector::observe(const Json& lease) {
  // The whole object, version included: whatever changed, its holder is alive.
  std::string record = dump_json(lease);
  if (record != observed_record_) {
    observed_record_ = std::move(record);
    observed_at_ = env_.uptime();
  }
  lease_ = lease;
}

bool Elector::held_by_another() const {
  const std::string holder = string_at(lease_, "spec.holderIdentity");
  if (holder.empty() || holder == options_.identity) return false;
  const Duration promised(integer_at(lease_, "spec.leaseDurationSeconds") * 1000);
  return env_.uptime() <= observed_at_ + std::max(promised, options_.lease_duration);
}

Task<Result<bool>> Elector::write(Json lease) {
  const Duration sent_at = env_.uptime();
  const bool is_new = string_at(lease, "metadata.resourceVersion").empty();
  Task<Result<Json>> request = is_new ? client_.create(kube::kLeases, std::move(lease))
                                      : client_.replace(kube::kLeases, std::move(lease));
  Result<Json> written = co_await with_timeout(env_, request_limit(), std::move(request));
  if (!written.ok()) {
    lease_ = Json();  // it may have happened, or another wrote: look before the next attempt
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::Conflict || code == ErrorCode::AlreadyExists) co_return false;
    co_return written.error();
  }
  observe(*written);
  renewed_at_ = sent_at;
  co_return true;
}

Task<Result<bool>> Elector::try_acquire_or_renew() {
  if (lease_.is_null() || !leading_) {
    const kube::ObjectKey key{options_.ns, options_.name};
    Result<Json> found = co_await with_timeout(env_, request_limit(), client_.get(kube::kLeases, key));
    if (found.ok()) {
      observe(*found);
    } else if (found.error().code == ErrorCode::NotFound) {
      lease_ = Json();
    } else {
      co_return found.error();
    }
  }
  if (!lease_.is_null() && held_by_another()) co_return false;

  const std::string now = format_micro_time(env_.now());
  Json lease = lease_;
  if (lease.is_null()) {
    lease = {{"apiVersion", kube::kLeases.api_version()},
             {"kind", "Lease"},
             {"metadata", {{"namespace", options_.ns}, {"name", options_.name}}},
             {"spec", Json::object()}};
  }
  Json& spec = lease["spec"];
  if (string_at(spec, "holderIdentity") != options_.identity) {
    const bool had_holder = spec.contains("holderIdentity");
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = integer_at(spec, "leaseTransitions") + (had_holder ? 1 : 0);
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = seconds(options_.lease_duration);
  spec["renewTime"] = now;
  co_return co_await write(std::move(lease));
}

Task<void> Elector::run(std::function<void()> on_started) {
  for (;;) {
    Result<bool> held = co_await try_acquire_or_renew();
    if (!held.ok() && held.error().code == ErrorCode::Cancelled) co_return;
    if (held.ok() && *held && !leading_) {
      leading_ = true;
      on_started();
    }
    const bool taken = leading_ && !lease_.is_null() && held_by_another();
    if (leading_ && (taken || remaining() <= Duration(0))) {
      leading_ = false;
      co_return;
    }
    Duration pause = env_.jittered(options_.retry_period, kRetryJitter);
    if (leading_) pause = std::min(pause, remaining());
    const Result<void> slept = co_await env_.sleep(pause);
    if (!slept.ok()) co_return;
  }
}

Task<void> Elector::release() {
  if (!leading_) co_return;
  for (int attempt = 0; attempt < kReleaseAttempts && remaining() > Duration(0); ++attempt) {
    const kube::ObjectKey key{options_.ns, options_.name};
    Result<Json> found = co_await with_timeout(env_, request_limit(), client_.get(kube::kLeases, key));
    if (!found.ok() || string_at(*found, "spec.holderIdentity") != options_.identity) break;
    Json lease = *found;
    lease["spec"]["holderIdentity"] = "";
    lease["spec"]["leaseDurationSeconds"] = 1;
    lease["spec"]["renewTime"] = format_micro_time(env_.now());
    const Result<bool> written = co_await write(std::move(lease));
    if (written.ok() && *written) break;
  }
  leading_ = false;
}

}  // namespace llmops
