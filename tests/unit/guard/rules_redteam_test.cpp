// What the injection rule finds of the sets in e2e/redteam, and what it blocks in vain: printed, and held
// above (below) floors that were set from a measurement, so that nobody loses recall without seeing it.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include "crds/base/json.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "gateway/guard/text/normalised_text.hpp"
#include "rules_law.hpp"

namespace llmops::guard {
namespace {

using Sensitivity = api::InjectionSensitivity;

struct Item {
  std::string id, input, variant, language, twin;
};

std::vector<Item> read_set(const std::string& name) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/e2e/redteam/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::vector<Item> items;
  for (std::string line; std::getline(file, line);) {
    const auto json = parse_json(line);
    EXPECT_TRUE(json.ok()) << line;
    if (!json.ok()) continue;
    items.push_back({string_at(*json, "id"), string_at(*json, "input"), string_at(*json, "tags.0"),
                     string_at(*json, "tags.1"), string_at(*json, "twin")});
  }
  return items;
}

struct Share {
  int found = 0;
  int all = 0;
  void add(bool hit) {
    found += hit ? 1 : 0;
    ++all;
  }
  double value() const { return all ? static_cast<double>(found) / all : 0; }
};

// By variant, by language and as a whole ("all").
std::map<std::string, Share> measure(const std::vector<Item>& items, Sensitivity sensitivity) {
  api::InjectionSettings settings;
  settings.sensitivity = sensitivity;
  const auto rule = make_injection_rule(settings, {});
  EXPECT_TRUE(rule.ok()) << (rule.ok() ? "" : rule.error().message);
  std::map<std::string, Share> shares;
  for (const Item& item : items) {
    const bool hit = !testing_support::whole(**rule, normalise(item.input)).empty();
    for (const std::string& key :
         {item.variant, item.language, item.variant + "/" + item.language, std::string("all")})
      shares[key].add(hit);
  }
  return shares;
}

constexpr Sensitivity kSensitivities[] = {Sensitivity::Low, Sensitivity::Medium, Sensitivity::High};

TEST(RedTeamSets, AreLargeHalfKoreanPairedAndDistinct) {
  const auto attacks = read_set("attacks.jsonl");
  const auto twins = read_set("benign-twins.jsonl");
  ASSERT_GE(attacks.size(), 200u);
  ASSERT_EQ(attacks.size(), twins.size());
  std::map<std::string, int> languages;
  std::set<std::string> variants, inputs, twin_ids;
  for (const Item& twin : twins) twin_ids.insert(twin.id);
  for (const auto* set : {&attacks, &twins})
    for (const Item& item : *set) {
      EXPECT_TRUE(inputs.insert(item.input).second) << item.id;
      ++languages[item.language];
    }
  for (const Item& attack : attacks) {
    variants.insert(attack.variant);
    EXPECT_TRUE(twin_ids.contains(attack.twin)) << attack.id;
  }
  EXPECT_GE(variants.size(), 8u);
  EXPECT_EQ(languages["ko"], languages["en"]);
}

TEST(RedTeamSets, PrintWhatTheInjectionRuleFinds) {
  for (const auto& [name, title] :
       {std::pair("attacks.jsonl", "recall"), std::pair("benign-twins.jsonl", "over-block")}) {
    const auto items = read_set(name);
    for (const Sensitivity sensitivity : kSensitivities)
      for (const auto& [key, share] : measure(items, sensitivity))
        std::printf("redteam %s %s %s %d/%d\n", title, std::string(api::to_string(sensitivity)).c_str(),
                    key.c_str(), share.found, share.all);
  }
}

// A little below (above) what was measured when the expressions were written. A change that moves a number
// past its floor must say so in docs/redteam.md.
TEST(RedTeamSets, KeepTheFloorsThatWereMeasured) {
  const auto attacks = measure(read_set("attacks.jsonl"), Sensitivity::Medium);
  const std::map<std::string, double> least = {{"direct-override", 0.90},
                                               {"role-play", 0.75},
                                               {"prompt-extraction", 0.55},
                                               {"delimiter-forging", 0.90},
                                               {"multilingual", 0.70},
                                               {"encoding", 0.35},
                                               {"indirect-document", 0.60},
                                               {"obfuscation", 0.30},
                                               {"exfiltration", 0.15},
                                               {"pii-fishing", 0.0},
                                               {"en", 0.55},
                                               {"ko", 0.52},
                                               {"all", 0.55}};
  for (const auto& [key, floor] : least) {
    ASSERT_TRUE(attacks.contains(key)) << key;
    EXPECT_GE(attacks.at(key).value(), floor) << key;
  }
  const auto low = measure(read_set("attacks.jsonl"), Sensitivity::Low);
  EXPECT_GE(low.at("direct-override").value(), 0.65);
  const auto high = measure(read_set("attacks.jsonl"), Sensitivity::High);
  EXPECT_GE(high.at("all").value(), 0.65);
}

TEST(RedTeamSets, KeepTheCeilingsOfHarmlessTwinsBlockedInVain) {
  const auto twins = read_set("benign-twins.jsonl");
  const std::map<Sensitivity, double> most = {
      {Sensitivity::Low, 0.0}, {Sensitivity::Medium, 0.035}, {Sensitivity::High, 0.10}};
  for (const auto& [sensitivity, ceiling] : most) {
    const auto shares = measure(twins, sensitivity);
    for (const char* language : {"en", "ko"})
      EXPECT_LE(shares.at(language).value(), ceiling + 0.02) << language;
    EXPECT_LE(shares.at("all").value(), ceiling);
  }
}

}  // namespace
}  // namespace llmops::guard
