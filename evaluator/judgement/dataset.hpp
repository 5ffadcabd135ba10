// Golden sets and recorded answers, as JSON Lines.
//
// A golden set has one item a line:
//   {"id": "refund-ko", "input": "환불은…?", "reference": "14일", "tags": ["ko"], "cluster": "refund"}
// `messages` (a whole conversation in OpenAI's shape) may stand for `input`, `references` (alternatives) for
// `reference`; `vars` are the values of prompt variables. `cluster` names what items share (a document, a
// conversation, the same question in two languages): their scores are not independent. `success` marks what
// the answer to an attack holds when the attack worked (an RE2 expression, for the scorer attack-success).
// Items count equally: a `weight` other than 1 is refused. Other fields are ignored, so that sets made for
// other tools can be read.
//
// Recorded answers have the same fields and `output`, `latencyMs`, `blocked: true` (a guardrail refused or
// ended it; `output` may then be absent) or `scores: {metric: number}`.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::judgement {

struct Item {
  std::size_t line = 0;  // 1-based, for messages
  std::string id;        // unique in the set
  std::string
      messages;  // JSON list in OpenAI's shape; an `input` becomes one user message; may be empty in answers
  std::string variables;  // JSON object, or empty
  std::vector<std::string> references;
  std::vector<std::string> tags;
  std::string success;      // may be empty
  std::size_t cluster = 0;  // equal numbers: same cluster; an item without a cluster is its own
};

struct Dataset {
  std::vector<Item> items;
  std::string digest;  // SHA-256 of the bytes, 64 hex digits
};

// What one arm said to one item, or why nothing can be said about it.
struct Answer {
  std::optional<std::string> output;
  std::optional<double> latency_ms;      // to the last token
  std::optional<double> first_token_ms;  // where the answer was streamed
  std::map<std::string, double> scores;  // by metric, measured elsewhere; they win over scoring `output`
  std::string unscored_reason;           // when there is neither
  // A guardrail refused the request or ended the answer: `output` is what the user got to read of it, maybe
  // nothing. That is an answer, not a failure to measure, and scores as any other.
  bool blocked = false;
};

struct RecordedAnswers {
  Dataset dataset;
  std::vector<Answer> answers;  // one for each item of the dataset
};

inline constexpr std::size_t kMaxItems = 10'000;

// InvalidArgument: all broken lines (up to 20 told) with line, field, what was found and what is allowed;
// duplicate ids; no item at all; more than kMaxItems.
Result<Dataset> parse_dataset(std::string_view text);
Result<RecordedAnswers> parse_recorded_answers(std::string_view text);

// The answers of `from` in the order of `to`'s items. Ids that only one side has become answers without
// output ("not in this file"), so that they count as unscored; their number is returned in `missing`.
std::vector<Answer> align(const RecordedAnswers& from, const Dataset& to, std::size_t& missing);

}  // namespace llmops::judgement
