#include "gateway/router/stickiness.hpp"

namespace llmops::gateway {
namespace {

std::string text_of_content(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (content.is_array())
    for (const Json& part : content) text += string_at(part, "text");
  return text;
}

std::string first_user_message(const Json& body) {
  const auto messages = body.find("messages");
  if (messages == body.end() || !messages->is_array()) return {};
  for (const Json& message : *messages) {
    if (!message.is_object() || string_at(message, "role") != "user") continue;
    const auto content = message.find("content");
    return content == message.end() ? std::string() : text_of_content(*content);
  }
  return {};
}

std::string body_field(const Json& body, const std::string& name) {
  const auto value = body.find(name);
  if (value == body.end()) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number_integer() ? value->dump() : std::string();
}

}  // namespace

Result<StickySource> parse_sticky_source(std::string_view text) {
  if (text == "first-user-message") return StickySource{StickySource::Kind::FirstUserMessage, {}};
  if (text.starts_with("header:") && text.size() > 7)
    return StickySource{StickySource::Kind::Header, std::string(text.substr(7))};
  if (text.starts_with("body:") && text.size() > 5)
    return StickySource{StickySource::Kind::BodyField, std::string(text.substr(5))};
  return Error{ErrorCode::InvalidArgument,
               "found \"" + std::string(text.substr(0, 80)) +
                   "\", allowed header:<name>, body:<field> or first-user-message"};
}

std::string conversation_key(const std::vector<StickySource>& sources, const HeaderLookup& header,
                             const Json& body) {
  for (const StickySource& source : sources) {
    std::string key;
    if (source.kind == StickySource::Kind::Header) key = std::string(header(source.name));
    if (!body.is_object()) {
      if (!key.empty()) return key;
      continue;
    }
    if (source.kind == StickySource::Kind::BodyField) key = body_field(body, source.name);
    if (source.kind == StickySource::Kind::FirstUserMessage) key = first_user_message(body);
    if (!key.empty()) return key;
  }
  return {};
}

}  // namespace llmops::gateway
