#include "crds/base/boxed.hpp"

#include <gtest/gtest.h>

#include <string>

namespace llmops {
namespace {

TEST(Boxed, IsEmptyUntilItIsGivenAValue) {
  Boxed<std::string> box;
  EXPECT_FALSE(box);
  EXPECT_FALSE(box.has_value());
  box.emplace() = "one";
  ASSERT_TRUE(box);
  EXPECT_EQ(*box, "one");
  EXPECT_EQ(box->size(), 3u);
  box = std::nullopt;
  EXPECT_FALSE(box);
}

TEST(Boxed, ACopyIsAnother) {
  Boxed<std::string> box(std::string("one"));
  Boxed<std::string> copy = box;
  *copy = "two";
  EXPECT_EQ(*box, "one");
  copy = box;
  EXPECT_EQ(copy, box);
  box.reset();
  EXPECT_EQ(*copy, "one");
  const Boxed<std::string>& same = copy;
  copy = same;
  EXPECT_EQ(*copy, "one");
}

TEST(Boxed, EqualsWhatHoldsTheSame) {
  const Boxed<std::string> none, one(std::string("1")), another(std::string("1")), two(std::string("2"));
  EXPECT_EQ(none, Boxed<std::string>());
  EXPECT_EQ(one, another);
  EXPECT_NE(one, two);
  EXPECT_NE(one, none);
  EXPECT_NE(none, one);
}

TEST(Boxed, TakesNoMoreRoomThanAPointer) {
  struct Large {
    char room[1'000];
  };
  EXPECT_EQ(sizeof(Boxed<Large>), sizeof(void*));
}

}  // namespace
}  // namespace llmops
