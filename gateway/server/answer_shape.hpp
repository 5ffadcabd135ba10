#pragma once

namespace llmops::gateway {

// How a choice carries text: chat has "message" or "delta" with "content", completions have "text".
enum class AnswerShape { Chat, Text };

}  // namespace llmops::gateway
