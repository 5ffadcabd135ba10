// A query with its arguments.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.hpp"

namespace llmops::prometheus {

// What a query may name. None of them can hold a character that means something in a string of PromQL: hashes
// are hex digits, names are DNS labels.
struct Arguments {
  std::string candidate;  // {{candidate}}: the first 10 hex digits of the revision's hash
  std::string stable;     // {{stable}}
  std::string ns;         // {{namespace}} of the ModelDeployment
  std::string name;       // {{name}} of the ModelDeployment
};

// Error: InvalidArgument "found {{args.pod}}, allowed {{candidate}}, …".
Result<std::string> fill_in(std::string_view query, const Arguments& arguments);

}  // namespace llmops::prometheus
