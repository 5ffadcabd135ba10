#include "gateway/server/token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/json.hpp"
#include "gateway/server/base64url.hpp"
#include "token_signer.hpp"

namespace llmops::gateway {
namespace {

using ::testing::HasSubstr;
using testing::Signer;

const Timestamp kNow{Duration(1'800'000'000'000)};
constexpr auto kAudience = "llmops.dev/evaluation/shop/bot";

std::string claims(const std::string& audience = kAudience, long long expires = 1'800'000'600,
                   const std::string& more = "") {
  return R"({"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:shop:evaluator","aud":[")" +
         audience + R"("],"exp":)" + std::to_string(expires) + more + "}";
}

KeySet keys_of(std::initializer_list<const Signer*> signers) {
  std::string list;
  for (const auto* signer : signers) list += (list.empty() ? "" : ",") + signer->jwk();
  auto keys = KeySet::parse("{\"keys\":[" + list + "]}");
  EXPECT_TRUE(keys.ok()) << keys.error().message;
  return std::move(*keys);
}

std::string refusal(const std::string& token, const KeySet& keys, Timestamp now = kNow) {
  const auto verified = verify_token(token, keys, kAudience, now);
  EXPECT_FALSE(verified.ok());
  if (verified.ok()) return "";
  EXPECT_EQ(verified.error().code, ErrorCode::Unauthorized);
  return verified.error().message;
}

class Token : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rsa_ = new Signer("rsa-1", true);
    ec_ = new Signer("ec-1", false);
  }
  static void TearDownTestSuite() {
    delete rsa_;
    delete ec_;
  }
  static Signer* rsa_;
  static Signer* ec_;
};
Signer* Token::rsa_ = nullptr;
Signer* Token::ec_ = nullptr;

TEST_F(Token, OfEitherAlgorithmIsAccepted) {
  const KeySet keys = keys_of({rsa_, ec_});
  EXPECT_EQ(keys.size(), 2u);
  for (const Signer* signer : {rsa_, ec_}) {
    const auto verified = verify_token(signer->token(claims()), keys, kAudience, kNow);
    ASSERT_TRUE(verified.ok()) << verified.error().message;
    EXPECT_EQ(verified->subject, "system:serviceaccount:shop:evaluator");
  }
  EXPECT_EQ(token_key_id(ec_->token(claims())).value(), "ec-1");
}

TEST_F(Token, ForAnotherAudienceIsRefused) {
  const KeySet keys = keys_of({rsa_});
  EXPECT_THAT(refusal(rsa_->token(claims("api")), keys), HasSubstr("audience"));
  EXPECT_THAT(refusal(rsa_->token(R"({"exp":1800000600})"), keys), HasSubstr("audience"));
  EXPECT_FALSE(verify_token(rsa_->token(claims("")), keys, "", kNow).ok())
      << "no audience configured: nobody";
}

TEST_F(Token, OutsideItsTimeIsRefused) {
  const KeySet keys = keys_of({ec_});
  EXPECT_THAT(refusal(ec_->token(claims(kAudience, 1'799'999'989)), keys), HasSubstr("expired"));
  EXPECT_TRUE(verify_token(ec_->token(claims(kAudience, 1'799'999'995)), keys, kAudience, kNow).ok())
      << "within the leeway";
  EXPECT_THAT(refusal(ec_->token(R"({"aud":"llmops.dev/evaluation/shop/bot"})"), keys),
              HasSubstr("no expiry"));
  EXPECT_THAT(refusal(ec_->token(claims(kAudience, 1'800'000'600, R"(,"nbf":1800000011)")), keys),
              HasSubstr("not valid before"));
}

TEST_F(Token, SignedByAnotherKeyIsRefused) {
  const Signer other("rsa-1", true);
  const Signer stranger("rsa-2", true);
  const KeySet keys = keys_of({rsa_});
  EXPECT_THAT(refusal(other.token(claims()), keys), HasSubstr("wrong signature"));
  EXPECT_THAT(refusal(stranger.token(claims()), keys), HasSubstr("does not publish"));
}

TEST_F(Token, WithATamperedClaimOrSignatureIsRefused) {
  const KeySet keys = keys_of({ec_, rsa_});
  for (const Signer* signer : {ec_, rsa_}) {
    const std::string token = signer->token(claims("api"));
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    const std::string forged = token.substr(0, first + 1) + base64url_encode(claims()) + token.substr(second);
    EXPECT_THAT(refusal(forged, keys), HasSubstr("wrong signature"));
    EXPECT_THAT(refusal(token.substr(0, second + 1), keys), HasSubstr("wrong signature"));
    EXPECT_THAT(refusal(token.substr(0, second + 41), keys), HasSubstr("wrong signature"));
  }
}

TEST_F(Token, CannotChooseItsAlgorithm) {
  const KeySet keys = keys_of({rsa_, ec_});
  const std::string unsigned_token =
      base64url_encode(R"({"alg":"none","kid":"rsa-1"})") + "." + base64url_encode(claims()) + ".";
  EXPECT_THAT(refusal(unsigned_token, keys), HasSubstr("algorithm \"none\""));
  EXPECT_THAT(refusal(rsa_->sign(R"({"alg":"HS256","kid":"rsa-1"})", claims()), keys),
              HasSubstr("algorithm \"HS256\""));
  EXPECT_THAT(refusal(ec_->sign(R"({"alg":"RS256","kid":"ec-1"})", claims()), keys),
              HasSubstr("does not publish"));
  EXPECT_THAT(
      refusal(rsa_->sign(R"({"alg":"RS256","kid":"rsa-1","crit":["b64"],"b64":false})", claims()), keys),
      HasSubstr("critical"));
}

TEST_F(Token, ThatIsNoTokenIsRefused) {
  const KeySet keys = keys_of({rsa_});
  for (const std::string text :
       {"", ".", "..", "a.b.c", "e30.e30", "e30.e30.e30.e30", "e30.W10.e30", "ey!.e30.e30"})
    EXPECT_FALSE(verify_token(text, keys, kAudience, kNow).ok()) << text;
  EXPECT_THAT(refusal(std::string(kMaxTokenBytes + 1, 'a'), keys), HasSubstr("too long"));
}

TEST(KeySet, PassesOverForeignKeysAndRefusesBrokenOnes) {
  const auto foreign = KeySet::parse(
      R"({"keys":[{"kty":"oct","kid":"x","k":"AA"},{"kty":"EC","crv":"P-384"},{"kty":"RSA","use":"enc"}]})");
  ASSERT_TRUE(foreign.ok());
  EXPECT_EQ(foreign->size(), 0u);
  EXPECT_FALSE(KeySet::parse("{}").ok());
  EXPECT_FALSE(KeySet::parse("x").ok());
  EXPECT_FALSE(KeySet::parse(R"({"keys":[{"kty":"RSA","kid":"x","n":"AQAB","e":"AQAB"}]})").ok())
      << "17 bits";
  EXPECT_FALSE(KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA"}]})").ok());
}

TEST(Base64Url, FollowsTheVectorsOfRfc4648) {
  for (const auto& [plain, coded] :
       std::initializer_list<std::pair<std::string, std::string>>{{"", ""},
                                                                  {"f", "Zg"},
                                                                  {"fo", "Zm8"},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg"},
                                                                  {"fooba", "Zm9vYmE"},
                                                                  {"foobar", "Zm9vYmFy"},
                                                                  {"\xfb\xff", "-_8"}}) {
    EXPECT_EQ(base64url_encode(plain), coded);
    EXPECT_EQ(base64url_decode(coded), plain);
  }
  for (const std::string bad : {"Z", "Zg==", "Z+8", "Zh", "Zm9", "Z g"})
    EXPECT_FALSE(base64url_decode(bad).has_value()) << bad;
}

}  // namespace
}  // namespace llmops::gateway
