// What is counted and written of a model exchange when it has ended.
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/server/model_exchange.hpp"

namespace llmops::gateway {

Headers ModelExchange::answer_headers(const char* content_type) const {
  Headers headers{{"content-type", content_type}, {"x-request-id", request_id_}};
  if (request_.stream) headers.add("cache-control", "no-cache");
  if (!decision_.revision) return headers;
  headers.add("x-llmops-revision", std::to_string(decision_.revision->ordinal));
  headers.add("x-llmops-revision-hash", short_hash(decision_.revision->hash));
  headers.add("x-llmops-arm", decision_.arm);
  headers.add("x-llmops-epoch", std::to_string(decision_.epoch));
  if (session_) headers.add("x-llmops-guardrails", record_.header(decision_.revision->guardrails));
  return headers;
}

Headers ModelExchange::good_headers(const char* content_type) {
  Headers headers = answer_headers(content_type);
  Env& env = gateway_.env();
  if (const std::string id = gateway_.router().feedback_id(id_, env.random(), env.now()); !id.empty())
    headers.add("x-llmops-feedback-id", id);
  return headers;
}

void ModelExchange::account() {
  const Duration took = gateway_.env().uptime() - arrived_;
  const std::string revision = decision_.revision ? decision_.revision->hash : std::string();
  GatewayMetrics& metrics = gateway_.metrics();
  if (status_ == 0) metrics.count_client_gone();
  if (status_ != 0) metrics.count_request(decision_.arm, revision, status_);
  if (outcome_ == Outcome::Blocked && status_ != 0) metrics.count_blocked(decision_.arm, revision);
  if (status_ == 200) {
    metrics.observe_duration(decision_.arm, revision, took);
    metrics.count_tokens(decision_.arm, revision, usage_);
    if (first_token_) metrics.observe_first_token(decision_.arm, revision, *first_token_);
  }
  if (gateway_.options().access_log) log_access(took);
  if (!session_) return;
  // First, so that what the rules for the log find counts too.
  Json texts = texts_for_log();
  metrics.guards().count(record_, session_->scanned());
  if (gateway_.options().audit_log) log_guardrails(std::move(texts));
}

void ModelExchange::log_access(Duration took) const {
  Json fields = Json::object();
  fields["requestId"] = request_id_;
  fields["path"] = std::string(surface_.path());
  fields["status"] = status_;
  fields["arm"] = decision_.arm;
  fields["revision"] = short_hash(decision_.revision ? decision_.revision->hash : std::string());
  fields["epoch"] = decision_.epoch;
  fields["bucket"] = decision_.bucket;
  fields["stream"] = request_.stream;
  fields["milliseconds"] = took.count();
  fields["inputTokens"] = usage_.input;
  fields["outputTokens"] = usage_.output;
  if (session_) fields["guardrails"] = std::string(guard::to_string(record_.decision()));
  if (decision_.endpoint) fields["pod"] = decision_.endpoint->address.pod_uid;
  gateway_.log().info("request", std::move(fields));
}

// No text is written that the rules for the log have not seen.
Json ModelExchange::texts_for_log() {
  Json texts = Json::object();
  for (const auto& [place, text] : log_texts_) {
    guard::CheckOptions options;
    options.detectors_later = true;  // an outside service is not asked for a line of a log
    const guard::Outcome outcome = session_->check(guard::Stage::Log, text, options);
    for (const guard::Finding& finding : outcome.findings)
      record_.found(GuardRecord::Side::Request, guard::Stage::Log, finding);
    texts[place] = outcome.decision >= guard::Decision::Fallback ? "[withheld]" : outcome.text;
  }
  return texts;
}

void ModelExchange::log_guardrails(Json texts) const {
  Json fields = Json::object();
  fields["requestId"] = request_id_;
  fields["revision"] = short_hash(decision_.revision->hash);
  fields["decision"] = std::string(guard::to_string(record_.decision()));
  fields["findings"] = record_.findings();
  Json endings = Json::array();
  for (const GuardRecord::Ending& ending : record_.endings())
    endings.push_back({{"guardrail", ending.guardrail},
                       {"rule", ending.rule},
                       {"stage", std::string(api::to_string(ending.stage))},
                       {"decision", std::string(guard::to_string(ending.decision))}});
  fields["endings"] = std::move(endings);
  Json scans = Json::array();
  for (const guard::ScanRecord& scan : session_->scanned())
    scans.push_back({{"guardrail", scan.guardrail},
                     {"rule", scan.rule},
                     {"stage", std::string(api::to_string(scan.stage))},
                     {"bytes", scan.bytes},
                     {"findings", scan.findings},
                     {"failed", scan.failed}});
  fields["scanned"] = std::move(scans);
  fields["notScanned"] = record_.places_not_scanned();
  if (!texts.empty()) fields["texts"] = std::move(texts);
  gateway_.log().info("guardrails", std::move(fields));
}

}  // namespace llmops::gateway
