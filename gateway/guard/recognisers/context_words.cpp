#include "gateway/guard/recognisers/context_words.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/guard/recognisers/neighbours.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kContradictionBytes = 24;

struct Word {
  Subject subject;
  std::string_view text;
};

constexpr auto kWords = std::to_array<Word>({
    {Subject::Resident, "주민"},
    {Subject::Resident, "등본"},
    {Subject::Resident, "신분증"},
    {Subject::Resident, "rrn"},
    {Subject::Resident, "resident registration"},
    {Subject::Resident, "resident number"},
    {Subject::Resident, "national id"},
    {Subject::Foreigner, "외국인"},
    {Subject::Foreigner, "등록번호"},
    {Subject::Foreigner, "거소"},
    {Subject::Foreigner, "체류"},
    {Subject::Foreigner, "frn"},
    {Subject::Foreigner, "arc"},
    {Subject::Foreigner, "alien registration"},
    {Subject::Foreigner, "foreigner registration"},
    {Subject::Licence, "면허"},
    {Subject::Licence, "운전"},
    {Subject::Licence, "driver"},
    {Subject::Licence, "driving"},
    {Subject::Licence, "licence"},
    {Subject::Licence, "license"},
    {Subject::Passport, "여권"},
    {Subject::Passport, "passport"},
    {Subject::Business, "사업자"},
    {Subject::Business, "등록번호"},
    {Subject::Business, "brn"},
    {Subject::Business, "business registration"},
    {Subject::Business, "business number"},
    {Subject::Corporate, "법인"},
    {Subject::Corporate, "등기"},
    {Subject::Corporate, "corporate"},
    {Subject::Corporate, "corporation"},
    {Subject::Corporate, "company registration"},
    {Subject::Plate, "차량"},
    {Subject::Plate, "차번호"},
    {Subject::Plate, "번호판"},
    {Subject::Plate, "자동차"},
    {Subject::Plate, "택시"},
    {Subject::Plate, "주차"},
    {Subject::Plate, "제 차"},
    {Subject::Plate, "plate"},
    {Subject::Plate, "vehicle"},
    {Subject::Plate, "car number"},
    {Subject::Health, "건강보험"},
    {Subject::Health, "건보"},
    {Subject::Health, "보험증"},
    {Subject::Health, "health insurance"},
    {Subject::Health, "nhis"},
    {Subject::Phone, "전화"},
    {Subject::Phone, "연락"},
    {Subject::Phone, "휴대폰"},
    {Subject::Phone, "핸드폰"},
    {Subject::Phone, "폰번호"},
    {Subject::Phone, "문의"},
    {Subject::Phone, "팩스"},
    {Subject::Phone, "안심번호"},
    {Subject::Phone, "phone"},
    {Subject::Phone, "mobile"},
    {Subject::Phone, "call"},
    {Subject::Phone, "tel"},
    {Subject::Phone, "fax"},
    {Subject::Phone, "cell"},
    {Subject::Phone, "whatsapp"},
    {Subject::Phone, "reach"},
    {Subject::Phone, "text"},
    {Subject::Phone, "dial"},
    {Subject::Account, "계좌"},
    {Subject::Account, "통장"},
    {Subject::Account, "입금"},
    {Subject::Account, "송금"},
    {Subject::Account, "이체"},
    {Subject::Account, "예금"},
    {Subject::Account, "은행"},
    {Subject::Account, "국민"},
    {Subject::Account, "신한"},
    {Subject::Account, "농협"},
    {Subject::Account, "카카오뱅크"},
    {Subject::Account, "토스"},
    {Subject::Account, "새마을금고"},
    {Subject::Account, "우체국"},
    {Subject::Account, "수협"},
    {Subject::Account, "케이뱅크"},
    {Subject::Account, "sc제일"},
    {Subject::Account, "account"},
    {Subject::Account, "acct"},
    {Subject::Account, "bank"},
    {Subject::Account, "kookmin"},
    {Subject::Account, "kakaobank"},
    {Subject::Address, "주소"},
    {Subject::Address, "배송지"},
    {Subject::Address, "사는"},
    {Subject::Address, "집"},
    {Subject::Address, "받는"},
    {Subject::Address, "위치"},
    {Subject::Address, "사무실"},
    {Subject::Address, "address"},
    {Subject::Address, "ship"},
    {Subject::Address, "deliver"},
    {Subject::Address, "live"},
    {Subject::Address, "office"},
    {Subject::Email, "메일"},
    {Subject::Email, "email"},
    {Subject::Email, "e-mail"},
    {Subject::Email, "mail"},
    {Subject::Email, "contact"},
    {Subject::Card, "카드"},
    {Subject::Card, "결제"},
    {Subject::Card, "아멕스"},
    {Subject::Card, "card"},
    {Subject::Card, "credit"},
    {Subject::Card, "debit"},
    {Subject::Card, "visa"},
    {Subject::Card, "mastercard"},
    {Subject::Card, "amex"},
    {Subject::Card, "pan"},
    {Subject::Iban, "iban"},
    {Subject::Iban, "계좌"},
    {Subject::Iban, "송금"},
    {Subject::Iban, "account"},
    {Subject::Iban, "transfer"},
    {Subject::SocialSecurity, "ssn"},
    {Subject::SocialSecurity, "social security"},
    {Subject::SocialSecurity, "사회보장"},
    {Subject::SocialSecurity, "taxpayer"},
    {Subject::Ip, "ip"},
    {Subject::Ip, "ipv4"},
    {Subject::Ip, "ipv6"},
    {Subject::Ip, "아이피"},
    {Subject::Ip, "서버"},
    {Subject::Ip, "접속"},
    {Subject::Ip, "host"},
    {Subject::Ip, "server"},
    {Subject::Ip, "gateway"},
    {Subject::Ip, "client"},
    {Subject::OtherNumber, "주문번호"},
    {Subject::OtherNumber, "주문 번호"},
    {Subject::OtherNumber, "송장"},
    {Subject::OtherNumber, "운송장"},
    {Subject::OtherNumber, "접수번호"},
    {Subject::OtherNumber, "예약번호"},
    {Subject::OtherNumber, "상품코드"},
    {Subject::OtherNumber, "상품"},
    {Subject::OtherNumber, "품번"},
    {Subject::OtherNumber, "부품"},
    {Subject::OtherNumber, "모델"},
    {Subject::OtherNumber, "시리얼"},
    {Subject::OtherNumber, "일련번호"},
    {Subject::OtherNumber, "관리번호"},
    {Subject::OtherNumber, "문서번호"},
    {Subject::OtherNumber, "사건번호"},
    {Subject::OtherNumber, "바코드"},
    {Subject::OtherNumber, "버전"},
    {Subject::OtherNumber, "규격"},
    {Subject::OtherNumber, "회원번호"},
    {Subject::OtherNumber, "학번"},
    {Subject::OtherNumber, "쿠폰"},
    {Subject::OtherNumber, "점포코드"},
    {Subject::OtherNumber, "타임스탬프"},
    {Subject::OtherNumber, "좌표"},
    {Subject::OtherNumber, "커밋"},
    {Subject::OtherNumber, "order"},
    {Subject::OtherNumber, "tracking"},
    {Subject::OtherNumber, "invoice"},
    {Subject::OtherNumber, "ticket"},
    {Subject::OtherNumber, "isbn"},
    {Subject::OtherNumber, "ean"},
    {Subject::OtherNumber, "barcode"},
    {Subject::OtherNumber, "sku"},
    {Subject::OtherNumber, "part number"},
    {Subject::OtherNumber, "part no"},
    {Subject::OtherNumber, "product code"},
    {Subject::OtherNumber, "model"},
    {Subject::OtherNumber, "serial"},
    {Subject::OtherNumber, "version"},
    {Subject::OtherNumber, "build"},
    {Subject::OtherNumber, "firmware"},
    {Subject::OtherNumber, "timestamp"},
    {Subject::OtherNumber, "commit"},
    {Subject::OtherNumber, "member id"},
    {Subject::OtherNumber, "student"},
    {Subject::OtherNumber, "coupon"},
    {Subject::OtherNumber, "lot"},
    {Subject::OtherNumber, "doi"},
    {Subject::OtherNumber, "section"},
    {Subject::OtherNumber, "chapter"},
    {Subject::OtherNumber, "oid"},
});

bool leads_up(std::string_view between) {
  return between.size() <= kContradictionBytes && std::none_of(between.begin(), between.end(), [](char c) {
           return is_ascii_digit(c) || c == ',' || c == '\n' || c == '/' || c == ';';
         });
}

}  // namespace

Context WordsBefore::about(Subject subject) const {
  const std::size_t supports = last_end_[static_cast<std::size_t>(subject)];
  const std::size_t other = last_end_[static_cast<std::size_t>(Subject::OtherNumber)];
  if (other > supports && leads_up(window_.substr(other))) return Context::Contradicts;
  return supports > 0 ? Context::Supports : Context::None;
}

Result<ContextWords> ContextWords::compile() {
  std::vector<std::string> words;
  for (const Word& word : kWords) words.emplace_back(word.text);
  auto set = PatternSet::literals(words, true, kContextBytes);
  if (!set.ok()) return set.error();
  return ContextWords(std::move(*set));
}

WordsBefore ContextWords::before(std::string_view text, std::size_t begin) const {
  WordsBefore words;
  const std::size_t from = begin > kContextBytes ? begin - kContextBytes : 0;
  words.window_ = text.substr(from, begin - from);
  const auto stands_alone_here = [](const PatternMatch& match, std::string_view window) {
    const bool inside = (is_ascii_letter(window[match.begin]) && match.begin > 0 &&
                         is_ascii_letter(window[match.begin - 1])) ||
                        (is_ascii_letter(window[match.end - 1]) && match.end < window.size() &&
                         is_ascii_letter(window[match.end]));
    return !inside;
  };
  std::vector<PatternMatch> matches;
  words_.find({.text = words.window_, .from = 0, .complete = true, .resume = {}}, stands_alone_here, matches);
  for (const PatternMatch& match : matches) {
    std::size_t& last = words.last_end_[static_cast<std::size_t>(kWords[match.pattern].subject)];
    last = std::max(last, match.end);
  }
  return words;
}

}  // namespace llmops::guard
