// Time as the API writes it: RFC 3339 instants and durations such as "10m" or "1h30m".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"

namespace llmops {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

// "2026-11-21T09:00:00Z"; fractions of a second are written only when there are any.
std::string format_timestamp(Timestamp time);

// metav1.MicroTime as Leases and Events want it: "2026-11-21T09:00:00.123000Z".
std::string format_micro_time(Timestamp time);

// Accepts "Z" or a numeric offset and up to nine fractional digits.
Result<Timestamp> parse_timestamp(std::string_view text);

// Go's shape, largest unit first: "500ms", "10m", "1h30m". "0s" for zero.
std::string format_duration(Duration duration);
Result<Duration> parse_duration(std::string_view text);

// For people: "2m 14s", "11 min", rounded to what matters.
std::string humanize(Duration duration);

}  // namespace llmops
