#include <gmock/gmock.h>

#include "gateway/guard/rules/makers.hpp"
#include "rules_law.hpp"

namespace llmops::guard {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::expect_law;
using testing_support::found_in;
using testing_support::random_text;

std::unique_ptr<SpanRule> urls(std::vector<std::string> allowed, std::size_t max_match_bytes = 256) {
  api::UrlsSettings settings;
  settings.allowed_domains = std::move(allowed);
  RuleContext context;
  context.max_match_bytes = max_match_bytes;
  auto rule = make_urls_rule(settings, context);
  EXPECT_TRUE(rule.ok());
  return std::move(*rule);
}

TEST(Urls, FindsLinksOfEveryFormWithoutThePunctuationBehindThem) {
  const auto rule = urls({});
  EXPECT_THAT(found_in(*rule, "see https://evil.example/a?b=c#d."),
              ElementsAre("https://evil.example/a?b=c#d"));
  EXPECT_THAT(found_in(*rule, "(http://evil.example/x(1))!"), ElementsAre("http://evil.example/x(1)"));
  EXPECT_THAT(found_in(*rule, "go to www.evil.example, now"), ElementsAre("www.evil.example"));
  EXPECT_THAT(found_in(*rule, "visit evil.com/login today"), ElementsAre("evil.com/login"));
  EXPECT_THAT(found_in(*rule, "[a](https://evil.example/x) ![b](//evil.example/y.png)"),
              ElementsAre("https://evil.example/x", "//evil.example/y.png"));
  EXPECT_THAT(found_in(*rule, "ftp://files.example/a and redis://cache:6379"),
              ElementsAre("ftp://files.example/a", "redis://cache:6379"));
  EXPECT_THAT(found_in(*rule, "[x](javascript:alert(1)) and [y](data:text/html,hi)"),
              ElementsAre("javascript:alert(1)", "data:text/html,hi"));
  EXPECT_THAT(found_in(*rule, "<img src=//evil.example/p>"), ElementsAre("//evil.example/p"));
}

TEST(Urls, LeavesDomainsThatAreAllowedWithTheirSubdomainsInAnyCase) {
  const auto rule = urls({"example.com", "shop.kr"});
  EXPECT_THAT(found_in(*rule, "https://example.com/a http://WWW.Example.COM. www.help.example.com shop.kr/x"),
              IsEmpty());
  EXPECT_THAT(found_in(*rule, "https://notexample.com https://example.com.evil.net example.co"),
              ElementsAre("https://notexample.com", "https://example.com.evil.net", "example.co"));
}

TEST(Urls, TakesTheHostThatABrowserWouldTake) {
  const auto rule = urls({"example.com"});
  for (const char* trick :
       {"https://example.com@evil.net/", "https://example.com:80@evil.net/x",
        "http://example.com;x@evil.net/", "https:\\\\evil.net/example.com", "https:/\\evil.net",
        "http:/evil.net/x", "http://evil.net\\@example.com", "https://example.com%2eevil.net/",
        "http://example.com,evil.net/", "http://example.com*evil.net/", "HTTPS://EVIL.NET",
        "http://exampl\xC3\xA9.com/", "http://ex\xD0\xB0mple.com/", "http://xn--exmple-cua.com/",
        "http://example.com:80x/", "http://example.com.:80@evil.net"})
    EXPECT_EQ(found_in(*rule, std::string("a ") + trick + " b").size(), 1u) << trick;
  EXPECT_THAT(found_in(*rule, "https://evil.net@example.com/x and http://user:pw@example.com:8080/"),
              IsEmpty());
}

TEST(Urls, NeverAllowsNumbersForHosts) {
  const auto rule = urls({"example.com", "10.0.0.1", "1"});
  EXPECT_THAT(found_in(*rule, "http://10.0.0.1/x http://[::1]/x http://0x7f.1/ http://2130706433/"),
              ElementsAre("http://10.0.0.1/x", "http://[::1]/x", "http://0x7f.1/", "http://2130706433/"));
}

TEST(Urls, ReadsKoreanThatTouchesALink) {
  const auto rule = urls({"example.com"});
  EXPECT_THAT(found_in(*rule, "https://example.com으로 가세요. 사이트:example.com입니다.그리고"), IsEmpty());
  EXPECT_THAT(found_in(*rule, "https://evil.net으로 가세요"), ElementsAre("https://evil.net"));
  EXPECT_THAT(found_in(*rule, "주소는evil.net이고 끝"), ElementsAre("evil.net"));
  EXPECT_THAT(found_in(*rule, "https://example.com으로.evil.net/ https://example.com.한국/").size(),
              ::testing::Eq(2u));
  EXPECT_THAT(found_in(*rule, "http://한국.kr/가"), ElementsAre("http://한국.kr/가"));
}

TEST(Urls, LeavesWhatIsNoLink) {
  const auto rule = urls({});
  EXPECT_THAT(
      found_in(*rule,
               "mail jiyoon@example.com, notes.md, main.rs, 3.14, e.g. this, v1.2.3, and/or, std::move, "
               "[a](#top) [b](../x.html) // comment, use https:// in front, a...com, first_name.last, "
               "http://{host}/x"),
      IsEmpty());
}

TEST(Urls, LooksAgainAtALinkInTheQueryOfAnAllowedOne) {
  EXPECT_THAT(found_in(*urls({"example.com"}), "https://example.com/r?u=http://evil.net/x"),
              ElementsAre("http://evil.net/x"));
}

TEST(Urls, EndsALinkAtTheLimitAndHoldsNoMore) {
  const auto rule = urls({"example.com"});
  const std::string path(600, 'a');
  const auto spans = testing_support::whole(*rule, "x https://evil.net/" + path);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].second - spans[0].first, 262u);
  EXPECT_LE(expect_law(*rule, "x https://evil.net/" + path + " y").most_held, 263u);
  EXPECT_EQ(testing_support::whole(*rule, "https://" + path + "@example.com/").size(), 1u)
      << "an authority that cannot be read whole is a finding";
  EXPECT_LE(expect_law(*rule, path + path).most_held, 262u);
}

TEST(Urls, HoldsAWordAtMostInProseAndNothingBehindWhiteSpace) {
  const auto rule = urls({"example.com"});
  const std::string prose =
      "The order ships on Monday, as agreed. 주문은 월요일에 출발합니다. It costs 3.50 euros. ";
  EXPECT_LE(expect_law(*rule, prose).most_held, 7u);
  for (std::size_t at = 1; at < prose.size(); ++at) {
    if (prose[at - 1] != ' ') continue;
    Scan scan;
    rule->scan({std::string_view(prose).substr(0, at), 0, false, {}}, scan);
    EXPECT_EQ(scan.decided, at);
  }
}

TEST(Urls, KeepsTheLawForTextsOfTricks) {
  const auto rule = urls({"good.com"}, 64);
  std::mt19937 random(7);
  const std::vector<std::string_view> fragments = {
      "https://", "http:/", "://", "www.", "good.com",    "evil.net", "@", ":",   "80",
      "/",        ".",      " ",   "](",   "<",           "(",        ")", "[",   "가",
      "으로",     ".kr",    "a",   "-",    "//",          "\\",       "%", "?u=", "xn--a",
      "https:",   "h",      "_",   "\n",   "javascript:", "example",  "!"};
  for (int round = 0; round < 1500 && !HasFailure(); ++round)
    expect_law(*rule, random_text(random, fragments, 9));
}

}  // namespace
}  // namespace llmops::guard
