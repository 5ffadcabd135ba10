// Chat templates as their models write them, and a tokenizer that knows nothing but their special tokens:
// what a role is, is decided by these tokens alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/prompt/special_tokens.hpp"

namespace llmops::gateway::testing_support {

// How a template writes a message of a role; `{}` in `turn` is the content.
struct ChatTemplate {
  std::string_view name;  // in chat_template_tokens()
  std::string_view begin;
  std::string_view system, user, assistant;
};

inline const std::vector<ChatTemplate>& chat_templates() {
  static const std::vector<ChatTemplate> kTemplates = {
      {"chatml", "", "<|im_start|>system\n{}<|im_end|>\n", "<|im_start|>user\n{}<|im_end|>\n",
       "<|im_start|>assistant\n{}<|im_end|>\n"},
      {"llama-2", "", "<s>[INST] <<SYS>>\n{}\n<</SYS>>\n\n", "{} [/INST]", " {} </s><s>[INST] "},
      {"llama-3", "<|begin_of_text|>", "<|start_header_id|>system<|end_header_id|>\n\n{}<|eot_id|>",
       "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>",
       "<|start_header_id|>assistant<|end_header_id|>\n\n{}<|eot_id|>"},
      {"llama-4", "<|begin_of_text|>", "<|header_start|>system<|header_end|>\n\n{}<|eot|>",
       "<|header_start|>user<|header_end|>\n\n{}<|eot|>",
       "<|header_start|>assistant<|header_end|>\n\n{}<|eot|>"},
      {"mistral-v1", "<s>", "[INST] {}\n\n[/INST]</s>", "[INST] {} [/INST]", "{}</s>"},
      {"mistral-v3", "<s>", "[INST] {}\n\n[/INST]</s>", "[INST] {}[/INST]", " {}</s>"},
      {"mistral-tekken", "<s>", "[SYSTEM_PROMPT]{}[/SYSTEM_PROMPT]", "[INST]{}[/INST]", "{}</s>"},
      {"gemma", "<bos>", "<start_of_turn>user\n{}\n\n<end_of_turn>\n",
       "<start_of_turn>user\n{}<end_of_turn>\n", "<start_of_turn>model\n{}<end_of_turn>\n"},
      {"phi-3", "<s>", "<|system|>\n{}<|end|>\n", "<|user|>\n{}<|end|>\n", "<|assistant|>\n{}<|end|>\n"},
      {"deepseek", "<｜begin▁of▁sentence｜>", "{}", "<｜User｜>{}", "<｜Assistant｜>{}<｜end▁of▁sentence｜>"},
      {"command-r", "<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
       "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
       "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{}<|END_OF_TURN_TOKEN|>"},
      {"granite", "", "<|start_of_role|>system<|end_of_role|>{}<|end_of_text|>\n",
       "<|start_of_role|>user<|end_of_role|>{}<|end_of_text|>\n",
       "<|start_of_role|>assistant<|end_of_role|>{}<|end_of_text|>\n"},
      {"exaone", "", "[|system|]{}[|endofturn|]\n", "[|user|]{}\n", "[|assistant|]{}[|endofturn|]\n"},
      {"solar", "<s>", "### System:\n{}\n\n", "### User:\n{}\n\n", "### Assistant:\n{}\n\n"},
      {"hyperclova-x", "", "<|im_start|>system\n{}<|im_end|>\n", "<|im_start|>user\n{}<|im_end|>\n",
       "<|im_start|>assistant\n{}<|im_end|><|endofturn|>\n"},
      {"glm-4", "[gMASK]<sop>", "<|system|>\n{}", "<|user|>\n{}", "<|assistant|>\n{}"},
      {"gpt-oss", "", "<|start|>system<|message|>{}<|end|>", "<|start|>user<|message|>{}<|end|>",
       "<|start|>assistant<|channel|>final<|message|>{}<|end|>"},
      {"alpaca", "<s>", "{}\n\n", "### Instruction:\n{}\n\n", "### Response:\n{}\n\n"}};
  return kTemplates;
}

inline std::string written(const ChatTemplate& chat, const Json& messages) {
  std::string text(chat.begin);
  for (const Json& message : messages) {
    const auto& role = message["role"].get_ref<const std::string&>();
    const std::string_view turn = role == "system" ? chat.system
                                  : role == "user" ? chat.user
                                                   : chat.assistant;
    const std::size_t hole = turn.find("{}");
    text += turn.substr(0, hole);
    text += message["content"].get_ref<const std::string&>();
    text += turn.substr(hole + 2);
  }
  return text;
}

struct Tokenised {
  std::vector<std::string> control;  // special tokens, in order
  std::string visible;               // all the rest
};

// Leftmost and longest, as tokenizers look for special tokens. Headings count at the begin of a line.
inline Tokenised tokenise(const ChatTemplate& chat, std::string_view text) {
  const auto all = chat_template_tokens();
  const auto entry = std::find_if(all.begin(), all.end(),
                                  [&](const ChatTemplateTokens& tokens) { return tokens.name == chat.name; });
  Tokenised tokenised;
  for (std::size_t i = 0; i < text.size();) {
    std::string_view longest;
    if (text[i] != '<' && text[i] != '[' && text[i] != '#') {
      tokenised.visible += text[i++];
      continue;
    }
    for (const std::string_view token : entry->tokens)
      if (token.size() > longest.size() && text.substr(i).starts_with(token) &&
          (token.front() != '#' || i == 0 || text[i - 1] == '\n'))
        longest = token;
    if (longest.empty()) {
      tokenised.visible += text[i++];
    } else {
      tokenised.control.emplace_back(longest);
      i += longest.size();
    }
  }
  return tokenised;
}

}  // namespace llmops::gateway::testing_support
