// How a release stands, for scripts: exit codes of `status`, and what `--until` waits for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/exit_code.hpp"
#include "cli/release.hpp"

namespace llmops::cli {

inline constexpr std::string_view kNotObserved = "NotObserved";

// The phase, or kNotObserved while the status is that of an older spec.
std::string standing_of(const Release& release);

// kGood Healthy; kBad Degraded, RolledBack; kInconclusive everything that is still under way or waits, and a
// status that belongs to an older spec.
int exit_code_of(const Release& release);

enum class Goal {
  Promoted,    // what the spec asks for is stable, its bake may go on
  Healthy,     // and its bake is over
  RolledBack,  // what the spec asks for was refused or taken back, and stable serves
  Settled      // no release is on, whatever came of it
};

// kGood: reached. kBad: what came instead is an end as well. nullopt: it is still open. A status that belongs
// to an older spec decides nothing.
std::optional<int> reached(const Release& release, Goal goal);

}  // namespace llmops::cli
