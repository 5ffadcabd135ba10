// Configurations for tests: a model "bot" with a stable and a candidate revision.
#pragma once

#include <optional>
#include <string>

#include "crds/base/digest.hpp"
#include "crds/wire/gateway_config.hpp"
#include "crds/wire/revision_body.hpp"
#include "gateway/router/router.hpp"
#include "gateway/router/trial.hpp"

namespace llmops::gateway::testing {

inline const std::string kStable = sha256_hex("stable");
inline const std::string kCandidate = sha256_hex("candidate");
inline const std::string kServing = sha256_hex("serving");
inline const std::string kOtherServing = sha256_hex("other serving");

struct ConfigOptions {
  std::int64_t epoch = 1;
  std::int64_t weight = 0;  // of the candidate
  bool open = true;
  bool other_pods = false;  // the candidate has a serving hash of its own
  double share = 0.5;
  bool prompt = true;      // the revisions have prompts of their own
  std::string guardrails;  // of both revisions: a JSON list of rules, of a guardrail "safety"
  std::string mode = "Enforce";
  bool stable_is_bare = false;   // only the candidate has them
  std::string response_format;   // of both prompts, as a PromptVersion has it
  std::string candidate_prompt;  // as a PromptVersion has it, instead of the usual one
  std::optional<wire::Overflow> overflow;
  std::optional<wire::LiveCounting> live;
  std::string salt = "run-1";
};

// One valid resident registration number, made for tests.
inline const std::string kRrn = "900101-1234568";

inline wire::GatewayConfig config_of(const ConfigOptions& options) {
  wire::GatewayConfig config;
  config.version = "gatewayconfig/v1";
  config.namespace_ = "shop";
  config.model_deployment = "bot";
  config.epoch = options.epoch;
  wire::GatewayModel model;
  model.served_model_name = "bot";
  model.open = options.open;
  model.salt = options.salt;
  model.live = options.live;
  model.stickiness = {"header:x-conversation-id", "body:user", "first-user-message"};
  model.evaluation.audience = "llmops.dev/evaluation/shop/bot";
  model.evaluation.share = options.share;
  model.request_timeout = Duration(30'000);
  model.overflow = options.overflow;
  model.arms = {{"stable", kStable, 100 - options.weight, {{options.weight * 100, 10'000}}},
                {"candidate", kCandidate, options.weight, {{0, options.weight * 100}}}};
  model.revisions = {
      {kStable, 1, kServing, {"bot-body-1", sha256_hex("body 1")}},
      {kCandidate, 2, options.other_pods ? kOtherServing : kServing, {"bot-body-2", sha256_hex("body 2")}}};
  config.models.push_back(std::move(model));
  return config;
}

inline wire::RevisionBody body_of(const std::string& hash, const std::string& serving_hash,
                                  const std::string& prompt) {
  wire::RevisionBody body;
  body.version = "revisionbody/v1";
  body.hash = hash;
  body.serving_hash = serving_hash;
  body.engine.port = 8080;
  body.engine.model = "bot-" + short_hash(serving_hash);
  if (!prompt.empty()) body.prompt = api::PromptContent::parse(parse_json(prompt).value()).value();
  return body;
}

inline RevisionBodies bodies_of(const ConfigOptions& options) {
  RevisionBodies bodies;
  bodies[kStable] =
      body_of(kStable, kServing, R"({"messages":[{"role":"system","content":"You are stable."}]})");
  bodies[kCandidate] =
      body_of(kCandidate, options.other_pods ? kOtherServing : kServing,
              R"({"messages":[{"role":"system","content":"You are the candidate for {{tier}}."}],
                                   "variables":{"tier":{"default":"all"}}})");
  if (!options.candidate_prompt.empty())
    bodies[kCandidate].prompt =
        api::PromptContent::parse(parse_json(options.candidate_prompt).value()).value();
  for (auto& [hash, body] : bodies) {
    if (!options.prompt) body.prompt.reset();
    if (body.prompt && !options.response_format.empty())
      body.prompt->response_format =
          api::ResponseFormat::parse(parse_json(options.response_format).value()).value();
    if (options.guardrails.empty() || (options.stable_is_bare && hash == kStable)) continue;
    Json spec = Json::object();
    spec["mode"] = options.mode;
    spec["rules"] = parse_json(options.guardrails).value();
    body.guardrails = {{"safety", sha256_hex("safety"), api::GuardrailSpec::parse(spec).value()}};
  }
  return bodies;
}

// Conversations of which this turn is the trial.
inline std::string conversation_with_trial_at(int turn, int number = 0) {
  for (int i = 0;; ++i) {
    std::string key = "conversation-" + std::to_string(i);
    if (trial_turn("run-1", key) == turn && number-- == 0) return key;
  }
}

inline EndpointAddress pod(const std::string& uid, const std::string& ip = "10.0.0.1") {
  EndpointAddress address;
  address.pod_uid = uid;
  address.ip = ip;
  return address;
}

}  // namespace llmops::gateway::testing
