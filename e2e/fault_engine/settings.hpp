// What the engine of faults was told: whom it claims to be, how fast it is, and what it does wrong on
// purpose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"

namespace llmops::fault_engine {

// Parts of the requests that faults apply to; together at most 1.
struct Shares {
  double error = 0;    // HTTP 500
  double stall = 0;    // nothing comes until the client leaves
  double cut = 0;      // the connection ends in the middle of the answer
  double refusal = 0;  // a well-formed answer that refuses
};

// A log-normal duration; always `median` when sigma is 0.
struct FirstToken {
  Duration median{0};
  double sigma = 0;  // of the logarithm, 0 to 3
};

struct Settings {
  std::string model_name;
  std::int64_t slots = 16;  // answers at a time; further requests wait
  Duration load_time{0};
  Shares shares;
  // Faults apply to requests with at least so many messages (of any role) ...
  std::int64_t faults_from_message = 1;
  // ... that come this long after the engine became ready ...
  Duration faults_after{0};
  // ... and of these to the one with this number, counted from 1, and to those after it.
  std::int64_t faults_from_request = 1;
  FirstToken first_token;
  Duration token_interval{0};
  std::int64_t tokens = 24;  // words of an answer that is in no table
  std::string answer = "Thank you for asking. Let me look into that for you.";
};

// InvalidArgument when they are more than 1 together.
Result<void> check_shares(const Shares& shares);

// "120ms", or "lognormal 120ms 0.4" (median and sigma). Errors: InvalidArgument.
Result<FirstToken> parse_first_token(std::string_view text);

}  // namespace llmops::fault_engine
