#include "gateway/guard/recognisers/secret_patterns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "crds/base/json.hpp"
#include "gateway/guard/recognisers/neighbours.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kNoSecret = std::string_view::npos;

// What stands in documents and code where a secret would stand.
bool is_placeholder(std::string_view value) {
  constexpr std::array<std::string_view, 18> kMarks{
      "${",       "{{",   "$(",      "process.env", "os.environ", "getenv",
      "secrets.", "your", "example", "changeme",    "xxxx",       "****",
      "....",     "<",    "vault:",  "env:",        "REDACTED",   "placeholder"};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return value.find(mark) != std::string_view::npos; });
}

// Letters and digits together, or capitals inside of a word: names and sentences are not random.
bool looks_random(std::string_view value, double min_entropy_bits) {
  const bool digit = std::any_of(value.begin(), value.end(), is_ascii_digit);
  const bool letter = std::any_of(value.begin(), value.end(), is_ascii_letter);
  const bool capital =
      std::any_of(value.begin() + 1, value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return ((digit && letter) || capital) && entropy_bits(value) >= min_entropy_bits;
}

// Behind the key and its joint: the first character of ASCII that is none of a joint's.
std::size_t behind_key(std::string_view match) {
  std::size_t begin = match.size();
  while (begin > 0 && static_cast<unsigned char>(match[begin - 1]) < 0x80) --begin;
  if (begin == 0) begin = match.find_first_of("=: ");
  return begin == std::string_view::npos ? kNoSecret : match.find_first_not_of("=:> \"'`", begin);
}

// `key = value`, `key: "value"`, Bearer value, 비밀번호는 value: the value, when it looks random.
std::size_t assigned_value(std::string_view match, double min_entropy_bits) {
  const std::size_t begin = behind_key(match);
  if (begin == kNoSecret) return kNoSecret;
  const std::string_view value = match.substr(begin);
  if (value.size() < 8 || is_placeholder(value) || value.find("://") != std::string_view::npos)
    return kNoSecret;
  return looks_random(value, min_entropy_bits) ? begin : kNoSecret;
}

// ://user:password@
std::size_t behind_user(std::string_view match) {
  const std::size_t colon = match.find(':', 3);
  return colon == std::string_view::npos ? kNoSecret : colon + 1;
}
std::size_t url_password(std::string_view match, double) {
  const std::size_t begin = behind_user(match);
  return is_placeholder(match.substr(begin)) ? kNoSecret : begin;
}

std::optional<std::string> base64url(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0') + 52;
    else if (c == '-')
      value = 62;
    else if (c == '_')
      value = 63;
    else
      return std::nullopt;
    bits = (bits << 6 | value) & 0xFFFFFF;
    have += 6;
    if (have >= 8) bytes.push_back(static_cast<char>(bits >> (have -= 8) & 0xFF));
  }
  return bytes;
}

}  // namespace

double entropy_bits(std::string_view value) {
  std::array<std::size_t, 256> counts{};
  for (const char c : value) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool has_token_header(std::string_view match) {
  const auto header = base64url(match.substr(0, match.find('.')));
  if (!header) return false;
  const Json json = Json::parse(*header, nullptr, false);
  return json.is_object() && json.contains("alg");
}

std::vector<BoundedSecret> bounded_secrets() {
  const std::string keys =
      "(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?"
      "key|credential)"
      "[a-z_-]{0,16}[\"'`]?[ ]?(?:=>|:=|[:=])[ ]?[\"'`]?";
  const std::string korean = "(?:비밀번호|비번|암호|패스워드|토큰|인증키)[는은:가이 =]{1,9}[\"'`]?";
  const std::string header = "(?:bearer|x-api-key:) ";
  const std::string value = "[!#-&(-+--_a-~]{8,128}";  // printable, without quotes and commas
  const std::string w = "[A-Za-z0-9]";
  const std::string u = "[A-Za-z0-9_-]";
  return {
      {"(?:" + keys + "|" + korean + "|" + header + ")" + value, assigned_value, true, behind_key},
      {"://[^\\s:/@\"'<>]{0,40}:[^\\s@/\"'<>]{3,80}@", url_password, true, behind_user},
      // Amazon: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
      {"(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA|AGPA|ANPA|ANVA|AIPA)[A-Z2-7]{16}"},
      // Google: API key, client secret. Azure: storage account key, client secret.
      {"AIza" + u + "{35}|GOCSPX-" + u +
       "{28}|AccountKey=[A-Za-z0-9+/]{86}==|[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}"},
      // GitHub, OpenAI, npm, Telegram, SendGrid.
      {"github_pat_" + w + "{22}_" + w + "{59}|sk-" + w + "{48}|npm_" + w + "{36}|[0-9]{8,10}:AA" + u +
       "{33}|SG\\." + u + "{22}\\." + u + "{43}"},
      // DigitalOcean, Databricks, Shopify, Twilio.
      {"dop_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|SK[0-9a-f]{32}"},
  };
}

std::string unbounded_secrets() {
  const std::string w = "[A-Za-z0-9]";
  const std::string u = "[A-Za-z0-9_-]";
  const std::string key = "[A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----";
  const std::string space = "(?:\\s|\\\\[rn])";  // as it is, or escaped in JSON and in variables
  const std::string headers =
      "(?:" + space + "*(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset):[!-~ ]{0,80})*";
  // Lines of Base64; only the last ones are short, prose is not like that.
  const std::string body =
      "(?:" + space + "*[A-Za-z0-9+/]{16,}={0,2})*(?:" + space + "+[A-Za-z0-9+/=]{1,15}){0,2}";
  const std::vector<std::string> all{
      "-----BEGIN " + key + headers + body + space + "*-----END " + key,
      "eyJ" + u + "{8,}\\." + u + "{8,}\\." + u + "{8,}",
      // Google, GitHub, GitLab.
      "ya29\\." + u + "{20,}|gh[pousr]_" + w + "{36,}|gl(?:pat|rt|dt|ptt|ft|soat|cbt)-" + u + "{20,}",
      // Slack, Stripe.
      "xox[abeoprs]-" + u + "{10,}|xapp-[0-9]-" + u +
          "{10,}|hooks\\.slack\\.com/services/T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/" + w +
          "{20,}|(?:sk|rk)_(?:live|test)_" + w + "{16,}|whsec_" + w + "{24,}",
      // OpenAI, Anthropic, Hugging Face, PyPI, Docker.
      "sk-(?:proj|svcacct|admin)-" + u + "{40,}|sk-ant-[a-z0-9]{2,12}-" + u + "{40,}|hf_" + w +
          "{34,}|pypi-AgEIcHlwaS5vcmc" + u + "{50,}|dckr_pat_" + u + "{27,}"};
  std::string joined;
  for (const std::string& one : all) joined += (joined.empty() ? "" : "|") + one;
  return joined;
}

}  // namespace llmops::guard
