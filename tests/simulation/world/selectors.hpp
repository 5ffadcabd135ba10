// Label and field selectors as the API server reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"

namespace llmops::simulation {

class Selector {
 public:
  // Labels: "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a". Fields: metadata.name,
  // metadata.namespace and any path of strings or numbers, with =, == and !=.
  // Errors: InvalidArgument (the text that is no requirement).
  static Result<Selector> parse(std::string_view labels, std::string_view fields);
  bool matches(const Json& object) const;

 private:
  enum class Operator { In, NotIn, Exists, Absent };
  struct Requirement {
    std::string key;
    Operator op = Operator::In;
    std::vector<std::string> values;
  };
  static Result<Requirement> parse_requirement(std::string_view text);

  std::vector<Requirement> labels_, fields_;
};

}  // namespace llmops::simulation
