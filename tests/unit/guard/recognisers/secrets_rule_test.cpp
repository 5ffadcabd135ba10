#include <gtest/gtest.h>

#include "gateway/guard/recognisers/secret_patterns.hpp"
#include "harness.hpp"

namespace llmops::guard {
namespace {

// Made up; assembled here, so that scanners of repositories leave this file alone.
std::string run(std::size_t size) {
  static constexpr std::string_view kAlphabet = "aZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jS";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(kAlphabet[(i * 7 + i / 32) % kAlphabet.size()]);
  return text;
}

std::string secret_of(std::string_view text) {
  static const std::unique_ptr<SpanRule> rule = secrets_rule();
  return told(*rule, text);
}

TEST(SecretsRule, FindsTokensOfIssuersByTheirForms) {
  const std::vector<std::string> tokens{
      std::string("AKIA") + "IOSFODNN7ABCDEFG",
      "AIza" + run(35),
      std::string("ghp") + "_" + run(36),
      std::string("github") + "_pat_" + run(22) + "_" + run(59),
      std::string("glpat") + "-" + run(20),
      std::string("xoxb") + "-123456789012-123456789012-" + run(24),
      std::string("sk") + "_live_" + run(24),
      std::string("sk-") + run(48),
      std::string("sk-") + "proj-" + run(80),
      std::string("sk-ant") + "-api03-" + run(93),
      std::string("npm") + "_" + run(36),
      "pypi-AgEIcHlwaS5vcmc" + run(100),
      "1234567890:AA" + run(33),
      "SG." + run(22) + "." + run(43),
  };
  for (const std::string& token : tokens) {
    EXPECT_EQ(secret_of("토큰은 " + token + "입니다"), "secret:" + token);
    EXPECT_EQ(secret_of("x" + token), "") << "inside of a word: " << token;
    EXPECT_EQ(secret_of(token.substr(0, 12)), "") << "only its begin: " << token;
  }
}

TEST(SecretsRule, FindsTheValueOfAnAssignmentAndLeavesItsKey) {
  const std::string value = run(20);
  for (const char* key :
       {"password=", "PASSWORD: ", "db_password = \"", "\"api_key\": \"", "client-secret: '", "비밀번호는 ",
        "비번: ", "Authorization: Bearer ", "AUTH_TOKEN := "})
    EXPECT_EQ(secret_of(key + value), "secret:" + value) << key;
  EXPECT_EQ(secret_of("postgres://admin:" + value + "@db.example.com"), "secret:" + value + "@");
}

TEST(SecretsRule, LeavesPlaceholdersWordsAndShortValues) {
  for (const char* text :
       {"password = \"${DB_PASSWORD}\"", "api_key: <your-api-key-012345>",
        "token = os.environ[\"GITHUB_TOKEN1\"]", "password: ********", "secret: process.env.CLIENT_SECRET1",
        "password=changeme123456", "the password is the same as last time", "token_count = 4096",
        "token: https://example.com/docs/a1b2c3d4e5f6", "비밀번호는 8자 이상이어야 합니다",
        "password: hunter2"})
    EXPECT_EQ(secret_of(text), "") << text;
}

TEST(SecretsRule, EntropyThresholdIsTheSettings) {
  api::SecretsSettings settings;
  const std::string text = "password=abc123abc123";
  settings.min_entropy_bits = 2;
  EXPECT_EQ(told(**make_secrets_rule(settings, {}), text), "secret:abc123abc123");
  settings.min_entropy_bits = 4;
  EXPECT_EQ(told(**make_secrets_rule(settings, {}), text), "");
}

TEST(SecretsRule, FindsAJwtByItsHeader) {
  const std::string jwt =
      std::string("eyJ") + "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0." + run(43);
  EXPECT_EQ(secret_of("cookie " + jwt + " ok"), "secret:" + jwt);
  EXPECT_TRUE(has_token_header(jwt));
  EXPECT_EQ(secret_of(std::string("eyJ") + "aaaaaaaaaaaa." + run(20) + "." + run(20)), "")
      << "no JSON in its header";
}

TEST(SecretsRule, FindsAPrivateKeyHoweverLong) {
  for (const std::size_t lines : {2u, 25u, 200u}) {
    std::string key = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
    for (std::size_t i = 0; i < lines; ++i) key += run(64) + "\n";
    key += std::string("-----END RSA ") + "PRIVATE KEY-----";
    const auto found = find(*secrets_rule(), "key:\n" + key + "\nbye");
    ASSERT_EQ(found.size(), 1u) << lines;
    EXPECT_EQ(found[0].begin, 5u);
    EXPECT_GE(found[0].end, 5 + key.size()) << "the whole of it";
    EXPECT_LE(found[0].end, 5 + key.size() + 1);
  }
}

TEST(SecretsRule, AKeyWithoutItsEndIsFoundAsFarAsItGoes) {
  const std::string key =
      std::string("-----BEGIN ") + "PRIVATE KEY-----\n" + run(64) + run(64) + run(64) + run(64);
  const auto found = find(*secrets_rule(), key);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].end, key.size());
}

TEST(SecretsRule, SpeakingOfKeysIsNoKey) {
  EXPECT_EQ(secret_of("The file begins with -----BEGIN PRIVATE KEY----- and a line of Base64 follows, as the "
                      "manual says."),
            "");
  EXPECT_EQ(secret_of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"), "");
  EXPECT_EQ(secret_of("sk-learn, hf_hub_download, npm_config_registry, AKIA"), "");
}

}  // namespace
}  // namespace llmops::guard
