// What ordinary prose waits, with all rules on.
#include "engine_prose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "engine_support.hpp"

namespace llmops::guard {
namespace {

using testing_support::all_rules;
using testing_support::compile;
using testing_support::ordinary_prose;
using testing_support::rule_list;

constexpr const char* kSystemPrompt =
    "You are the assistant of a shop for household goods. Answer in the language of the customer, in a "
    "friendly "
    "tone, and never promise a delivery date that you were not told. 고객의 언어로 친절하게 답하고 확인되지 "
    "않은 배송 날짜는 "
    "약속하지 마세요.";
constexpr std::size_t kAnswerBytes = 4096;  // of a long answer

struct Waiting {
  std::vector<std::size_t> held;  // after every byte
  std::vector<std::size_t> at_white_space;
  std::size_t late_first_bytes = 0;  // answers whose first byte came more than one word late
  std::size_t findings = 0;
};

Waiting wait_for(const std::string& rules, std::size_t bytes, std::size_t text_bytes) {
  const auto guard = compile(rules);
  Waiting waiting;
  for (std::size_t done = 0, seed = 1; done < bytes; ++seed) {
    const std::string text = ordinary_prose(text_bytes, static_cast<std::uint32_t>(seed));
    done += text.size();
    GuardSession session(guard, {kSystemPrompt, seed});
    const auto stream = session.stream(Stage::Output);
    std::string out;
    std::size_t words = 0;
    bool first = true;
    for (const char& byte : text) {
      stream->feed(std::string_view(&byte, 1), out);
      waiting.held.push_back(stream->held_bytes());
      const bool white = byte == ' ' || byte == '\n';
      if (white) waiting.at_white_space.push_back(stream->held_bytes());
      if (first && !out.empty()) {
        first = false;
        waiting.late_first_bytes += words > 1;
      }
      words += white;
    }
    stream->finish(out);
    EXPECT_EQ(out, text);
    waiting.findings += stream->findings().size();
    if (testing::Test::HasFailure()) break;
  }
  std::sort(waiting.held.begin(), waiting.held.end());
  std::sort(waiting.at_white_space.begin(), waiting.at_white_space.end());
  return waiting;
}

std::size_t quantile(const std::vector<std::size_t>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

// GUARD_PROSE_BYTES: how much prose; default 64 KiB, 1 MiB for the published figures.
std::size_t prose_bytes() {
  const char* wanted = std::getenv("GUARD_PROSE_BYTES");
  return wanted == nullptr ? 65536 : static_cast<std::size_t>(std::strtoull(wanted, nullptr, 10));
}

void report(const char* what, const Waiting& waiting) {
  const auto& white = waiting.at_white_space;
  const auto none = std::upper_bound(white.begin(), white.end(), std::size_t{0}) - white.begin();
  std::printf(
      "%-16s %7zu bytes, held p50 %zu p90 %zu p99 %zu p99.9 %zu max %zu; at white space none %.2f %%, max "
      "%zu; "
      "first byte more than a word late: %zu\n",
      what, waiting.held.size(), quantile(waiting.held, 0.5), quantile(waiting.held, 0.9),
      quantile(waiting.held, 0.99), quantile(waiting.held, 0.999), quantile(waiting.held, 1),
      100.0 * static_cast<double>(none) / static_cast<double>(std::max<std::size_t>(1, white.size())),
      quantile(white, 1), waiting.late_first_bytes);
}

TEST(Prose, WaitsForAWordAtMostWithAllRulesOn) {
  const Waiting all = wait_for(rule_list(all_rules()), prose_bytes(), prose_bytes());
  report("all, one text", all);
  EXPECT_LE(quantile(all.held, 0.99), 16u);
  EXPECT_LE(quantile(all.held, 1), 16u);
  EXPECT_EQ(quantile(all.at_white_space, 1), 0u);
  EXPECT_EQ(all.findings, 0u);
}

TEST(Prose, ComesWithinAWordWithAllRulesOn) {
  const Waiting all = wait_for(rule_list(all_rules()), prose_bytes(), kAnswerBytes);
  report("all, answers", all);
  EXPECT_LE(quantile(all.held, 0.99), 16u);
  EXPECT_EQ(quantile(all.at_white_space, 1), 0u);
  EXPECT_EQ(all.late_first_bytes, 0u);
}

TEST(Prose, WaitsForNoRuleAloneLongerThanAWord) {
  for (const std::string& rule : all_rules()) {
    const Waiting alone = wait_for(rule_list({rule}), prose_bytes() / 4, prose_bytes() / 4);
    report(rule.substr(10, rule.find('"', 10) - 10).c_str(), alone);
    EXPECT_LE(quantile(alone.held, 0.99), 16u) << rule.substr(0, 60);
    EXPECT_EQ(quantile(alone.at_white_space, 1), 0u) << rule.substr(0, 60);
  }
}

}  // namespace
}  // namespace llmops::guard
