#include "measured.hpp"

#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <fstream>

#include "crds/base/json.hpp"
#include "harness.hpp"

namespace llmops::guard {
namespace {

struct Label {
  std::string type;
  std::size_t begin, end;
};

std::ifstream labelled_set(const std::string& language) {
  return std::ifstream(std::string(LLMOPS_SOURCE_DIR) + "/tests/data/recognisers/" + language + ".jsonl");
}

bool is_covered(const Label& label, const std::vector<Found>& findings, bool any_type) {
  std::size_t at = label.begin;
  for (const Found& found : findings)
    if ((any_type || found.type == label.type) && found.begin <= at && found.end > at) at = found.end;
  return at >= label.end;
}

}  // namespace

Interval exact_interval(std::size_t successes, std::size_t trials) {
  if (trials == 0) return {};
  const double k = static_cast<double>(successes);
  const double n = static_cast<double>(trials);
  return {successes == 0 ? 0 : boost::math::ibeta_inv(k, n - k + 1, 0.025),
          successes == trials ? 1 : boost::math::ibeta_inv(k + 1, n - k, 0.975)};
}

std::vector<std::string> labelled_lines() {
  std::vector<std::string> lines;
  for (const char* language : {"ko", "en"}) {
    std::ifstream file = labelled_set(language);
    for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line).at("text"));
  }
  return lines;
}

Measured measure(const std::string& language) {
  const auto personal = pii_rule();
  const auto secrets = secrets_rule();
  Measured measured;
  std::ifstream file = labelled_set(language);
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line);
    const std::string text = json.at("text");
    std::vector<Label> labels;
    for (const Json& span : json.at("spans"))
      labels.push_back({span.at("type"), span.at("start"), span.at("end")});
    std::vector<Found> findings = find(*personal, text);
    for (Found& found : find(*secrets, text)) findings.push_back(std::move(found));
    ++measured.lines;
    if (labels.empty()) {
      ++measured.without_values;
      if (!findings.empty()) ++measured.false_alarms;
    }
    for (const Label& label : labels) {
      Counts& counts = measured.types[label.type];
      ++counts.labelled;
      counts.any_type += is_covered(label, findings, true);
      const bool covered = is_covered(label, findings, false);
      counts.covered += covered;
      if (!covered)
        measured.mistakes += "missed " + label.type + " " +
                             text.substr(label.begin, label.end - label.begin) + " | " + text + "\n";
    }
    for (const Found& found : findings) {
      Counts& counts = measured.types[found.type];
      ++counts.findings;
      bool right = false;
      for (const Label& label : labels)
        right = right || (label.type == found.type && label.begin < found.end && found.begin < label.end);
      counts.right += right;
      if (!right)
        measured.mistakes += "wrong " + found.type + " " + text.substr(found.begin, found.end - found.begin) +
                             " | " + text + "\n";
    }
  }
  return measured;
}

}  // namespace llmops::guard
