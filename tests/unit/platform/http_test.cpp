#include "operator/platform/http.hpp"

#include <gtest/gtest.h>

namespace llmops {
namespace {

TEST(Http, HeaderNamesCompareWithoutCase) {
  Headers headers{{"Content-Type", "a"}, {"X", "1"}};
  headers.add("x", "2");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "a");
  EXPECT_EQ(headers.get("X"), "1");
  headers.set("x", "3");
  EXPECT_EQ(headers.get("X"), "3");
  EXPECT_EQ(headers.size(), 2u);
}

TEST(Http, QueryValuesAreDecoded) {
  const HttpRequest request("GET", "/path?a=1&b=x%20y&empty&c=%3D%26");
  EXPECT_EQ(request.path(), "/path");
  EXPECT_EQ(request.query("a"), "1");
  EXPECT_EQ(request.query("b"), "x y");
  EXPECT_EQ(request.query("empty"), "");
  EXPECT_EQ(request.query("c"), "=&");
  EXPECT_EQ(request.query("d"), "");
}

TEST(Http, PercentCodingGoesThereAndBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a/b c~"), "a%2Fb%20c~");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%41"), "%zzA");
}

}  // namespace
}  // namespace llmops
