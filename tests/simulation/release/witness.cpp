#include "tests/simulation/release/witness.hpp"

#include <array>
#include <map>
#include <utility>

#include "operator/kube/cache.hpp"

namespace llmops::simulation {
namespace {

struct Seen {
  kube::ObjectMeta meta;
  std::string text;
};
using SeenCache = kube::Cache<Seen>;

// Lists of built-in kinds leave out kind and apiVersion.
bool is_of(const std::string& text, const StoredObject& object) {
  return text == object.text() || text == object.untyped_text();
}

Result<Seen> project(std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  return Seen{kube::parse_meta(*object), std::string(raw)};
}

class Witness final : public Program {
 public:
  Witness(SimEnv& env, Transport& transport, std::shared_ptr<ApiServerState> server,
          std::shared_ptr<WitnessReport> report)
      : client_(env, transport, client_config()), server_(std::move(server)), report_(std::move(report)) {
    const std::array kinds{
        kube::kModelDeployments, kube::kPromptVersions,     kube::kGuardrails, kube::kEvalGates,
        kube::kEvalRuns,         kube::kDeployments,        kube::kPods,       kube::kJobs,
        kube::kConfigMaps,       kube::kControllerRevisions};
    for (const auto& kind : kinds) {
      auto cache = std::make_unique<SeenCache>(kind, kNamespace, kube::ListOptions{}, project);
      cache->listen([this, plural = kind.plural](const auto& before, const auto& after) {
        if (after) look(std::string(plural), before.get(), *after);
      });
      env.spawn("cache", cache->run(client_));
      caches_.push_back(std::move(cache));
    }
    report_->at_rest = [this] { return differences(); };
  }
  ~Witness() override { report_->at_rest = nullptr; }

 private:
  void look(const std::string& plural, const Seen* before, const Seen& after) {
    const std::string what = "witness: " + plural + " " + after.meta.name + " ";
    std::uint64_t& last = last_[what];
    const std::uint64_t version = std::strtoull(after.meta.resource_version.c_str(), nullptr, 10);
    if (version <= last)
      report_->problems.push_back(what + "came as version " + std::to_string(version) + " after " +
                                  std::to_string(last));
    if (before && before->meta.uid != after.meta.uid)
      report_->problems.push_back(what + "became another object without its deletion");
    last = version;
    if (version < server_->store.oldest()) return;
    const auto events = server_->store.since(version - 1);
    if (events && !events->empty() && events->front()->revision == version &&
        !is_of(after.text, events->front()->after))
      report_->problems.push_back(what + "has a content at version " + std::to_string(version) +
                                  " that was never written");
  }

  std::vector<std::string> differences() const {
    std::vector<std::string> found;
    for (const auto& cache : caches_) {
      std::map<std::string, std::string> held;
      for (const auto& [key, object] : cache->all()) held[key.name] = object->text;
      for (const StoredObject& object : server_->store.list(cache->type(), kNamespace)) {
        const std::string name = string_at(object, "metadata.name");
        const auto known = held.find(name);
        const std::string what = "witness: " + std::string(cache->type().plural) + " " + name;
        if (known == held.end())
          found.push_back(what + " is not in the cache at rest");
        else if (!is_of(known->second, object))
          found.push_back(what + " is another in the cache at rest");
        held.erase(name);
      }
      for (const auto& [name, text] : held)
        found.push_back("witness: " + std::string(cache->type().plural) + " " + name +
                        " is in the cache and no more");
    }
    return found;
  }

  kube::Client client_;
  std::shared_ptr<ApiServerState> server_;
  std::shared_ptr<WitnessReport> report_;
  std::vector<std::unique_ptr<SeenCache>> caches_;
  std::map<std::string, std::uint64_t> last_;
};

}  // namespace

std::shared_ptr<WitnessReport> add_witness(Scene& scene) {
  auto report = std::make_shared<WitnessReport>();
  scene.world.add_process("witness",
                          [server = scene.cluster.server, report](SimEnv& env, Transport& transport) {
                            return std::make_unique<Witness>(env, transport, server, report);
                          });
  return report;
}

}  // namespace llmops::simulation
