#include "operator/platform/real/mapped_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

namespace llmops {
namespace {

struct MappedFileTest : ::testing::Test {
  std::string path = (std::filesystem::path(::testing::TempDir()) /
                      ::testing::UnitTest::GetInstance()->current_test_info()->name())
                         .string();
  void SetUp() override { std::filesystem::remove(path); }
  void TearDown() override { std::filesystem::remove(path); }
};

bool all_zero(const MappedFile& file) {
  return std::all_of(file.bytes().begin(), file.bytes().end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

TEST_F(MappedFileTest, BeginsWithZerosAndKeepsWhatIsWritten) {
  {
    const auto file = MappedFile::open(path, 10'000);
    ASSERT_TRUE(file.ok()) << file.error().message;
    ASSERT_EQ(file->bytes().size(), 10'000u);
    EXPECT_TRUE(all_zero(*file));
    file->bytes()[9'999] = std::byte{7};
  }
  const auto again = MappedFile::open(path, 10'000);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->bytes()[9'999], std::byte{7});
}

TEST_F(MappedFileTest, BeginsAnewWhereTheFileHasAnotherSize) {
  std::ofstream(path) << "half a file";
  const auto file = MappedFile::open(path, 10'000);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_TRUE(all_zero(*file));
}

TEST_F(MappedFileTest, IsOpenOnce) {
  auto first = MappedFile::open(path, 100);
  ASSERT_TRUE(first.ok());
  const auto second = MappedFile::open(path, 100);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_NE(second.error().message.find(path), std::string::npos);
  {
    const MappedFile moved(std::move(*first));
    EXPECT_FALSE(MappedFile::open(path, 100).ok()) << "the lock moves along";
  }
  EXPECT_TRUE(MappedFile::open(path, 100).ok());
}

TEST_F(MappedFileTest, SaysWhatFailed) {
  const auto file = MappedFile::open("/nowhere/slots", 100);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::Unavailable);
  EXPECT_NE(file.error().message.find("/nowhere/slots"), std::string::npos);
}

}  // namespace
}  // namespace llmops
