// The stream of a watch, cut into events.
#pragma once

#include <memory>

#include "operator/kube/client.hpp"

namespace llmops::kube {

// One event a line. A line longer than 16 MiB ends the watch with TooLarge: an object of the API server is
// at most a few MiB, so such a line is not one.
inline constexpr std::size_t kMaxWatchLine = 16u << 20;

std::unique_ptr<Watch> make_watch(HttpResponse response, std::size_t max_line = kMaxWatchLine);

// One line as an event. Errors: InvalidArgument when it is no event; an unknown type is Type::Error without
// an object.
Result<WatchEvent> parse_watch_event(std::string_view line);

}  // namespace llmops::kube
