#include "evaluator/prometheus/answer.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "crds/base/json.hpp"
#include "crds/base/text.hpp"

namespace llmops::prometheus {
namespace {

constexpr std::size_t kShown = 4;
constexpr std::size_t kQuoted = 200;

Error bad(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

// [seconds, "value"]; Prometheus writes NaN, +Inf and -Inf as such.
std::optional<double> value_of(const Json& sample) {
  if (!sample.is_array() || sample.size() != 2 || !sample[1].is_string()) return std::nullopt;
  const std::string& text = sample[1].get_ref<const std::string&>();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

Result<Answer> vector_of(const Json& series) {
  if (!series.is_array()) return bad("data.result: found no list, allowed the series of a vector");
  if (series.size() > kMaxSeries)
    return Error{ErrorCode::TooLarge,
                 "found " + std::to_string(series.size()) + " series, allowed " + std::to_string(kMaxSeries)};
  Answer answer;
  for (const Json& one : series) {
    const Json* sample = find_path(one, "value");
    const auto value = sample ? value_of(*sample) : std::nullopt;
    if (!value) return bad("data.result: found a series without a number, allowed numbers");
    answer.values.push_back(*value);
  }
  return answer;
}

}  // namespace

Result<Answer> parse_answer(std::string_view body) {
  const auto json = parse_json(body);
  if (!json) return bad("found no JSON, allowed an answer of Prometheus");
  const std::string status = string_at(*json, "status");
  if (status == "error")
    return bad(clip(string_at(*json, "errorType") + ": " + string_at(*json, "error"), kQuoted));
  const Json* result = find_path(*json, "data.result");
  if (status != "success" || result == nullptr)
    return bad("found JSON without status and data.result, allowed an answer of Prometheus");
  const std::string type = string_at(*json, "data.resultType");
  if (type == "vector") return vector_of(*result);
  if (type != "scalar")
    return bad("found an answer of the type " + clip(type, 20) + ", allowed a scalar or an instant vector");
  const auto value = value_of(*result);
  if (!value) return bad("data.result: found a scalar without a number, allowed numbers");
  return Answer{true, {*value}};
}

std::string in_words(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

std::string in_words(const Answer& answer) {
  if (answer.is_scalar) return in_words(answer.values.front());
  std::string text;
  for (std::size_t i = 0; i < answer.values.size() && i < kShown; ++i)
    text += (i ? ", " : "") + in_words(answer.values[i]);
  if (answer.values.size() > kShown) text += ", … " + std::to_string(answer.values.size()) + " in all";
  return "[" + text + "]";
}

}  // namespace llmops::prometheus
