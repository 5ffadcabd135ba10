#include "gateway/guard/recognisers/overlaps.hpp"

#include <gtest/gtest.h>

namespace llmops::guard {
namespace {

std::string stand(std::vector<Candidate> candidates, std::size_t known, std::size_t decided) {
  std::vector<Span> spans;
  EXPECT_EQ(settle(std::move(candidates), known, spans), decided);
  std::string all;
  for (const Span& span : spans) all += std::string(span.entity);
  return all;
}

TEST(Overlaps, TheMoreConfidentStands) {
  EXPECT_EQ(stand({{0, 10, "a", 0.6, 0}, {5, 15, "b", 0.9, 1}}, 100, 100), "b");
}

TEST(Overlaps, OfEqualConfidenceTheMoreSpecificThenTheLonger) {
  EXPECT_EQ(stand({{0, 10, "a", 0.6, 2}, {5, 15, "b", 0.6, 1}}, 100, 100), "b");
  EXPECT_EQ(stand({{0, 10, "a", 0.6, 1}, {5, 16, "b", 0.6, 1}}, 100, 100), "b");
  EXPECT_EQ(stand({{5, 15, "b", 0.6, 1}, {0, 10, "a", 0.6, 1}}, 100, 100), "a");
}

TEST(Overlaps, WhatOnlyTouchesALoserStands) {
  EXPECT_EQ(stand({{0, 10, "a", 0.6, 0}, {8, 20, "b", 0.7, 0}, {18, 30, "c", 0.9, 0}}, 100, 100), "ac");
}

TEST(Overlaps, AGroupThatReachesBeyondWhatIsKnownWaits) {
  EXPECT_EQ(stand({{0, 4, "a", 0.6, 0}, {6, 10, "b", 0.6, 0}, {9, 20, "c", 0.9, 0}}, 15, 6), "a");
  EXPECT_EQ(stand({{0, 4, "a", 0.6, 0}, {15, 20, "b", 0.6, 0}}, 15, 15), "a");
}

}  // namespace
}  // namespace llmops::guard
