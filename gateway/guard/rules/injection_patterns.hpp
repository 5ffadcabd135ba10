// The phrasings that the injection rule knows.
//
// Low     orders to ignore, forget or override the instructions that were given, said plainly.
// Medium  also: the same without saying which instructions; roles without rules; orders to tell the system
//         prompt; forged turns and chat template tokens; orders to decode and obey; images and secret
//         messages that carry data away; orders to a model inside a document.
// High    also single phrases that such texts use and honest ones use too ("developer mode", "system
// prompt").
//
// Sources: OWASP LLM01:2026 (its forms), the published names of jailbreaks (DAN, developer mode,
// grandmother), and how such orders are said in Korean.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"

namespace llmops::guard::rules {

// No phrase is longer.
inline constexpr std::size_t kLongestPhraseBytes = 768;

// RE2 syntax, to be read without regard to case. None matches more than kLongestPhraseBytes or ends in white
// space.
std::vector<std::string> injection_expressions(api::InjectionSensitivity sensitivity);

}  // namespace llmops::guard::rules
