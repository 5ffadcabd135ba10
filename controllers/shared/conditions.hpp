// Conditions as the Kubernetes API conventions define them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/text.hpp"
#include "crds/base/time.hpp"

namespace llmops::controllers {

// Bounds of the CRDs, in bytes (they count characters, of which there are never more).
inline constexpr std::size_t kMaxMessageBytes = 2048;

struct ConditionValue {
  std::string_view type;
  api::ConditionStatus status = api::ConditionStatus::Unknown;
  std::string_view reason;  // one word for programs
  std::string message;      // clipped to kMaxMessageBytes
};

// Adds the condition or changes it in place. lastTransitionTime moves only when the status does.
void set_condition(std::vector<api::Condition>& conditions, const ConditionValue& value,
                   std::int64_t generation, Timestamp now);

enum class Readiness {
  Ready,
  Awaiting,  // what it refers to is not there yet
  Stalled    // somebody has to change something
};

// Ready, and for kstatus Reconciling and Stalled, of which at most one is true and none beside Ready.
void set_readiness(std::vector<api::Condition>& conditions, Readiness readiness, std::string_view reason,
                   const std::string& message, std::int64_t generation, Timestamp now);

// The condition of that type, or null.
const api::Condition* find_condition(const std::vector<api::Condition>& conditions, std::string_view type);

using llmops::clip;

}  // namespace llmops::controllers
