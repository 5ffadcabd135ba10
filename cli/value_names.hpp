// What a flag or an argument takes, as the help names it and completion fills it in. Words separated by '|'
// are filled in as they stand.
#pragma once

namespace llmops::cli {

inline constexpr const char* kFileValue = "FILE";
inline constexpr const char* kModelDeploymentValue = "MODELDEPLOYMENT";
inline constexpr const char* kRevisionValue = "REVISION";
inline constexpr const char* kNamespaceValue = "NAMESPACE";
inline constexpr const char* kContextValue = "CONTEXT";

}  // namespace llmops::cli
