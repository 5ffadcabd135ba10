// What a pass over a settled ModelDeployment costs when nothing has changed: the decision alone, and with the
// target that the shell resolves before it. `cold` forgets what earlier passes built, as the controller does
// of a settled object.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "../unit/controllers/release_world.hpp"
#include "controllers/modeldeployment/core/decide.hpp"

namespace llmops::release {
namespace {

const Observed& settled() {
  static const Observed kObserved = [] {
    ReleaseWorld world = healthy_world();
    world.run();
    Derived derived;
    const Decision decision = decide(world.observed, derived);
    // Anything else would measure a release.
    if (decision.transition || !decision.actions.empty() || decision.wait) std::abort();
    return world.observed;
  }();
  return kObserved;
}

void settled_cold(benchmark::State& state) {
  const Observed& observed = settled();
  for (auto _ : state) {
    Derived derived;
    benchmark::DoNotOptimize(decide(observed, derived));
  }
}

void settled_warm(benchmark::State& state) {
  const Observed& observed = settled();
  Derived derived;
  for (auto _ : state) benchmark::DoNotOptimize(decide(observed, derived));
}

BENCHMARK(settled_warm)->Name("settled");
BENCHMARK(settled_cold)->Name("settled, nothing kept of earlier passes");

}  // namespace
}  // namespace llmops::release

BENCHMARK_MAIN();
