// Points in time for people.
#pragma once

#include <string>

#include "crds/base/time.hpp"

namespace llmops::cli {

// "2026-11-21T10:28:04Z": whole seconds.
std::string moment(Timestamp time);
// "3m 12s ago".
std::string ago(Timestamp time, Timestamp now);
// "until 2026-11-21T10:28:04Z (in 12s)", or "(passed)".
std::string until(Timestamp time, Timestamp now);

}  // namespace llmops::cli
