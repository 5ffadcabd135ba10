// What two servers answered to the same program, made comparable.
//
// Versions become ranks (order is what clients may rely on), UIDs become the order of their appearance, times
// become their presence. Everything else must be equal, except what stands in explained.hpp.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/integration/conformance/player.hpp"

namespace llmops::conformance {

// Members that the real server adds to a plain object of a built-in kind: "deployments spec.strategy".
// List indices are written as *.
using Defaults = std::set<std::string>;

// Adds what `answered` has beyond `sent`.
void learn_defaults(Defaults& defaults, const kube::ResourceType& type, const Json& sent,
                    const Json& answered);

struct Difference {
  std::string where;  // the operation
  const kube::ResourceType* type = nullptr;
  std::string path;  // of the field: "status", "body.metadata.generation", "events.2.type"
  std::string simulated, real;
  std::string to_string() const;
};

// In order of appearance; empty: the two behaved alike.
std::vector<Difference> compare(const Transcript& simulated, const Transcript& real,
                                const Defaults& defaults);

}  // namespace llmops::conformance
