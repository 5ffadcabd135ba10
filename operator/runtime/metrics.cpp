#include "operator/runtime/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace llmops {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

// name="value",… in order of the names, so that equal label sets are one series.
std::string text_of(Labels labels) {
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const auto& [name, value] : labels)
    text += (text.empty() ? "" : ",") + name + "=\"" + escaped(value) + "\"";
  return text;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

std::string line(const std::string& name, const std::string& labels, const std::string& value) {
  return name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
}

}  // namespace

void Metrics::describe(const metrics::Family& family, std::vector<double> buckets) {
  std::sort(buckets.begin(), buckets.end());
  families_.try_emplace(std::string(family.name),
                        Family{family.type, std::string(family.help), std::move(buckets), {}});
}

void Metrics::add(std::string_view name, const Labels& labels, double by) {
  const auto family = families_.find(name);
  if (family != families_.end()) family->second.series[text_of(labels)].value += by;
}

void Metrics::set(std::string_view name, const Labels& labels, double value) {
  const auto family = families_.find(name);
  if (family != families_.end()) family->second.series[text_of(labels)].value = value;
}

void Metrics::observe(std::string_view name, const Labels& labels, double value) {
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  const auto& bounds = family->second.bounds;
  Series& series = family->second.series[text_of(labels)];
  series.buckets.resize(bounds.size());
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value);
  if (bucket != bounds.end()) ++series.buckets[static_cast<std::size_t>(bucket - bounds.begin())];
  series.sum += value;
  ++series.count;
}

void Metrics::remove(std::string_view name, const Labels& labels) {
  const auto family = families_.find(name);
  if (family != families_.end()) family->second.series.erase(text_of(labels));
}

std::string Metrics::text() const {
  std::string out;
  for (const auto& [name, family] : families_) {
    if (family.series.empty()) continue;
    out += "# HELP " + name + " " + family.help + "\n# TYPE " + name + " " +
           std::string(to_string(family.type)) + "\n";
    for (const auto& [labels, series] : family.series) {
      if (family.type != metrics::Type::Histogram) {
        out += line(name, labels, number(series.value));
        continue;
      }
      std::uint64_t below = 0;
      const std::string comma = labels.empty() ? "" : labels + ",";
      for (std::size_t i = 0; i < family.bounds.size(); ++i) {
        below += series.buckets[i];
        out +=
            line(name + "_bucket", comma + "le=\"" + number(family.bounds[i]) + "\"", std::to_string(below));
      }
      out += line(name + "_bucket", comma + "le=\"+Inf\"", std::to_string(series.count));
      out += line(name + "_sum", labels, number(series.sum));
      out += line(name + "_count", labels, std::to_string(series.count));
    }
  }
  return out;
}

}  // namespace llmops
