#include "tests/integration/conformance/explained.hpp"

#include <string_view>

#include "tests/integration/conformance/objects.hpp"

namespace llmops::conformance {
namespace {

// "Deployment.apps \"a\" is invalid: spec.selector": the words of a 422 up to its first field.
std::string up_to_field(const std::string& message) {
  constexpr std::string_view kIs = " is invalid: ";
  const auto is = message.find(kIs);
  if (is == std::string::npos) return {};
  std::string text = message.substr(0, message.find(": ", is + kIs.size()));
  std::erase(text, '[');
  return text;
}

bool words_of_invalid(const Difference& difference) {
  if (difference.path == "body.details.causes") return difference.simulated == "nothing";
  if (difference.path != "body.message") return false;
  const std::string simulated = up_to_field(difference.simulated);
  return !simulated.empty() && simulated == up_to_field(difference.real);
}

}  // namespace

const std::vector<Explained>& explained() {
  static const std::vector<Explained> all{
      {"the words of a 422 behind its first field, and its causes",
       "they print the server's own structures, or the sentence of a CRD's rule; nothing of ours reads them",
       words_of_invalid},
  };
  return all;
}

const Explained* explanation_of(const Difference& difference) {
  for (const Explained& one : explained())
    if (one.covers(difference)) return &one;
  return nullptr;
}

}  // namespace llmops::conformance
