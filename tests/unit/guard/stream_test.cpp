#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "stream_support.hpp"

namespace llmops::guard {
namespace {

using testing_support::CalmRule;
using testing_support::DigitRunRule;
using testing_support::LengthRule;
using testing_support::LiteralRule;
using testing_support::RecordingClient;
using testing_support::redaction;
using testing_support::UnboundedRule;

struct Played {
  std::string out;
  bool always_prefix = true;
  std::vector<Hit> told;
};

// `pieces`: where the text is cut.
Played play(const std::vector<StreamRule>& rules, const std::string& given,
            const std::vector<std::size_t>& cuts, const std::string& expected,
            Escapes escapes = Escapes::None) {
  RecordingClient client;
  HoldBack hold_back(rules, client, escapes);
  Played played;
  std::size_t at = 0;
  const auto feed = [&](std::size_t until) {
    hold_back.feed(std::string_view(given).substr(at, until - at), played.out);
    at = until;
    played.always_prefix = played.always_prefix && expected.starts_with(played.out);
  };
  for (const std::size_t cut : cuts) feed(cut);
  feed(given.size());
  hold_back.finish(played.out);
  played.told = std::move(client.told);
  return played;
}

std::string left_of(HoldBack& hold_back, std::string_view given, const std::vector<std::size_t>& cuts) {
  std::string out;
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    hold_back.feed(given.substr(at, cut - at), out);
    at = cut;
  }
  hold_back.feed(given.substr(at), out);
  hold_back.finish(out);
  return out;
}

std::vector<std::size_t> every(std::size_t step, std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = step; at < size; at += step) cuts.push_back(at);
  return cuts;
}

std::vector<std::vector<std::size_t>> all_cuts(std::size_t size) {
  std::vector<std::vector<std::size_t>> cuts{
      {}, every(1, size), every(2, size), every(3, size), every(7, size)};
  for (std::size_t at = 0; at <= size; ++at) cuts.push_back({at});
  return cuts;
}

class HoldBackTest : public ::testing::Test {
 protected:
  const LiteralRule words_{{"secret", "secrets of", "top secret", "비밀", "f", "ofof"}};
  const DigitRunRule numbers_{6, 13};
  const DigitRunRule short_numbers_{3, 8};
  const UnboundedRule keys_{24};
  const CalmRule calm_;
  const LengthRule short_texts_{40};
  std::vector<StreamRule> rules_{{&words_, nullptr, true},
                                 {&numbers_, nullptr, true},
                                 {&keys_, nullptr, true, 24},
                                 {&short_numbers_, nullptr, false}};
  static std::vector<std::string> fixtures() {
    std::string flood = "9";
    for (int i = 0; i < 40; ++i) flood += "\xE2\x80\x8B";
    flood += "60101-1234561";
    return {"",
            "plain text",
            "my number is 960101-1234561.",
            "960101-1234561이고요",
            "12345 123456 12345678901234567890 1-2-3-4-5-6-7",
            "９６０\xE2\x80\x8B"
            "101－1234561 끝",
            "9\xCC\xB6"
            "6\xCC\xB6"
            "0101-1234561",
            "top secrets of the secret",
            "비밀번호는 비\xE2\x80\x8B밀이다, 비ㅁ",
            "ofof off ofofof",
            "key=abc key=" + std::string(200, 'x') + " done",
            "key=" + std::string(100, '7') + "secretkey=key= 1234567",
            "key=01234567890123456789012345678901234 key=secretsecretsecretsecretsecret",
            "key=가나다라마바사아자차카타파하가나다라마바사",
            "\xFF\xFE broken \xE2\x82 960101-12\xF0",
            "960101-123456\xE2",
            "👩\xE2\x80\x8D👩 ㈜secret ﬁf ﬁ",
            "12345-",
            "secre",
            flood,
            "e\xCC\x81 960101\xE2\x80\x8B",
            "line\n960101-1234561\nline"};
  }
};

TEST_F(HoldBackTest, LetsTheSameBytesOutForEveryCutAndNeverMore) {
  std::size_t cases = 0;
  for (const std::string& given : fixtures()) {
    const std::string expected = redaction(rules_, given);
    for (const auto& cuts : all_cuts(given.size())) {
      const Played played = play(rules_, given, cuts, expected);
      ASSERT_EQ(played.out, expected) << testing::PrintToString(given) << testing::PrintToString(cuts);
      ASSERT_TRUE(played.always_prefix) << testing::PrintToString(given) << testing::PrintToString(cuts);
      ++cases;
    }
  }
  RecordProperty("cases", static_cast<int>(cases));
}

TEST_F(HoldBackTest, TellsTheSameHitsForEveryCut) {
  for (const std::string& given : fixtures()) {
    const auto sorted = [&](std::vector<Hit> hits) {
      std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> keys;
      for (const Hit& hit : hits) keys.emplace_back(hit.begin, hit.end, hit.rule);
      std::sort(keys.begin(), keys.end());
      return keys;
    };
    const auto whole = sorted(play(rules_, given, {}, "").told);
    for (const auto& cuts : all_cuts(given.size()))
      ASSERT_EQ(sorted(play(rules_, given, cuts, "").told), whole) << testing::PrintToString(given);
  }
}

TEST_F(HoldBackTest, AgreesOnRandomTextsAndCuts) {
  std::mt19937 random(3);
  const std::vector<std::string> parts{"secret",
                                       "sec",
                                       "ret",
                                       "960101-1234561",
                                       "1",
                                       "2",
                                       "-",
                                       " ",
                                       "key=",
                                       "of",
                                       "f",
                                       "비밀",
                                       "비",
                                       "가\xE1\x86",
                                       "\xA8",
                                       "９",
                                       "\xE2\x80\x8B",
                                       "e\xCC\x81",
                                       "\xFF",
                                       "top "};
  for (int round = 0; round < 20000; ++round) {
    std::string given;
    for (int i = 0; i < 14; ++i) given += parts[random() % parts.size()];
    const std::string expected = redaction(rules_, given);
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 5; at < given.size(); at += 1 + random() % 6) cuts.push_back(at);
    const Played played = play(rules_, given, cuts, expected);
    ASSERT_EQ(played.out, expected) << testing::PrintToString(given) << testing::PrintToString(cuts);
    ASSERT_TRUE(played.always_prefix) << testing::PrintToString(given);
  }
}

TEST_F(HoldBackTest, LooksThroughJsonEscapes) {
  const std::string given = R"({"a":"96\u00301\u200b01-1234561","b":"s\u0065cret\n"})";
  const std::string expected = redaction(rules_, given, Escapes::Json);
  EXPECT_EQ(expected, R"({"a":"[1]","b":"[0]\n"})");
  for (const auto& cuts : all_cuts(given.size())) {
    const Played played = play(rules_, given, cuts, expected, Escapes::Json);
    ASSERT_EQ(played.out, expected);
    ASSERT_TRUE(played.always_prefix);
  }
}

TEST_F(HoldBackTest, MergesOverlappingHitsOfDifferentRules) {
  std::string out;
  RecordingClient client;
  HoldBack hold_back(rules_, client);
  hold_back.feed("key=secret123456", out);
  EXPECT_EQ(out, "") << "the cluster is open";
  hold_back.feed(" x ", out);
  EXPECT_EQ(out, "[201] x ");
}

TEST_F(HoldBackTest, HoldsNothingOfProseAtWhiteSpace) {
  RecordingClient client;
  HoldBack hold_back(rules_, client);
  std::string out;
  for (const std::string word : {"The ", "주문은 ", "월요일에\n", "3 ", "café "}) {
    hold_back.feed(word, out);
    EXPECT_EQ(hold_back.held_bytes(), 0u) << word;
  }
}

TEST_F(HoldBackTest, DoesNotWaitForRulesThatOnlyTell) {
  RecordingClient client;
  const std::vector<StreamRule> rules{{&numbers_, nullptr, false}, {nullptr, &calm_, false}};
  HoldBack hold_back(rules, client);
  std::string out;
  hold_back.feed("96010", out);
  EXPECT_EQ(out, "96010");
  hold_back.feed("1-1234561 !", out);
  EXPECT_EQ(out, "960101-1234561 !");
  hold_back.finish(out);
  ASSERT_EQ(client.told.size(), 1u);
  EXPECT_EQ(client.told[0].end, 14u);
  EXPECT_EQ(client.violations.size(), 1u);
}

TEST_F(HoldBackTest, EndsTheTextBeforeAClusterThatMustNotLeave) {
  const std::string given = "a 123456 b key=secret123456789 c";
  const std::vector<StreamRule> rules = rules_;
  for (const auto& cuts : all_cuts(given.size())) {
    RecordingClient client({0});  // words end the text
    HoldBack hold_back(rules, client);
    const std::string out = left_of(hold_back, given, cuts);
    ASSERT_TRUE(hold_back.ended());
    ASSERT_EQ(out, "a [1] b ") << testing::PrintToString(cuts);
  }
}

TEST_F(HoldBackTest, EndsTheTextAtTheSamePlaceForEveryCutWhenItIsJudgedAsAWhole) {
  const std::vector<StreamRule> rules{
      {&numbers_, nullptr, true}, {nullptr, &calm_, true}, {nullptr, &short_texts_, true}};
  for (const std::string given :
       {"It is 960101-1234561. Calm. Now! And more.", "Short. 960101-123456", "Fine",
        "A long text of many words. And more. And more. And more.", "No end", "Cut 123456789. 12345678901!",
        "Over the border, 3456789012345678901234567890. It ends"}) {
    std::string whole;
    for (const auto& cuts : all_cuts(std::string_view(given).size())) {
      RecordingClient client({1, 2});
      HoldBack hold_back(rules, client);
      const std::string out = left_of(hold_back, given, cuts);
      if (cuts.empty()) whole = out;
      ASSERT_EQ(out, whole) << given << testing::PrintToString(cuts);
    }
  }
}

TEST_F(HoldBackTest, KeepsItsMemoryWhileAMatchGoesOnForever) {
  RecordingClient client;
  HoldBack hold_back(rules_, client);
  std::string out;
  hold_back.feed("see key=", out);
  const std::string more(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    hold_back.feed(more, out);
    ASSERT_LE(hold_back.held_bytes(), 64u);
  }
  hold_back.feed(" end.", out);
  hold_back.finish(out);
  EXPECT_EQ(out, "see [2] end.");
  ASSERT_EQ(client.told.size(), 1u);
  EXPECT_EQ(client.told[0].end, 4 + 4 + 1000 * more.size());
}

// Never decides anything, against its word.
class SilentRule final : public SpanRule {
 public:
  void scan(const Window& window, Scan& scan) const override { scan.decided = window.from; }
  std::size_t context_bytes() const override { return 0; }
};

TEST_F(HoldBackTest, EndsTheTextWhenARuleDoesNotDecide) {
  const SilentRule silent;
  RecordingClient client({0});
  HoldBack hold_back({{&silent, nullptr, true}}, client, Escapes::None, {.undecided_bytes = 100});
  std::string out;
  for (int i = 0; i < 50; ++i) hold_back.feed("word ", out);
  EXPECT_TRUE(hold_back.ended());
  EXPECT_EQ(out, "");
  EXPECT_THAT(client.given_up, testing::ElementsAre(0));
}

TEST_F(HoldBackTest, LimitsAClusterWithoutLosingAHit) {
  // Words that overlap each other in a chain without end.
  const LiteralRule even{{"abab"}}, odd{{"baba"}};
  const std::vector<StreamRule> rules{{&even, nullptr, true}, {&odd, nullptr, true}};
  std::string given = "x ";
  for (int i = 0; i < 4000; ++i) given += "ab";
  given += " y";
  std::string whole;
  for (const std::size_t step : {given.size(), std::size_t{1}, std::size_t{13}}) {
    RecordingClient client;
    HoldBack hold_back(rules, client, Escapes::None, {.cluster_bytes = 64});
    std::string out;
    std::size_t most_held = 0;
    for (std::size_t at = 0; at < given.size(); at += step) {
      hold_back.feed(std::string_view(given).substr(at, step), out);
      most_held = std::max(most_held, hold_back.held_bytes());
    }
    hold_back.finish(out);
    if (step == given.size()) whole = out;
    EXPECT_EQ(out, whole);
    EXPECT_THAT(out, testing::Not(testing::HasSubstr("ab")));
    EXPECT_LE(most_held, 128u);
    EXPECT_EQ(client.told.size(), 2000u + 1999u);
  }
}

TEST_F(HoldBackTest, SaysHowMuchEachRuleHasSeen) {
  RecordingClient client;
  HoldBack hold_back(rules_, client);
  std::string out;
  hold_back.feed("plain text ", out);
  EXPECT_EQ(hold_back.scanned_bytes(0), 11u);
  hold_back.feed("mor", out);
  EXPECT_EQ(hold_back.scanned_bytes(0), 13u) << "the last letter may still become another one";
  hold_back.finish(out);
  EXPECT_EQ(hold_back.scanned_bytes(1), 14u);
}

}  // namespace
}  // namespace llmops::guard
