// What `status` shows. Pure: the same release and the same time give the same text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/release.hpp"

namespace llmops::cli {

// One release on one page. `plan`: the steps of the run that is on, where they could be read.
std::string status_text(const Release& release, const std::optional<std::vector<api::CanaryStep>>& plan,
                        Timestamp now);

// {namespace, name, generation, steps: [{step, state?}], status}: the status is that of the API.
Json status_json(const Release& release, const std::optional<std::vector<api::CanaryStep>>& plan);

// {items: [status_json…]} and the end of the line.
std::string status_list_json(const std::vector<Release>& releases);

// A line each.
std::string status_table(const std::vector<Release>& releases, bool with_namespace, Timestamp now);

}  // namespace llmops::cli
