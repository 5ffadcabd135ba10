#include "e2e/fault_engine/settings.hpp"

#include <charconv>

namespace llmops::fault_engine {
namespace {

constexpr double kMostSigma = 3;
// Shares are decimal fractions: 0.1 + 0.2 + 0.7 must be allowed.
constexpr double kRounding = 1e-9;

}  // namespace

Result<void> check_shares(const Shares& shares) {
  const double sum = shares.error + shares.stall + shares.cut + shares.refusal;
  if (sum > 1 + kRounding)
    return Error{ErrorCode::InvalidArgument,
                 "--error-share, --stall-share, --cut-share and --refusal-share: found " +
                     std::to_string(sum) + " together, allowed at most 1"};
  return {};
}

Result<FirstToken> parse_first_token(std::string_view text) {
  constexpr std::string_view kLogNormal = "lognormal ";
  FirstToken first_token;
  std::string_view median = text;
  if (text.starts_with(kLogNormal)) {
    median = text.substr(kLogNormal.size());
    const std::size_t space = median.find(' ');
    const std::string_view sigma = space == std::string_view::npos ? "" : median.substr(space + 1);
    median = median.substr(0, space);
    const auto [end, code] = std::from_chars(sigma.data(), sigma.data() + sigma.size(), first_token.sigma);
    if (code != std::errc{} || end != sigma.data() + sigma.size() || !(first_token.sigma >= 0) ||
        first_token.sigma > kMostSigma)
      return Error{ErrorCode::InvalidArgument, "found \"" + std::string(text.substr(0, 60)) +
                                                   "\", allowed \"lognormal MEDIAN SIGMA\" with a sigma "
                                                   "from 0 to 3, e.g. lognormal 120ms 0.4"};
  }
  const auto duration = parse_duration(median);
  if (!duration.ok()) return duration.error();
  first_token.median = *duration;
  return first_token;
}

}  // namespace llmops::fault_engine
