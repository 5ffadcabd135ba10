// What users do to their objects, one edit each.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

using Edit = std::function<void(User&)>;

inline constexpr const char* kGoodModel = "/models/good.gguf";
inline constexpr const char* kDegradedModel = "/models/degraded.gguf";
inline constexpr const char* kFlakyModel = "/models/flaky.gguf";
inline constexpr const char* kNextModel = "/models/next.gguf";
inline constexpr const char* kOtherModel = "/models/other.gguf";
inline constexpr const char* kStuckModel = "/models/stuck.gguf";
inline constexpr const char* kGiantModel = "/models/giant.gguf";
inline constexpr const char* kLargeModel = "/models/large.gguf";  // loads for longer than a view is behind
inline constexpr const char* kSecondDeployment = "docs-bot";

Edit use_prompt(std::string name);
Edit use_model(std::string path);
Edit use_guardrail(std::string name);
// The word that a guardrail looks for.
Edit look_for(std::string guardrail, std::string word);
Edit scale_to(int replicas);
void edit_golden_set(User& user);
// Half of the answers are enough.
void ease_gate(User& user);

// A live gate of short times on one metric.
Json live_gate(const std::string& name, const std::string& metric, const Json& more = Json::object());
// The live gates live-errors, live-refusals, live-ttft and live-proof (of errors), and prompts errs, refuses
// and is-slow.
void apply_live_samples(User& user);
// The live gate live-late (of errors): it is content with one conversation, so that harm shows in the bake;
// and the prompt errs-at-times.
void apply_late_gate(User& user);
// Dry runs: support-tried, which asks what support-golden asks, and the live gate live-tried (of errors).
void apply_tried_gates(User& user);
// How users meet them.
Answers answers(const std::string& content);

Json prompt(const std::string& name, int version, const std::string& text);
Json guardrail(const std::string& name, const std::string& word);
// Golden set, gate and prompts v1 to v5: good, good, brief, undecided, mute.
void apply_samples(User& user);
// A ModelDeployment over them; the pauses of its steps are so long.
Json sample_deployment(const std::string& first_pause, const std::string& second_pause);
// The same with short waits everywhere but in the first pause.
Json quick_deployment(const std::string& first_pause);

}  // namespace llmops::simulation
