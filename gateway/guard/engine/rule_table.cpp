#include "gateway/guard/engine/rule_table.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "gateway/guard/pattern/regex_rule.hpp"
#include "gateway/guard/pattern/words_rule.hpp"
#include "gateway/guard/recognisers/recognisers.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "gateway/guard/text/normalised_text.hpp"

namespace llmops::guard {
namespace {

using Rule = api::GuardrailRule;
using Type = api::GuardrailRuleType;

MadeRule of(std::unique_ptr<SpanRule> rule) {
  MadeRule made;
  made.spans = std::move(rule);
  return made;
}

MadeRule of(std::unique_ptr<TextRule> rule) {
  MadeRule made;
  made.whole = std::move(rule);
  return made;
}

// The maker of a type, called with the settings that stand in the rule's field of the same name.
template <auto kSettings, auto kMaker>
Result<MadeRule> make(const Rule& rule, const RuleContext& context) {
  using Settings = typename std::remove_cvref_t<decltype(rule.*kSettings)>::value_type;
  auto made = kMaker((rule.*kSettings).value_or(Settings{}), context);
  if (!made) return made.error();
  return of(std::move(*made));
}

Result<std::unique_ptr<SpanRule>> make_normal_words_rule(const api::WordsSettings& settings,
                                                         const RuleContext& context) {
  return make_words_rule(settings, context, normalise);
}

Result<MadeRule> answered_outside(const Rule&, const RuleContext&) {
  return MadeRule{};
}

struct Row {
  Type type;
  bool needs_settings;
  bool each_session;
  Result<MadeRule> (*maker)(const Rule&, const RuleContext&);
  bool (*has_settings)(const Rule&);
};

template <auto kSettings>
bool has(const Rule& rule) {
  return (rule.*kSettings).has_value();
}

template <auto kSettings, auto kMaker>
constexpr Row row(Type type, bool needs_settings, bool each_session = false) {
  return {type, needs_settings, each_session, make<kSettings, kMaker>, has<kSettings>};
}

constexpr Row kRows[] = {
    row<&Rule::pii, make_pii_rule>(Type::Pii, false),
    row<&Rule::secrets, make_secrets_rule>(Type::Secrets, false),
    row<&Rule::words, make_normal_words_rule>(Type::Words, true),
    row<&Rule::regex, make_regex_rule>(Type::Regex, true),
    row<&Rule::injection, make_injection_rule>(Type::Injection, false),
    row<&Rule::system_prompt_leak, make_system_prompt_leak_rule>(Type::SystemPromptLeak, false, true),
    row<&Rule::json_schema, make_json_schema_rule>(Type::JsonSchema, true),
    row<&Rule::urls, make_urls_rule>(Type::Urls, true),
    row<&Rule::language, make_language_rule>(Type::Language, true),
    row<&Rule::max_tokens, make_max_tokens_rule>(Type::MaxTokens, true),
    {Type::Detector, true, false, answered_outside, has<&Rule::detector>},
};

const Row* row_of(Type type) {
  const auto* found =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& row) { return row.type == type; });
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace

bool is_made_for_each_session(Type type) {
  const Row* row = row_of(type);
  return row != nullptr && row->each_session;
}

Result<MadeRule> make_rule(const Rule& rule, const RuleContext& context) {
  const std::string name(to_string(rule.type));
  const Row* row = row_of(rule.type);
  if (row == nullptr)
    return Error{ErrorCode::InvalidArgument, "type: found " + name + ", allowed a type with a maker"};
  if (row->needs_settings && !row->has_settings(rule))
    return Error{ErrorCode::InvalidArgument, name + ": found nothing, allowed the settings of the type"};
  auto made = row->maker(rule, context);
  if (!made) return Error{made.error().code, name + "." + made.error().message};
  return made;
}

}  // namespace llmops::guard
