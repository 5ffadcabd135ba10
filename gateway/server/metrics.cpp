#include "gateway/server/metrics.hpp"

#include <algorithm>
#include <cstdio>

#include "crds/base/digest.hpp"
#include "crds/base/metric_families.hpp"

namespace llmops::gateway {
namespace {

// semantic-conventions-genai: server.request.duration, time_to_first_token, token.usage.
const std::vector<double> kDurationBounds = {.01,  .02,  .04,  .08,   .16,   .32,   .64,
                                             1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const std::vector<double> kFirstTokenBounds = {.001, .005, .01, .02, .04, .06, .08, .1,
                                               .25,  .5,   .75, 1,   2.5, 5,   7.5, 10};
const std::vector<double> kTokenBounds = {1,     4,     16,     64,      256,     1024,     4096,
                                          16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.12g", value);
  return buffer;
}

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void line(std::string& out, const metrics::Family& family, const std::string& labels, std::uint64_t value) {
  out.append(family.name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(std::to_string(value)).append("\n");
}

}  // namespace

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
  sum_ += value;
  ++count_;
}

void Histogram::write(std::string& out, std::string_view name, const std::string& labels) const {
  const std::string prefix = labels.empty() ? "" : labels + ",";
  const std::string bucket = std::string(name) + "_bucket";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    total += counts_[i];
    out.append(bucket).append("{").append(prefix).append("le=\"").append(number(bounds_[i])).append("\"} ");
    out.append(std::to_string(total)).append("\n");
  }
  const std::string count = std::to_string(count_);
  out.append(bucket).append("{").append(prefix).append("le=\"+Inf\"} ").append(count).append("\n");
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  out.append(name).append("_sum").append(braces).append(" ").append(number(sum_)).append("\n");
  out.append(name).append("_count").append(braces).append(" ").append(count).append("\n");
}

std::string_view to_string(FeedbackValue value) {
  switch (value) {
    case FeedbackValue::Down:
      return "down";
    case FeedbackValue::Neutral:
      return "neutral";
    case FeedbackValue::Up:
      return "up";
  }
  return "";
}

GatewayMetrics::Series::Series()
    : duration(kDurationBounds),
      first_token(kFirstTokenBounds),
      input_tokens(kTokenBounds),
      output_tokens(kTokenBounds) {}

GatewayMetrics::Series& GatewayMetrics::series(const std::string& arm, const std::string& revision) {
  const auto key = std::make_pair(arm, short_hash(revision));
  const auto found = series_.find(key);
  if (found != series_.end()) return found->second;
  // A counter that starts again from zero is something that every scraper understands.
  if (series_.size() >= kMaxSeries) series_.erase(series_.begin());
  return series_[key];
}

void GatewayMetrics::count_request(const std::string& arm, const std::string& revision, int status) {
  ++series(arm, revision).by_status[status];
}

void GatewayMetrics::count_blocked(const std::string& arm, const std::string& revision) {
  ++series(arm, revision).blocked;
}

void GatewayMetrics::count_feedback(const std::string& arm, const std::string& revision,
                                    FeedbackValue value) {
  ++series(arm, revision).feedback[value];
}

void GatewayMetrics::observe_duration(const std::string& arm, const std::string& revision,
                                      Duration duration) {
  series(arm, revision).duration.observe(seconds(duration));
}

void GatewayMetrics::observe_first_token(const std::string& arm, const std::string& revision,
                                         Duration duration) {
  series(arm, revision).first_token.observe(seconds(duration));
}

void GatewayMetrics::count_tokens(const std::string& arm, const std::string& revision,
                                  const TokenUsage& usage) {
  Series& target = series(arm, revision);
  if (usage.input > 0) target.input_tokens.observe(static_cast<double>(usage.input));
  if (usage.output > 0) target.output_tokens.observe(static_cast<double>(usage.output));
}

std::string GatewayMetrics::text(const Router& router) const {
  std::string out;
  const auto labels_of = [](const auto& key) {
    return "arm=\"" + key.first + "\",revision=\"" + key.second + "\"";
  };
  write_head(out, metrics::kRequests);
  for (const auto& [key, value] : series_)
    for (const auto& [status, count] : value.by_status)
      line(out, metrics::kRequests, labels_of(key) + ",code=\"" + std::to_string(status) + "\"", count);
  write_head(out, metrics::kBlockedRequests);
  for (const auto& [key, value] : series_)
    line(out, metrics::kBlockedRequests, labels_of(key), value.blocked);
  write_head(out, metrics::kFeedback);
  for (const auto& [key, value] : series_)
    for (const auto& [said, count] : value.feedback)
      line(out, metrics::kFeedback, labels_of(key) + ",value=\"" + std::string(to_string(said)) + "\"",
           count);
  write_head(out, metrics::kRequestDuration);
  for (const auto& [key, value] : series_)
    value.duration.write(out, metrics::kRequestDuration.name, labels_of(key));
  write_head(out, metrics::kFirstToken);
  for (const auto& [key, value] : series_)
    value.first_token.write(out, metrics::kFirstToken.name, labels_of(key));
  write_head(out, metrics::kTokenUsage);
  for (const auto& [key, value] : series_) {
    value.input_tokens.write(out, metrics::kTokenUsage.name, labels_of(key) + ",gen_ai_token_type=\"input\"");
    value.output_tokens.write(out, metrics::kTokenUsage.name,
                              labels_of(key) + ",gen_ai_token_type=\"output\"");
  }
  guards_.write(out);
  write_head(out, metrics::kInFlight);
  for (const auto& [revision, count] : router.in_flight())
    line(out, metrics::kInFlight, "revision=\"" + short_hash(revision) + "\"",
         static_cast<std::uint64_t>(count));
  write_head(out, metrics::kEndpoints);
  std::map<std::string, std::uint64_t> states;
  for (const EndpointPointer& endpoint : router.endpoints().all())
    ++states["serving_hash=\"" + endpoint->serving_hash + "\",state=\"" +
             (endpoint->servable ? "servable" : "not-servable") + "\""];
  for (const auto& [labels, count] : states) line(out, metrics::kEndpoints, labels, count);
  const std::pair<const metrics::Family&, std::uint64_t> single[] = {
      {metrics::kRetries, retries_},
      {metrics::kHeld, held_},
      {metrics::kCutStreams, cut_},
      {metrics::kClientsGone, client_gone_},
      {metrics::kRefusedConfigurations, refused_configs_},
      {metrics::kWaiting, router.waiting()},
      {metrics::kEpoch, static_cast<std::uint64_t>(router.epoch())},
      {metrics::kReady, router.ready() ? 1u : 0u}};
  for (const auto& [family, value] : single) {
    write_head(out, family);
    line(out, family, "", value);
  }
  return out;
}

}  // namespace llmops::gateway
