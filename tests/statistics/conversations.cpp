#include "conversations.hpp"

#include <array>
#include <vector>

#include "evaluator/statistics/e_process.hpp"
#include "evaluator/statistics/e_values.hpp"
#include "random_counts.hpp"

namespace llmops::sim_statistics {
namespace {

constexpr int kSlotsPerTurn = 4;  // 20 seconds between the turns of a conversation
constexpr int kRing = 128;        // slots that a conversation may last
constexpr int kMostGateways = 5;

struct SlotCounts {
  statistics::ArmCount candidate, stable;
};

// Each gateway counts by its own clock, which is late by up to a slot; the slots are then added up by number.
class Gateways {
 public:
  explicit Gateways(int count) : count_(count) {}
  void request(Random& random, int slot, bool candidate, bool event) {
    const int gateway = static_cast<int>(random.next() % static_cast<std::uint64_t>(count_));
    const bool late = random.chance(static_cast<double>(gateway) / (kMostGateways + 1));
    SlotCounts& counts = at(gateway, slot + (late ? 1 : 0));
    statistics::ArmCount& arm = candidate ? counts.candidate : counts.stable;
    ++arm.trials;
    arm.events += event ? 1 : 0;
  }
  SlotCounts take(int slot) {
    SlotCounts sum;
    for (int gateway = 0; gateway < count_; ++gateway) {
      SlotCounts& counts = at(gateway, slot);
      sum.candidate.trials += counts.candidate.trials;
      sum.candidate.events += counts.candidate.events;
      sum.stable.trials += counts.stable.trials;
      sum.stable.events += counts.stable.events;
      counts = {};
    }
    return sum;
  }

 private:
  SlotCounts& at(int gateway, int slot) {
    return slots_[static_cast<std::size_t>(gateway)][static_cast<std::size_t>(slot % kRing)];
  }
  std::array<std::array<SlotCounts, kRing>, kMostGateways> slots_{};
  int count_;
};

int trial_turn(Random& random) {
  const double u = random.uniform();
  return u < 0.7 ? 1 : u < 0.85 ? 2 : u < 0.95 ? 3 : 5;
}

// A share `correlation` of conversations is of one kind throughout; in the others turns are independent. Then
// any two turns have that correlation, and each its rate.
void converse(Random& random, Gateways& gateways, const Conversations& world, int slot) {
  const bool candidate = random.chance(world.candidate_share);
  const bool uniform_kind = random.chance(world.correlation), all = random.chance(world.rate);
  const auto event = [&] { return uniform_kind ? all : random.chance(world.rate); };
  if (world.trial_rule) {
    const int turn = trial_turn(random);
    if (turn <= world.turns) gateways.request(random, slot + (turn - 1) * kSlotsPerTurn, candidate, event());
    return;
  }
  for (int turn = 0; turn < world.turns; ++turn)
    gateways.request(random, slot + turn * kSlotsPerTurn, candidate, event());
}

}  // namespace

double share_of_false_harm(const Conversations& world, int streams, double alpha, std::uint64_t seed) {
  Random random(seed);
  const statistics::NanoNats needed = *statistics::threshold(alpha);
  int shown = 0;
  for (int run = 0; run < streams; ++run) {
    Gateways gateways(world.gateways);
    statistics::TwoSampleState state;
    for (int slot = 0; slot < world.slots && state.highest < needed; ++slot) {
      for (int start = 0; start < world.starts_per_slot; ++start) converse(random, gateways, world, slot);
      const SlotCounts counts = gateways.take(slot);
      state = *statistics::after_block({}, state, counts.candidate, counts.stable);
    }
    shown += state.highest >= needed ? 1 : 0;
  }
  return static_cast<double>(shown) / streams;
}

}  // namespace llmops::sim_statistics
