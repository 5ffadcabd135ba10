// The signs of the live view, those of `kubectl argo rollouts`.
#pragma once

#include <string>
#include <string_view>

#include "crds/api/eval_run.hpp"
#include "crds/api/model_deployment.hpp"

namespace llmops::cli {

inline constexpr std::string_view kGoodIcon = "✔";
inline constexpr std::string_view kBadIcon = "✖";
inline constexpr std::string_view kUnderWayIcon = "◌";
inline constexpr std::string_view kPausedIcon = "॥";
inline constexpr std::string_view kWarningIcon = "⚠";
inline constexpr std::string_view kOverIcon = "•";  // there is nothing of it any more

std::string_view icon_of(api::Phase phase);
std::string_view icon_of(api::LoadState state);
std::string_view icon_of(api::EvalRunPhase phase);

// The text with its signs in colour, for terminals.
std::string with_colours(std::string text);

}  // namespace llmops::cli
