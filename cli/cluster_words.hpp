// Names that a cluster or a kubeconfig knows, for completion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cluster.hpp"

namespace llmops::cli {

struct Word {
  std::string text;
  std::string description;  // may be empty
};

// Of the kind of value that cli/value_names.hpp names; `name` is the ModelDeployment whose revisions are
// wanted. Empty where nothing is known or nobody answers.
std::vector<Word> words_of_cluster(std::string_view value, const ClusterFlags& flags, const std::string& name,
                                   Context& context);

}  // namespace llmops::cli
