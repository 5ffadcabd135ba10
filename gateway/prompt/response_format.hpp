// The form that a prompt asks of answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/schema/json_schema.hpp"

namespace llmops::gateway {

struct AnswerFormat {
  Json request;  // the member response_format of a request, as OpenAI has it
  api::ResponseFormatType type = api::ResponseFormatType::Text;
  bool enforced = false;  // Fail: an answer of another form must not reach the client
  std::optional<schema::JsonSchema>
      schema;  // absent with another type, or with one that only engines can read
};

// Errors: InvalidArgument or TooLarge "schema/properties/a/if: …". A schema under Pass may use anything.
Result<AnswerFormat> compile_response_format(const api::ResponseFormat& format);

// What is wrong with the form of a finished answer, for the client and the log; it does not repeat the
// answer. Nothing when it is right, or when its form cannot be checked.
std::optional<std::string> wrong_form(const AnswerFormat& format, std::string_view answer);

}  // namespace llmops::gateway
