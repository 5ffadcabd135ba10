// A whole controller in the simulated world: every ConfigMap labelled copy=yes has a copy of its content, and
// a ledger counts the copies. Small, but it creates, changes, deletes and sums up, as the real ones do.
#include <gtest/gtest.h>

#include "operator/runtime/manager.hpp"
#include "tests/simulation/world/crash_plans.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;
using kube::ObjectMeta;

struct Item {
  ObjectMeta meta;
  std::string value;
};

Result<Item> project(std::string_view raw) {
  const auto tree = parse_json(raw);
  if (!tree.ok()) return tree.error();
  return Item{kube::parse_meta(*tree), string_at(*tree, "data.value")};
}

using Items = kube::Cache<Item>;

class CopyController final : public Controller {
 public:
  CopyController(kube::Client& client, Items& items, OwnWrites& own)
      : client_(client), items_(items), own_(own) {}
  std::string name() const override { return "copy"; }

  void watch(WorkQueue& queue) override {
    items_.listen([&queue](const Items::Pointer& before, const Items::Pointer& after) {
      const Item& item = after ? *after : *before;
      if (item.meta.label("copy") == "yes") queue.add(item.meta.key());
      if (const auto* owner = item.meta.controller()) queue.add({item.meta.ns, owner->name});
      queue.add(kLedger);
    });
  }

  Task<Result<ReconcileOutcome>> reconcile(ObjectKey key) override {
    if (key == kLedger) return count();
    return copy(key);
  }

 private:
  static inline const ObjectKey kLedger{"default", "ledger"};

  Task<Result<ReconcileOutcome>> copy(ObjectKey key) {
    const auto source = items_.get(key);
    if (!source) co_return ReconcileOutcome{};  // the garbage collector takes the copy
    const ObjectKey copy_key{key.ns, key.name + "-copy"};
    const auto existing = items_.get(copy_key);
    if (existing && existing->value == source->value) co_return ReconcileOutcome{};
    const bool fresh = !existing;
    Json object = {{"metadata", {{"namespace", copy_key.ns}, {"name", copy_key.name}}}};
    if (!fresh) {
      Result<Json> live = co_await client_.get(kube::kConfigMaps, copy_key);
      if (!live.ok()) co_return live.error();
      object = *live;
    }
    Json owner = {{"apiVersion", "v1"},
                  {"kind", "ConfigMap"},
                  {"name", key.name},
                  {"uid", source->meta.uid},
                  {"controller", true}};
    object["metadata"]["ownerReferences"] = Json::array({owner});
    object["data"]["value"] = source->value;
    co_return co_await write(key, fresh, std::move(object));
  }

  Task<Result<ReconcileOutcome>> count() {
    int copies = 0;
    for (const auto& [key, item] : items_.all()) copies += item->meta.controller() ? 1 : 0;
    const auto ledger = items_.get(kLedger);
    const std::string value = std::to_string(copies);
    if (ledger ? ledger->value == value : copies == 0) co_return ReconcileOutcome{};
    Json object = {{"metadata", {{"namespace", kLedger.ns}, {"name", kLedger.name}}},
                   {"data", {{"value", value}}}};
    if (ledger) object["metadata"]["resourceVersion"] = ledger->meta.resource_version;
    co_return co_await write(kLedger, !ledger, std::move(object));
  }

  Task<Result<ReconcileOutcome>> write(ObjectKey reconciled, bool fresh, Json object) {
    Task<Result<Json>> request = fresh ? client_.create(kube::kConfigMaps, std::move(object))
                                       : client_.replace(kube::kConfigMaps, std::move(object));
    Result<Json> written = co_await std::move(request);
    if (!written.ok()) co_return written.error();
    own_.record(reconciled, items_, string_at(*written, "metadata.resourceVersion"));
    co_return ReconcileOutcome{};
  }

  kube::Client& client_;
  Items& items_;
  OwnWrites& own_;
};

class Operator final : public Program {
 public:
  Operator(SimEnv& env, Transport& transport)
      : client_(env, transport, client_config()), manager_(env, client_, options(env)) {
    manager_.add_cache(items_);
    manager_.add_controller(std::make_shared<CopyController>(client_, items_, manager_.own_writes()));
    env.spawn("main", run());
  }

 private:
  // Whose lease is lost begins again as a new process.
  Task<void> run() {
    if (co_await manager_.run() == RunEnd::LeaseLost) client_.env().die("the lease was lost");
  }
  static ManagerOptions options(SimEnv& env) {
    ManagerOptions options;
    options.elector.ns = "default";
    options.elector.identity = env.process() + "-" + std::to_string(env.random() % 100'000);
    return options;
  }
  kube::Client client_;
  Items items_{kube::kConfigMaps, "default", {}, project};
  Manager manager_;
};

Json source(const std::string& name, const std::string& value) {
  return {{"metadata", {{"namespace", "default"}, {"name", name}, {"labels", {{"copy", "yes"}}}}},
          {"data", {{"value", value}}}};
}

struct RunResult {
  std::string state;
  int writes = 0;  // that were sent
  int crashes = 0;
  std::string log;
  int writes_when_settled = 0;
};

// Sources a and b appear one after the other, a changes, b goes; then silence.
RunResult run(std::uint64_t seed, const std::vector<Crash>& plan, const FaultHook& faults = nullptr,
              Duration silence = std::chrono::minutes(3)) {
  WorldOptions options;
  options.seed = seed;
  World world(options);
  ApiServerOptions server_options;
  server_options.watch_lag = Duration(200);
  auto server = add_api_server(world, server_options);
  world.add_process("operator", [](SimEnv& env, Transport& transport) {
    return std::make_unique<Operator>(env, transport);
  });
  world.respawn("operator", Duration(1'000));
  world.write_plan("operator", plan);
  if (faults) world.set_faults(faults);
  auto& store = server->store;
  const auto settle = [&world] { world.run_for(Duration(50'000)); };
  EXPECT_TRUE(store.create(kube::kConfigMaps, source("a", "1")).ok());
  settle();
  EXPECT_TRUE(store.create(kube::kConfigMaps, source("b", "1")).ok());
  settle();
  EXPECT_TRUE(store.replace(kube::kConfigMaps, {"default", "a"}, source("a", "2")).ok());
  settle();
  EXPECT_TRUE(store.remove(kube::kConfigMaps, {"default", "b"}).ok());
  settle();
  if (faults) {
    world.set_faults(nullptr);
    world.run_for(std::chrono::minutes(5));
  }
  RunResult result;
  const int numbered = world.writes("operator");
  result.writes = static_cast<int>(world.write_log().size());
  world.run_for(silence);
  result.writes_when_settled = world.writes("operator") - numbered;
  result.crashes = world.crashes();
  for (const auto& record : world.write_log())
    result.log += record.to_string() + " -> " + std::to_string(record.status) + "\n";
  result.state = comparable_state(store, {kube::kConfigMaps});
  return result;
}

const RunResult& reference() {
  static const RunResult kReference = run(1, {}, nullptr, std::chrono::hours(1));
  return kReference;
}

void expect_same_end(const RunResult& crashed, const std::string& what) {
  EXPECT_EQ(crashed.state, reference().state) << what << "\n" << crashed.log;
  EXPECT_EQ(crashed.writes_when_settled, 0) << what << "\n" << crashed.log;
}

TEST(CopyController, copies_follow_their_sources_and_the_ledger_counts_them) {
  EXPECT_EQ(reference().writes_when_settled, 0);
  EXPECT_EQ(reference().crashes, 0);
  // Each copy and the ledger after it; the change of a; the ledger after b has gone.
  EXPECT_EQ(reference().writes, 6) << reference().log;
  EXPECT_NE(reference().state.find(R"("data":{"value":"2"},"kind":"ConfigMap","metadata":{"name":"a-copy")"),
            std::string::npos)
      << reference().state;
  EXPECT_EQ(reference().state.find("b-copy"), std::string::npos);
  EXPECT_NE(reference().state.find(R"("data":{"value":"1"},"kind":"ConfigMap","metadata":{"name":"ledger")"),
            std::string::npos);
}

TEST(CopyController, the_same_seed_replays_the_same_run) {
  const RunResult first = run(7, {});
  const RunResult second = run(7, {});
  EXPECT_EQ(first.log, second.log);
  EXPECT_EQ(first.state, second.state);
}

TEST(CopyController, a_crash_at_any_write_ends_as_if_there_was_none) {
  for (const auto& plan : single_crash_plans(reference().writes)) {
    const RunResult crashed = run(1, plan);
    expect_same_end(crashed, to_string(plan));
    EXPECT_LE(crashed.writes, reference().writes + 1) << to_string(plan) << "\n" << crashed.log;
    EXPECT_EQ(crashed.crashes, 1) << to_string(plan);
  }
}

TEST(CopyController, two_crashes_at_any_two_writes_end_as_if_there_was_none) {
  for (const auto& plan : double_crash_plans(reference().writes)) {
    const RunResult crashed = run(1, plan);
    expect_same_end(crashed, to_string(plan));
    EXPECT_LE(crashed.writes, reference().writes + 1) << to_string(plan) << "\n" << crashed.log;
  }
}

struct CopyControllerSeed : ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seed, CopyControllerSeed, ::testing::Range<std::uint64_t>(1, 21));

TEST_P(CopyControllerSeed, faults_and_restarts_end_as_if_there_was_none) {
  auto state = std::make_shared<std::uint64_t>(GetParam() * 7919);
  const FaultHook faults = [state](const std::string&, const std::string&, const HttpRequest&) {
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    switch ((*state >> 33) % 10) {
      case 0:
        return Fault::Refused;
      case 1:
        return Fault::ResponseLost;
      case 2:
        return Fault::RequestLost;
      default:
        return Fault::None;
    }
  };
  const RunResult troubled =
      run(GetParam(), {Crash{2, CrashPoint::AfterCommit}, Crash{5, CrashPoint::AfterResponse}}, faults);
  expect_same_end(troubled, "seed " + std::to_string(GetParam()));
}

}  // namespace
}  // namespace llmops::simulation
