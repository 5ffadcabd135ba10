#include "gateway/router/feedback.hpp"

#include <gtest/gtest.h>

#include "live_router.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using Count = wire::TrialCount;

// When thumbs-down of at(0) is closed.
constexpr long long kClosed = 605'000;

std::string answer(LiveRouter& live, Outcome outcome = Outcome::Success, int turn = 1,
                   const std::string& conversation = "") {
  const RequestId id = live.begin(at(0), turn, conversation);
  const std::string feedback = live.router.feedback_id(id, 77, at(100));
  live.router.on_result(id, outcome);
  return feedback;
}

TEST(FeedbackId, SaysWhichAnswerItIsAboutAndWhoMadeIt) {
  const std::string text = make_feedback_id("run-1", kStable, at(0), true, 0xabc);
  const auto id = parse_feedback_id(text);
  ASSERT_TRUE(id.ok()) << text;
  EXPECT_EQ(id->slot, at(0));
  EXPECT_EQ(id->revision, short_hash(kStable));
  EXPECT_TRUE(id->trial);
  EXPECT_TRUE(id->is_by("run-1", kStable));
  EXPECT_FALSE(id->is_by("run-2", kStable));
  EXPECT_FALSE(id->is_by("run-1", kCandidate));
  EXPECT_FALSE(id->is_by("run-1", short_hash(kStable) + std::string(54, '0')))
      << "the rest of the hash is no secret";
  EXPECT_EQ(text.find(kStable.substr(0, 11)), std::string::npos) << "and is not told";
}

TEST(FeedbackId, IsWorthNothingWithAnyByteChanged) {
  const std::string text = make_feedback_id("run-1", kStable, at(0), false, 0xabc);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char other : {'0', 't', '-'}) {
      std::string forged = text;
      if (forged[i] == other) continue;
      forged[i] = other;
      const auto id = parse_feedback_id(forged);
      EXPECT_FALSE(id.ok() && id->is_by("run-1", kStable)) << forged;
    }
  }
  for (const std::string& bad : {std::string(), std::string("fb1"), std::string(1'000, '-'), text + "0",
                                 text.substr(1), text.substr(0, text.size() - 1), "-" + text})
    EXPECT_FALSE(parse_feedback_id(bad).ok()) << bad;
}

TEST(ThumbsDown, IsATrialOfEachAnswerThatBeganAndAnEventOfFeedback) {
  LiveRouter live;
  const std::string disliked = answer(live);
  const std::string liked = answer(live);
  (void)answer(live, Outcome::Error);  // cut after it began: its user may say so
  live.play(Outcome::Error);           // nothing was answered
  EXPECT_EQ(live.router.on_feedback(disliked, true, at(60'000)).value().revision, kStable);
  EXPECT_EQ(live.router.on_feedback(liked, false, at(60'000)).value().arm, "stable");
  EXPECT_EQ(live.total("thumbs-down", at(kClosed)), (Count{3, 1}));
}

TEST(ThumbsDown, ClosesTenMinutesAfterTheStart) {
  LiveRouter live;
  const std::string id = answer(live);
  const std::string late = answer(live);
  EXPECT_EQ(live.closed("thumbs-down", at(599'999)), at(0));
  EXPECT_TRUE(live.router.on_feedback(id, true, at(599'999)).ok());
  const auto refused = live.router.on_feedback(late, true, at(600'000));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::NotFound);
  EXPECT_EQ(live.closed("thumbs-down", at(600'000)), at(5'000));
  EXPECT_EQ(live.total("thumbs-down", at(600'000)), (Count{2, 1}));
}

TEST(ThumbsDown, CountsOnceHoweverOftenItIsSaid) {
  LiveRouter live;
  const std::string id = answer(live);
  EXPECT_FALSE(live.router.on_feedback(id, false, at(1)).value().repeated);
  EXPECT_FALSE(live.router.on_feedback(id, true, at(2)).value().repeated) << "a user may change his mind";
  EXPECT_TRUE(live.router.on_feedback(id, true, at(3)).value().repeated);
  EXPECT_EQ(live.total("thumbs-down", at(kClosed)), (Count{1, 1}));
}

TEST(ThumbsDown, OfAnAnswerThatIsNoTrialIsTakenAndNotCounted) {
  LiveRouter live;
  const std::string id = answer(live, Outcome::Success, 4, "a conversation");
  EXPECT_TRUE(live.router.on_feedback(id, true, at(1)).ok());
  EXPECT_EQ(live.total("thumbs-down", at(kClosed)), (Count{0, 0}));
}

TEST(ThumbsDown, IsTakenByAnyReplicaInTheSlotOfTheAnswer) {
  LiveRouter one;
  LiveRouter other;
  EXPECT_TRUE(other.router.on_feedback(answer(one), true, at(60'000)).ok());
  EXPECT_EQ(one.total("thumbs-down", at(kClosed)), (Count{1, 0}));
  EXPECT_EQ(other.total("thumbs-down", at(kClosed)), (Count{0, 1})) << "whoever adds them up has one and one";
}

TEST(ThumbsDown, IsTakenAfterTheNextRunHasBegun) {
  LiveRouter live;
  const std::string id = answer(live);
  live.options.salt = "run-2";
  live.options.epoch = 2;
  live.configure();
  EXPECT_TRUE(live.router.on_feedback(id, true, at(60'000)).ok());
}

TEST(ThumbsDown, IsRefusedWhereItsMakerIsUnknown) {
  LiveRouter live;
  for (const std::string& id : {make_feedback_id("run-1", sha256_hex("unknown"), at(0), true, 1),
                                make_feedback_id("run-9", kStable, at(0), true, 1)})
    EXPECT_EQ(live.router.on_feedback(id, true, at(1)).error().code, ErrorCode::NotFound);
  EXPECT_EQ(live.router.on_feedback("chatcmpl-1", true, at(1)).error().code, ErrorCode::InvalidArgument);
}

TEST(ThumbsDown, HasNoTrialWhereTheAnswerBeginsTooLateForAnyFeedback) {
  LiveRouter live;
  const RequestId id = live.begin(at(0));
  EXPECT_FALSE(parse_feedback_id(live.router.feedback_id(id, 1, at(600'000))).value().trial);
  live.router.on_result(id, Outcome::Success);
  EXPECT_EQ(live.total("thumbs-down", at(kClosed)), (Count{0, 0}));
}

}  // namespace
}  // namespace llmops::gateway
