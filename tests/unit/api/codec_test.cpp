// The reader's own rules, where no example shows them.
#include <gtest/gtest.h>

#include "crds/codec/object_reader.hpp"
#include "crds/codec/object_writer.hpp"

namespace llmops::codec {
namespace {

template <class T>
std::string read_message(const Json& value, const Limits& limits, T& out) {
  const FieldPath root;
  const auto problem = read(value, root.member("field"), limits, out);
  return problem ? problem->message : "accepted";
}

TEST(ApiCodec, LengthCountsCharactersNotBytes) {
  std::string out;
  EXPECT_EQ(read_message("환불은", {.max_length = 3}, out), "accepted");
  EXPECT_EQ(out, "환불은");
  EXPECT_EQ(read_message("환불은요", {.max_length = 3}, out), "field: found 4 characters, allowed at most 3");
}

TEST(ApiCodec, AWholeNumberWithAFractionPartIsAnInteger) {
  std::int64_t out = 0;
  EXPECT_EQ(read_message(3.0, {}, out), "accepted");
  EXPECT_EQ(out, 3);
  EXPECT_EQ(read_message(1e300, {}, out), "field: found 1e+300, allowed an integer");
}

TEST(ApiCodec, TheSmallestAndLargestIntegersSurvive) {
  std::int64_t out = 0;
  EXPECT_EQ(read_message(INT64_MIN, {}, out), "accepted");
  EXPECT_EQ(out, INT64_MIN);
  EXPECT_EQ(read_message(INT64_MAX, {}, out), "accepted");
  EXPECT_EQ(out, INT64_MAX);
}

TEST(ApiCodec, AnIntegerIsANumber) {
  double out = 0;
  EXPECT_EQ(read_message(1, {}, out), "accepted");
  EXPECT_EQ(out, 1.0);
}

TEST(ApiCodec, AQuantityMayBeANumber) {
  std::string out;
  EXPECT_EQ(read_message(0.5, {.number_as_text = true}, out), "accepted");
  EXPECT_EQ(out, "0.5");
  EXPECT_EQ(read_message(0.5, {}, out), "field: found 0.5, allowed a string");
}

TEST(ApiCodec, TheFirstProblemWins) {
  const Json value = {{"a", "x"}, {"b", "y"}};
  const FieldPath root;
  ObjectReader reader(value, root);
  std::int64_t a = 0, b = 0;
  reader.required("a", "an integer", a);
  reader.required("b", "an integer", b);
  const auto result = reader.finish(0);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "a: found \"x\", allowed an integer");
}

TEST(ApiCodec, BoundsOfElementsApply) {
  static constexpr Limits kElement{.maximum = 9};
  std::vector<std::int64_t> out;
  EXPECT_EQ(read_message({1, 2, 10}, {.element = &kElement}, out), "field[2]: found 10, allowed at most 9");
}

TEST(ApiCodec, AnAbsentListStaysEmptyAndAnEmptyOneIsWrittenOnlyWhenRequired) {
  ObjectWriter writer;
  writer.required("kept", std::vector<std::int64_t>{});
  writer.optional("left", std::vector<std::int64_t>{});
  EXPECT_EQ(writer.finish(), (Json{{"kept", Json::array()}}));
}

}  // namespace
}  // namespace llmops::codec
