// An operator that dies at every write of an EvalRun's life, before it is sent, after it is committed, and
// after it is answered: each time the evaluation ends as it would have, and is made once.
#include <gtest/gtest.h>

#include "shells_world.hpp"

namespace llmops::controllers {
namespace {

using namespace std::chrono_literals;
using simulation::Crash;
using simulation::CrashPoint;

constexpr const char* kRun = "bot-run-1-0-0-0";
constexpr CrashPoint kPoints[] = {CrashPoint::BeforeSend, CrashPoint::AfterCommit, CrashPoint::AfterResponse};

// What must not depend on crashes: the verdict and what was made, without times.
struct End {
  Json status;
  std::size_t jobs = 0, config_maps = 0;
  int pods_made = 0;
  int writes = 0;
  int crashes = 0;
};

Json timeless(Json status) {
  status.erase("startedAt");
  status.erase("completedAt");
  if (status.contains("conditions"))
    for (Json& condition : status["conditions"]) condition.erase("lastTransitionTime");
  return status;
}

End run(std::uint64_t seed, const std::vector<Crash>& plan, api::Verdict verdict) {
  ShellsWorld cluster(seed);
  cluster.kubelet.message = verdict_message(verdict);
  cluster.create_dataset("bot-dataset", golden_set_text());
  cluster.create_eval_run(kRun);
  cluster.start_operator();
  cluster.world.write_plan(kOperator, plan);
  EXPECT_TRUE(cluster.run_until_ended(kRun, 30min));
  cluster.world.run_for(2min);
  End end;
  end.status = timeless((*cluster.find(kube::kEvalRuns, kRun))["status"]);
  end.jobs = cluster.server->store.list(kube::kJobs).size();
  end.config_maps = cluster.server->store.list(kube::kConfigMaps).size();
  end.pods_made = cluster.kubelet.pods_made;
  end.writes = static_cast<int>(cluster.world.write_log().size());
  end.crashes = cluster.world.crashes();
  return end;
}

class EvalRunCrash : public testing::TestWithParam<api::Verdict> {};

TEST_P(EvalRunCrash, AtAnyWriteEndsAsWithoutAndMeasuresOnce) {
  const End whole = run(1, {}, GetParam());
  ASSERT_EQ(whole.writes, 4);
  for (int write = 1; write <= whole.writes; ++write) {
    for (const CrashPoint point : kPoints) {
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE("write " + std::to_string(write) + ", " + std::string(to_string(point)) + ", seed " +
                     std::to_string(seed));
        const End end = run(seed, {Crash{write, point, 1s}}, GetParam());
        EXPECT_EQ(end.crashes, 1);
        EXPECT_EQ(end.status, whole.status);
        EXPECT_EQ(end.jobs, 1u);
        EXPECT_EQ(end.config_maps, 2u);
        EXPECT_EQ(end.pods_made, 1);
        EXPECT_LE(end.writes, whole.writes + 1) << "one create is all that is repeated";
      }
    }
  }
}

TEST_P(EvalRunCrash, AtEveryWriteInTurnStillEnds) {
  const End whole = run(1, {}, GetParam());
  for (const CrashPoint point : kPoints) {
    SCOPED_TRACE(to_string(point));
    std::vector<Crash> plan;
    for (int write = 1; write <= 6; ++write) plan.push_back({write, point, 1s});
    const End end = run(7, plan, GetParam());
    EXPECT_EQ(end.status, whole.status);
    EXPECT_EQ(end.pods_made, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EvalRunCrash, testing::Values(api::Verdict::Successful, api::Verdict::Failed));

}  // namespace
}  // namespace llmops::controllers
