// What all gateways of a ModelDeployment counted together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

struct CountedSlot {
  Timestamp start{};
  wire::TrialCount candidate, stable;
};

struct MergedCounts {
  std::vector<CountedSlot> slots;  // oldest first, without those in which neither arm has a trial
  Timestamp through{};             // every slot from the mark up to it is in `slots`, or nobody can tell it
  std::string held_by;             // the gateway that keeps `through` back, and why; empty: none does
};

// The slots of `metric` that start at `mark` or later and are decided everywhere, added up over the gateways.
// One that has not decided is waited for, its requests end; one that does not answer for kGatewayPatience,
// and one of an older version that does not count the metric until the others are that far ahead. Of one that
// is gone, or is waited for no longer, counts what it told last. Nothing where the gateways were not asked
// for slots as old as the mark.
MergedCounts merge_counts(const Observed& observed, std::string_view metric, const std::string& candidate,
                          const std::string& stable, Timestamp mark);

// Answers of one revision in the last minutes, by bucket, over all gateways that told them.
std::map<std::int32_t, std::int64_t> merge_distributions(const Observed& observed,
                                                         const std::string& revision,
                                                         std::string_view metric);

}  // namespace llmops::release
