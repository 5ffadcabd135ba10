// McNemar's exact test with the mid-p correction: an alarm value beside the decision, never the decision.
#pragma once

#include <cstdint>

namespace llmops::statistics {

// One-sided P(at least `lost` of lost + won discordant items are losses | both directions equally likely),
// half of the observed point's mass taken off (mid-p). In (0, 1]; 1 when nothing is discordant. Small means
// that the candidate loses more items than it wins beyond chance.
double mcnemar_mid_p(std::int64_t lost, std::int64_t won);

}  // namespace llmops::statistics
