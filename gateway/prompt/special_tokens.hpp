// The control tokens that published chat templates write, by template.
//
// A tokenizer reads each of these as one token wherever it stands in the text. The lists hold what the
// template itself writes (roles, turns, tools, begin and end of text), from the models' published
// tokenizer_config.json and chat templates; not the padding and data tokens of a vocabulary.
#pragma once

#include <span>
#include <string_view>

namespace llmops::gateway {

struct ChatTemplateTokens {
  std::string_view name;  // "llama-3"
  std::span<const std::string_view> tokens;
};

// Whole, and in no order that matters. A token may be in several lists.
std::span<const ChatTemplateTokens> chat_template_tokens();

}  // namespace llmops::gateway
