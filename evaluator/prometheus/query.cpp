#include "evaluator/prometheus/query.hpp"

namespace llmops::prometheus {
namespace {

const std::string* argument(std::string_view name, const Arguments& arguments) {
  if (name == "candidate") return &arguments.candidate;
  if (name == "stable") return &arguments.stable;
  if (name == "namespace") return &arguments.ns;
  if (name == "name") return &arguments.name;
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::string> fill_in(std::string_view query, const Arguments& arguments) {
  std::string filled;
  while (true) {
    const std::size_t open = query.find("{{");
    filled += query.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const std::size_t close = query.find("}}", open);
    const std::string_view found =
        query.substr(open, close == std::string_view::npos ? close : close + 2 - open);
    const std::string* value = close == std::string_view::npos
                                   ? nullptr
                                   : argument(trimmed(found.substr(2, found.size() - 4)), arguments);
    if (value == nullptr)
      return Error{ErrorCode::InvalidArgument,
                   "found " + std::string(found.substr(0, 60)) +
                       ", allowed {{candidate}}, {{stable}}, {{namespace}} and {{name}}"};
    filled += *value;
    query.remove_prefix(close + 2);
  }
}

}  // namespace llmops::prometheus
