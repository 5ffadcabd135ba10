// What Prometheus answers to an instant query (https://prometheus.io/docs/prometheus/latest/querying/api/).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::prometheus {

// So many series are read; a query that gives more measures nothing in particular.
inline constexpr std::size_t kMaxSeries = 1000;

struct Answer {
  bool is_scalar = false;
  std::vector<double> values;  // one for each series; of a scalar exactly one
};

// Errors: InvalidArgument (Prometheus refused the query and says why, an answer of another type, no answer of
// Prometheus), TooLarge.
Result<Answer> parse_answer(std::string_view body);

// "0.98" of a scalar, "[0.98, NaN]" of a vector, of a long one its beginning.
std::string in_words(const Answer& answer);

// At most six significant digits.
std::string in_words(double value);

}  // namespace llmops::prometheus
