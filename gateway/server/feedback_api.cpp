// POST /v1/feedback: what a user thinks of an answer, {response_id, value: -1 | 0 | 1} or {response_id,
// rating: 1 to 5}, and a comment, which is not kept. The two scales have names of their own, since a 1 is the
// best of one and the worst of the other.
#include <optional>

#include "crds/base/digest.hpp"
#include "gateway/server/api_error.hpp"
#include "gateway/server/gateway.hpp"
#include "gateway/server/request_id.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxBodyBytes = 16u << 10;
constexpr std::size_t kMaxCommentBytes = 8u << 10;

struct Feedback {
  std::string response_id;
  FeedbackValue value = FeedbackValue::Neutral;
  std::size_t comment_bytes = 0;
};

Result<std::int64_t> number_between(const Json& body, const char* name, std::int64_t low, std::int64_t high) {
  const Json& value = body[name];
  if (value.is_number_integer())
    if (const auto number = value.get<std::int64_t>(); number >= low && number <= high) return number;
  return field_error(FieldPath().member(name), describe(value),
                     std::to_string(low) + " to " + std::to_string(high));
}

FeedbackValue value_of(std::int64_t distance) {
  return distance < 0 ? FeedbackValue::Down : distance > 0 ? FeedbackValue::Up : FeedbackValue::Neutral;
}

Result<Feedback> parse_feedback(std::string_view text) {
  if (text.size() > kMaxBodyBytes)
    return Error{ErrorCode::TooLarge, "the request body: found " + std::to_string(text.size()) +
                                          " bytes, allowed " + std::to_string(kMaxBodyBytes)};
  const auto body = parse_json(text);
  if (!body.ok()) return with_context(body.error(), "the request body");
  const FieldPath root;
  if (!body->is_object() || !body->contains("response_id") || !(*body)["response_id"].is_string())
    return field_error(root.member("response_id"), "no text",
                       "the value of an answer's header x-llmops-feedback-id");
  if (body->contains("value") == body->contains("rating"))
    return field_error(root.member("value"), body->contains("value") ? "both value and rating" : "nothing",
                       "either value (-1, 0 or 1) or rating (1 to 5)");
  Feedback feedback;
  feedback.response_id = (*body)["response_id"].get<std::string>();
  const bool rated = body->contains("rating");
  const auto number = rated ? number_between(*body, "rating", 1, 5) : number_between(*body, "value", -1, 1);
  if (!number.ok()) return number.error();
  feedback.value = value_of(rated ? *number - 3 : *number);
  if (const auto comment = body->find("comment"); comment != body->end() && !comment->is_null()) {
    if (!comment->is_string()) return field_error(root.member("comment"), describe(*comment), "a text");
    feedback.comment_bytes = comment->get_ref<const std::string&>().size();
    if (feedback.comment_bytes > kMaxCommentBytes)
      return field_error(root.member("comment"), std::to_string(feedback.comment_bytes) + " bytes",
                         std::to_string(kMaxCommentBytes));
  }
  return feedback;
}

}  // namespace

Task<void> answer_feedback(Gateway& gateway, ServerExchange& exchange) {
  const std::string request_id = request_id_of(exchange.request(), gateway.env());
  const auto feedback = parse_feedback(exchange.request().body);
  std::optional<ApiError> refusal;
  Result<FeedbackTaken> taken = FeedbackTaken{};
  if (feedback.ok()) {
    taken = gateway.router().on_feedback(feedback->response_id, feedback->value == FeedbackValue::Down,
                                         gateway.env().now());
    if (!taken.ok()) refusal = api_error(taken.error());
  } else {
    refusal = api_error(feedback.error());
  }
  if (refusal) {
    Headers headers = refusal->headers();
    headers.set("x-request-id", request_id);
    const std::string body = refusal->body();
    (void)co_await exchange.respond(refusal->status, std::move(headers), body);
    co_return;
  }
  if (!taken->repeated) gateway.metrics().count_feedback(taken->arm, taken->revision, feedback->value);
  if (gateway.options().access_log) {
    Json fields = Json::object();
    fields["requestId"] = request_id;
    fields["responseId"] = feedback->response_id;
    fields["arm"] = taken->arm;
    fields["revision"] = short_hash(taken->revision);
    fields["value"] = std::string(to_string(feedback->value));
    fields["repeated"] = taken->repeated;
    fields["commentBytes"] = feedback->comment_bytes;
    gateway.log().info("feedback", std::move(fields));
  }
  Headers headers{{"content-type", "application/json"}, {"x-request-id", request_id}};
  Json answer = Json::object();
  answer["object"] = "feedback";
  answer["response_id"] = feedback->response_id;
  const std::string body = dump_json(answer);
  (void)co_await exchange.respond(200, std::move(headers), body);
}

}  // namespace llmops::gateway
