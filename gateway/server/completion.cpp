#include "gateway/server/completion.hpp"

#include <utility>

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxChoices = 128;

// Texts grow, lists grow or (with "index") merge item by item, objects merge, everything else is replaced.
// That covers content, refusal, reasoning_content, tool_calls and logprobs without naming them.
void merge_delta(Json& into, const Json& delta, std::string_view name) {
  if (delta.is_null()) {
    if (into.is_null()) into = nullptr;
  } else if (delta.is_string() && into.is_string() && name != "role" && name != "type" && name != "id" &&
             name != "finish_reason") {
    into.get_ref<std::string&>() += delta.get_ref<const std::string&>();
  } else if (delta.is_object() && into.is_object()) {
    for (const auto& [key, value] : delta.items()) merge_delta(into[key], value, key);
  } else if (delta.is_array() && into.is_array()) {
    for (const Json& item : delta) {
      Json* same = nullptr;
      if (item.is_object() && item.contains("index"))
        for (Json& existing : into)
          if (existing.is_object() && existing.value("index", Json()) == item["index"]) same = &existing;
      if (same) {
        merge_delta(*same, item, {});
      } else {
        into.push_back(item);
      }
    }
  } else {
    into = delta;
  }
}

}  // namespace

Json& CompletionBuilder::choice_of(std::size_t index) {
  while (choices_.size() <= index) {
    Json choice = Json::object();
    choice["index"] = choices_.size();
    if (shape_ == AnswerShape::Chat) {
      choice["message"] = {{"role", "assistant"}, {"content", nullptr}};
    } else {
      choice["text"] = "";
    }
    choice["finish_reason"] = nullptr;
    choices_.push_back(std::move(choice));
  }
  return choices_[index];
}

void CompletionBuilder::say_instead(long long index, const std::string& text) {
  Json& choice = choice_of(static_cast<std::size_t>(index));
  choice = Json::object();
  choice["index"] = index;
  if (shape_ == AnswerShape::Chat) {
    choice["message"] = {{"role", "assistant"}, {"content", text}};
  } else {
    choice["text"] = text;
  }
  choice["logprobs"] = nullptr;
  choice["finish_reason"] = "stop";
}

Result<void> CompletionBuilder::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  // Every token costs a few hundred bytes of framing, so the bound on the stream is looser than on its texts.
  if (bytes_ > max_bytes_ * 16)
    return Error{ErrorCode::TooLarge,
                 "the engine's answer is longer than " + std::to_string(max_bytes_) + " bytes"};
  splitter_.feed(bytes);
  for (std::string_view event = splitter_.next(); !event.empty(); event = splitter_.next()) {
    const std::string_view data = event_data(event);
    if (data.empty() || done_) continue;
    if (data == "[DONE]") {
      done_ = true;
      continue;
    }
    if (auto taken = take_event(data); !taken.ok()) return taken;
  }
  if (splitter_.pending() > kMaxEventBytes)
    return Error{ErrorCode::TooLarge,
                 "the engine sent an event longer than " + std::to_string(kMaxEventBytes) + " bytes"};
  return {};
}

// All but the choices is the same in most events: what was read once is not read again.
Result<void> CompletionBuilder::take_event(std::string_view data) {
  const std::string_view choices = scan_chunk(data).choices;
  const auto before = static_cast<std::size_t>(choices.empty() ? 0 : choices.data() - data.data());
  const std::string_view frame_begin = data.substr(0, before);
  const std::string_view frame_end = data.substr(before + choices.size());
  const bool known =
      !choices.empty() && !frame_begin_.empty() && frame_begin == frame_begin_ && frame_end == frame_end_;
  auto read = parse_json(known ? choices : data);
  if (!read.ok()) return with_context(read.error(), "an event of the engine");
  if (known) return take_choices(*read);
  if (auto taken = take_chunk(*read); !taken.ok()) return taken;
  frame_begin_ = choices.empty() ? std::string_view() : frame_begin;
  frame_end_ = frame_end;
  return {};
}

Result<void> CompletionBuilder::take_chunk(const Json& chunk) {
  if (!chunk.is_object())
    return Error{ErrorCode::InvalidArgument, "an event of the engine: found " + describe(chunk)};
  if (const auto error = chunk.find("error"); error != chunk.end() && !error->is_null())
    return Error{ErrorCode::Unavailable,
                 "the engine failed: " + string_at(chunk, "error.message", "no message")};
  for (const auto& [name, value] : chunk.items())
    if (name != "choices" && !value.is_null()) top_[name] = value;
  if (const auto usage = chunk.find("usage"); usage != chunk.end() && usage->is_object())
    usage_ = {integer_at(*usage, "prompt_tokens"), integer_at(*usage, "completion_tokens")};
  const auto choices = chunk.find("choices");
  return choices == chunk.end() ? Result<void>() : take_choices(*choices);
}

Result<void> CompletionBuilder::take_choices(const Json& choices) {
  if (!choices.is_array()) return {};
  for (const Json& piece : choices) {
    if (!piece.is_object()) continue;
    const long long index = integer_at(piece, "index");
    if (index < 0 || index >= static_cast<long long>(kMaxChoices))
      return Error{ErrorCode::InvalidArgument, "an event of the engine: choice " + std::to_string(index)};
    has_content_ = true;
    Json& choice = choice_of(static_cast<std::size_t>(index));
    for (const auto& [name, value] : piece.items()) {
      if (name == "index") continue;
      if (name == "delta") {
        if (value.is_object()) merge_delta(choice["message"], value, {});
      } else {
        merge_delta(choice[name], value, name);
      }
    }
  }
  return {};
}

std::string CompletionBuilder::take(const std::string& served_model) {
  Json completion = std::move(top_);
  completion["object"] = shape_ == AnswerShape::Chat ? "chat.completion" : "text_completion";
  completion["model"] = served_model;
  completion["choices"] = std::move(choices_);
  for (Json& choice : completion["choices"]) {
    if (!choice.contains("message") || !choice["message"].contains("tool_calls")) continue;
    for (Json& call : choice["message"]["tool_calls"])
      if (call.is_object()) call.erase("index");
  }
  return dump_json(completion);
}

}  // namespace llmops::gateway
