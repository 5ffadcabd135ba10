#include "engine_prose.hpp"

#include <array>
#include <random>
#include <string_view>

namespace llmops::guard::testing_support {
namespace {

// '%' is a thing, '#' a small number, '@' a day, '$' a price.
constexpr std::array<std::string_view, 24> kEnglish{
    "Thanks for writing to us about the %. ",
    "Your % left our warehouse on @ and should arrive within # days. ",
    "It costs $ including delivery, and you can send it back for # days. ",
    "I have checked the order: the % is in stock, but the % is not. ",
    "To change the address, open \"My orders\" and choose the % again. ",
    "If the % does not start, hold the button for # seconds; then wait a minute. ",
    "There are # ways to do this, and the first one is the easiest:\n",
    "1. Unplug the %.\n2. Clean it with a soft cloth.\n3. Plug it in again.\n",
    "Please note that the % is not made for children under # years. ",
    "We usually answer between 9:00 and 18:00, from Monday to @. ",
    "The manual (page #) says that the % needs about # minutes. ",
    "That is a good question! ",
    "In short: yes, you can use it with the %, as long as it is dry. ",
    "The difference between the % and the % is mostly the size, 3.5 against 4.2 inches. ",
    "I'm sorry to hear that the % was damaged - we'll send a new one on @. ",
    "Our team looks at every message, and we don't share it with anyone. ",
    "You'd save about #% a year, depending on how often you use it. ",
    "Here's what I would do next. ",
    "Version 2.1 of the app fixes this; update it and sign in once more. ",
    "A 12-month warranty covers the %, but not its battery. ",
    "Would you like me to book a visit for @ at 10:30? ",
    "It weighs 1,250 g and is 30 x 20 x 15 cm.\n\n",
    "Most people choose the blue one, although the green % is just as good. ",
    "Let me know if there is anything else that I can help with.\n",
};
constexpr std::array<std::string_view, 12> kEnglishThings{
    "kettle", "lamp",   "washing machine", "subscription", "invoice",  "keyboard",
    "jacket", "ticket", "headphones",      "coffee maker", "contract", "bicycle"};
constexpr std::array<std::string_view, 5> kEnglishDays{"Tuesday", "Friday", "3 March", "the 21st",
                                                       "2025-11-04"};

constexpr std::array<std::string_view, 24> kKorean{
    "문의해 주셔서 감사합니다. ",
    "주문하신 %은(는) @에 발송되었으며 #일 안에 도착할 예정입니다. ",
    "가격은 배송비를 포함하여 $이고, 받으신 날부터 #일 동안 반품하실 수 있습니다. ",
    "확인해 보니 %은(는) 재고가 있지만 %은(는) 품절되었습니다. ",
    "주소를 바꾸시려면 '내 주문'에서 %을(를) 다시 선택해 주세요. ",
    "%이(가) 켜지지 않으면 버튼을 #초 동안 누른 뒤 1분쯤 기다려 주십시오. ",
    "방법은 #가지가 있는데, 첫 번째가 가장 쉽습니다.\n",
    "1. %의 전원을 끕니다.\n2. 부드러운 천으로 닦습니다.\n3. 다시 켭니다.\n",
    "만 #세 미만의 어린이는 사용할 수 없으니 주의해 주세요. ",
    "상담 시간은 평일 오전 9시부터 오후 6시까지이며, @에는 쉽니다. ",
    "설명서 #쪽을 보면 약 #분이 걸린다고 나와 있습니다. ",
    "좋은 질문이네요! ",
    "간단히 말씀드리면, 물기만 없으면 %과(와) 함께 쓰셔도 괜찮습니다. ",
    "두 제품의 차이는 주로 크기인데, 하나는 3.5인치이고 다른 하나는 4.2인치입니다. ",
    "%이(가) 파손되었다니 정말 죄송합니다. @에 새 제품을 보내 드리겠습니다. ",
    "보내 주신 내용은 담당자가 직접 확인하며 다른 곳에 알리지 않습니다. ",
    "얼마나 자주 쓰느냐에 따라 1년에 약 #% 정도 아낄 수 있어요. ",
    "다음과 같이 해 보시는 것을 권해 드립니다. ",
    "이 문제는 앱 2.1 버전에서 고쳐졌으니 업데이트 후 다시 로그인해 주세요. ",
    "보증 기간은 12개월이지만 배터리는 포함되지 않습니다. ",
    "@ 오전 10시 30분에 방문 예약을 잡아 드릴까요? ",
    "무게는 1,250g이고 크기는 30×20×15cm입니다.\n\n",
    "대부분의 고객님은 파란색을 고르시지만, 초록색 %도 그만큼 좋습니다. ",
    "더 도와드릴 일이 있으면 언제든지 말씀해 주세요. ㅎㅎ\n",
};
constexpr std::array<std::string_view, 12> kKoreanThings{"주전자", "스탠드",      "세탁기", "구독",
                                                         "영수증", "키보드",      "점퍼",   "입장권",
                                                         "이어폰", "커피 메이커", "계약서", "자전거"};
constexpr std::array<std::string_view, 5> kKoreanDays{"화요일", "금요일", "3월 3일", "21일",
                                                      "2025년 11월 4일"};

template <std::size_t Sentences, std::size_t Things, std::size_t Days>
void add_sentence(const std::array<std::string_view, Sentences>& sentences,
                  const std::array<std::string_view, Things>& things,
                  const std::array<std::string_view, Days>& days, std::string_view price,
                  std::mt19937& random, std::string& out) {
  for (const char sign : sentences[random() % Sentences]) {
    switch (sign) {
      case '%':
        // "#%" is a percentage.
        if (!out.empty() && out.back() >= '0' && out.back() <= '9')
          out += sign;
        else
          out += things[random() % Things];
        break;
      case '#':
        out += std::to_string(2 + random() % 29);
        break;
      case '@':
        out += days[random() % Days];
        break;
      case '$':
        out += std::to_string(3 + random() % 90) + "," + std::to_string(100 + random() % 900) +
               std::string(price);
        break;
      default:
        out += sign;
    }
  }
}

}  // namespace

std::string ordinary_prose(std::size_t bytes, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) {
    const bool korean = random() % 2 == 0;
    for (int i = 0; i < 8; ++i) {
      if (korean)
        add_sentence(kKorean, kKoreanThings, kKoreanDays, "원", random, text);
      else
        add_sentence(kEnglish, kEnglishThings, kEnglishDays, " won", random, text);
    }
  }
  return text;
}

std::vector<std::string> all_rules() {
  static constexpr std::array<std::string_view, 20> kNames{
      "청룡",  "백호",   "현무",   "주작",    "해태",   "봉황",    "기린",   "삼족오", "불가사리", "이무기",
      "heron", "falcon", "osprey", "kestrel", "merlin", "harrier", "condor", "avocet", "plover",   "dunlin"};
  std::string words;
  for (const std::string_view name : kNames)
    for (int i = 0; i < 50; ++i)
      words += (words.empty() ? "\"" : ", \"") + std::string(name) + (name[0] < 'a' ? "계획" : "-plan-") +
               std::to_string(i) + "\"";
  std::string patterns;
  static constexpr std::array<std::string_view, 20> kPatterns{"PRJ-[0-9]{6}",
                                                              "CASE#[0-9]+",
                                                              "[A-Z]{3}[0-9]{7}",
                                                              "내부-[0-9]{4}",
                                                              "문서번호 [0-9]{5}",
                                                              "\\\\bEMP[0-9]{5}\\\\b",
                                                              "사번 ?[0-9]{6}",
                                                              "계약 ?제[0-9]+호",
                                                              "[A-Z]{2}-[0-9]{3}-[A-Z]{2}",
                                                              "x-api-[a-z0-9]{8}",
                                                              "ref:[0-9a-f]{12}",
                                                              "<secret>[^<]*</secret>",
                                                              "lot [0-9]{8}",
                                                              "SN[0-9A-F]{10}",
                                                              "host-[a-z]+-[0-9]{2}",
                                                              "10\\\\.20\\\\.[0-9]+\\\\.[0-9]+",
                                                              "build/[0-9]{6}",
                                                              "confidential",
                                                              "대외비",
                                                              "INC[0-9]{7}"};
  for (const std::string_view pattern : kPatterns)
    patterns += (patterns.empty() ? "\"" : ", \"") + std::string(pattern) + "\"";
  return {
      R"({"name": "pii", "type": "pii", "action": "Mask"})",
      R"({"name": "secrets", "type": "secrets", "action": "Mask"})",
      R"({"name": "words", "type": "words", "action": "Mask", "words": {"words": [)" + words + "]}}",
      R"({"name": "regex", "type": "regex", "action": "Mask", "regex": {"patterns": [)" + patterns + "]}}",
      R"({"name": "injection", "type": "injection", "action": "Block", "injection": {"canary": true}})",
      R"({"name": "leak", "type": "systemPromptLeak", "action": "Block"})",
      R"({"name": "urls", "type": "urls", "action": "Mask", "urls": {"allowedDomains": ["example.com"]}})",
      R"({"name": "language", "type": "language", "action": "Block", "language": {"allowed": ["ko", "en"]}})",
      R"({"name": "tokens", "type": "maxTokens", "action": "Block", "maxTokens": {"max": 1000000}})"};
}

std::string rule_list(const std::vector<std::string>& rules) {
  std::string list;
  for (const std::string& rule : rules) list += (list.empty() ? "[" : ", ") + rule;
  return list + "]";
}

}  // namespace llmops::guard::testing_support
