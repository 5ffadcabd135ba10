// llmops promote, abort, retry, pause, resume, rollback: a command for a release, pinned to what is shown.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ostream>

#include "cli/cluster.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/release.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "crds/base/names.hpp"

namespace llmops::cli {
namespace {

constexpr int kTries = 5;
constexpr Duration kBetweenLooks{200};

struct Wanted {
  std::string verb;  // of the annotation
  std::string name;
  std::optional<std::int64_t> to;  // of rollback
  std::string by;
  std::chrono::seconds timeout{20};
  OutputFormat format = OutputFormat::Text;
};

std::string user_name() {
  const char* user = std::getenv("USER");
  return user && *user ? user : "kubectl";
}

// A word of the annotation has no spaces.
std::string as_word(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) <= ' ') c = '-';
  return text;
}

// What the person sees now, so that nothing happens when it is no longer so.
std::string pins(const Release& release) {
  const auto& status = release.status;
  std::string text;
  const auto& shown = status.run && status.candidate ? status.candidate
                      : status.desired               ? status.desired
                                                     : status.stable;
  if (shown) text += " revision=" + std::to_string(shown->revision);
  if (status.run && !status.run->first_deploy.value_or(false))
    text += " step=" + std::to_string(status.run->current_step_index);
  return text;
}

// One call of the verb.
class Steering {
 public:
  Steering(Context& context, const Wanted& wanted, Cluster cluster)
      : context_(context),
        wanted_(wanted),
        key_{cluster.ns, wanted.name},
        client_(context.network->env, context.network->transport, std::move(cluster.config)),
        id_(std::to_string(client_.env().random())) {}

  Task<int> run() {
    auto asked = co_await ask();
    if (!asked) co_return end_with_error(asked.error(), context_);
    auto answer = co_await wait_for_answer();
    if (!answer) co_return end_with_error(answer.error(), context_);
    if (wanted_.format == OutputFormat::Json)
      context_.out << dump_json({{"namespace", key_.ns},
                                 {"name", key_.name},
                                 {"verb", wanted_.verb},
                                 {"id", id_},
                                 {"accepted", answer->accepted},
                                 {"result", answer->result}})
                   << "\n";
    else
      context_.out << key_.name << ": " << answer->result << "\n";
    context_.out << std::flush;
    context_.err << (answer->accepted ? "accepted" : "refused") << "\n" << std::flush;
    co_return answer->accepted ? kGood : kBad;
  }

 private:
  Task<Result<void>> ask() {
    std::string command;
    for (int i = 1;; ++i) {
      auto object = co_await get_model_deployment(client_, key_);
      if (!object) co_return object.error();
      auto release = read_release(*object);
      if (!release) co_return release.error();
      if (command.empty()) {
        command = wanted_.verb + pins(*release);
        if (wanted_.to) command += " to=" + std::to_string(*wanted_.to);
        command += " id=" + id_ + " by=" + as_word(wanted_.by);
      }
      (*object)["metadata"]["annotations"][std::string(names::kCommand)] = command;
      auto written = co_await client_.replace(kube::kModelDeployments, std::move(*object));
      if (written) co_return Result<void>();
      // Somebody wrote in between; the pins of the first look stay.
      if (written.error().code != ErrorCode::Conflict || i == kTries) co_return written.error();
    }
  }

  Task<Result<api::LastCommand>> wait_for_answer() {
    const Timestamp end = client_.env().now() + wanted_.timeout;
    for (;;) {
      auto object = co_await get_model_deployment(client_, key_);
      if (!object) co_return object.error();
      auto release = read_release(*object);
      if (!release) co_return release.error();
      const auto& last = release->status.last_command;
      if (last && last->id == id_) co_return *last;
      if (client_.env().now() >= end)
        co_return Error{ErrorCode::DeadlineExceeded, "the operator has not looked at the command within " +
                                                         std::to_string(wanted_.timeout.count()) +
                                                         " s; is it running?"};
      const auto slept = co_await client_.env().sleep(kBetweenLooks);
      if (!slept) co_return slept.error();
    }
  }

  Context& context_;
  const Wanted& wanted_;
  kube::ObjectKey key_;
  kube::Client client_;
  std::string id_;
};

class SteerVerb final : public Verb {
 public:
  SteerVerb(std::string name, std::string description)
      : name_(std::move(name)), description_(std::move(description)) {}

  std::string name() const override { return name_; }
  std::string description() const override { return description_; }
  void add_options(CLI::App& app) override {
    app.add_option("name", wanted_.name, "ModelDeployment")->type_name(kModelDeploymentValue)->required();
    if (name_ == "promote") app.add_flag("--full", full_, "all steps at once, instead of the one that is on");
    if (name_ == "rollback")
      app.add_option("--to", wanted_.to, "number of the revision (default: the one that was stable before)")
          ->check(CLI::PositiveNumber)
          ->type_name(kRevisionValue);
    app.add_option("--by", wanted_.by, "who asks, for the record (default: $USER)");
    app.add_option("--timeout", timeout_seconds_, "seconds to wait for the operator's answer (default 20)")
        ->check(CLI::Range(1, 3600));
    add_output_option(app, wanted_.format);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return end_with_error(cluster.error(), context);
    wanted_.verb = full_ ? "promote-full" : name_;
    wanted_.timeout = std::chrono::seconds(timeout_seconds_);
    if (wanted_.by.empty()) wanted_.by = user_name();
    Steering steering(context, wanted_, std::move(*cluster));
    return wait_for(*context.network, steering.run());
  }

 private:
  std::string name_, description_;
  Wanted wanted_;
  bool full_ = false;
  int timeout_seconds_ = 20;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_promote() {
  return std::make_unique<SteerVerb>("promote", "End the step that is on, or all of them, and go on");
}

std::unique_ptr<Verb> make_abort() {
  return std::make_unique<SteerVerb>("abort", "Take the candidate's traffic back to stable");
}

std::unique_ptr<Verb> make_retry() {
  return std::make_unique<SteerVerb>("retry", "Try again what was refused, or ask the gates again");
}

std::unique_ptr<Verb> make_pause() {
  return std::make_unique<SteerVerb>("pause", "Hold the release where it is");
}

std::unique_ptr<Verb> make_resume() {
  return std::make_unique<SteerVerb>("resume", "Let a paused release go on");
}

std::unique_ptr<Verb> make_rollback() {
  return std::make_unique<SteerVerb>("rollback",
                                     "Go back to a kept revision, with its prompt and guardrails");
}

}  // namespace llmops::cli
