// The rule type words: a list of words and phrases.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"
#include "gateway/guard/rule_context.hpp"

namespace llmops::guard {

// What is done to a text before rules see it (text/normalised_text.hpp); words get the same.
using Normalise = std::function<std::string(std::string_view)>;

// A word longer than context.max_match_bytes is found all the same. With wholeWords a match counts unless a
// letter, digit, mark or underscore of any script (Unicode categories L, N, M) stands on both sides of its
// begin, or of its end.
// Errors: InvalidArgument "words[3]: …" for a word of which normalisation leaves nothing.
Result<std::unique_ptr<SpanRule>> make_words_rule(const api::WordsSettings& settings,
                                                  const RuleContext& context, const Normalise& normalise);

}  // namespace llmops::guard
