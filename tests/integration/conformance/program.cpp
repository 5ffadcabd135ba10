#include "tests/integration/conformance/program.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "tests/integration/conformance/objects.hpp"

namespace llmops::conformance {
namespace {

constexpr int kFewestOperations = 20;
constexpr int kMoreOperations = 20;
constexpr int kMostWatches = 3;

// SplitMix64: the standard library's distributions differ between implementations.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  int below(int limit) { return static_cast<int>(next() % static_cast<std::uint64_t>(limit)); }
  // One of these, each as often as its weight says.
  template <class T>
  T pick(std::initializer_list<std::pair<T, int>> choices) {
    int sum = 0;
    for (const auto& choice : choices) sum += choice.second;
    int at = below(sum);
    for (const auto& [choice, weight] : choices) {
      if (at < weight) return choice;
      at -= weight;
    }
    return choices.begin()->first;
  }

 private:
  std::uint64_t state_;
};

Operation random_operation(Dice& dice, const std::vector<const kube::ResourceType*>& types) {
  Operation operation;
  operation.type = types[static_cast<std::size_t>(dice.below(static_cast<int>(types.size())))];
  operation.verb = dice.pick<Verb>({{Verb::Create, 24},
                                    {Verb::Replace, 28},
                                    {Verb::Remove, 12},
                                    {Verb::Get, 8},
                                    {Verb::List, 8},
                                    {Verb::ReplaceStatus, 10},
                                    {Verb::GetScale, 3},
                                    {Verb::ReplaceScale, 7}});
  if (operation.verb == Verb::ReplaceStatus && !is_ours(*operation.type)) operation.verb = Verb::Replace;
  const bool scale = operation.verb == Verb::GetScale || operation.verb == Verb::ReplaceScale;
  if (scale && !has_scale(*operation.type)) operation.verb = Verb::Create;
  operation.ns = dice.pick<int>({{0, 4}, {1, 1}});
  operation.name = dice.below(2);
  operation.version = dice.pick<Known>({{Known::Last, 7}, {Known::Old, 2}, {Known::None, 1}});
  operation.uid = dice.pick<Known>({{Known::Last, 8}, {Known::Old, 1}, {Known::None, 2}});
  operation.edit = dice.pick<Edit>({{Edit::Nothing, 2},
                                    {Edit::Label, 5},
                                    {Edit::NoLabel, 1},
                                    {Edit::Annotation, 2},
                                    {Edit::Content, 5},
                                    {Edit::Finalizer, 2},
                                    {Edit::NoFinalizer, 3},
                                    {Edit::Owner, 1}});
  operation.value = dice.below(3);
  operation.selector = dice.below(static_cast<int>(selectors().size()));
  if (operation.verb == Verb::Create) {
    // A create carries neither; some do, to see them refused.
    if (dice.below(8) != 0) operation.version = Known::None;
    if (operation.uid != Known::None && dice.below(4) != 0) operation.uid = Known::None;
  }
  if (operation.verb == Verb::List) {
    if (dice.below(4) == 0) operation.ns = 2;
    if (operation.ns != 2 && dice.below(3) == 0) operation.limit = 1 + dice.below(2);
  }
  return operation;
}

Operation random_watch(Dice& dice, const std::vector<const kube::ResourceType*>& types) {
  Operation operation = random_operation(dice, types);
  operation.verb = Verb::Watch;
  operation.ns = dice.pick<int>({{0, 3}, {2, 1}});
  operation.limit = 0;
  operation.mark = dice.next();
  while (!selectors()[static_cast<std::size_t>(operation.selector)].fields.empty())
    operation.selector = dice.below(static_cast<int>(selectors().size()));
  return operation;
}

std::string_view name_of(Verb verb) {
  static constexpr std::array<std::string_view, 9> kNames{
      "create", "get", "list", "replace", "replace-status", "get-scale", "replace-scale", "remove", "watch"};
  return kNames.at(static_cast<std::size_t>(verb));
}

std::string_view name_of(Known known) {
  static constexpr std::array<std::string_view, 3> kNames{"last", "old", "none"};
  return kNames.at(static_cast<std::size_t>(known));
}

std::string_view name_of(Edit edit) {
  static constexpr std::array<std::string_view, 8> kNames{
      "nothing", "label", "no-label", "annotation", "content", "finalizer", "no-finalizer", "owner"};
  return kNames.at(static_cast<std::size_t>(edit));
}

}  // namespace

std::string Operation::to_string() const {
  std::string text = std::string(name_of(verb)) + " " + std::string(type->plural);
  if (verb == Verb::List || verb == Verb::Watch) {
    const Selectors& chosen = selectors()[static_cast<std::size_t>(selector)];
    text += ns == 2 ? " everywhere" : " ns" + std::to_string(ns);
    text += " labels=\"" + chosen.labels + "\" fields=\"" + chosen.fields + "\"";
    return limit > 0 ? text + " limit=" + std::to_string(limit) : text;
  }
  text += " ns" + std::to_string(ns) + "/" + object_name(name) + " version=" + std::string(name_of(version)) +
          " uid=" + std::string(name_of(uid));
  if (verb == Verb::Create || verb == Verb::Replace) text += " edit=" + std::string(name_of(edit));
  return text + " value=" + std::to_string(value);
}

const std::vector<Selectors>& selectors() {
  static const std::vector<Selectors> all{{"", ""},
                                          {"x=v0", ""},
                                          {"x in (v0,v1)", ""},
                                          {"x", ""},
                                          {"x!=v1", ""},
                                          {"x==v0,made-by=conformance", ""},
                                          {"x notin (v1, v2)", ""},
                                          {"", "metadata.name=a"},
                                          {"!x", "metadata.name!=a"}};
  return all;
}

std::string object_name(int name) {
  return name == 0 ? "a" : "b";
}

Program make_program(std::uint64_t seed) {
  Dice dice(seed);
  Program program{seed, {}};
  // Few kinds and names, so that operations meet.
  const auto& all = kinds();
  std::vector<const kube::ResourceType*> types;
  const int count = 1 + dice.below(3);
  for (int i = 0; i < count; ++i) {
    // The lower of two: the first kinds are the ones that releases live on.
    const int limit = static_cast<int>(all.size());
    types.push_back(all[static_cast<std::size_t>(std::min(dice.below(limit), dice.below(limit)))]);
  }
  const int operations = kFewestOperations + dice.below(kMoreOperations);
  int watches = 1 + dice.below(kMostWatches);
  for (int i = 0; i < operations; ++i) {
    if (watches > 0 && dice.below(8) == 0) {
      --watches;
      program.operations.push_back(random_watch(dice, types));
    }
    program.operations.push_back(random_operation(dice, types));
  }
  return program;
}

}  // namespace llmops::conformance
