#include "cli/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace llmops::cli {
namespace {

std::string at_line(const YAML::Mark& mark) {
  return mark.is_null() ? std::string() : "line " + std::to_string(mark.line + 1) + ": ";
}

bool is_integer(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string_view digits =
      text.starts_with('+') ? std::string_view(text).substr(1) : std::string_view(text);
  const bool hexadecimal = text.starts_with("0x"), octal = text.starts_with("0o");
  if (is_integer(text) || hexadecimal || octal) {
    const std::string_view body = hexadecimal || octal ? digits.substr(2) : digits;
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(body.data(), body.data() + body.size(), number,
                                             hexadecimal ? 16
                                             : octal     ? 8
                                                         : 10);
    if (code == std::errc{} && end == body.data() + body.size()) return number;
  }
  if (is_float(text)) return std::strtod(text.c_str(), nullptr);
  return text;
}

class Walk {
 public:
  explicit Walk(const YamlLimits& limits) : limits_(limits) {}

  Result<Json> to_json(const YAML::Node& node, std::size_t depth) {
    if (depth > limits_.max_depth)
      return Error{ErrorCode::TooLarge, at_line(node.Mark()) + "found a nesting deeper than " +
                                            std::to_string(limits_.max_depth) + ", allowed at most so deep"};
    if (++nodes_ > limits_.max_nodes)
      return Error{ErrorCode::TooLarge, at_line(node.Mark()) + "found more than " +
                                            std::to_string(limits_.max_nodes) +
                                            " values (aliases counted each time), allowed at most so many"};
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return node.Tag() == "?" || node.Tag().empty() ? plain_scalar(node.Scalar()) : Json(node.Scalar());
      case YAML::NodeType::Sequence:
        return sequence(node, depth);
      case YAML::NodeType::Map:
        return mapping(node, depth);
      default:
        return Json(nullptr);
    }
  }

 private:
  Result<Json> sequence(const YAML::Node& node, std::size_t depth) {
    Json list = Json::array();
    for (const YAML::Node& element : node) {
      auto value = to_json(element, depth + 1);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return list;
  }

  Result<Json> mapping(const YAML::Node& node, std::size_t depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar())
        return Error{ErrorCode::InvalidArgument,
                     at_line(entry.first.Mark()) + "found a key that is not a text, allowed a text"};
      const std::string& key = entry.first.Scalar();
      if (object.contains(key))
        return Error{ErrorCode::InvalidArgument,
                     at_line(entry.first.Mark()) + "found key \"" + key + "\" a second time, allowed once"};
      auto value = to_json(entry.second, depth + 1);
      if (!value) return value;
      object[key] = std::move(*value);
    }
    return object;
  }

  const YamlLimits& limits_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Error{ErrorCode::TooLarge, "found " + std::to_string(text.size()) + " bytes of YAML, allowed " +
                                          std::to_string(limits.max_bytes)};
  std::vector<Json> documents;
  try {  // yaml-cpp reports by exceptions
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      Walk walk(limits);
      auto document = walk.to_json(node, 0);
      if (!document) return document.error();
      if (!document->is_null()) documents.push_back(std::move(*document));
    }
  } catch (const YAML::Exception& problem) {
    return Error{ErrorCode::InvalidArgument, at_line(problem.mark) + "not YAML: " + problem.msg};
  }
  return documents;
}

}  // namespace llmops::cli
