// The gateway's own figures in the Prometheus text format. Names follow OpenTelemetry's conventions for
// generative AI where they have one (dots as underscores, the unit at the end). Labels are bounded: arms by
// the configuration, revisions to those of the last configurations, at most kMaxSeries at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "gateway/router/router.hpp"
#include "gateway/server/guard_metrics.hpp"
#include "gateway/server/sse.hpp"

namespace llmops::gateway {

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}
  void observe(double value);
  // "name_bucket{labels,le="…"} n" and so on; `labels` without braces, may be empty.
  void write(std::string& out, std::string_view name, const std::string& labels) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
  std::uint64_t count_ = 0;
};

enum class FeedbackValue { Down, Neutral, Up };
std::string_view to_string(FeedbackValue value);

class GatewayMetrics {
 public:
  static constexpr std::size_t kMaxSeries = 64;

  // One answered request; arm and revision may be empty (refused before it met an arm).
  void count_request(const std::string& arm, const std::string& revision, int status);
  // One that a guardrail ended, on its way in or out.
  void count_blocked(const std::string& arm, const std::string& revision);
  void observe_duration(const std::string& arm, const std::string& revision, Duration duration);
  void observe_first_token(const std::string& arm, const std::string& revision, Duration duration);
  void count_tokens(const std::string& arm, const std::string& revision, const TokenUsage& usage);
  void count_feedback(const std::string& arm, const std::string& revision, FeedbackValue value);
  void count_retry() { ++retries_; }
  void count_held() { ++held_; }
  void count_cut() { ++cut_; }
  void count_client_gone() { ++client_gone_; }
  void count_refused_config() { ++refused_configs_; }

  GuardMetrics& guards() { return guards_; }

  std::string text(const Router& router) const;

 private:
  struct Series {
    std::map<int, std::uint64_t> by_status;
    std::uint64_t blocked = 0;
    std::map<FeedbackValue, std::uint64_t> feedback;
    Histogram duration;
    Histogram first_token;
    Histogram input_tokens;
    Histogram output_tokens;
    Series();
  };
  Series& series(const std::string& arm, const std::string& revision);

  std::map<std::pair<std::string, std::string>, Series> series_;
  GuardMetrics guards_;
  std::uint64_t retries_ = 0, held_ = 0, cut_ = 0, client_gone_ = 0, refused_configs_ = 0;
};

}  // namespace llmops::gateway
