#include "evaluator/job/job.hpp"

#include <algorithm>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "evaluator/job/ask_all.hpp"
#include "evaluator/job/prometheus_job.hpp"
#include "evaluator/judgement/judge.hpp"
#include "evaluator/judgement/report.hpp"
#include "evaluator/judgement/verdict.hpp"

namespace llmops::evaluator {
namespace {

// Defaults of OfflineEvaluation, as its schema tells them.
constexpr Duration kRequestTimeout{30'000};
constexpr Duration kTimeout{30 * 60'000};
constexpr std::int64_t kConcurrency = 4;
constexpr std::int64_t kMaxTokens = 256;

struct Prepared {
  wire::EvalSpec spec;
  judgement::Dataset dataset;
  std::vector<judgement::MetricPlan> plans;
  std::vector<ArmRun> arms;   // as the specification lists them
  std::size_t candidate = 0;  // index in arms
  std::optional<std::size_t> stable;
};

Result<wire::EvalSpec> read_spec(const JobInput& input) {
  if (const std::string found = sha256_hex(input.spec_text);
      !input.spec_digest.empty() && found != input.spec_digest)
    return Error{ErrorCode::InvalidArgument, "evalspec: found digest " + std::string(short_hash(found)) +
                                                 ", allowed " + std::string(short_hash(input.spec_digest)) +
                                                 " that the run was planned with"};
  const Result<Json> json = parse_json(input.spec_text);
  if (!json) return with_context(json.error(), "evalspec");
  auto spec = wire::EvalSpec::parse(*json);
  if (!spec) return with_context(spec.error(), "evalspec");
  if (!spec->offline == !spec->prometheus)
    return Error{ErrorCode::InvalidArgument, "evalspec: allowed exactly one of offline and prometheus"};
  return std::move(*spec);
}

Result<Prepared> prepare(const JobInput& input, wire::EvalSpec spec) {
  Prepared prepared;
  prepared.spec = std::move(spec);
  const std::string digest = sha256_hex(input.dataset_text);
  const std::string planned = prepared.spec.dataset_digest.value_or("");
  if (digest != planned)
    return Error{ErrorCode::InvalidArgument, "dataset: found digest " + std::string(short_hash(digest)) +
                                                 ", allowed " + std::string(short_hash(planned)) +
                                                 " that the run was planned with"};
  auto dataset = judgement::parse_dataset(input.dataset_text);
  if (!dataset) return dataset.error();
  prepared.dataset = std::move(*dataset);
  if (const auto most = prepared.spec.offline->max_items; most && *most > 0)
    prepared.dataset.items.resize(std::min(prepared.dataset.items.size(), static_cast<std::size_t>(*most)));
  auto plans = judgement::plan_metrics(prepared.spec.offline->metrics);
  if (!plans) return with_context(plans.error(), "evalspec: offline");
  prepared.plans = std::move(*plans);
  if (const auto usable = judgement::check_references(prepared.dataset, prepared.plans); !usable)
    return usable.error();
  bool has_candidate = false;
  for (const wire::EvalArm& arm : prepared.spec.arms) {
    auto endpoint = parse_arm_url(arm.url);
    const std::string at = "evalspec: arms[" + std::to_string(prepared.arms.size()) + "]";
    if (!endpoint) return with_context(endpoint.error(), at);
    const bool is_candidate = arm.name == api::ArmName::Candidate;
    if (is_candidate ? has_candidate : prepared.stable.has_value())
      return Error{
          ErrorCode::InvalidArgument,
          at + ".name: found a second " + std::string(api::to_string(arm.name)) + ", allowed one of each"};
    if (is_candidate) {
      has_candidate = true;
      prepared.candidate = prepared.arms.size();
    } else {
      prepared.stable = prepared.arms.size();
    }
    prepared.arms.push_back({std::move(*endpoint), {}});
  }
  if (!has_candidate)
    return Error{ErrorCode::InvalidArgument, "evalspec: arms: found none named candidate, allowed one"};
  return prepared;
}

void append_items(const Prepared& prepared, std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < prepared.dataset.items.size(); ++i) {
    for (std::size_t a = 0; a < prepared.arms.size(); ++a) {
      const judgement::Answer& answer = prepared.arms[a].answers[i];
      Json line = {{"id", prepared.dataset.items[i].id}, {"arm", api::to_string(prepared.spec.arms[a].name)}};
      if (answer.output) line["output"] = *answer.output;
      if (answer.latency_ms) line["latencyMs"] = *answer.latency_ms;
      if (answer.first_token_ms) line["firstTokenMs"] = *answer.first_token_ms;
      if (answer.blocked) line["blocked"] = true;
      if (!answer.unscored_reason.empty()) line["unscored"] = answer.unscored_reason;
      lines.push_back(dump_json(line));
    }
  }
}

std::size_t answered(const ArmRun& arm) {
  return static_cast<std::size_t>(std::count_if(
      arm.answers.begin(), arm.answers.end(), [](const auto& answer) { return answer.output.has_value(); }));
}

bool all_answered(const Prepared& prepared) {
  return std::all_of(prepared.arms.begin(), prepared.arms.end(),
                     [](const ArmRun& arm) { return answered(arm) == arm.answers.size(); });
}

JobOutcome unmeasured(Env& env, const JobInput& input, Timestamp started, const Error& error) {
  judgement::Judgement judgement;
  judgement.message = error.message;
  const std::string digest = input.dataset_text.empty() ? "" : sha256_hex(input.dataset_text);
  const wire::EvalResult result =
      judgement::build_result(judgement, {digest, input.code_version, started, env.now()}, true);
  JobOutcome outcome;
  outcome.result = dump_json(result.to_json());
  outcome.summary =
      judgement::render_summary(judgement::build_summary(judgement, digest, sha256_hex(outcome.result), 0));
  return outcome;
}

}  // namespace

Task<JobOutcome> run_job(Env& env, Transport& transport, JobInput input) {
  const Timestamp started = env.now();
  auto spec = read_spec(input);
  if (!spec) co_return unmeasured(env, input, started, spec.error());
  if (spec->prometheus) {
    Task<JobOutcome> asking = run_prometheus_job(env, transport, std::move(*spec->prometheus),
                                                 std::move(input.endpoint_folder), std::move(input.tell));
    co_return co_await std::move(asking);
  }
  Result<Prepared> ready = prepare(input, std::move(*spec));
  if (!ready) co_return unmeasured(env, input, started, ready.error());
  Prepared& prepared = *ready;
  const api::OfflineEvaluation& offline = *prepared.spec.offline;
  const Duration timeout = offline.timeout.value_or(kTimeout);
  ArmClient client(env, transport, TokenFile(input.token_path),
                   offline.request_timeout.value_or(kRequestTimeout), env.uptime() + timeout);
  if (client.token().configured() && client.token().get(env.uptime()).empty()) {
    const Error no_token{ErrorCode::Unauthorized, "token: found nothing in " + input.token_path +
                                                      ", allowed a projected ServiceAccount token"};
    co_return unmeasured(env, input, started, no_token);
  }
  AskOptions options;
  options.eval_run = prepared.spec.eval_run;
  options.model = prepared.spec.served_model_name.value_or("");
  options.max_tokens = offline.max_tokens.value_or(kMaxTokens);
  options.concurrency =
      static_cast<std::size_t>(std::clamp<std::int64_t>(offline.concurrency.value_or(kConcurrency), 1, 64));
  options.progress = input.progress;
  co_await ask_all(env, client, prepared.dataset, prepared.arms, options);

  judgement::Evidence evidence;
  evidence.dataset = &prepared.dataset;
  evidence.candidate = &prepared.arms[prepared.candidate].answers;
  if (prepared.stable) evidence.stable = &prepared.arms[*prepared.stable].answers;
  evidence.max_unscored_fraction =
      offline.max_unscored_fraction.value_or(judgement::kDefaultMaxUnscoredFraction);
  judgement::Judgement judgement = judgement::judge(prepared.plans, evidence);
  if (client.past_deadline() && !all_answered(prepared)) {
    std::string done = "stopped after " + format_duration(timeout) + " with";
    for (std::size_t a = 0; a < prepared.arms.size(); ++a)
      done += (a ? " and " : " ") + std::to_string(answered(prepared.arms[a])) + " answers of " +
              std::string(api::to_string(prepared.spec.arms[a].name));
    judgement.message =
        done + " to " + std::to_string(prepared.dataset.items.size()) + " items; " + judgement.message;
    judgement.verdict = judgement::worse_of(api::Verdict::Error, judgement.verdict);
  }
  JobOutcome outcome;
  outcome.requests = client.counts().requests;
  outcome.retries = client.counts().retries;
  if (outcome.retries > 0)
    judgement.message += "; " + std::to_string(outcome.retries) + " of " + std::to_string(outcome.requests) +
                         " requests were retries";
  append_items(prepared, outcome.items);
  const wire::EvalResult result = judgement::build_result(
      judgement, {prepared.dataset.digest, input.code_version, started, env.now()}, true);
  outcome.result = dump_json(result.to_json());
  outcome.summary = judgement::render_summary(judgement::build_summary(
      judgement, prepared.dataset.digest, sha256_hex(outcome.result), prepared.dataset.items.size()));
  co_return outcome;
}

}  // namespace llmops::evaluator
