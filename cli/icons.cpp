#include "cli/icons.hpp"

#include <array>
#include <utility>

namespace llmops::cli {

std::string_view icon_of(api::Phase phase) {
  switch (phase) {
    case api::Phase::Healthy:
    case api::Phase::Baking:
      return kGoodIcon;
    case api::Phase::Paused:
      return kPausedIcon;
    case api::Phase::RollingBack:
    case api::Phase::RolledBack:
    case api::Phase::Degraded:
      return kBadIcon;
    case api::Phase::Pending:
    case api::Phase::Progressing:
      return kUnderWayIcon;
  }
  return kWarningIcon;
}

std::string_view icon_of(api::LoadState state) {
  if (state == api::LoadState::Servable) return kGoodIcon;
  return state == api::LoadState::FailedToLoad ? kBadIcon : kUnderWayIcon;
}

std::string_view icon_of(api::EvalRunPhase phase) {
  switch (phase) {
    case api::EvalRunPhase::Pending:
    case api::EvalRunPhase::Running:
      return kUnderWayIcon;
    case api::EvalRunPhase::Successful:
      return kGoodIcon;
    case api::EvalRunPhase::Failed:
      return kBadIcon;
    case api::EvalRunPhase::Inconclusive:
    case api::EvalRunPhase::Error:
      return kWarningIcon;
  }
  return kWarningIcon;
}

std::string with_colours(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColours{{
      {kGoodIcon, "\x1b[32m"},
      {kBadIcon, "\x1b[31m"},
      {kUnderWayIcon, "\x1b[36m"},
      {kPausedIcon, "\x1b[34m"},
      {kWarningIcon, "\x1b[33m"},
  }};
  static constexpr std::string_view kPlain = "\x1b[0m";
  for (const auto& [icon, colour] : kColours) {
    for (std::size_t at = 0; (at = text.find(icon, at)) != std::string::npos;) {
      text.insert(at + icon.size(), kPlain).insert(at, colour);
      at += colour.size() + icon.size() + kPlain.size();
    }
  }
  return text;
}

}  // namespace llmops::cli
