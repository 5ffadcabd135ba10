#include <gtest/gtest.h>

#include <string>

#include "controllers/modeldeployment/shell/controller.hpp"

namespace llmops::release {
namespace {

std::size_t kept_of(RecordContents& contents, std::size_t records) {
  for (std::size_t i = 0; i < records; ++i) contents.keep("uid-" + std::to_string(i), Json(i));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < records; ++i)
    if (contents.find("uid-" + std::to_string(i))) ++kept;
  return kept;
}

TEST(RecordContents, KeepWhatEveryReleaseOfAFullFleetNeedsBetweenItsPasses) {
  RecordContents contents(100);
  EXPECT_EQ(kept_of(contents, 100 * 4), 400u);
}

TEST(RecordContents, ForgetTheOldestWhereThereAreMoreThanReleasesNeed) {
  RecordContents contents(1);
  EXPECT_EQ(kept_of(contents, 300), 256u);
  EXPECT_EQ(contents.find("uid-0"), nullptr);
  EXPECT_NE(contents.find("uid-299"), nullptr);
}

}  // namespace
}  // namespace llmops::release
