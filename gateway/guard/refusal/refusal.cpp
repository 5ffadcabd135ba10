#include "gateway/guard/refusal/refusal.hpp"

#include <re2/re2.h>

#include "gateway/guard/text/unicode_text.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kOpening = 240;  // code points

// Read against text in NFKC, case folded, with plain apostrophes.
constexpr std::string_view kRules[] = {
    R"(\b(?:i|we)(?:'m| am|'re| are)?(?: really| very| truly| also| therefore| simply)? )"
    R"((?:can't|cannot|can not|won't|will not|could not|couldn't|unable to|not able to|not allowed to|)"
    R"(not permitted to|not going to|decline to|refuse to)(?: [a-z]+){0,3}? )"
    R"((?:help|assist|provide|share|comply|fulfil|fulfill|answer|do|give|reveal|disclose|discuss|support|complete|)"
    R"(carry|follow|ignore|generate|create|write|produce|engage|participate|offer|tell|show|repeat|act|pretend|)"
    R"(accommodate|continue|respond|execute)\b)",
    R"(\b(?:i|we) (?:must|have to|need to|will have to) (?:respectfully |politely )?(?:decline|refuse)\b)",
    R"(\b(?:against|violates?|violating|contrary to) (?:my|our|the|company|safety|content)(?: [a-z]+)? )"
    R"(?(?:guidelines|policy|policies|rules|principles)\b)",
    R"(\bnot something (?:that )?(?:i|we)(?:'m| am|'re| are)? (?:can|able to|allowed to|willing to)\b)",
    R"(\bsorry,? (?:but )?(?:i |we )?(?:can't|cannot|won't)(?: do (?:that|this))?[.,!]? ?$)",
    R"(\byour (?:request|message) (?:was|has been|is) (?:blocked|refused|declined|denied)\b)",
    R"((?:도와|도움|답변|대답|답|제공|알려|말씀|공개|안내|처리|수행|협조|응|따르|따를|들어|공유|출력|생성|작성|보여|)"
    R"(지원|이행|진행|무시|누설|그렇게|그런)[가-힣 ]{0,14}?)"
    R"((?:수(?:는|가|도)? ?없(?:습니다|어요|네요|음|다|죠)|어렵습니다|어려워요|곤란합니다|불가합니다|불가능합니다|)"
    R"(않겠습니다|않을게요|못합니다|못해요))",
    R"((?:거절|거부|사양)(?:하겠|합니다|할게|드립니다))",
    R"((?:정책|규정|지침|원칙)(?:상|에 따라|에 어긋)[가-힣 ,]{0,24}(?:없습니다|어렵습니다|불가|않습니다))",
};

std::string opening_of(std::string_view output) {
  std::string text = normalize(output, UnicodeForm::Nfkc, true);
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && ++seen > kOpening) break;
  text.resize(end);
  for (const std::string_view quote : {"’", "‘", "ʼ"})
    for (std::size_t at = text.find(quote); at != std::string::npos; at = text.find(quote, at + 1))
      text.replace(at, quote.size(), "'");
  return text;
}

bool is_blank(std::string_view output) {
  for (const std::int32_t code_point : code_points(output))
    if (!is_white_space(code_point)) return false;
  return true;
}

}  // namespace

RefusalRules::RefusalRules() {
  for (const std::string_view rule : kRules) rules_.push_back(std::make_unique<RE2>(rule, RE2::Quiet));
}
RefusalRules::~RefusalRules() = default;
RefusalRules::RefusalRules(RefusalRules&&) noexcept = default;

bool RefusalRules::refuses(std::string_view output) const {
  if (is_blank(output)) return true;
  const std::string opening = opening_of(output);
  for (const auto& rule : rules_)
    if (RE2::PartialMatch(opening, *rule)) return true;
  return false;
}

}  // namespace llmops::guard
