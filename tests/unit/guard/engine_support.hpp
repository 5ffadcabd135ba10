// Guardrails as tests write them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/guard/guard.hpp"

namespace llmops::guard::testing_support {

// `rules`: the list as JSON. `extra`: further fields of the spec, as in R"(, "mode": "Monitor")".
inline Result<std::shared_ptr<const Guard>> try_compile(const std::string& rules,
                                                        const std::string& extra = {}) {
  auto json = parse_json("{\"rules\": " + rules + extra + "}");
  if (!json) return json.error();
  auto spec = api::GuardrailSpec::parse(*json);
  if (!spec) return spec.error();
  return Guard::compile({{"g", "", *spec}});
}

inline std::shared_ptr<const Guard> compile(const std::string& rules, const std::string& extra = {}) {
  auto guard = try_compile(rules, extra);
  EXPECT_TRUE(guard.ok()) << (guard.ok() ? "" : guard.error().message);
  return guard.ok() ? *guard : nullptr;
}

struct Streamed {
  std::string out;
  Decision decision = Decision::Allow;
  std::vector<Finding> findings;
};

inline Streamed stream(GuardSession& session, Stage stage, std::string_view text, std::size_t piece,
                       TextForm form = TextForm::Plain) {
  const auto stream = session.stream(stage, form);
  Streamed streamed;
  for (std::size_t at = 0; at < text.size(); at += piece) stream->feed(text.substr(at, piece), streamed.out);
  stream->finish(streamed.out);
  streamed.decision = stream->decision();
  streamed.findings = stream->findings();
  return streamed;
}

inline std::vector<std::string> types_of(const std::vector<Finding>& findings) {
  std::vector<std::string> types;
  for (const Finding& finding : findings) types.push_back(finding.type);
  return types;
}

}  // namespace llmops::guard::testing_support
