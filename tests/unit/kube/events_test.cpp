#include "operator/runtime/events.hpp"

#include <set>

#include "fixtures.hpp"

namespace llmops {
namespace {

struct EventsTest : kube::ClusterTest {
  EventRecorder recorder{probe.env, probe.client, "llmops.dev/operator", "pod-1"};
  const ObjectReference bot{"llmops.dev/v1alpha1", "ModelDeployment", "default", "bot", "u1", "7"};

  void SetUp() override { probe.env.spawn("events", recorder.run()); }
  ~EventsTest() override { world.kill("probe"); }
  void say(const std::string& note) {
    recorder.record(bot, EventType::Warning, "RolledBack", "Release", note);
  }
  std::vector<Json> stored() {
    world.run_for(Duration(1'000));
    std::vector<Json> events;
    for (const Json& event : server->store.list(kube::kEvents)) events.push_back(event);
    return events;
  }
};

TEST_F(EventsTest, an_event_says_who_what_and_about_which_object) {
  say("gate failed");
  const auto events = stored();
  ASSERT_EQ(events.size(), 1u);
  const Json& event = events[0];
  EXPECT_EQ(string_at(event, "note"), "gate failed");
  EXPECT_EQ(string_at(event, "reason"), "RolledBack");
  EXPECT_EQ(string_at(event, "action"), "Release");
  EXPECT_EQ(string_at(event, "type"), "Warning");
  EXPECT_EQ(string_at(event, "regarding.uid"), "u1");
  EXPECT_EQ(string_at(event, "regarding.kind"), "ModelDeployment");
  EXPECT_EQ(string_at(event, "reportingController"), "llmops.dev/operator");
  EXPECT_EQ(string_at(event, "reportingInstance"), "pod-1");
  EXPECT_TRUE(parse_timestamp(string_at(event, "eventTime")).ok());
  EXPECT_FALSE(event.contains("series"));
}

TEST_F(EventsTest, the_same_within_six_minutes_is_one_event_with_a_count) {
  say("gate failed");
  say("gate failed");
  say("another note");
  auto events = stored();
  EXPECT_EQ(events.size(), 2u);
  world.run_for(std::chrono::minutes(2));
  say("gate failed");
  events = stored();
  ASSERT_EQ(events.size(), 2u);
  long long most = 0;
  for (const auto& event : events) most = std::max(most, integer_at(event, "series.count"));
  EXPECT_EQ(most, 3);
  world.run_for(std::chrono::minutes(7));
  say("gate failed");
  EXPECT_EQ(stored().size(), 3u) << "a series ends after six minutes";
}

TEST_F(EventsTest, a_hot_repetition_costs_no_request_each) {
  for (int i = 0; i < 300; ++i) {
    say("gate failed");
    world.run_for(Duration(100));
  }
  EXPECT_LE(server->requests, 6u);
}

TEST_F(EventsTest, when_the_server_is_away_the_oldest_fall_out_of_a_bounded_queue) {
  world.kill("kube-apiserver");
  for (int i = 0; i < 1'500; ++i) say("note " + std::to_string(i));
  world.restart("kube-apiserver");
  world.run_for(std::chrono::minutes(1));
  const auto events = stored();
  EXPECT_LE(events.size(), 1'000u);
  EXPECT_GE(events.size(), 999u);
  std::set<std::string> notes;
  for (const auto& event : events) notes.insert(string_at(event, "note"));
  for (int i = 501; i < 1'500; ++i) ASSERT_EQ(notes.count("note " + std::to_string(i)), 1u) << i;
}

TEST_F(EventsTest, a_long_note_is_cut_between_characters) {
  std::string note;
  for (int i = 0; i < 600; ++i) note += "가";
  say(note);
  const std::string kept = string_at(stored().at(0), "note");
  EXPECT_LE(kept.size(), 1'024u);
  EXPECT_EQ((kept.size() - 3) % 3, 0u);
  EXPECT_EQ(kept.substr(kept.size() - 3), "...");
}

TEST_F(EventsTest, an_event_that_expired_is_made_again) {
  say("gate failed");
  const auto events = stored();
  ASSERT_TRUE(server->store.remove(kube::kEvents, kube::parse_meta(events[0]).key()).ok());
  say("gate failed");
  EXPECT_EQ(stored().size(), 1u);
}

TEST_F(EventsTest, flush_writes_what_is_queued_and_gives_up_at_its_limit) {
  say("one");
  struct Flush {
    static Task<Result<void>> run(EventRecorder* recorder) {
      co_await recorder->flush(Duration(5'000));
      co_return Result<void>();
    }
  };
  ASSERT_TRUE(await(Flush::run(&recorder)).ok());
  EXPECT_EQ(server->store.list(kube::kEvents).size(), 1u);
  world.pause("kube-apiserver");
  say("two");
  const Duration before = world.time();
  ASSERT_TRUE(await(Flush::run(&recorder)).ok());
  EXPECT_LE(world.time() - before, Duration(5'100));
}

}  // namespace
}  // namespace llmops
