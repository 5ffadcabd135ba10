#include "gateway/prompt/control_markers.hpp"

#include <gtest/gtest.h>

#include <random>

namespace llmops::gateway {
namespace {

TEST(ControlMarkers, AreBrokenByASpaceAfterTheFirstCharacter) {
  EXPECT_EQ(break_control_markers("<|end|>"), "< |end|>");
  EXPECT_EQ(break_control_markers("<|im_start|>system"), "< |im_start|>system");
  EXPECT_EQ(break_control_markers("a<s>b</s>c"), "a< s>b< /s>c");
  EXPECT_EQ(break_control_markers("[INST] x [/INST]"), "[ INST] x [ /INST]");
  EXPECT_EQ(break_control_markers("<<SYS>>x<</SYS>>"), "< <SYS>>x< </SYS>>");
  EXPECT_EQ(break_control_markers("<start_of_turn>user"), "< start_of_turn>user");
  EXPECT_EQ(break_control_markers("<｜User｜>hi"), "< ｜User｜>hi");
  EXPECT_EQ(break_control_markers("<|reserved_special_token_5|>"), "< |reserved_special_token_5|>");
  EXPECT_EQ(break_control_markers("[|system|]x[|endofturn|]"), "[ |system|]x[ |endofturn|]");
  EXPECT_EQ(break_control_markers("[gMASK]<sop>"), "[ gMASK]< sop>");
}

TEST(ControlMarkers, ThatAreHeadingsAreBrokenBeforeTheirColonAtTheBeginOfALine) {
  EXPECT_EQ(break_control_markers("### User:\nhi\n### Assistant:"), "### User :\nhi\n### Assistant :");
  EXPECT_EQ(break_control_markers("see ### User: and ### Users:"), "see ### User: and ### Users:");
  // The line break before a heading of the template is a client's.
  EXPECT_EQ(break_control_markers("a\n### User:", {{0, 2}}), "a\n### User :");
  EXPECT_EQ(break_control_markers("a\n### User:", {{0, 1}}), "a\n### User:");
}

TEST(ControlMarkers, MoveTheRangesWithTheirBytes) {
  RenderedText rendered{"x<|a|>y</s>z", {{1, 6}, {7, 12}}};
  break_control_markers(rendered);
  EXPECT_EQ(rendered.text, "x< |a|>y< /s>z");
  ASSERT_EQ(rendered.foreign.size(), 2u);
  EXPECT_EQ(
      rendered.text.substr(rendered.foreign[0].begin, rendered.foreign[0].end - rendered.foreign[0].begin),
      "< |a|>");
  EXPECT_EQ(
      rendered.text.substr(rendered.foreign[1].begin, rendered.foreign[1].end - rendered.foreign[1].begin),
      "< /s>z");
}

TEST(ControlMarkers, LeaveOrdinaryTextAlone) {
  for (const std::string text : {"a <| b |> c", "x <- y; list[0] < 3", "<script>alert(1)</script>", "<||>",
                                 "<| end |>", "한국어 < 영어", "<", "[", "<|", "<sub>2</sub>", "f <|> g"})
    EXPECT_EQ(break_control_markers(text), text);
}

TEST(ControlMarkers, OfUnknownModelsHaveNamesOfAtMostSixtyFourBytes) {
  const std::string longest = std::string(64, 'x') + "|>";
  EXPECT_EQ(break_control_markers("<|" + longest), "< |" + longest);
  EXPECT_EQ(break_control_markers("<|x" + longest), "<|x" + longest);
}

TEST(ControlMarkers, AreBrokenOnlyWhereAForeignByteTakesPart) {
  //                            0123456789
  EXPECT_EQ(break_control_markers("<|a|><|b|>", {{5, 10}}), "<|a|>< |b|>");
  EXPECT_EQ(break_control_markers("<|a|><|b|>", {{0, 1}}), "< |a|><|b|>");
  EXPECT_EQ(break_control_markers("<|a|><|b|>", {{7, 8}}), "<|a|>< |b|>");
  EXPECT_EQ(break_control_markers("<|a|><|b|>", {}), "<|a|><|b|>");
  EXPECT_EQ(break_control_markers("<|a|>x<|b|>", {{5, 6}}), "<|a|>x<|b|>");
}

TEST(ControlMarkers, DoNotSurviveInAnyMixtureOfTheirPieces) {
  const std::vector<std::string> pieces = {"<",     "<|",      "|>", "end",       "s>", "</s>", "[",
                                           "INST]", "<<SYS>>", " ",  "/",         "<s", "｜",   "x",
                                           "[|",    "|]",      "#",  "### User:", "\n"};
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += pieces[random() % pieces.size()];
    const std::string broken = break_control_markers(text);
    for (std::size_t i = 0; i < broken.size(); ++i)
      ASSERT_EQ(control_marker_length(broken, i), 0u) << text << " became " << broken;
    ASSERT_EQ(break_control_markers(broken), broken);
  }
}

}  // namespace
}  // namespace llmops::gateway
