#include "tests/integration/conformance/normalise.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace llmops::conformance {
namespace {

struct Longer {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

class Normaliser {
 public:
  explicit Normaliser(const std::vector<std::string>& namespaces) : namespaces_(namespaces) {}

  void collect(const Json& value);
  Json normal(const Json& value, bool is_list_metadata = false);

 private:
  std::string rank(const std::string& version) const;
  std::string text(std::string value);
  Json metadata(const Json& value);

  const std::vector<std::string>& namespaces_;
  std::set<std::string, Longer> versions_;
  std::map<std::string, std::string> uids_;
};

bool is_list(const Json& value) {
  return value.is_object() && value.contains("items") && value["items"].is_array();
}

bool is_foreign(const Json& object, const std::vector<std::string>& namespaces) {
  const std::string ns = string_at(object, "metadata.namespace");
  return !ns.empty() && std::find(namespaces.begin(), namespaces.end(), ns) == namespaces.end();
}

// Versions of objects; a list's own version may be any that is not older than its items'.
void Normaliser::collect(const Json& value) {
  if (is_list(value)) {
    for (const Json& item : value["items"])
      if (!is_foreign(item, namespaces_)) collect(item);
    return;
  }
  const std::string version = string_at(value, "metadata.resourceVersion");
  if (!version.empty()) versions_.insert(version);
  // In order of the objects, not of the members that name them: real ones have more.
  const std::string uid = string_at(value, "metadata.uid");
  if (!uid.empty()) uids_.emplace(uid, "uid-" + std::to_string(uids_.size()));
}

// The number of object versions that are not newer.
std::string Normaliser::rank(const std::string& version) const {
  return "version-" + std::to_string(std::distance(versions_.begin(), versions_.upper_bound(version)));
}

std::string Normaliser::text(std::string value) {
  static const std::regex kUid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex kTime(R"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)");
  static const std::regex kVersion(R"((ResourceVersion in (?:the precondition|record) \()([0-9]+))");
  static const std::regex kPlaceInEtcd(
      "StorageError: invalid object, Code: 4, Key: [^,]*, ResourceVersion: 0, AdditionalErrorMsg: ");
  std::smatch found;
  value = std::regex_replace(value, kPlaceInEtcd, "");
  for (std::size_t at = 0; at < namespaces_.size(); ++at) {
    for (auto place = value.find(namespaces_[at]); place != std::string::npos;
         place = value.find(namespaces_[at]))
      value.replace(place, namespaces_[at].size(), "ns" + std::to_string(at));
  }
  while (std::regex_search(value, found, kUid)) {
    const auto entry = uids_.emplace(found.str(), "uid-" + std::to_string(uids_.size())).first;
    value.replace(static_cast<std::size_t>(found.position()), found.str().size(), entry->second);
  }
  std::string ranked;
  while (std::regex_search(value, found, kVersion)) {
    ranked += found.prefix().str() + found[1].str() + rank(found[2].str());
    value = found.suffix().str();
  }
  return std::regex_replace(ranked + value, kTime, "<time>");
}

Json Normaliser::normal(const Json& value, bool is_list_metadata) {
  if (value.is_string()) return text(value.get<std::string>());
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& element : value)
      if (!is_foreign(element, namespaces_)) out.push_back(normal(element));
    return out;
  }
  if (!value.is_object()) return value;
  const bool list = is_list(value);
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (name == "managedFields") continue;
    if (name == "resourceVersion" && member.is_string()) {
      out[name] = rank(member.get<std::string>());
    } else if (is_list_metadata && name == "continue" && member != "") {
      out[name] = "<token>";
    } else {
      out[name] = normal(member, list && name == "metadata");
    }
  }
  return out;
}

}  // namespace

void normalise(Transcript& transcript) {
  for (WatchLog& log : transcript.watches)
    std::erase_if(log.events,
                  [&](const Event& event) { return is_foreign(event.object, transcript.namespaces); });
  Normaliser normaliser(transcript.namespaces);
  for (const Answer& answer : transcript.answers) normaliser.collect(answer.body);
  for (const WatchLog& log : transcript.watches)
    for (const Event& event : log.events) normaliser.collect(event.object);
  for (Answer& answer : transcript.answers) answer.body = normaliser.normal(answer.body);
  for (WatchLog& log : transcript.watches)
    for (Event& event : log.events) event.object = normaliser.normal(event.object);
}

}  // namespace llmops::conformance
