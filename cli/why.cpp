// llmops why: the decision about a revision, with the numbers behind it.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/cluster.hpp"
#include "cli/eval_runs.hpp"
#include "cli/explanation.hpp"
#include "cli/explanation_text.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {
namespace {

bool may_be_missing(const Error& error) {
  return error.code == ErrorCode::NotFound || error.code == ErrorCode::Forbidden;
}

Task<Result<std::optional<Json>>> read_record(kube::Client* client, std::string ns, std::string name) {
  const kube::ObjectKey key{std::move(ns), std::move(name)};
  auto object = co_await client->get(kube::kControllerRevisions, key);
  if (object) co_return std::optional(std::move(*object));
  if (may_be_missing(object.error())) co_return std::optional<Json>();
  co_return object.error();
}

std::optional<Json> parts_of(std::optional<Json> record) {
  const Json* parts = record ? find_path(*record, "data.parts") : nullptr;
  return parts ? std::optional(*parts) : std::nullopt;
}

struct Answer {
  Release release;
  std::optional<Explanation> explanation;  // none: no release has begun
};

Task<Result<Answer>> find_answer(kube::Client* client, kube::ObjectKey key,
                                 std::optional<std::int64_t> revision, Timestamp now) {
  auto release = co_await get_release(*client, key);
  if (!release) co_return release.error();
  Records records;
  auto runs = co_await read_eval_runs(client, key.ns, key.name);
  if (!runs) co_return runs.error();
  records.eval_runs = std::move(*runs);
  auto subject = choose_subject(*release, records.eval_runs, revision);
  if (!subject) co_return subject.error();
  Answer answer{std::move(*release), std::nullopt};
  if (!*subject) co_return answer;
  const Subject& chosen = **subject;
  auto content = co_await read_record(client, key.ns, revision_name(key.name, chosen.hash));
  if (!content) co_return content.error();
  records.content = parts_of(std::move(*content));
  if (chosen.stable) {
    auto stable = co_await read_record(client, key.ns, revision_name(key.name, chosen.stable->hash));
    if (!stable) co_return stable.error();
    records.stable_content = parts_of(std::move(*stable));
  }
  if (chosen.run) {
    auto plan = co_await read_record(client, key.ns, plan_name(key.name, *chosen.run));
    if (!plan) co_return plan.error();
    if (*plan) records.plan = read_plan(**plan);
  }
  answer.explanation = explain(answer.release, chosen, records, now);
  co_return answer;
}

class WhyVerb final : public Verb {
 public:
  std::string name() const override { return "why"; }
  std::string description() const override {
    return "Explain the decision about a revision, with its numbers";
  }
  void add_options(CLI::App& app) override {
    app.add_option("name", name_, "ModelDeployment")->type_name(kModelDeploymentValue)->required();
    app.add_option("revision", revision_,
                   "number of the revision (default: the one being released, else the last)")
        ->type_name(kRevisionValue);
    add_output_option(app, format_);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return end_with_error(cluster.error(), context);
    kube::Client client(context.network->env, context.network->transport, std::move(cluster->config));
    const Timestamp now = context.now();
    auto answer = wait_for(*context.network, find_answer(&client, {cluster->ns, name_}, revision_, now));
    if (!answer) return end_with_error(answer.error(), context);
    if (answer->explanation) {
      if (format_ == OutputFormat::Json)
        context.out << dump_json(explanation_json(*answer->explanation)) << "\n";
      else
        context.out << explanation_text(*answer->explanation, now);
      return kGood;
    }
    const std::string message = answer->release.status.message.value_or("the operator has not seen it yet");
    if (format_ == OutputFormat::Json)
      context.out << dump_json({{"namespace", cluster->ns},
                                {"name", name_},
                                {"outcome", "NotBegun"},
                                {"message", message}})
                  << "\n";
    else
      context.out << "No release of " << name_ << " has begun: " << message << ".\n";
    return kGood;
  }

 private:
  std::string name_;
  std::optional<std::int64_t> revision_;
  OutputFormat format_ = OutputFormat::Text;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_why() {
  return std::make_unique<WhyVerb>();
}

}  // namespace llmops::cli
