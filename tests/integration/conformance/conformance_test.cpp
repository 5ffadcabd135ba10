// The simulated API server against a real kube-apiserver: the same programs, the same answers.
//
// Needs an API server without controllers behind $KUBECONFIG (with_api_server.py starts one).
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "operator/kube/path.hpp"
#include "operator/kube/status_error.hpp"
#include "operator/platform/real/loop.hpp"
#include "tests/integration/conformance/compare.hpp"
#include "tests/integration/conformance/explained.hpp"
#include "tests/integration/conformance/objects.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops::conformance {
namespace {

constexpr std::uint64_t kDefaultPrograms = 200;
constexpr std::size_t kMostReported = 10;
constexpr Duration kPatience{30'000};
constexpr Duration kListInterval{200};

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strtoull(text, nullptr, 10) : fallback;
}

struct SimulatedServer {
  SimulatedServer() {
    simulation::ApiServerOptions options;
    options.garbage_collection = false;  // the controller manager's work, not the API server's
    state = simulation::add_api_server(world, options);
  }
  Side side() {
    simulation::Probe& probe = simulation::add_probe(world);
    return {probe.env, probe.transport, probe.client.config()};
  }
  template <class T>
  T await(Side& side, Task<T> task) {
    return simulation::await(world, dynamic_cast<simulation::SimEnv&>(side.env), std::move(task));
  }
  simulation::World world;
  std::shared_ptr<simulation::ApiServerState> state;
};

// A young API server answers 429 "storage is (re)initializing" until the cache of a kind is filled.
Task<Answer> first_list(Side& side, const kube::ResourceType& type) {
  for (Duration waited{};; waited += kListInterval) {
    Answer answer = co_await send(side, &type, HttpRequest("GET", kube::collection_path(type, "")));
    if (answer.status != 429 || waited >= kPatience) co_return answer;
    (void)co_await side.env.sleep(kListInterval);
  }
}

class Conformance : public testing::Test {
 protected:
  // Fails, not skips, when there is no API server: a suite that did not run has proven nothing.
  void SetUp() override {
    auto config = kube::load_kubeconfig();
    ASSERT_TRUE(config.ok()) << config.error().message << "; run it by: make conformance";
    real_.emplace(Side{loop_.env(), loop_.transport(), *config});
    run_ = std::to_string(loop_.env().random() % 1'000'000'000);
    for (const auto* type : kinds()) {
      const Answer listed = await(first_list(*real_, *type));
      ASSERT_EQ(listed.status, 200) << type->plural << ": " << dump_json(listed.body);
    }
  }

  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    struct Run {
      static Task<void> into(Task<T> inner, std::optional<T>& target) {
        target.emplace(co_await std::move(inner));
      }
    };
    loop_.run_until_done("test", Run::into(std::move(task), result));
    return std::move(*result);
  }

  std::vector<std::string> make_namespaces(const std::string& purpose) {
    std::vector<std::string> names;
    for (const char* suffix : {"-x", "-y"}) {
      const std::string name = "conformance-" + run_ + "-" + purpose + suffix;
      const Json ns = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
      const Answer made = await(
          send(*real_, &kube::kNamespaces, HttpRequest("POST", "/api/v1/namespaces", {}, dump_json(ns))));
      EXPECT_EQ(made.status, 201) << made.body;
      names.push_back(name);
    }
    return names;
  }

  Defaults learn() {
    Defaults defaults;
    const std::vector<std::string> namespaces = make_namespaces("plain");
    for (const auto* type : kinds()) {
      if (is_ours(*type)) continue;
      Json object = plain_object(*type);
      object["metadata"] = {{"name", "plain"}, {"namespace", namespaces[0]}};
      if (*type == kube::kEvents) object["regarding"]["namespace"] = namespaces[0];
      const Answer made = await(
          send(*real_, type,
               HttpRequest("POST", kube::collection_path(*type, namespaces[0]), {}, dump_json(object))));
      EXPECT_EQ(made.status, 201) << made.body;
      learn_defaults(defaults, *type, object, made.body);
    }
    return defaults;
  }

  Loop loop_;
  std::optional<Side> real_;
  std::string run_;
};

// How a watch from long ago ends: as the answer, or as its first event.
Task<Result<std::string>> end_of_old_watch(Side& side, std::string ns) {
  kube::Client client(side.env, side.transport, side.config);
  auto watch = co_await client.watch(kube::kModelDeployments, std::move(ns), {}, "1");
  if (!watch.ok()) co_return std::string(to_string(watch.error().code));
  const auto event = co_await (*watch)->next();
  if (!event.ok()) co_return event.error();
  if (event->type != kube::WatchEvent::Type::Error) co_return event->raw_object;
  const Error error = kube::status_error(500, Headers(), event->raw_object, "watch");
  co_return std::string(to_string(error.code));
}

std::string text_of(const Program& program) {
  std::string text;
  for (const auto& operation : program.operations) text += "  " + operation.to_string() + "\n";
  return text;
}

TEST_F(Conformance, a_watch_from_a_version_that_is_no_longer_kept_has_expired_on_both) {
  const std::vector<std::string> namespaces = make_namespaces("old-watch");
  SimulatedServer simulated;
  Side side = simulated.side();
  const auto real = await(end_of_old_watch(*real_, namespaces[0]));
  const auto found = simulated.await(side, end_of_old_watch(side, namespaces[0]));
  ASSERT_TRUE(real.ok() && found.ok());
  EXPECT_EQ(*real, to_string(ErrorCode::Expired));
  EXPECT_EQ(*found, *real);
}

TEST_F(Conformance, random_programs_are_answered_alike_by_the_simulated_and_the_real_server) {
  const bool one_only = std::getenv("LLMOPS_SEED") && *std::getenv("LLMOPS_SEED");
  const std::uint64_t first = number_from("LLMOPS_SEED", 1);
  const std::uint64_t programs = one_only ? 1 : number_from("LLMOPS_PROGRAMS", kDefaultPrograms);
  const Defaults defaults = learn();
  std::map<std::string, std::uint64_t> met;
  std::size_t requests = 0, events = 0, failed = 0;
  for (std::uint64_t seed = first; seed < first + programs; ++seed) {
    const Program program = make_program(seed);
    const std::vector<std::string> namespaces = make_namespaces("program-" + std::to_string(seed));
    SimulatedServer simulated;
    Side side = simulated.side();
    const Transcript expected = await(play(*real_, program, namespaces));
    const Transcript found = simulated.await(side, play(side, program, namespaces));
    requests += expected.answers.size();
    for (const auto& watch : expected.watches) events += watch.events.size();
    std::string report;
    for (const Difference& difference : compare(found, expected, defaults)) {
      if (const Explained* known = explanation_of(difference)) {
        ++met[known->name];
      } else if (report.empty()) {
        report = difference.to_string() + "\n";
      }
    }
    if (report.empty()) continue;
    ADD_FAILURE() << "program " << seed << " (again: make conformance SEED=" << seed << ")\n"
                  << report << (one_only ? text_of(program) : "");
    if (++failed == kMostReported) break;
  }
  std::printf("%llu programs, %zu requests, %zu watch events compared\n",
              static_cast<unsigned long long>(programs), requests, events);
  for (const auto& [name, times] : met)
    std::printf("  explained, %llu times: %s\n", static_cast<unsigned long long>(times), name.c_str());
  if (one_only || programs < kDefaultPrograms || failed > 0) return;
  for (const Explained& known : explained())
    EXPECT_TRUE(met.contains(known.name)) << "no program meets this difference any more: " << known.name;
}

}  // namespace
}  // namespace llmops::conformance
