#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "crds/base/time.hpp"

namespace llmops {
namespace {

TEST(CanonicalJson, SortsMembersByUtf16AndWritesNumbersAsEcmaScript) {
  // RFC 8785 §3.2.3 and §3.2.2.3, Appendix B.
  const Json value =
      Json::parse(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})");
  EXPECT_EQ(canonical_json(value),
            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001F600\":5,\"\ufb33\":3}");
  EXPECT_EQ(canonical_json(
                Json::parse("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,1e21,-0.0]")),
            "[333333333.3333333,1e+30,4.5,0.002,1e-27,1e+21,0]");
}

TEST(Digest, IsTheSha256OfTheCanonicalForm) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(Json::parse(R"({"b":1,"a":2})")), sha256_hex(R"({"a":2,"b":1})"));
}

TEST(ParseJson, RefusesWhatIsTooDeepBeforeItIsBuilt) {
  EXPECT_EQ(parse_json(std::string(100'000, '[')).error().code, ErrorCode::TooLarge);
  EXPECT_TRUE(
      parse_json(R"({"text":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})")
          .ok());
  EXPECT_EQ(parse_json("{").error().code, ErrorCode::InvalidArgument);
}

TEST(FieldPath, NamesMembersAndPositions) {
  const FieldPath root;
  const FieldPath spec = root.member("spec");
  const FieldPath steps = spec.member("steps");
  EXPECT_EQ(steps.index(2).member("setWeight").to_string(), "spec.steps[2].setWeight");
}

TEST(Time, RoundTripsInstantsAndDurations) {
  const auto time = parse_timestamp("2026-11-21T09:00:01.25+09:00");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(format_timestamp(*time), "2026-11-21T00:00:01.250Z");
  EXPECT_EQ(format_micro_time(*time), "2026-11-21T00:00:01.250000Z");
  EXPECT_FALSE(parse_timestamp("2026-13-01T00:00:00Z").ok());
  for (const char* text : {"0s", "500ms", "10m", "1h30m", "24h"})
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  for (const char* text : {"", "10", "-5s", "ten minutes", "5d"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
}

}  // namespace
}  // namespace llmops
