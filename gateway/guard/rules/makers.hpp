// The rules of this room, each from its settings of the Guardrail kind.
//
// SpanRules follow the law of rule.hpp without Scan::resume. "Worst hold" says how many bytes of a text a
// rule can keep undecided at most, whatever the text is. Sizes are bytes of normalised text.
#pragma once

#include <memory>
#include <string>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"
#include "gateway/guard/rule_context.hpp"

namespace llmops::guard {

// urls: links whose host is neither one of allowedDomains nor below one of them (ASCII, case ignored).
//
// A link is  scheme://…  (http and https also with one slash or with backslashes, as browsers read them);
// www.…;  //host in front of which stands ( < = or a quotation mark;  javascript: and data: as the target of
// a markdown link;  and a bare name of at least two labels under a top-level domain of the short list in
// url_text.cpp, which is no part of an e-mail address or a path. The host is what browsers take: behind the
// last @ of the authority, before the port. Numbers (10.0.0.1, [::1], 0x7f.1) are never allowed, nor a host
// that cannot be read with certainty (other scripts, per cent signs). Names like "asp.net" are links: they
// are. The span is the link without the punctuation behind it. A link that is longer than maxMatchBytes ends
// there. An allowed link's path is no link of its own, but a link in its query is looked at again. Worst
// hold: the larger of maxMatchBytes and 262 (a DNS name of 253 with its scheme); in prose the word that is
// being written.
Result<std::unique_ptr<SpanRule>> make_urls_rule(const api::UrlsSettings& settings,
                                                 const RuleContext& context);

// language: the share of letters that belong to the scripts of `allowed` must reach minShare (default 0.7).
//
// ko: Hangul; en: Latin; ja: Kana and Han; zh: Han; ru: Cyrillic; ar: Arabic; th: Thai; hi: Devanagari.
// Letters of other scripts belong to none. Not counted: text between ``` or `, and words with :// or @ or
// that begin with www. The share of all letters so far is looked at after each word (after each letter that
// is not ASCII). Fine where it suffices, and before the first letter: a text in an allowed language leaves
// from its first word on, one in allowed Latin letters from its first letter. Where the share does not
// suffice, the text waits from there, and is violated after 160 letters without a fine moment, or at its end;
// fewer than 24 letters violate nothing, so a short text passes. What waits is bounded: a text with fewer
// than 24 letters that has waited for 512 characters (code, digits) goes on, and one that waits for 2,048
// characters later on is violated. Worst hold: those numbers of characters; in prose of an allowed language
// the first word.
Result<std::unique_ptr<TextRule>> make_language_rule(const api::LanguageSettings& settings,
                                                     const RuleContext& context);

// maxTokens: violated when the estimate  characters of Hangul, Han and Kana + ceil(other bytes / 4)  is above
// `max`. Worst hold: the bytes of a code point that is not complete.
Result<std::unique_ptr<TextRule>> make_max_tokens_rule(const api::MaxTokensSettings& settings,
                                                       const RuleContext& context);

// jsonSchema: violated unless the whole text is one JSON document that the schema accepts. White space around
// it and one fence (``` or ```json … ```) are taken off, prose around it is not. The text is read as it is
// given, for full-width digits are none in JSON. Undecided until the end;
// violated as soon as the text is longer than 1 MiB, for what is kept must be bounded.
// Errors: InvalidArgument, TooLarge: "schema: /properties/a/type: found …, allowed …".
Result<std::unique_ptr<TextRule>> make_json_schema_rule(const api::JsonSchemaSettings& settings,
                                                        const RuleContext& context);

// systemPromptLeak: minWords (default 8) words of context.system_prompt in a row. Words are runs of letters
// and digits of any script, case folded; whatever stands between them, up to 32 bytes, does not matter. Words
// longer than 64 bytes are never equal. A prompt with fewer words than minWords leaks as a whole.
// The span begins at the third word of the row: two words tell nothing, and so a text is held back only while
// it says a third word of the prompt after two. A longer leak is several spans.
// Worst hold: minWords - 2 words and what is between them, at most 96 bytes each.
Result<std::unique_ptr<SpanRule>> make_system_prompt_leak_rule(const api::SystemPromptLeakSettings& settings,
                                                               const RuleContext& context);

// The canary of `injection`: the literal text, ASCII case ignored. Errors: InvalidArgument for an empty one.
// Worst hold: its length less one.
Result<std::unique_ptr<SpanRule>> make_canary_rule(std::string canary);

// injection: known phrasings of attempts to change the instructions, in English and Korean, and the plainest
// one in eight other languages. What each sensitivity takes stands in injection_patterns.hpp; what it finds
// and what it blocks in vain is measured in docs/redteam.md. Rules of this sort find known phrasings and
// nothing else: they are a first net, no protection by themselves.
// The span is the last word of a phrase: the words before it have nothing secret in them and are only what
// leads up to it. Worst hold: 768 bytes without white space; in prose the word that is being written.
Result<std::unique_ptr<SpanRule>> make_injection_rule(const api::InjectionSettings& settings,
                                                      const RuleContext& context);

}  // namespace llmops::guard
