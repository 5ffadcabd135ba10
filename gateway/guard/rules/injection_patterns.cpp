#include "gateway/guard/rules/injection_patterns.hpp"

#include <string_view>

namespace llmops::guard::rules {
namespace {

using Sensitivity = api::InjectionSensitivity;

// Shorthands of the expressions below. ~ is what may stand between words, ^^ what may but need not.
struct Shorthand {
  std::string_view name, meaning;
};
constexpr Shorthand kShorthands[] = {
    {"{verbs}",
     "(?:ignor(?:e|es|ing)|disregard(?:s|ing)?|forget(?:s|ting)?|override|overriding|bypass(?:es|ing)?|"
     "neglect|"
     "discard|abandon)"},
    {"{fill}", "(?:(?:all|any|every|each|of|the|these|those|my|our|to|now|just|please|completely)~){0,4}"},
    {"{prior}",
     "(?:previous|prior|earlier|preceding|above|foregoing|former|initial|original|system|existing|current|"
     "given|"
     "old|developer(?:'s)?|safety|hidden|core|your)"},
    {"{orders}",
     "(?:instructions?|directions?|directives?|rules?|guidelines?|guidance|prompts?|commands?|orders|"
     "polic(?:y|ies)|restrictions?|constraints?|programming)"},
    {"{free}",
     "(?:rules|restrictions?|limits?|limitations?|filters?|polic(?:y|ies)|guidelines|boundaries|ethics|"
     "morals|"
     "censorship|constraints)"},
    {"{hidden}", "(?:system|initial|hidden|secret|internal|original|confidential|developer|underlying)"},
    {"{machine}",
     "(?:ai~(?:systems?|assistants?|models?|agents?)|ai|llms?|language~models?|chat^^bots?|assistants?)"},
    {"{이전}",
     "(?:이전|앞선|앞의|앞에|위의|위에|지금까지의?|기존의?|원래의?|너의|네|너에게|당신의|모든|시스템|주어진|"
     "받은|"
     "적힌|초기|처음의?|내부|안전|그동안의?)"},
    {"{받은}", "(?:(?:받은|주어진|적힌|적은|모든|시스템|내려진|말한|한|안전|있는|나온|들은)^^){0,3}"},
    {"{지시}", "(?:지시|지침|명령|규칙|프롬프트|제한|정책|설정|규정|원칙|가이드라인)(?:사항|문|어|들){0,2}"},
    {"{다}", "(?:(?:모두|전부|다|싹|완전히|그냥|무조건|더^^이상|이제|절대|절대로)^^){0,3}"},
    {"{무시}",
     "(?:무시|잊|어기|어겨|따르지^^(?:마|말|않)|무효|해제|취소|버려|버리|지키지^^(?:마|말)|신경^^쓰지^^(?:마|"
     "말)|"
     "유효하지^^않)"},
    {"{말해}", "(?:보여|알려|출력|말해|공개|반복|요약|번역|정리|적어|써|읊|읽어|복사|print|내놔|공유)"},
    {"{기계}", "(?:AI|인공지능|언어^^모델|LLM|챗봇|비서|어시스턴트)(?:^^(?:비서|어시스턴트|시스템|모델))?"},
    {"^^", "[ \\t\\r\\n_*'\"-]{0,2}"},
    {"~", "[ \\t\\r\\n_*'\"-]{1,3}"},
};

struct Phrase {
  Sensitivity sensitivity;
  std::string_view expression;
};
constexpr Phrase kPhrases[] = {
    // Direct orders.
    {Sensitivity::Low, "\\b{verbs}~{fill}(?:{prior}~){1,3}{orders}\\b"},
    {Sensitivity::Low,
     "\\b{verbs}~(?:everything|anything|all|what)~(?:that~)?(?:is~|was~)?(?:above|before|you~(?:were|are|"
     "have~been)~"
     "(?:told|given|instructed)|(?:they|the~developer|the~system)~(?:said|told~you|wrote))\\b"},
    {Sensitivity::Low,
     "\\b(?:do~not|don't|stop|never)~(?:follow|following|obey|obeying|comply~with)~{fill}(?:{prior}~){1,2}{"
     "orders}"
     "\\b"},
    {Sensitivity::Low, "{이전}^^{받은}{지시}(?:은|는|을|를|도)?^^{다}{무시}"},
    {Sensitivity::Low, "{이전}^^{받은}(?:말|내용|대화)(?:은|는|을|를|도)?^^{다}{무시}"},
    {Sensitivity::Low, "\\bignore[rz]?~(?:(?:toutes|les|tes|vos)~){0,2}instructions~pr[ée]c[ée]dentes\\b"},
    {Sensitivity::Low,
     "\\b(?:vergiss|vergesst|ignorieren?)~(?:(?:alle|die|deine|eure|vorherigen|bisherigen)~){0,3}"
     "(?:anweisungen|regeln|instruktionen)\\b"},
    {Sensitivity::Low,
     "\\b(?:ignora|ignore|olvida)~(?:(?:todas|las|tus|sus)~){0,2}(?:instrucciones|reglas)\\b"},
    {Sensitivity::Low, "\\b(?:ignora|dimentica)~(?:(?:tutte|le|tue)~){0,3}(?:istruzioni|regole)\\b"},
    {Sensitivity::Low, "\\b(?:ignore|esque[çc]a)~(?:(?:todas|as|suas)~){0,2}(?:instru[çc][õo]es|regras)\\b"},
    {Sensitivity::Low,
     "(?:以前|これまで|上記|前)の?(?:すべての|全ての)?(?:指示|命令|ルール|プロンプト)を?(?:すべて|全て)?(?:"
     "無視|忘れ)"},
    {Sensitivity::Low,
     "(?:忽略|无视|忘记)(?:之前|以上|上面|先前)?的?(?:所有|全部|一切)?的?(?:指令|指示|规则|提示|命令)"},
    {Sensitivity::Low,
     "(?:игнорируй|забудь)(?:те)?~(?:(?:все|предыдущие|эти)~){0,2}(?:инструкции|правила|указания)"},
    {Sensitivity::Medium, "\\b(?:ignore|ignoring|ignores|disregard|bypass|override)~{fill}{orders}\\b"},
    {Sensitivity::Medium,
     "\\b(?:do~not|don't|stop|never)~(?:follow|following|obey|obeying)~{fill}{orders}~(?:that~)?(?:you~were|"
     "above|"
     "before|given)\\b"},
    {Sensitivity::Medium,
     "\\b(?:instructions|directives|guidelines|restrictions|rules|policies|policy|constraints)~(?:is|are|"
     "were|was|"
     "have~been|has~been)~(?:(?:now|hereby|all)~){0,2}(?:void|cancelled|canceled|revoked|lifted|removed|"
     "deleted|"
     "suspended|obsolete|overridden|disabled|switched~off|turned~off)\\b"},
    {Sensitivity::Medium, "\\bnew~(?:system~|developer~)?instructions?^^:"},
    {Sensitivity::Medium, "\\byour~new~(?:goal|task|objective|role|purpose|instructions?)~(?:is|are)\\b"},
    {Sensitivity::Medium, "\\b(?:system|policy|safety|filter)~override\\b"},
    {Sensitivity::Medium,
     "(?:지시|지침|명령|규칙|프롬프트)(?:사항|문|어|들){0,2}(?:은|는|을|를|도)?^^{다}{무시}"},
    {Sensitivity::Medium, "새로운^^(?:지시|명령|지침)(?:사항)?(?:은|는|이야|이다)?^^:"},
    // Roles without rules.
    {Sensitivity::Medium, "\\bdo~anything~now\\b"},
    {Sensitivity::Medium, "\\b(?:now|as)~dan\\b|\\bdan~(?:has|can|mode|never)\\b"},
    {Sensitivity::Medium,
     "\\b(?:enter|entering|activate|switch~to|engage)~(?:the~)?(?:developer|debug|god|jailbreak|dan|sudo|"
     "unrestricted|evil)~mode\\b|\\b(?:developer|debug|god|jailbreak|dan|sudo)~mode~(?:enabled|activated|"
     "output)\\b"},
    {Sensitivity::Medium,
     "\\b(?:pretend|act|behave|respond|answer|simulate|imagine|become)~(?:(?:to|be|as|like|you|are|that|were|"
     "a|an|"
     "the|if)~){0,5}(?:{machine}|hacker|character)~(?:(?:that|which|who|is)~){0,2}(?:without|with~no|free~of|"
     "free~"
     "from|not~bound~by)~(?:(?:any|all|of|its|your|the|ethical|moral|safety|content)~){0,3}{free}\\b"},
    {Sensitivity::Medium,
     "\\b(?:unrestricted|unfiltered|uncensored|unbound|amoral|jailbroken)~(?:{machine}|model|terminal|"
     "version|mode)"
     "\\b"},
    {Sensitivity::Medium,
     "\\byou~(?:now~)?(?:have|follow|obey)~no~(?:(?:more|ethical|moral|content|safety)~){0,2}{free}\\b"},
    {Sensitivity::Medium, "\\b(?:not|never)~bound~by~(?:(?:any|the|your|openai|its)~){0,2}{free}\\b"},
    {Sensitivity::Medium, "\\bact~as~my~(?:late|deceased|dead)~grand(?:ma|mother|pa|father)\\b"},
    {Sensitivity::Medium,
     "(?:너는|넌|당신은)^^(?:이제부터|지금부터|이제|더^^이상)|(?:이제부터|지금부터)^^(?:너는|넌|당신은)"},
    {Sensitivity::Medium,
     "(?:개발자|디버그|관리자|탈옥|자유|무제한|god|dan)^^모드로^^(?:전환|들어가|진입|변경|바꿔|작동|답|"
     "대답)"},
    {Sensitivity::Medium, "탈옥(?:한|된|시킨)^^(?:모델|버전|모드|AI|인공지능|상태|챗봇)"},
    {Sensitivity::Medium,
     "(?:제한|제약|규칙|필터|검열)(?:이|가)?^^(?:없는|풀린|해제된|꺼진)^^(?:{기계}|모델|터미널|버전|상태|"
     "봇)"},
    {Sensitivity::Medium,
     "(?:필터|검열|제한|제약|규칙|검사)^^없이^^(?:모든^^)?(?:질문|요청)?에?^^(?:대답|답|말|응답)"},
    {Sensitivity::Medium, "(?:어떤|아무런|아무)^^(?:규칙|제한|정책|제약)도^^(?:없|따르지)"},
    {Sensitivity::Medium, "절대^^(?:거절|거부)하지^^(?:않|마|말)"},
    // Orders to tell the prompt.
    {Sensitivity::Medium,
     "\\b(?:repeat|print|show|reveal|output|display|dump|disclose|tell|give|write|recite|copy|list|leak|"
     "expose|"
     "summari[sz]e|translate|paraphrase|quote|share|encode)~(?:(?:me|us|out|the|all|of|your|full|entire|"
     "exact|"
     "complete|whole|current|contents?|text|to|back)~){0,4}(?:{hidden}~(?:prompts?|instructions?|messages?|"
     "rules|"
     "guidelines|directives|configuration|notes|orders|setup)|your~(?:(?:own|full|exact|entire|{hidden})~){0,"
     "2}"
     "(?:prompt|pre^^prompt|instructions?|guidelines|rules|directives|configuration|context~window))\\b"},
    {Sensitivity::Medium,
     "\\byour~(?:own~)?{hidden}~(?:prompt|instructions?|message|rules|guidelines|directives|setup|notes|"
     "configuration)\\b"},
    {Sensitivity::Medium,
     "\\b(?:repeat|print|show|output|copy|display|reveal|write)~(?:(?:me|us|out|the|all|every|everything|"
     "text|words?|"
     "lines?|contents?)~){1,4}(?:above|before)~(?:this|the)~(?:line|message|prompt|conversation|chat|text|"
     "point|"
     "sentence)\\b"},
    {Sensitivity::Medium,
     "(?:시스템|초기|숨겨진|비밀|내부|원본|너의|네|당신의|개발자의?)^^(?:프롬프트|지시|지침|규칙|명령)(?:"
     "사항|문|들)?"
     "(?:의|을|를|도|은|는)?^^(?:(?:전문|전체|전부|모두|내용|그대로|다|원문|영어로|json으로)(?:을|를)?^^){0,"
     "3}{말해}"},
    {Sensitivity::Medium, "프롬프트(?:를|을)?^^(?:(?:전체|전문|그대로|모두|다)(?:를|을)?^^){0,2}{말해}"},
    {Sensitivity::Medium,
     "(?:받은|주어진)^^(?:지시|지침|명령|규칙)(?:사항|들)?(?:을|를)?^^(?:(?:처음부터|끝까지|그대로|모두|전부|"
     "다)^^)"
     "{0,4}{말해}"},
    {Sensitivity::Medium,
     "위(?:의|에)?^^(?:(?:적힌|있는|모든)^^){0,3}(?:내용|문장|글|텍스트)(?:을|를)?^^(?:(?:그대로|모두|전부|"
     "다)^^){0,3}"
     "(?:출력|복사|반복)"},
    // Forged turns.
    {Sensitivity::Medium, "<\\|[a-z_]{2,24}\\|>"},
    {Sensitivity::Medium, "\\[/?INST\\]|<</?(?:SYS|SYSTEM|HUMAN|USER|ASSISTANT)>>|<(?:start|end)_of_turn>"},
    {Sensitivity::Medium, "</?(?:system|sys|user|assistant|system_?prompt|사용자|시스템|지시)>"},
    {Sensitivity::Medium, "[\"']role[\"'][ \\t]{0,2}:[ \\t]{0,2}[\"'](?:system|developer)[\"']"},
    {Sensitivity::Medium, "###^^(?:instructions?|response|system|assistant|지시|응답|시스템)^^:"},
    {Sensitivity::Medium, "(?m)^[ \\t]{0,3}(?:system|시스템)^^:"},
    {Sensitivity::Medium,
     "\\[(?:system|admin|administrator|developer|시스템|관리자|개발자)^^(?:message|notice|note|override|"
     "update|알림|"
     "메시지|공지|명령)?\\]"},
    {Sensitivity::Medium,
     "\\b(?:administrator|admin|developer|system)~(?:note|message|notice|command|update)~(?:to|for)~(?:the~)?"
     "{machine}\\b|\\bsystem~prompt~update\\b"},
    // Encoded orders.
    {Sensitivity::Medium,
     "\\b(?:decode|decrypt|decipher|unescape|deobfuscate)~(?:(?:this|it|that|the|from|following|message|text|"
     "string|"
     "base64|hex|rot13|binary|encoded|code)~){0,5}(?:and|then)~(?:then~)?(?:do|follow|execute|obey|comply|"
     "run|act|"
     "carry)\\b"},
    {Sensitivity::Medium,
     "(?:해독|디코딩|디코드|복호화)(?:해서|하고|한^^다음|한^^뒤|한^^후)^^(?:(?:그대로|시키는^^대로|적힌^^"
     "대로|명령을|"
     "지시를)^^){0,2}(?:실행|수행|따라|따르|복종|해|하라)"},
    {Sensitivity::Medium,
     "(?:풀어서|바꿔서|바꾸고|읽고|번역하고|알아내서)^^(?:(?:그대로|시키는^^대로|적힌^^대로|그^^명령을|그^^"
     "지시를)^^)"
     "{1,2}(?:실행|수행|따라|따르|해|복종)"},
    // Carrying data away.
    {Sensitivity::Medium, "!\\[[^\\]\\n]{0,60}\\]\\( ?https?://[^)\\s]{1,120}[?&=]"},
    {Sensitivity::Medium, "<img[^>\\n]{0,60}src ?= ?[\"']?https?://[^>\\s\"']{1,100}[?&=]"},
    {Sensitivity::Medium,
     "\\b(?:silently|secretly|covertly)~(?:send|append|forward|post|upload|transmit|add|include|call)\\b"},
    {Sensitivity::Medium, "\\bexfiltrat(?:e|es|ing|ion)\\b"},
    {Sensitivity::Medium, "(?:몰래|아무도^^모르게)[ ,][^\\n.]{0,30}(?:전송|보내|올려)"},
    // Orders to a model inside a document.
    {Sensitivity::Medium,
     "\\b(?:note|message|instructions?|attention|notice|reminder)~(?:(?:to|for|the|any|all)~){0,3}{machine}^^"
     "[:,]"},
    {Sensitivity::Medium,
     "\\b{machine}~(?:(?:that|who|which|is|are)~)?(?:reads?|reading|process|processes|processing|summari[sz]"
     "es|"
     "summari[sz]ing|parsing)~(?:this|the)\\b"},
    {Sensitivity::Medium,
     "\\b{machine}^^[:,]^^(?:please~)?(?:do~not|don't|ignore|append|delete|forward|you~must|must|always|send|"
     "tell|"
     "reveal)\\b"},
    {Sensitivity::Medium,
     "(?:글|문서|페이지|메일|파일|내용)(?:을|를)?^^(?:읽는|요약하는|처리하는|분석하는)^^{기계}"},
    {Sensitivity::Medium, "{기계}들?에게^^(?:지시|명령|알림|:)"},
    {Sensitivity::Medium, "당신이^^(?:AI|인공지능|언어^^모델|챗봇|LLM)(?:이)?라면"},
    // Phrases that honest texts use too.
    {Sensitivity::High, "\\bjailb(?:reaks?|reaking|roken)\\b|탈옥"},
    {Sensitivity::High, "\\b(?:developer|debug|god)~mode\\b|개발자^^모드"},
    {Sensitivity::High, "\\b(?:never|not|cannot|don't|won't)~(?:refuse|decline|apologi[sz]e)\\b"},
    {Sensitivity::High,
     "\\b(?:without|no)~(?:any~)?(?:ethical~|moral~|safety~|content~)?(?:restrictions?|filters?|limits?|"
     "rules|"
     "censorship|boundaries)\\b"},
    {Sensitivity::High, "\\b(?:stay|remain)~in~character\\b|\\bpretend~(?:to~be|that~you|you~are)\\b"},
    {Sensitivity::High, "\\bfrom~(?:now|this~point)~on\\b|\\bfor~the~rest~of~this~(?:chat|conversation)\\b"},
    {Sensitivity::High,
     "(?:인|하는|없는)^^척^^해|역할극|(?:사과|거절|거부)하지^^(?:도^^)?(?:마|말)|이제부터|지금부터"},
    {Sensitivity::High, "\\bword~for~word\\b|\\bverbatim\\b"},
    {Sensitivity::High, "\\b{hidden}~(?:prompt|instructions?|rules|guidelines|orders|message|notes)\\b"},
    {Sensitivity::High, "\\b(?:were|are|been)~you~(?:told|instructed|programmed)\\b|\\bpre-?prompt\\b"},
    {Sensitivity::High,
     "(?:시스템|초기|숨겨진|비밀|내부)^^(?:프롬프트|지시|지침|메시지|규칙|설정)|한^^글자도^^빼지^^말고"},
    {Sensitivity::High, "(?m)^[ \\t]{0,3}(?:assistant|user|human|ai|어시스턴트|사용자)^^:"},
    {Sensitivity::High, "\\bend~of~(?:user~)?(?:input|document|prompt|conversation|instructions?)\\b"},
    {Sensitivity::High,
     "\\b(?:and|then)~(?:obey|comply|execute|act~on~it|do~so|do~that|do~what~it~says|follow~the~result)\\b"},
    {Sensitivity::High,
     "(?:적힌|시키는)^^대로^^(?:만^^)?(?:해|실행|따라)|(?:명령|지시)(?:을|를|에)^^(?:실행|수행|복종)"},
    {Sensitivity::High, "\\bbase64^^:?^^[A-Za-z0-9+/]{24}"},
    {Sensitivity::High,
     "\\b(?:send|forward|post|upload|transmit|append|email)~(?:(?:the|all|this|our|full|entire|contents?|of|"
     "last|"
     "every|user|customer|your)~){0,5}(?:conversation|chat|history|messages|prompt|api~key|password|"
     "credentials)\\b"},
    {Sensitivity::High, "\\bwithout~telling~(?:anyone|anybody|the~user)\\b|몰래|아무도^^모르게"},
};

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

std::vector<std::string> injection_expressions(Sensitivity sensitivity) {
  std::vector<std::string> expressions;
  for (const Phrase& phrase : kPhrases) {
    if (static_cast<int>(phrase.sensitivity) > static_cast<int>(sensitivity)) continue;
    std::string expression(phrase.expression);
    for (const Shorthand& shorthand : kShorthands) replace_all(expression, shorthand.name, shorthand.meaning);
    expressions.push_back(std::move(expression));
  }
  return expressions;
}

}  // namespace llmops::guard::rules
