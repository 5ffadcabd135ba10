#include "operator/kube/cache.hpp"

#include <gtest/gtest.h>

#include "cached_config_map.hpp"

namespace llmops::kube {
namespace {

std::string raw(const std::string& name, const std::string& uid, int version, const std::string& value) {
  const Json object = {{"metadata",
                        {{"namespace", "default"},
                         {"name", name},
                         {"uid", uid},
                         {"resourceVersion", std::to_string(version)}}},
                       {"data", {{"value", value}}}};
  return dump_json(object);
}

struct CacheTest : ::testing::Test {
  Cache<CachedConfigMap> cache{kConfigMaps, "default", {}, project_config_map};
  std::string heard;
  const ObjectKey a{"default", "a"};

  void SetUp() override {
    cache.add_index("value",
                    [](const CachedConfigMap& object) { return std::vector<std::string>{object.value}; });
    cache.listen([this](const auto& before, const auto& after) {
      if (!before)
        heard += "+" + after->meta.name + after->value;
      else if (!after)
        heard += "-" + before->meta.name + before->value;
      else
        heard += "~" + after->meta.name + before->value + after->value;
    });
  }
};

TEST_F(CacheTest, additions_changes_and_deletions_are_told_once) {
  cache.upsert(raw("a", "u1", 5, "1"));
  cache.upsert(raw("a", "u1", 6, "2"));
  cache.remove(raw("a", "u1", 7, "2"));
  cache.remove(raw("a", "u1", 7, "2"));
  EXPECT_EQ(heard, "+a1~a12-a2");
  EXPECT_EQ(cache.get(a), nullptr);
}

TEST_F(CacheTest, an_event_that_comes_again_or_late_is_ignored) {
  cache.upsert(raw("a", "u1", 6, "2"));
  cache.upsert(raw("a", "u1", 6, "2"));
  cache.upsert(raw("a", "u1", 5, "1"));
  EXPECT_EQ(heard, "+a2");
}

TEST_F(CacheTest, the_same_name_with_another_uid_is_a_deletion_and_an_addition) {
  cache.upsert(raw("a", "u1", 5, "1"));
  cache.upsert(raw("a", "u2", 9, "2"));
  EXPECT_EQ(heard, "+a1-a1+a2");
  cache.remove(raw("a", "u1", 7, "1"));
  EXPECT_NE(cache.get(a), nullptr) << "the deletion of the old object took the new one";
}

TEST_F(CacheTest, a_replacement_tells_deletions_that_were_missed_and_new_uids) {
  cache.replace({raw("a", "u1", 5, "1"), raw("b", "u2", 5, "1"), raw("c", "u3", 5, "1")});
  heard.clear();
  cache.replace({raw("b", "u2", 5, "1"), raw("c", "u9", 8, "2"), raw("d", "u4", 9, "1")});
  EXPECT_EQ(heard, "-a1-c1+c2+d1");
}

TEST_F(CacheTest, a_replacement_is_whole_before_the_first_listener_hears_of_it) {
  cache.replace({raw("a", "u1", 5, "1")});
  std::size_t seen = 0;
  cache.listen([&](const auto&, const auto&) { seen = seen ? seen : cache.all().size(); });
  cache.replace({raw("b", "u2", 6, "1"), raw("c", "u3", 7, "1")});
  EXPECT_EQ(seen, 2u);
}

TEST_F(CacheTest, an_index_follows_every_change) {
  cache.upsert(raw("a", "u1", 5, "x"));
  cache.upsert(raw("b", "u2", 6, "x"));
  EXPECT_EQ(cache.by_index("value", "x").size(), 2u);
  cache.upsert(raw("a", "u1", 7, "y"));
  EXPECT_EQ(cache.by_index("value", "x").size(), 1u);
  EXPECT_EQ(cache.by_index("value", "y").size(), 1u);
  cache.replace({raw("b", "u2", 6, "x")});
  EXPECT_TRUE(cache.by_index("value", "y").empty());
  EXPECT_TRUE(cache.by_index("no such index", "y").empty());
}

TEST_F(CacheTest, an_object_that_does_not_parse_is_told_and_not_kept) {
  std::string problem;
  cache.on_error(
      [&](const ObjectKey& key, const Error& error) { problem = key.to_string() + ": " + error.message; });
  cache.upsert(raw("a", "u1", 5, "1"));
  cache.upsert(raw("a", "u1", 6, "broken"));
  EXPECT_EQ(cache.get(a), nullptr);
  EXPECT_EQ(problem, "default/a: data.value: found broken, allowed anything else");
  cache.upsert(raw("a", "u1", 7, "3"));
  EXPECT_EQ(heard, "+a1-a1+a3");
}

TEST_F(CacheTest, a_version_is_seen_when_events_or_bookmarks_have_reached_it) {
  EXPECT_FALSE(cache.has_seen("1"));
  cache.advance("99");
  EXPECT_TRUE(cache.has_seen("99"));
  EXPECT_FALSE(cache.has_seen("100")) << "versions compare as numbers, not as texts";
  EXPECT_TRUE(cache.has_seen("not-a-number"));
}

TEST(ResourceVersions, compare_by_length_and_digits_and_only_when_plain) {
  EXPECT_EQ(compare_resource_versions("9", "10"), -1);
  EXPECT_EQ(compare_resource_versions("10", "10"), 0);
  EXPECT_EQ(compare_resource_versions("123456789012345678901234567890", "9"), 1);
  for (const char* odd : {"", "01", "1a", "-1", "1 "})
    EXPECT_EQ(compare_resource_versions(odd, "1"), std::nullopt) << odd;
}

TEST(ObjectMetadata, is_read_with_owners_and_without_what_is_odd) {
  const auto object = parse_json(
      R"({"metadata": {"name": "a", "namespace": "n", "generation": 3, "labels": {"x": "y", "odd": 1},
    "deletionTimestamp": "2026-01-02T03:04:05Z", "ownerReferences": [
      {"kind": "A", "name": "other", "uid": "u0"}, {"apiVersion": "v1", "kind": "B", "name": "owner", "uid": "u1", "controller": true}]}})");
  const ObjectMeta meta = parse_meta(*object);
  EXPECT_EQ(meta.key().to_string(), "n/a");
  EXPECT_EQ(meta.generation, 3);
  EXPECT_EQ(meta.label("x"), "y");
  EXPECT_EQ(meta.label("odd"), "");
  EXPECT_TRUE(meta.deletion_timestamp.has_value());
  ASSERT_NE(meta.controller(), nullptr);
  EXPECT_EQ(meta.controller()->uid, "u1");
  EXPECT_EQ(parse_meta(Json::array()).name, "");
}

}  // namespace
}  // namespace llmops::kube
