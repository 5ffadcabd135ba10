#include "tests/integration/conformance/compare.hpp"

#include <algorithm>
#include <utility>

#include "tests/integration/conformance/normalise.hpp"
#include "tests/integration/conformance/objects.hpp"

namespace llmops::conformance {
namespace {

constexpr std::size_t kMostShown = 300;

std::string joined(const std::string& path, const std::string& member) {
  return path.empty() ? member : path + "." + member;
}

void learn(Defaults& defaults, const std::string& kind, const Json& sent, const Json& answered,
           const std::string& path) {
  if (answered.is_array() && sent.is_array()) {
    for (std::size_t i = 0; i < std::min(sent.size(), answered.size()); ++i)
      learn(defaults, kind, sent[i], answered[i], joined(path, "*"));
  }
  if (!answered.is_object() || !sent.is_object()) return;
  for (const auto& [name, value] : answered.items()) {
    const std::string at = joined(path, name);
    // What every object gets is the simulation's to give as well.
    if (at == "metadata" || at == "status") continue;
    if (sent.contains(name)) {
      learn(defaults, kind, sent[name], value, at);
    } else {
      defaults.insert(kind + " " + at);
    }
  }
}

class Comparison {
 public:
  Comparison(const Defaults& defaults, std::vector<Difference>& found) : defaults_(defaults), found_(found) {}

  void at(std::string where, const kube::ResourceType* type) {
    where_ = std::move(where);
    type_ = type;
  }
  void values(const Json& simulated, const Json& real, const std::string& path, const std::string& pattern);
  void add(const std::string& path, const Json& simulated, const Json& real) {
    found_.push_back({where_, type_, path, shown(simulated), shown(real)});
  }

 private:
  static std::string shown(const Json& value) {
    return value.is_null() ? "nothing" : dump_json(value).substr(0, kMostShown);
  }
  void lists(const Json& simulated, const Json& real, const std::string& path, const std::string& pattern);

  const Defaults& defaults_;
  std::vector<Difference>& found_;
  std::string where_;
  const kube::ResourceType* type_ = nullptr;
};

void Comparison::lists(const Json& simulated, const Json& real, const std::string& path,
                       const std::string& pattern) {
  if (simulated.size() != real.size()) return add(path, simulated, real);
  const bool items = path == "body.items";
  for (std::size_t i = 0; i < simulated.size(); ++i)
    values(simulated[i], real[i], joined(path, std::to_string(i)), items ? "" : joined(pattern, "*"));
}

// `path` is from the answer, `pattern` from the object: the one that defaults are known by.
void Comparison::values(const Json& simulated, const Json& real, const std::string& path,
                        const std::string& pattern) {
  if (simulated == real) return;
  if (simulated.is_array() && real.is_array()) return lists(simulated, real, path, pattern);
  if (!simulated.is_object() || !real.is_object()) return add(path, simulated, real);
  for (const auto& [name, value] : simulated.items())
    if (!real.contains(name)) add(joined(path, name), value, Json());
  for (const auto& [name, value] : real.items()) {
    const std::string inner = joined(pattern, name);
    if (simulated.contains(name)) {
      values(simulated[name], value, joined(path, name), inner);
    } else if (!defaults_.contains(std::string(type_->plural) + " " + inner)) {
      add(joined(path, name), Json(), value);
    }
  }
}

}  // namespace

std::string Difference::to_string() const {
  return where + ": " + path + "\n    simulated: " + simulated + "\n    real:      " + real;
}

void learn_defaults(Defaults& defaults, const kube::ResourceType& type, const Json& sent,
                    const Json& answered) {
  learn(defaults, std::string(type.plural), sent, answered, "");
}

std::vector<Difference> compare(const Transcript& simulated_, const Transcript& real_,
                                const Defaults& defaults) {
  Transcript simulated = simulated_, real = real_;
  normalise(simulated);
  normalise(real);
  std::vector<Difference> found;
  Comparison comparison(defaults, found);
  for (std::size_t i = 0; i < std::min(simulated.answers.size(), real.answers.size()); ++i) {
    const Answer &one = simulated.answers[i], &other = real.answers[i];
    comparison.at(std::to_string(i) + " " + one.request, one.type);
    comparison.values(one.status, other.status, "status", "");
    comparison.values(one.body, other.body, "body", "");
  }
  comparison.at("the number of answers", nullptr);
  if (simulated.answers.size() != real.answers.size())
    comparison.add("answers", simulated.answers.size(), real.answers.size());
  for (std::size_t i = 0; i < simulated.watches.size(); ++i) {
    const WatchLog &one = simulated.watches[i], &other = real.watches[i];
    comparison.at(one.request, one.type);
    if (one.events.size() != other.events.size())
      comparison.add("events", one.events.size(), other.events.size());
    for (std::size_t e = 0; e < std::min(one.events.size(), other.events.size()); ++e) {
      const std::string path = "events." + std::to_string(e);
      comparison.values(one.events[e].type, other.events[e].type, path + ".type", "");
      comparison.values(one.events[e].object, other.events[e].object, path + ".object", "");
    }
  }
  return found;
}

}  // namespace llmops::conformance
