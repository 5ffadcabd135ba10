#include "cli/moments.hpp"

namespace llmops::cli {

std::string moment(Timestamp time) {
  return format_timestamp(std::chrono::floor<std::chrono::seconds>(time));
}

std::string ago(Timestamp time, Timestamp now) {
  return humanize(now - time) + " ago";
}

std::string until(Timestamp time, Timestamp now) {
  return "until " + moment(time) + (time > now ? " (in " + humanize(time - now) + ")" : " (passed)");
}

}  // namespace llmops::cli
