#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/evalgate/core/decide.hpp"
#include "controllers/shared/conditions.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "crds/base/names.hpp"

namespace llmops::evalgate {
namespace {

using api::ConditionStatus;
using controllers::find_condition;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Timestamp kNow{std::chrono::seconds{1'800'000'000}};

std::string golden(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return text;
}

Json config_map(const std::string& key, const std::string& text) {
  return {{"data", {{key, text}}}};
}

Observed observed(const Json* source, double margin = 0.1, std::optional<std::string> key = std::nullopt) {
  Observed seen;
  seen.now = kNow;
  seen.meta.ns = "shop";
  seen.meta.name = "support";
  seen.meta.generation = 3;
  Json reference = {{"name", "golden"}};
  if (key) reference["key"] = *key;
  const Json document = {{"spec",
                          {{"offline",
                            {{"dataset", {{"configMapRef", reference}}},
                             {"metrics", Json::array({{{"name", "right"},
                                                       {"scorer", {{"type", "contains"}}},
                                                       {"nonInferiority", {{"margin", margin}}}}})}}}}}};
  auto parsed = api::EvalGate::parse(document);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  seen.spec = parsed->spec;
  seen.golden_set = rules::golden_set(seen.spec.offline->dataset.config_map_ref, "shop", source);
  return seen;
}

ConditionStatus status_of(const Transition& transition, std::string_view type) {
  const auto* condition = find_condition(transition.status.conditions, type);
  return condition ? condition->status : ConditionStatus::Unknown;
}

TEST(EvalGate, IsDecidableAndSaysWhatItCanDecide) {
  const Json source = config_map("dataset.jsonl", golden(60));
  Observed seen = observed(&source);
  const auto next = decide(seen);
  ASSERT_TRUE(next);
  EXPECT_EQ(status_of(*next, names::kDecidable), ConditionStatus::True);
  EXPECT_EQ(status_of(*next, names::kReady), ConditionStatus::True);
  EXPECT_EQ(next->status.items, 60);
  EXPECT_EQ(next->status.dataset_digest, sha256_hex(golden(60)));
  EXPECT_EQ(next->status.digest, digest_of(seen.spec.to_json()));
  EXPECT_EQ(next->status.message,
            "60 items: excludes 4.9 points when none is lost; margin 10 points forgives one lost item");
  EXPECT_FALSE(next->note);
  seen.status = next->status;
  seen.now += std::chrono::minutes(5);
  EXPECT_FALSE(decide(seen));
}

TEST(EvalGate, ThatIsTriedOutSaysSo) {
  const Json source = config_map("dataset.jsonl", golden(60));
  Observed seen = observed(&source);
  seen.spec.dry_run = true;
  const auto transition = decide(seen);
  ASSERT_TRUE(transition);
  EXPECT_THAT(*transition->status.message, StartsWith("a dry run, nothing follows from it: 60 items"));
  EXPECT_EQ(status_of(*transition, names::kDecidable), ConditionStatus::True);
}

TEST(EvalGate, NamesAMissingConfigMapAndWhatToDo) {
  Observed seen = observed(nullptr);
  const auto next = decide(seen);
  ASSERT_TRUE(next);
  EXPECT_EQ(status_of(*next, names::kDecidable), ConditionStatus::False);
  EXPECT_EQ(find_condition(next->status.conditions, names::kReady)->reason, "DatasetNotFound");
  EXPECT_EQ(status_of(*next, names::kReconciling), ConditionStatus::True) << "it may come next";
  EXPECT_EQ(status_of(*next, names::kStalled), ConditionStatus::False);
  EXPECT_THAT(*next->status.message, AllOf(StartsWith("spec.offline.dataset.configMapRef.name"),
                                           HasSubstr("shop/golden"), HasSubstr("create")));
  EXPECT_FALSE(next->status.items);
  ASSERT_TRUE(next->note);
  EXPECT_TRUE(next->note->warning);

  const Json source = config_map("dataset.jsonl", golden(60));
  Observed later = observed(&source);
  later.status = next->status;
  const auto mended = decide(later);
  ASSERT_TRUE(mended);
  ASSERT_TRUE(mended->note);
  EXPECT_FALSE(mended->note->warning);
}

TEST(EvalGate, NamesAMissingKeyWithTheKeysThatAreThere) {
  const Json source = config_map("golden.jsonl", golden(60));
  const auto next = decide(observed(&source));
  EXPECT_EQ(find_condition(next->status.conditions, names::kDecidable)->reason, "DatasetKeyNotFound");
  EXPECT_EQ(status_of(*next, names::kStalled), ConditionStatus::True);
  EXPECT_THAT(*next->status.message, AllOf(HasSubstr("no key dataset.jsonl"), HasSubstr("golden.jsonl")));
  EXPECT_EQ(status_of(*decide(observed(&source, 0.1, "golden.jsonl")), names::kDecidable),
            ConditionStatus::True);
  const Json binary = {{"binaryData", {{"dataset.jsonl", "e30="}}}};
  EXPECT_THAT(*decide(observed(&binary))->status.message, HasSubstr("binary"));
}

TEST(EvalGate, NamesTheBrokenLine) {
  const Json source = config_map("dataset.jsonl", golden(2) + "{\"id\": 3}\n");
  const auto next = decide(observed(&source));
  EXPECT_EQ(find_condition(next->status.conditions, names::kDecidable)->reason, "DatasetInvalid");
  EXPECT_THAT(*next->status.message,
              AllOf(HasSubstr("ConfigMap shop/golden, key dataset.jsonl"), HasSubstr("line 3")));
}

TEST(EvalGate, IsNotDecidableWithAMarginThatNothingCanShow) {
  const Json source = config_map("dataset.jsonl", golden(60));
  const auto next = decide(observed(&source, 0.04));
  EXPECT_EQ(status_of(*next, names::kDecidable), ConditionStatus::False);
  EXPECT_EQ(find_condition(next->status.conditions, names::kDecidable)->reason, "MarginUnreachable");
  EXPECT_THAT(*next->status.message, HasSubstr("metrics[0].nonInferiority.margin: found 0.04"));
  EXPECT_EQ(next->status.items, 60);
}

TEST(EvalGate, TellsAnEventWhenTheReasonChangesAndNotWhenOnlyNumbersDo) {
  Observed seen = observed(nullptr);
  seen.status = decide(seen)->status;
  const Json broken = config_map("dataset.jsonl", "x\n");
  Observed other = observed(&broken);
  other.status = seen.status;
  EXPECT_TRUE(decide(other)->note);

  const Json sixty = config_map("dataset.jsonl", golden(60));
  Observed good = observed(&sixty);
  good.status = decide(good)->status;
  const Json more = config_map("dataset.jsonl", golden(80));
  Observed larger = observed(&more);
  larger.status = good.status;
  const auto next = decide(larger);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->status.items, 80);
  EXPECT_FALSE(next->note);
}

Observed asking_prometheus(const std::string& query, const std::string& condition) {
  const Json document = {{"spec",
                          {{"prometheus",
                            {{"endpointRef", {{"name", "prometheus"}}},
                             {"metrics",
                              {{{"name", "answered"},
                                {"query", query},
                                {"successCondition", condition},
                                {"interval", "1m"},
                                {"count", 5}}}}}}}}};
  auto parsed = api::EvalGate::parse(document);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  Observed seen;
  seen.now = kNow;
  seen.meta.generation = 1;
  seen.spec = parsed->spec;
  return seen;
}

TEST(EvalGateOfQueries, SaysWhatItAsksAndWhatKeepsItFromDeciding) {
  auto next = decide(asking_prometheus("x{r=\"{{candidate}}\"}", "result[0] > 0.9"));
  ASSERT_TRUE(next);
  EXPECT_EQ(status_of(*next, names::kDecidable), ConditionStatus::True);
  EXPECT_EQ(*next->status.message, "asks Prometheus for answered (5 times, every 1m), which takes 4m");
  next = decide(asking_prometheus("x{r=\"{{args.pod}}\"}", "value > 0.9"));
  ASSERT_TRUE(next);
  EXPECT_EQ(status_of(*next, names::kDecidable), ConditionStatus::False);
  EXPECT_EQ(find_condition(next->status.conditions, names::kDecidable)->reason, "QueryInvalid");
  EXPECT_THAT(
      *next->status.message,
      AllOf(HasSubstr("spec.prometheus.metrics[0].query: found {{args.pod}}, allowed {{candidate}}"),
            HasSubstr("spec.prometheus.metrics[0].successCondition: byte 0: found value, allowed result")));
  Observed slow = asking_prometheus("up", "result[0] > 0.9");
  slow.spec.prometheus->metrics[0].interval = std::chrono::hours(24);
  slow.spec.prometheus->metrics[0].count = 9;
  next = decide(slow);
  EXPECT_EQ(find_condition(next->status.conditions, names::kDecidable)->reason, "TakesTooLong");
  slow.spec.prometheus->metrics[0].count = 8;
  EXPECT_EQ(status_of(*decide(slow), names::kDecidable), ConditionStatus::True) << "a week, and no more";
}

}  // namespace
}  // namespace llmops::evalgate
