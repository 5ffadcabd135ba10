#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <random>

#include "gateway/guard/text/normalised_text.hpp"
#include "gateway/guard/text/plain_run.hpp"

namespace llmops::guard {
namespace {

std::string nfkc(const std::string& text) {
  utf8proc_uint8_t* made = nullptr;
  utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
               static_cast<utf8proc_ssize_t>(text.size()), &made,
               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  const std::string result = made == nullptr ? "" : reinterpret_cast<const char*>(made);
  std::free(made);
  return result;
}

std::string in_pieces(std::string_view text, std::size_t piece, Escapes escapes = Escapes::None) {
  NormalisedText normalised(escapes);
  for (std::size_t at = 0; at < text.size(); at += piece) normalised.feed(text.substr(at, piece));
  normalised.finish();
  return std::string(normalised.text());
}

std::string utf8(std::initializer_list<CodePoint> codes) {
  std::string text;
  for (const CodePoint code : codes) {
    utf8proc_uint8_t bytes[4];
    text.append(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(utf8proc_encode_char(code, bytes)));
  }
  return text;
}

TEST(PlainRun, IsOfCharactersThatAreTheirOwnNormalForm) {
  for (CodePoint code = 0; code < 0x110000; ++code) {
    const bool letter = is_plain_letter(code);
    const bool ascii = code < 0x80 && is_plain_ascii(static_cast<unsigned char>(code));
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    const PlainRun run = plain_run(utf8({code}), '\0');
    EXPECT_EQ(run.bytes > 0, letter || ascii) << code;
    if (!letter && !ascii) continue;
    EXPECT_EQ(run.last, code);
    EXPECT_TRUE(is_plain(code)) << code;
    EXPECT_FALSE(is_invisible(code)) << code;
    EXPECT_FALSE(joins_what_is_before(code)) << code;
  }
}

TEST(PlainRun, EndsBeforeWhatIsNotPlainOrNotWhole) {
  const std::string plain = "abcdefghij 가나다 漢字, klmnopqrstuvwxyz";
  for (const std::string& end : {std::string("\xC3\xA9"), std::string("\x7F"), std::string("\\u0061"),
                                 std::string("\xEA\xB0"), std::string("\xEA"), std::string()}) {
    for (std::size_t skip = 0; skip <= 11; ++skip) {
      const PlainRun run = plain_run(plain.substr(skip) + end, '\\');
      EXPECT_EQ(run.bytes, plain.size() - skip) << end;
      EXPECT_EQ(run.last, 'z');
      EXPECT_EQ(run.last_bytes, 1U);
    }
  }
  EXPECT_EQ(plain_run("a가", '\0').last, 0xAC00);
  EXPECT_EQ(plain_run("a가", '\0').last_bytes, 3U);
}

TEST(NormalForm, LeavesOrdinaryProseAsItIs) {
  for (const std::string text :
       {"The order ships on Monday.\nThanks!", "주문은 월요일에 발송됩니다.", "数字は12です", "naïve café"})
    EXPECT_EQ(normalise(text), text);
}

TEST(NormalForm, ComposesDecomposedHangulAndAccents) {
  EXPECT_EQ(normalise(utf8({0x1112, 0x1161, 0x11AB, 0x1100, 0x1173, 0x11AF})), "한글");
  EXPECT_EQ(normalise("cafe\xCC\x81"), "café");
  EXPECT_EQ(normalise("가\xE1\x86\xA8"), "각");
}

TEST(NormalForm, MakesFullWidthCharactersAscii) {
  EXPECT_EQ(normalise("９６０１０１－１２３４５６１"), "960101-1234561");
  EXPECT_EQ(normalise("ｓｅｃｒｅｔ＠ｅｘａｍｐｌｅ．ｃｏｍ"), "secret@example.com");
}

TEST(NormalForm, MakesDigitsOfOtherScriptsAndStylesAscii) {
  EXPECT_EQ(normalise("٠١٢٣٤٥٦٧٨٩"), "0123456789");  // Arabic-Indic
  EXPECT_EQ(normalise("०१२३४५६७८९"), "0123456789");  // Devanagari
  EXPECT_EQ(normalise("𝟎𝟏𝟐𝟗𝟘𝟙𝟡"), "0129019");        // mathematical
  EXPECT_EQ(normalise("①②⑨❶❾➀➊⓪⓿"), "129191100");    // circled
  EXPECT_EQ(normalise("9\xEF\xB8\x8F\xE2\x83\xA3"
                      "6\xEF\xB8\x8F\xE2\x83\xA3"),
            "96");  // keycaps
}

TEST(NormalForm, DropsInvisibleCharacters) {
  EXPECT_EQ(normalise("96\xE2\x80\x8B"
                      "01\xE2\x80\x8D"
                      "01\xEF\xBB\xBF-\xC2\xAD"
                      "12"),
            "960101-12");
  EXPECT_EQ(
      normalise(utf8({'a', 0xE0061, 0xE007F, 'b', 0x2064, 'c', 0xFE0F, 'd', 0x202E, 'e', 0x3164, 'f', 0})),
      "abcdef");
  EXPECT_EQ(normalise(utf8({0xAC00, 0x200B, 0x11A8})), "각") << "what is between two parts of a character";
}

TEST(NormalForm, DropsMarksBehindDigitsAndPunctuation) {
  EXPECT_EQ(normalise("9\xCC\xB6"
                      "6\xCC\xB6\xCC\xB6"
                      "0"),
            "960");
  EXPECT_EQ(normalise("9\xCC\x81-\xCC\xB6\xCC\x81"
                      "6"),
            "9-6");
  EXPECT_EQ(normalise("B\xCC\xB6l\xCC\xB6u\xE2\x83\xA0"
                      "e"),
            "Blue")
      << "what is struck through or enclosed";
  EXPECT_EQ(normalise("=\xCC\xB8"), "≠");
  EXPECT_EQ(normalise("e\xCC\x81"), "é") << "marks behind letters stay";
}

TEST(NormalForm, ShowsBrokenUtf8AsReplacementCharacters) {
  EXPECT_EQ(normalise("a\xFF"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(normalise("\xE2\x82"), "\xEF\xBF\xBD");
  EXPECT_EQ(normalise("\xE2\x28\xA1"), "\xEF\xBF\xBD(\xEF\xBF\xBD");
  EXPECT_EQ(normalise("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
}

TEST(NormalForm, IsNfkcWhereNothingElseIsAskedFor) {
  std::mt19937 random(7);
  const std::vector<CodePoint> alphabet{
      'a',    'e',    'o',    0x301,  0x308,   0x323,  0x327,  0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01,
      0x314F, 0x3131, 0xFF21, 0xFB01, 0x3042,  0x3099, 0xFF9E, 0xFF76, 0x1EA5, 0x0DD9, 0x0DCF, 0x0DCA,
      0x212B, 0xFDFA, 0x4E2D, 0x0344, 0x1F600, '=',    0x338,  0x9BE,  0x9C7,  0x2126, 0x33AA};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += utf8({alphabet[random() % alphabet.size()]});
    ASSERT_EQ(normalise(text), nfkc(text)) << testing::PrintToString(text);
    ASSERT_EQ(in_pieces(text, 1), nfkc(text)) << testing::PrintToString(text);
  }
}

TEST(NormalForm, DoesNotDependOnTheCut) {
  std::mt19937 random(11);
  const std::string fixtures =
      "９６0\xCC\xB6 가\xE1\x86\xA8\xE2\x80\x8B é e\xCC\x81 \xFF\xE2\x82 ﬁ㈜ 👩\xE2\x80\x8D👧 ①١ \xF0\x9F";
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 24; ++i) text += fixtures[random() % fixtures.size()];
    const std::string whole = normalise(text);
    for (const std::size_t piece : {1u, 2u, 3u, 5u}) ASSERT_EQ(in_pieces(text, piece), whole);
  }
}

TEST(NormalForm, HidesNothingBehindEndlessMarks) {
  std::string text = "e";
  for (int i = 0; i < 5000; ++i) text += "\xCC\x81";
  text += "x";
  NormalisedText normalised;
  for (const char byte : text) {
    normalised.feed(std::string_view(&byte, 1));
    ASSERT_LE(normalised.given_size() - normalised.settled(), 80u);
  }
  normalised.finish();
  EXPECT_EQ(normalised.text(), normalise(text));
}

TEST(NormalForm, ReadsTheStringsOfJsonTexts) {
  EXPECT_EQ(
      in_pieces(R"({"a":"96\u0030101\n\"x\" \ud83d\ude00 \u200b\/ \q \ud83d\u0041"})", 3, Escapes::Json),
      "{\"a\":\"960101\n\"x\" 😀 / \\q \xEF\xBF\xBD"
      "A\"}");
  EXPECT_EQ(in_pieces("a\\u00", 1, Escapes::Json), "a\\u00");
}

TEST(OffsetMap, LeadsBackToTheGivenBytes) {
  const std::string given =
      "x９\xE2\x80\x8B"
      "6 ㈜ 가\xE1\x86\xA8!";
  NormalisedText text;
  text.feed(given);
  text.finish();
  ASSERT_EQ(text.text(), "x96 (주) 각!");
  const auto back = [&](std::size_t begin, std::size_t end) {
    return given.substr(text.given_begin(begin), text.given_end(end) - text.given_begin(begin));
  };
  EXPECT_EQ(back(0, 1), "x");
  EXPECT_EQ(back(1, 3),
            "９\xE2\x80\x8B"
            "6");
  EXPECT_EQ(back(1, 2), "９") << "invisible characters at the edge do not belong to it";
  EXPECT_EQ(back(2, 3), "6");
  EXPECT_EQ(back(5, 8), "㈜") << "a part of a character is all of it";
  EXPECT_EQ(back(10, 13), "가\xE1\x86\xA8");
  EXPECT_EQ(back(13, 14), "!");
}

TEST(OffsetMap, CountsLongInvisibleRunsThatWereTakenOut) {
  std::string given = "ab";
  for (int i = 0; i < 20; ++i) given += "\xE2\x80\x8B";
  given += "cd";
  NormalisedText text;
  for (const char byte : given) text.feed(std::string_view(&byte, 1));
  text.finish();
  ASSERT_EQ(text.text(), "abcd");
  EXPECT_EQ(text.given_size(), 4 + 16 * 3u);
  EXPECT_EQ(text.original_begin(text.given_begin(2)), 62u);
  EXPECT_EQ(text.original_end(text.given_end(3)), 63u);
  EXPECT_EQ(text.original_end(text.given_end(2)), 2u);
}

TEST(NormalForm, NothingWaitsAtWhiteSpace) {
  NormalisedText text;
  for (const std::string word : {"The ", "café ", "주문\n", "가 ", "٣\t", "ok. ", "【漢字】 "}) {
    text.feed(word);
    EXPECT_EQ(text.settled(), text.given_size()) << word;
  }
  text.feed("가");
  EXPECT_EQ(text.given_size() - text.settled(), 3u) << "a final consonant may follow";
  text.feed("나");
  EXPECT_EQ(text.given_size() - text.settled(), 3u);
}

}  // namespace
}  // namespace llmops::guard
