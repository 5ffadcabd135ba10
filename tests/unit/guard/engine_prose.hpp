// Ordinary prose in Korean and English, as assistants of shops, offices and clinics write it; and a guardrail
// with every kind of rule that does not hold a text to its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace llmops::guard::testing_support {

// About `bytes` bytes, the same for the same seed.
std::string ordinary_prose(std::size_t bytes, std::uint32_t seed);

// pii, secrets, words (1,000), regex (20), injection, systemPromptLeak, urls, language, maxTokens; each as
// JSON.
std::vector<std::string> all_rules();
// The list that a Guardrail holds.
std::string rule_list(const std::vector<std::string>& rules);

}  // namespace llmops::guard::testing_support
