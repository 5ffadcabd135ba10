// What is said to an outside detector and how its answer is read. Pure: who calls, and when, is the
// gateway's.
//
// openai-moderation: POST /v1/moderations of OpenAI's API (openapi.yaml: CreateModerationRequest, -Response).
// text-contents: POST /api/v1/text/contents of the detector API of fms-guardrails-orchestrator
// (detector_api.yaml: ContentAnalysisHttpRequest, -Response).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"

namespace llmops::guard {

struct DetectorRequest {
  std::string path;  // behind the endpoint's url: "/v1/moderations"
  std::string body;  // JSON
};

// One text. Bytes that are no UTF-8 are replaced.
DetectorRequest detector_request(const api::DetectorSettings& settings, std::string_view text);

struct DetectorCategory {
  std::string name;  // "violence"; at most 64 characters of [A-Za-z0-9_/.-], other characters are '_'
  double score = 0;  // 0 to 1
};

struct DetectorVerdict {
  bool found = false;                        // some score reaches the threshold (default 0.5)
  std::vector<DetectorCategory> categories;  // that reach it, the highest first, at most 16
};

// The body of an answer with status 200. A moderation answer without scores is read by its `flagged` and
// `categories`. Errors: InvalidArgument, TooLarge: the rule's failMode then says what happens.
Result<DetectorVerdict> detector_verdict(const api::DetectorSettings& settings, std::string_view body);

}  // namespace llmops::guard
