// The live view of one release: what `kubectl argo rollouts get rollout` shows, of a release of ours. Pure:
// the same objects and the same time give the same text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/pod_line.hpp"
#include "cli/release.hpp"
#include "crds/api/eval_run.hpp"

namespace llmops::cli {

struct RunLine {
  std::string name;
  std::optional<Timestamp> created;
  api::EvalRun record;
};

struct ReleaseScene {
  const Release& release;
  std::optional<std::vector<api::CanaryStep>> plan;  // the steps of the run that is on
  std::vector<RunLine> runs;
  std::vector<PodLine> pods;
  std::vector<std::string> unread;  // "pods: forbidden …": what could not be read
};

// A head of fields, then the tree: revisions, the newest first, with their arm, its pods and the EvalRuns
// that judged them; then the gateway.
std::string release_scene_text(const ReleaseScene& scene, Timestamp now);

}  // namespace llmops::cli
