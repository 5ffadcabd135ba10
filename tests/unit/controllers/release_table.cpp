#include "release_table.hpp"

namespace llmops::release {
namespace {

struct Entry {
  Situation situation;
  Happening happening;
  std::string_view outcome;
};
using S = Situation;
using H = Happening;
constexpr Entry kEntries[] = {
#include "release_table.inc"
    {S::NothingServes, H::Promote, ""}  // the end
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

constexpr std::string_view kHead = R"(# What happens when: the release table

Each line is a test (`ReleaseTable` in `tests/unit/controllers`): the release engine is brought into the situation, the event happens, and five minutes pass. Written are the answer to a command, the events that people see, and where the release stands then. Revision 1 was stable before, revision 2 is stable, revision 3 is what the spec asks for beyond it; in *Baking* revision 3 has just been promoted. In *Refused* and in the pauses gates are made to pass when they are asked again.

Commands are given by `kubectl llmops promote|abort|retry|pause|resume|rollback NAME` or the annotation `llmops.dev/command`; their effects are one table in `controllers/modeldeployment/core/steering.cpp`. This file is generated: `make release-table`.
)";

}  // namespace

std::string_view expected_outcome(Situation situation, Happening happening) {
  for (const Entry& entry : kEntries)
    if (entry.situation == situation && entry.happening == happening) return entry.outcome;
  return "";
}

std::string table_source(const Outcomes& outcomes) {
  std::string text;
  for (const auto& [cell, outcome] : outcomes)
    text += "{S::" + std::string(to_string(std::get<0>(cell))) +
            ", H::" + std::string(to_string(std::get<1>(cell))) + ",\n " + quoted(outcome) + "},\n";
  return text;
}

std::string table_document(const Outcomes& outcomes) {
  std::string text(kHead);
  std::string_view before;
  for (const auto& [cell, outcome] : outcomes) {
    const std::string_view situation = to_string(std::get<0>(cell));
    if (situation != before)
      text += "\n## " + std::string(situation) + "\n\n| event | what follows |\n|---|---|\n";
    before = situation;
    text += "| " + std::string(title_of(std::get<1>(cell))) + " | " + outcome + " |\n";
  }
  return text;
}

}  // namespace llmops::release
