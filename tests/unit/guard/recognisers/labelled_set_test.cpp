#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "crds/base/json.hpp"
#include "measured.hpp"

namespace llmops::guard {
namespace {

Json json_of(std::size_t successes, std::size_t trials) {
  const Interval interval = exact_interval(successes, trials);
  return {{"successes", successes}, {"trials", trials}, {"low", interval.low}, {"high", interval.high}};
}

// For tests/data/recognisers/report.py.
void write_report(const std::string& language, const Measured& measured) {
  const char* folder = std::getenv("RECOGNISERS_REPORT");
  if (folder == nullptr) return;
  Json types = Json::object();
  for (const auto& [type, counts] : measured.types)
    types[type] = {{"recall", json_of(counts.covered, counts.labelled)},
                   {"precision", json_of(counts.right, counts.findings)},
                   {"anyType", json_of(counts.any_type, counts.labelled)}};
  const Json report{{"lines", measured.lines},
                    {"falseAlarms", json_of(measured.false_alarms, measured.without_values)},
                    {"types", types}};
  std::ofstream(std::string(folder) + "/" + language + ".json") << report.dump(1) << "\n";
  std::ofstream(std::string(folder) + "/" + language + ".mistakes.txt") << measured.mistakes;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Floor {
  double precision = 1;
  double recall = 1;
};

// `below_one`: types of which not all is found, or not only them.
void expect_floors(const std::string& language, const std::map<std::string, Floor>& below_one,
                   double false_alarms) {
  const Measured measured = measure(language);
  write_report(language, measured);
  ASSERT_GE(measured.lines, 500u);
  EXPECT_GE(3 * measured.without_values, measured.lines) << "at least a third without personal data";
  for (const auto& [type, counts] : measured.types) {
    const Interval precision = exact_interval(counts.right, counts.findings);
    const Interval recall = exact_interval(counts.covered, counts.labelled);
    std::printf("%s %-24s precision %3zu/%3zu %.3f [%.3f, %.3f]  recall %3zu/%3zu %.3f [%.3f, %.3f]\n",
                language.c_str(), type.c_str(), counts.right, counts.findings,
                share(counts.right, counts.findings), precision.low, precision.high, counts.covered,
                counts.labelled, share(counts.covered, counts.labelled), recall.low, recall.high);
  }
  EXPECT_LE(share(measured.false_alarms, measured.without_values), false_alarms) << measured.mistakes;
  EXPECT_EQ(measured.types.size(), 17u);
  for (const auto& [type, counts] : measured.types) {
    const auto found = below_one.find(type);
    const Floor floor = found == below_one.end() ? Floor{} : found->second;
    EXPECT_GE(share(counts.right, counts.findings), floor.precision) << type << "\n" << measured.mistakes;
    EXPECT_GE(share(counts.covered, counts.labelled), floor.recall) << type << "\n" << measured.mistakes;
  }
}

// What docs/guardrails.md says, rounded down: who loses some of it must say so there.
TEST(LabelledSet, KoreanLinesReachTheirFloors) {
  expect_floors("ko",
                {
                    {"bank-account", {1, 0.937}},
                    {"email", {1, 0.906}},
                    {"secret", {1, 0.954}},
                },
                0);
}

TEST(LabelledSet, EnglishLinesReachTheirFloors) {
  expect_floors("en",
                {
                    {"address", {1, 0.882}},
                    {"bank-account", {1, 0.833}},
                    {"business-number", {1, 0.750}},
                    {"corporate-number", {0.857, 1}},
                    {"email", {0.973, 0.925}},
                    {"secret", {1, 0.970}},
                },
                0.004);
}

TEST(LabelledSet, ExactIntervalsAreClopperAndPearsons) {
  EXPECT_NEAR(exact_interval(0, 10).high, 0.3085, 5e-5);
  EXPECT_NEAR(exact_interval(10, 10).low, 0.6915, 5e-5);
  EXPECT_NEAR(exact_interval(8, 10).low, 0.4439, 5e-5);
  EXPECT_NEAR(exact_interval(8, 10).high, 0.9748, 5e-5);
}

}  // namespace
}  // namespace llmops::guard
