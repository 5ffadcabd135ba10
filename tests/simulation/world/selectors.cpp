#include "tests/simulation/world/selectors.hpp"

#include <algorithm>
#include <optional>

namespace llmops::simulation {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// At commas outside parentheses.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    if (!trim(text.substr(start, i - start)).empty()) parts.push_back(trim(text.substr(start, i - start)));
    start = i + 1;
  }
  return parts;
}

}  // namespace

Result<Selector::Requirement> Selector::parse_requirement(std::string_view text) {
  Requirement requirement;
  for (const auto& [word, op] : {std::pair{" notin ", Operator::NotIn}, std::pair{" in ", Operator::In}}) {
    const auto at = text.find(word);
    if (at == std::string_view::npos) continue;
    std::string_view set = trim(text.substr(at + std::string_view(word).size()));
    if (set.size() < 2 || set.front() != '(' || set.back() != ')')
      return Error{ErrorCode::InvalidArgument, "unable to parse requirement: " + std::string(text)};
    requirement.key = trim(text.substr(0, at));
    requirement.op = op;
    for (const auto value : split(set.substr(1, set.size() - 2))) requirement.values.emplace_back(value);
    return requirement;
  }
  const auto equals = text.find('=');
  if (equals != std::string_view::npos) {
    const bool negated = equals > 0 && text[equals - 1] == '!';
    const bool doubled = text.substr(equals, 2) == "==";
    requirement.key = trim(text.substr(0, negated ? equals - 1 : equals));
    requirement.op = negated ? Operator::NotIn : Operator::In;
    requirement.values.emplace_back(trim(text.substr(equals + (doubled ? 2 : 1))));
    return requirement;
  }
  const bool absent = text.front() == '!';
  requirement.key = trim(absent ? text.substr(1) : text);
  requirement.op = absent ? Operator::Absent : Operator::Exists;
  if (requirement.key.find(' ') != std::string::npos)
    return Error{ErrorCode::InvalidArgument, "unable to parse requirement: " + std::string(text)};
  return requirement;
}

Result<Selector> Selector::parse(std::string_view labels, std::string_view fields) {
  Selector selector;
  for (const auto& [text, into] :
       {std::pair{labels, &selector.labels_}, std::pair{fields, &selector.fields_}}) {
    for (const auto part : split(text)) {
      auto requirement = parse_requirement(part);
      if (!requirement.ok()) return requirement.error();
      into->push_back(std::move(*requirement));
    }
  }
  return selector;
}

bool Selector::matches(const Json& object) const {
  const auto holds = [](const Requirement& requirement, const std::optional<std::string>& value) {
    const bool listed = value && std::find(requirement.values.begin(), requirement.values.end(), *value) !=
                                     requirement.values.end();
    switch (requirement.op) {
      case Operator::In:
        return listed;
      case Operator::NotIn:
        return !listed;
      case Operator::Exists:
        return value.has_value();
      case Operator::Absent:
        return !value.has_value();
    }
    return false;
  };
  const Json* label_map = find_path(object, "metadata.labels");
  for (const auto& requirement : labels_) {
    std::optional<std::string> value;
    if (label_map && label_map->is_object() && label_map->contains(requirement.key))
      value = (*label_map)[requirement.key].get<std::string>();
    if (!holds(requirement, value)) return false;
  }
  for (const auto& requirement : fields_) {
    const Json* found = find_path(object, requirement.key);
    // A field that is absent compares as the empty string.
    const std::string value = !found               ? ""
                              : found->is_string() ? found->get<std::string>()
                                                   : dump_json(*found);
    if (!holds(requirement, value)) return false;
  }
  return true;
}

}  // namespace llmops::simulation
