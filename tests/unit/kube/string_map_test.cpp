#include "operator/kube/string_map.hpp"

#include <gtest/gtest.h>

#include <string>

namespace llmops::kube {
namespace {

TEST(StringMap, FindsWhatWasSet) {
  StringMap map{{"b", "2"}, {"a", ""}};
  EXPECT_EQ(map.find("a"), "");
  EXPECT_EQ(map.find("b"), "2");
  EXPECT_EQ(map.find("c"), std::nullopt);
  EXPECT_FALSE(map.contains(""));
  EXPECT_TRUE(StringMap().empty());
}

TEST(StringMap, ReplacesAValueByAnotherOfAnyLength) {
  StringMap map{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  map.set("b", "a longer value");
  map.set("a", "");
  EXPECT_EQ(map, (StringMap{{"a", ""}, {"b", "a longer value"}, {"c", "3"}}));
}

TEST(StringMap, IsTheSameInWhateverOrderItWasSet) {
  EXPECT_EQ((StringMap{{"c", "3"}, {"a", "1"}, {"b", "2"}}), (StringMap{{"b", "2"}, {"c", "3"}, {"a", "1"}}));
  EXPECT_NE((StringMap{{"a", "bc"}}), (StringMap{{"ab", "c"}}));
}

TEST(StringMap, TakesAnyBytes) {
  const std::string odd("\0\xff\n", 3), much(100'000, 'x');
  StringMap map{{"odd", odd}, {"much", much}};
  EXPECT_EQ(map.find("odd"), odd);
  EXPECT_EQ(map.find("much"), much);
}

TEST(StringMap, KeepsOnlyTheKeysThatAreWanted) {
  const StringMap map{{"ours/a", "1"}, {"theirs", "2"}, {"ours/b", "3"}};
  const auto ours = [](std::string_view key) { return key.starts_with("ours/"); };
  EXPECT_EQ(map.only(ours), (StringMap{{"ours/a", "1"}, {"ours/b", "3"}}));
  EXPECT_TRUE(map.only([](std::string_view) { return false; }).empty());
}

}  // namespace
}  // namespace llmops::kube
