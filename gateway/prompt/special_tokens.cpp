#include "gateway/prompt/special_tokens.hpp"

#include <array>

namespace llmops::gateway {
namespace {

using Text = std::string_view;

// Qwen 2 and 3, Yi, SmolLM 2, Hermes; tools and reasoning as Qwen writes them.
constexpr Text kChatMl[] = {"<|im_start|>", "<|im_end|>",      "<|endoftext|>",    "<tool_call>",
                            "</tool_call>", "<tool_response>", "</tool_response>", "<tools>",
                            "</tools>",     "<think>",         "</think>"};
constexpr Text kLlama2[] = {"<s>", "</s>", "<unk>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"};
constexpr Text kLlama3[] = {
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>",        "<|eom_id|>",      "<|python_tag|>",      "<|finetune_right_pad_id|>"};
constexpr Text kLlama4[] = {"<|begin_of_text|>", "<|end_of_text|>", "<|header_start|>", "<|header_end|>",
                            "<|eot|>",           "<|eom|>",         "<|python_start|>", "<|python_end|>"};
constexpr Text kMistralV1[] = {"<s>", "</s>", "<unk>", "[INST]", "[/INST]"};
constexpr Text kMistralV3[] = {"<s>",
                               "</s>",
                               "<unk>",
                               "[INST]",
                               "[/INST]",
                               "[AVAILABLE_TOOLS]",
                               "[/AVAILABLE_TOOLS]",
                               "[TOOL_CALLS]",
                               "[TOOL_RESULTS]",
                               "[/TOOL_RESULTS]"};
constexpr Text kMistralTekken[] = {"<s>",
                                   "</s>",
                                   "<unk>",
                                   "<pad>",
                                   "[INST]",
                                   "[/INST]",
                                   "[SYSTEM_PROMPT]",
                                   "[/SYSTEM_PROMPT]",
                                   "[AVAILABLE_TOOLS]",
                                   "[/AVAILABLE_TOOLS]",
                                   "[TOOL_CALLS]",
                                   "[TOOL_RESULTS]",
                                   "[/TOOL_RESULTS]",
                                   "[TOOL_CONTENT]",
                                   "[CALL_ID]",
                                   "[ARGS]",
                                   "[THINK]",
                                   "[/THINK]",
                                   "[PREFIX]",
                                   "[MIDDLE]",
                                   "[SUFFIX]",
                                   "[IMG]",
                                   "[IMG_BREAK]",
                                   "[IMG_END]"};
constexpr Text kGemma[] = {"<bos>",          "<eos>",
                           "<unk>",          "<pad>",
                           "<mask>",         "<start_of_turn>",
                           "<end_of_turn>",  "<start_of_image>",
                           "<end_of_image>", "<image_soft_token>"};
constexpr Text kPhi3[] = {"<s>",           "</s>",           "<|system|>",        "<|user|>",
                          "<|assistant|>", "<|end|>",        "<|tool|>",          "<|/tool|>",
                          "<|tool_call|>", "<|/tool_call|>", "<|tool_response|>", "<|endoftext|>"};
constexpr Text kDeepSeek[] = {"<｜begin▁of▁sentence｜>",
                              "<｜end▁of▁sentence｜>",
                              "<｜User｜>",
                              "<｜Assistant｜>",
                              "<｜tool▁calls▁begin｜>",
                              "<｜tool▁calls▁end｜>",
                              "<｜tool▁call▁begin｜>",
                              "<｜tool▁call▁end｜>",
                              "<｜tool▁outputs▁begin｜>",
                              "<｜tool▁outputs▁end｜>",
                              "<｜tool▁output▁begin｜>",
                              "<｜tool▁output▁end｜>",
                              "<｜tool▁sep｜>",
                              "<|EOT|>",
                              "<think>",
                              "</think>"};
constexpr Text kCommandR[] = {"<BOS_TOKEN>",
                              "<EOS_TOKEN>",
                              "<EOP_TOKEN>",
                              "<PAD>",
                              "<UNK>",
                              "<CLS>",
                              "<SEP>",
                              "<MASK_TOKEN>",
                              "<|START_OF_TURN_TOKEN|>",
                              "<|END_OF_TURN_TOKEN|>",
                              "<|SYSTEM_TOKEN|>",
                              "<|USER_TOKEN|>",
                              "<|CHATBOT_TOKEN|>",
                              "<|START_THINKING|>",
                              "<|END_THINKING|>",
                              "<|START_RESPONSE|>",
                              "<|END_RESPONSE|>",
                              "<|START_ACTION|>",
                              "<|END_ACTION|>",
                              "<|START_TOOL_RESULT|>",
                              "<|END_TOOL_RESULT|>"};
constexpr Text kGranite[] = {"<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>", "<|tool_call|>",
                             "<|start_of_cite|>", "<|end_of_cite|>", "<tool_call>",     "</tool_call>",
                             "<tools>",           "</tools>"};
constexpr Text kExaone[] = {"[BOS]",         "[|system|]",  "[|user|]",     "[|assistant|]", "[|tool|]",
                            "[|endofturn|]", "<tool_call>", "</tool_call>", "<think>",       "</think>"};
// The first SOLAR writes its roles as headings; Solar Pro as ChatML and with names of its own.
constexpr Text kSolar[] = {
    "<s>",       "</s>",    "### System:", "### User:", "### Assistant:", "<|im_start|>", "<|im_end|>",
    "<|begin|>", "<|end|>", "<|content|>", "<|think|>", "<|tool_calls|>", "<|flush|>"};
constexpr Text kHyperClovaX[] = {"<|im_start|>", "<|im_end|>", "<|endofturn|>", "<|stop|>", "<|endoftext|>"};
constexpr Text kGlm4[] = {"[gMASK]",         "[sMASK]",       "[MASK]",          "<sop>",
                          "<eop>",           "<|system|>",    "<|user|>",        "<|assistant|>",
                          "<|observation|>", "<|endoftext|>", "<think>",         "</think>",
                          "<tool_call>",     "</tool_call>",  "<tool_response>", "</tool_response>",
                          "<arg_key>",       "</arg_key>",    "<arg_value>",     "</arg_value>"};
constexpr Text kHarmony[] = {"<|start|>",  "<|end|>",  "<|message|>",     "<|channel|>",  "<|constrain|>",
                             "<|return|>", "<|call|>", "<|startoftext|>", "<|endoftext|>"};
// Alpaca and its many children: headings, as the first SOLAR.
constexpr Text kAlpaca[] = {"<s>", "</s>", "### Instruction:", "### Input:", "### Response:"};

constexpr std::array<ChatTemplateTokens, 18> kTemplates = {{{"chatml", kChatMl},
                                                            {"llama-2", kLlama2},
                                                            {"llama-3", kLlama3},
                                                            {"llama-4", kLlama4},
                                                            {"mistral-v1", kMistralV1},
                                                            {"mistral-v3", kMistralV3},
                                                            {"mistral-tekken", kMistralTekken},
                                                            {"gemma", kGemma},
                                                            {"phi-3", kPhi3},
                                                            {"deepseek", kDeepSeek},
                                                            {"command-r", kCommandR},
                                                            {"granite", kGranite},
                                                            {"exaone", kExaone},
                                                            {"solar", kSolar},
                                                            {"hyperclova-x", kHyperClovaX},
                                                            {"glm-4", kGlm4},
                                                            {"gpt-oss", kHarmony},
                                                            {"alpaca", kAlpaca}}};

}  // namespace

std::span<const ChatTemplateTokens> chat_template_tokens() {
  return kTemplates;
}

}  // namespace llmops::gateway
