// AdmissionReview of admission.k8s.io/v1: what the API server asks, and what it hears.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::admission {

// A body may hold an object and what it was before.
inline constexpr std::size_t kMaxBodyBytes = 7u << 20;

struct Review {
  std::string uid;  // of the question
  std::string kind, sub_resource, operation;
  std::string ns, name;
  Json object, before;  // null where there is none
};

struct Answer {
  bool allowed = true;
  std::string message;                // why not
  std::vector<std::string> warnings;  // told to whoever applies, whatever the answer
};

// Errors: TooLarge (bytes, depth), InvalidArgument (not JSON, or not such a review).
Result<Review> parse_review(std::string_view body);

// The whole body. Texts are clipped and made one line, as the API server demands of warnings.
std::string review_answer(const std::string& uid, const Answer& answer);

}  // namespace llmops::admission
