// What a person asks of a release: the annotation llmops.dev/command.
//
//   promote revision=15 step=3 id=1795233607 by=jiyoon
//
// A command is carried out once per id, in the very status write that records it. `revision` and `step` pin
// it to what the person saw; a command whose pins are no longer current is refused, so a stale or a double
// click does nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crds/api/model_deployment.hpp"
#include "crds/base/result.hpp"

namespace llmops::rules {

enum class Verb { Promote, PromoteFull, Abort, Retry, Pause, Resume, Rollback };
std::string_view to_string(Verb verb);  // "promote-full"

struct Command {
  Verb verb{};
  std::string id;                        // the whole text where none is given
  std::string by;                        // "a person" where none is given
  std::optional<std::int64_t> revision;  // that the person saw: the candidate, else what serves
  std::optional<std::int64_t> step;      // steps done, as status.step tells
  std::optional<std::int64_t> to;        // of rollback
};

// The id alone, also of a text that is no command.
std::string command_id(std::string_view text);

// Errors: InvalidArgument, which names the word, and what is allowed.
Result<Command> parse_command(std::string_view text);

// Why the command no longer means what the person saw, by this status; empty when it does. `desired` is what
// the person was shown as wanted, which a status that is just being written may have changed already.
std::string stale(const Command& command, const api::ModelDeploymentStatus& status,
                  const std::optional<api::RevisionStatus>& desired);

}  // namespace llmops::rules
