#include "kstatus.hpp"

#include <gtest/gtest.h>

#include "crds/base/names.hpp"

namespace llmops {
namespace {

bool has(const std::vector<api::Condition>& conditions, std::string_view type, api::ConditionStatus status) {
  for (const auto& condition : conditions)
    if (condition.type == type) return condition.status == status;
  return false;
}

}  // namespace

std::string kstatus_of(std::int64_t generation, std::optional<std::int64_t> observed_generation,
                       const std::vector<api::Condition>& conditions) {
  using enum api::ConditionStatus;
  if (observed_generation && *observed_generation != generation) return "InProgress";
  if (has(conditions, names::kReconciling, True)) return "InProgress";
  if (has(conditions, names::kStalled, True)) return "Failed";
  if (has(conditions, names::kReady, False) || has(conditions, names::kReady, Unknown)) return "InProgress";
  return "Current";
}

namespace release {

void expect_honest_status(const Observed& observed) {
  using enum api::ConditionStatus;
  const auto& status = observed.status;
  if (!status.phase) return;
  SCOPED_TRACE(std::string(to_string(*status.phase)) + ": " + status.message.value_or(""));
  EXPECT_EQ(status.observed_generation, observed.meta.generation);
  for (const auto& condition : status.conditions)
    EXPECT_EQ(condition.observed_generation, status.observed_generation) << condition.type;
  const bool reconciling = has(status.conditions, names::kReconciling, True);
  const bool stalled = has(status.conditions, names::kStalled, True);
  EXPECT_FALSE(reconciling && stalled);
  const std::string seen =
      kstatus_of(observed.meta.generation, status.observed_generation, status.conditions);
  const bool healthy = status.phase == api::Phase::Healthy;
  const bool bad = status.phase == api::Phase::Degraded || status.phase == api::Phase::RolledBack;
  EXPECT_EQ(seen == "Current", healthy);
  if (bad) EXPECT_EQ(seen, "Failed");
  if (status.run && !bad) EXPECT_EQ(seen, "InProgress");
  EXPECT_EQ(reconciling || stalled, !healthy) << "one of the three";
  if (has(status.conditions, names::kReady, True))
    EXPECT_TRUE(healthy || status.phase == api::Phase::Baking || status.phase == api::Phase::Progressing);
}

}  // namespace release
}  // namespace llmops
