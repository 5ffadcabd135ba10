// `status` while it goes on: what is shown follows the cluster's watches.
#pragma once

#include <optional>
#include <string>

#include "cli/cluster.hpp"
#include "cli/output_format.hpp"
#include "cli/release_goal.hpp"
#include "operator/platform/task.hpp"

namespace llmops::cli {

struct StatusWatchOptions {
  std::string name;  // empty: a table of all
  bool all_namespaces = false;
  OutputFormat format = OutputFormat::Text;
  std::optional<Goal> goal;         // of one: the end
  std::optional<Duration> timeout;  // the end in any case
};

// Returns an ExitCode. Both outlive the task.
Task<int> watch_status(Context& context, const StatusWatchOptions& options, Cluster cluster);

// What `status` says of a ModelDeployment that is not there.
Error not_there(const std::string& ns, const std::string& name, const std::string& found);

}  // namespace llmops::cli
