#include "evaluator/job/chat.hpp"

#include "crds/base/json.hpp"

namespace llmops::evaluator {
namespace {

Error not_an_answer(std::string message) {
  return Error{ErrorCode::InvalidArgument, std::move(message)};
}

constexpr std::string_view kContentFilter = "content_filter";

bool is_content_filter(const Json& body) {
  return string_at(body, "error.code") == kContentFilter;
}

}  // namespace

bool is_content_filter_error(std::string_view body) {
  const Result<Json> error = parse_json(body);
  return error && error->is_object() && is_content_filter(*error);
}

std::string chat_request(const judgement::Item& item, std::string_view model, std::int64_t max_tokens) {
  // Both texts were written by dump_json when the item was read.
  Json body = {{"model", model}, {"messages", Json::parse(item.messages, nullptr, false)},
               {"stream", true}, {"temperature", 0},
               {"seed", kSeed},  {"max_tokens", max_tokens}};
  if (!item.variables.empty()) body["prompt"]["variables"] = Json::parse(item.variables, nullptr, false);
  return dump_json(body);
}

Result<void> ChatAnswer::take(std::string_view json, const char* part) {
  const Result<Json> chunk = parse_json(json);
  if (!chunk || !chunk->is_object()) return not_an_answer("the answer is not a JSON object");
  if (is_content_filter(*chunk)) {
    blocked_ = true;
    done_ = true;
    return {};
  }
  if (chunk->contains("error")) {
    std::string message =
        "the answer holds an error: " + string_at(*chunk, "error.message", "without message");
    // In a stream it is how a server tells that it lost its engine in the middle; another try may find
    // another.
    return streamed_ ? Error{ErrorCode::Unavailable, std::move(message)} : not_an_answer(std::move(message));
  }
  const Json* choices = find_path(*chunk, "choices");
  if (!choices || !choices->is_array()) return not_an_answer("the answer has no choices");
  if (choices->empty()) return {};  // a last chunk with usage only
  if (string_at((*choices)[0], "finish_reason") == kContentFilter) blocked_ = true;
  const Json* content = find_path((*choices)[0], std::string(part) + ".content");
  if (content && content->is_string()) text_ += content->get_ref<const std::string&>();
  return {};
}

Result<void> ChatAnswer::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > kMaxBytes) return Error{ErrorCode::TooLarge, "the answer is longer than 4 MiB"};
  if (!streamed_) {
    whole_.append(bytes);
    return {};
  }
  events_.feed(bytes);
  while (!done_) {
    const std::optional<std::string> event = events_.next();
    if (events_.overflowed())
      return Error{ErrorCode::TooLarge, "an event of the answer is longer than 1 MiB"};
    if (!event) break;
    if (*event == "[DONE]")
      done_ = true;
    else if (const Result<void> taken = take(*event, "delta"); !taken)
      return taken;
  }
  return {};
}

Result<void> ChatAnswer::finish() {
  if (streamed_)
    return done_ ? Result<void>() : Error{ErrorCode::Unavailable, "the stream ended before [DONE]"};
  done_ = true;
  return take(whole_, "message");
}

}  // namespace llmops::evaluator
