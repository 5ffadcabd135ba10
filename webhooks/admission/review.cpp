#include "webhooks/admission/review.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/text.hpp"

namespace llmops::admission {
namespace {

constexpr std::string_view kVersion = "admission.k8s.io/v1";
constexpr std::string_view kKind = "AdmissionReview";
// The API server keeps 4 KiB of warnings of one request.
constexpr std::size_t kMaxWarnings = 16;
constexpr std::size_t kMaxWarningBytes = 1'024;
constexpr std::size_t kMaxMessageBytes = 8'192;
constexpr int kInvalid = 422;

std::string one_line(std::string_view text, std::size_t max_bytes) {
  std::string line = clip(text, max_bytes);
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

Json member(Json& request, const char* name) {
  const auto found = request.find(name);
  return found == request.end() ? Json() : std::move(*found);
}

}  // namespace

Result<Review> parse_review(std::string_view body) {
  JsonLimits limits;
  limits.max_bytes = kMaxBodyBytes;
  auto document = parse_json(body, limits);
  if (!document.ok()) return with_context(document.error(), std::string(kKind));
  if (!document->is_object() || string_at(*document, "apiVersion") != kVersion ||
      string_at(*document, "kind") != kKind)
    return Error{ErrorCode::InvalidArgument,
                 "found " + clip(string_at(*document, "apiVersion", "no apiVersion"), 64) + " " +
                     clip(string_at(*document, "kind", "no kind"), 64) + ", allowed " +
                     std::string(kVersion) + " " + std::string(kKind)};
  const auto request = document->find("request");
  if (request == document->end() || !request->is_object())
    return Error{ErrorCode::InvalidArgument, "request: found none, allowed an object"};
  Review review;
  review.uid = string_at(*request, "uid");
  if (review.uid.empty())
    return Error{ErrorCode::InvalidArgument, "request.uid: found none, allowed the UID of the question"};
  review.kind = string_at(*request, "kind.kind");
  review.sub_resource = string_at(*request, "subResource");
  review.operation = string_at(*request, "operation");
  review.ns = string_at(*request, "namespace");
  review.name = string_at(*request, "name");
  review.object = member(*request, "object");
  review.before = member(*request, "oldObject");
  return review;
}

std::string review_answer(const std::string& uid, const Answer& answer) {
  Json response = {{"uid", uid}, {"allowed", answer.allowed}};
  if (!answer.allowed)
    response["status"] = {
        {"code", kInvalid}, {"reason", "Invalid"}, {"message", one_line(answer.message, kMaxMessageBytes)}};
  for (std::size_t i = 0; i < std::min(answer.warnings.size(), kMaxWarnings); ++i)
    response["warnings"].push_back(one_line(answer.warnings[i], kMaxWarningBytes));
  return dump_json({{"apiVersion", kVersion}, {"kind", kKind}, {"response", std::move(response)}});
}

}  // namespace llmops::admission
