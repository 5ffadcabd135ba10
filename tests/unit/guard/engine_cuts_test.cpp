// Every kind of guardrail × every text of engine_texts.jsonl × every cut in two, one-byte, two- and
// three-byte pieces.
#include <gtest/gtest.h>

#include <fstream>

#include "engine_support.hpp"
#include "gateway/guard/engine/rule_table.hpp"
#include "stream_support.hpp"

namespace llmops::guard {
namespace {

using testing_support::compile;

struct Text {
  std::string id, bytes;
  std::vector<std::string> secret;
};

std::vector<Text> texts() {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/guard/engine_texts.jsonl");
  std::vector<Text> all;
  for (std::string line; std::getline(file, line);) {
    const auto json = parse_json(line);
    if (!json) continue;
    Text text;
    text.id = string_at(*json, "id");
    text.bytes = string_at(*json, "text");
    const std::string hex = string_at(*json, "hex");
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
      text.bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    for (const Json& secret : *find_path(*json, "secret")) text.secret.push_back(secret.get<std::string>());
    all.push_back(std::move(text));
  }
  return all;
}

constexpr const char* kPii = R"({"name": "pii", "type": "pii", "action": "Mask"})";
constexpr const char* kSecrets = R"({"name": "secrets", "type": "secrets", "action": "Mask"})";
constexpr const char* kWords = R"({"name": "words", "type": "words", "action": "Mask",
  "words": {"words": ["blueheron", "청룡프로젝트", "청룡", "heron blue"]}})";
constexpr const char* kRegex = R"({"name": "regex", "type": "regex", "action": "Mask",
  "regex": {"patterns": ["PRJ-[0-9]{6}", "id=<[^>]*>", "[a-z]+@[a-z.]+"]}})";
constexpr const char* kUrls =
    R"({"name": "urls", "type": "urls", "action": "Mask", "urls": {"allowedDomains": ["example.com"]}})";
constexpr const char* kInjection =
    R"({"name": "injection", "type": "injection", "action": "Block", "injection": {"sensitivity": "High", "canary": true}})";
constexpr const char* kLeak =
    R"({"name": "leak", "type": "systemPromptLeak", "action": "Block", "systemPromptLeak": {"minWords": 3}})";
constexpr const char* kLanguage =
    R"({"name": "language", "type": "language", "action": "Block", "language": {"allowed": ["ko", "en"]}})";
constexpr const char* kTokens =
    R"({"name": "tokens", "type": "maxTokens", "action": "Block", "maxTokens": {"max": 60}})";
constexpr const char* kSchema =
    R"({"name": "schema", "type": "jsonSchema", "action": "Block", "jsonSchema": {"schema": {"type": "object"}}})";

std::vector<std::pair<std::string, std::string>> kinds() {
  const auto list = [](std::initializer_list<const char*> rules) {
    std::string all;
    for (const char* rule : rules) all += (all.empty() ? "[" : ", ") + std::string(rule);
    return all + "]";
  };
  return {{"pii", list({kPii})},
          {"secrets", list({kSecrets})},
          {"words", list({kWords})},
          {"regex", list({kRegex})},
          {"urls", list({kUrls})},
          {"injection", list({kInjection})},
          {"systemPromptLeak", list({kLeak})},
          {"language", list({kLanguage})},
          {"maxTokens", list({kTokens})},
          {"jsonSchema", list({kSchema})},
          {"all that mask", list({kPii, kSecrets, kWords, kRegex, kUrls})},
          {"all", list({kPii, kSecrets, kWords, kRegex, kUrls, kInjection, kLeak, kLanguage, kTokens})}};
}

struct Left {
  std::string out;
  Decision decision = Decision::Allow;
  std::vector<std::tuple<std::size_t, std::size_t, std::string, std::string>> findings;
  bool grew_within = true;  // at every moment a prefix of what is expected
};

Left play(GuardSession& session, std::string_view text, std::size_t first, std::size_t piece,
          const std::string* expected) {
  const auto stream = session.stream(Stage::Output);
  Left left;
  const auto feed = [&](std::string_view bytes) {
    stream->feed(bytes, left.out);
    if (expected != nullptr)
      left.grew_within = left.grew_within && std::string_view(*expected).starts_with(left.out);
  };
  feed(text.substr(0, first));
  for (std::size_t at = std::min(first, text.size()); at < text.size(); at += piece)
    feed(text.substr(at, piece));
  stream->finish(left.out);
  left.decision = stream->decision();
  for (const Finding& finding : stream->findings())
    left.findings.emplace_back(finding.begin, finding.end, finding.rule, finding.type);
  return left;
}

TEST(Cuts, NoCutChangesWhatLeaves) {
  const std::string system_prompt = "Your order ships on Monday. 주문하신 상품은 빨리 발송됩니다.";
  std::size_t cases = 0, found = 0;
  for (const auto& [name, rules] : kinds()) {
    const auto guard = compile(rules);
    ASSERT_NE(guard, nullptr) << name;
    for (const Text& text : texts()) {
      GuardSession session(guard, {system_prompt, 9});
      const Left whole = play(session, text.bytes, text.bytes.size(), 1, nullptr);
      found += whole.findings.size();
      const Outcome outcome = session.check(Stage::Output, text.bytes);
      ASSERT_EQ(outcome.decision, whole.decision) << name << " " << text.id;
      if (whole.decision < Decision::Fallback) ASSERT_EQ(outcome.text, whole.out) << name << " " << text.id;
      const auto same = [&](std::size_t first, std::size_t piece) {
        const Left left = play(session, text.bytes, first, piece, &whole.out);
        ++cases;
        EXPECT_EQ(left.out, whole.out) << name << " " << text.id << " cut at " << first << " then " << piece;
        EXPECT_TRUE(left.grew_within) << name << " " << text.id << " cut at " << first << " then " << piece;
        EXPECT_EQ(left.decision, whole.decision) << name << " " << text.id << " " << first;
        EXPECT_EQ(left.findings, whole.findings)
            << name << " " << text.id << " cut at " << first << " then " << piece;
        return !testing::Test::HasFailure();
      };
      for (const std::size_t piece : {1u, 2u, 3u}) ASSERT_TRUE(same(0, piece));
      for (std::size_t cut = 1; cut < text.bytes.size(); ++cut) ASSERT_TRUE(same(cut, text.bytes.size()));
      if (name != "all that mask") continue;
      for (const std::string& secret : text.secret)
        EXPECT_EQ(whole.out.find(secret), std::string::npos) << text.id << ": " << whole.out;
      if (text.secret.empty()) EXPECT_TRUE(whole.findings.empty()) << text.id << ": " << whole.out;
    }
  }
  std::printf("%zu cases, %zu findings, 0 differ\n", cases, found);
  EXPECT_GT(found, 100u);
}

// The same rules against the redaction that is written without any streaming.
TEST(Cuts, EveryCutIsTheRedactionOfTheWholeText) {
  std::vector<MadeRule> made;
  std::vector<StreamRule> rules;
  for (const char* source : {kPii, kSecrets, kWords, kRegex, kUrls}) {
    auto rule = make_rule(*api::GuardrailRule::parse(*parse_json(source)), {256, {}});
    ASSERT_TRUE(rule.ok()) << rule.error().message;
    made.push_back(std::move(*rule));
    rules.push_back({made.back().spans.get(), nullptr, true, 256});
  }
  std::size_t cases = 0;
  for (const Text& text : texts()) {
    const std::string expected = testing_support::redaction(rules, text.bytes);
    for (std::size_t cut = 0; cut <= text.bytes.size(); ++cut) {
      testing_support::RecordingClient client;
      HoldBack hold_back(rules, client);
      std::string out;
      // Cut 0 stands for one-byte pieces.
      const std::size_t piece = cut == 0 ? 1 : text.bytes.size();
      hold_back.feed(std::string_view(text.bytes).substr(0, cut), out);
      for (std::size_t at = cut; at < text.bytes.size(); at += piece)
        hold_back.feed(std::string_view(text.bytes).substr(at, piece), out);
      hold_back.finish(out);
      ASSERT_EQ(out, expected) << text.id << " cut at " << cut;
      ++cases;
    }
  }
  std::printf("%zu cases\n", cases);
}

}  // namespace
}  // namespace llmops::guard
