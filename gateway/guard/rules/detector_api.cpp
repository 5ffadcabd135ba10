#include "gateway/guard/rules/detector_api.hpp"

#include <algorithm>
#include <cmath>

#include "crds/base/json.hpp"
#include "gateway/guard/rules/characters.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

constexpr double kDefaultThreshold = 0.5;
constexpr std::size_t kMaxCategories = 16;
constexpr std::size_t kMaxNameBytes = 64;
constexpr JsonLimits kAnswerLimits{.max_bytes = 1u << 20, .max_depth = 16};

// Names end up in logs and findings, and a detector may be anybody's.
std::string safe_name(std::string_view name) {
  std::string safe;
  for (const char c : name.substr(0, kMaxNameBytes))
    safe += is_ascii_word(c) || std::string_view("_/.-").find(c) != std::string_view::npos ? c : '_';
  return safe.empty() ? "unnamed" : safe;
}

class Collector {
 public:
  explicit Collector(double threshold) : threshold_(threshold) {}

  void add(std::string_view name, double score) {
    if (!(score >= threshold_)) return;
    verdict_.found = true;
    verdict_.categories.push_back({safe_name(name), std::min(score, 1.0)});
  }
  void found_anyway() { verdict_.found = true; }

  DetectorVerdict take() && {
    std::sort(verdict_.categories.begin(), verdict_.categories.end(),
              [](const DetectorCategory& a, const DetectorCategory& b) {
                return a.score != b.score ? a.score > b.score : a.name < b.name;
              });
    if (verdict_.categories.size() > kMaxCategories) verdict_.categories.resize(kMaxCategories);
    return std::move(verdict_);
  }

 private:
  double threshold_;
  DetectorVerdict verdict_;
};

Error unreadable(std::string_view found, std::string_view allowed) {
  return Error{ErrorCode::InvalidArgument,
               "detector: found " + std::string(found) + ", allowed " + std::string(allowed)};
}

Result<DetectorVerdict> read_moderation(const Json& answer, double threshold) {
  const Json* result = find_path(answer, "results.0");
  if (!result || !result->is_object())
    return unreadable(describe(answer), "an object whose results hold one object");
  Collector collector(threshold);
  const Json* scores = find_path(*result, "category_scores");
  if (scores && scores->is_object() && !scores->empty()) {
    for (const auto& [name, score] : scores->items()) {
      if (!score.is_number()) return unreadable("category_scores." + safe_name(name), "a number");
      collector.add(name, score.get<double>());
    }
    return std::move(collector).take();
  }
  const Json* flagged = find_path(*result, "flagged");
  if (!flagged || !flagged->is_boolean())
    return unreadable("neither category_scores nor flagged", "one of the two");
  if (flagged->get<bool>()) collector.found_anyway();
  if (const Json* categories = find_path(*result, "categories"); categories && categories->is_object())
    for (const auto& [name, found] : categories->items())
      if (found.is_boolean() && found.get<bool>()) collector.add(name, 1);
  return std::move(collector).take();
}

// One list of detections for each text that was sent; a server that was sent one may leave the outer list
// out.
Result<DetectorVerdict> read_text_contents(const Json& answer, double threshold) {
  if (!answer.is_array()) return unreadable(describe(answer), "a list with one list of detections");
  Collector collector(threshold);
  const bool nested = !answer.empty() && answer.front().is_array();
  if (nested && answer.size() != 1)
    return unreadable(std::to_string(answer.size()) + " lists", "one, for one text was sent");
  for (const Json& detection : nested ? answer.front() : answer) {
    if (!detection.is_object() || !detection.contains("score") || !detection["score"].is_number())
      return unreadable(describe(detection), "a detection with a score");
    std::string name = string_at(detection, "detection_type", "detection");
    if (const std::string detected = string_at(detection, "detection"); !detected.empty())
      name += "/" + detected;
    collector.add(name, detection["score"].get<double>());
  }
  return std::move(collector).take();
}

}  // namespace

DetectorRequest detector_request(const api::DetectorSettings& settings, std::string_view text) {
  switch (settings.api) {
    case api::DetectorApi::OpenaiModeration:
      return {"/v1/moderations", dump_json({{"input", text}})};
    case api::DetectorApi::TextContents:
      return {"/api/v1/text/contents",
              dump_json({{"contents", Json::array({text})}, {"detector_params", Json::object()}})};
  }
  return {};
}

Result<DetectorVerdict> detector_verdict(const api::DetectorSettings& settings, std::string_view body) {
  const Result<Json> answer = parse_json(body, kAnswerLimits);
  if (!answer) return with_context(answer.error(), "detector");
  const double threshold = settings.threshold.value_or(kDefaultThreshold);
  return settings.api == api::DetectorApi::OpenaiModeration ? read_moderation(*answer, threshold)
                                                            : read_text_contents(*answer, threshold);
}

}  // namespace llmops::guard
