#include "cli/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>

namespace llmops::cli {
namespace {

int line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : mark.line + 1;
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

// What YAML 1.1 reads otherwise (https://github.com/kubernetes-sigs/yaml, resolve.go).
Json kubectl_scalar(const std::string& text) {
  static constexpr std::string_view kTrue[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
  static constexpr std::string_view kFalse[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
  if (std::ranges::find(kTrue, text) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, text) != std::end(kFalse)) return false;
  if (text.empty() || std::string_view("+-0123456789").find(text.front()) == std::string_view::npos)
    return plain_scalar(text);
  std::string plain = text;
  std::erase(plain, '_');
  const bool signed_text = plain.front() == '-' || plain.front() == '+';
  const std::string_view digits = std::string_view(plain).substr(signed_text ? 1 : 0);
  const bool binary = digits.starts_with("0b");
  const bool octal = digits.size() > 1 && digits.front() == '0' &&
                     digits.find_first_not_of("01234567") == std::string_view::npos;
  std::int64_t number = 0;
  const std::string_view body = digits.substr(binary ? 2 : 0);
  if (binary || octal) {
    const auto [end, code] = std::from_chars(body.data(), body.data() + body.size(), number, binary ? 2 : 8);
    if (code == std::errc{} && end == body.data() + body.size())
      return plain.front() == '-' ? -number : number;
  }
  Json read = plain_scalar(plain);
  return read.is_number() ? read : Json(text);
}

// What a document became, or why it did not.
class Walk {
 public:
  Walk(const YamlLimits& limits, YamlDialect dialect) : limits_(limits), dialect_(dialect) {}

  // False: see problem().
  bool to_json(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    if (depth > limits_.max_depth)
      return refuse(
          ErrorCode::TooLarge, node.Mark(),
          "found a nesting deeper than " + std::to_string(limits_.max_depth) + ", allowed at most so deep");
    if (++nodes_ > limits_.max_nodes)
      return refuse(ErrorCode::TooLarge, node.Mark(),
                    "found more than " + std::to_string(limits_.max_nodes) +
                        " values (aliases counted each time), allowed at most so many");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        value = node.Tag() == "?" || node.Tag().empty() ? scalar(node.Scalar()) : Json(node.Scalar());
        return true;
      case YAML::NodeType::Sequence:
        return sequence(node, at, depth, value);
      case YAML::NodeType::Map:
        return mapping(node, at, depth, value);
      default:
        value = nullptr;
        return true;
    }
  }

  const YamlProblem& problem() const { return problem_; }
  FieldLines take_lines() { return std::move(lines_); }
  void add_line(const FieldPath& at, const YAML::Mark& mark) {
    if (!mark.is_null()) lines_.add(at.to_string(), line_of(mark));
  }

 private:
  Json scalar(const std::string& text) const {
    return dialect_ == YamlDialect::Kubectl ? kubectl_scalar(text) : plain_scalar(text);
  }

  bool refuse(ErrorCode code, const YAML::Mark& mark, std::string message) {
    problem_ = {code, line_of(mark), std::move(message)};
    return false;
  }

  bool sequence(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    value = Json::array();
    for (const YAML::Node& element : node) {
      const FieldPath here = at.index(value.size());
      add_line(here, element.Mark());
      Json read;
      if (!to_json(element, here, depth + 1, read)) return false;
      value.push_back(std::move(read));
    }
    return true;
  }

  bool mapping(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    value = Json::object();
    return members(node, at, depth, value) &&
           (dialect_ == YamlDialect::Core || merges(node, at, depth, value));
  }

  static bool is_merge(const YAML::Node& key) { return key.Scalar() == "<<" && key.Tag() == "?"; }

  // What the mapping says itself goes before what "<<" brings, and an earlier one before a later one.
  bool merges(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    for (const auto& entry : node) {
      if (!is_merge(entry.first)) continue;
      if (entry.second.IsMap()) {
        if (!merged(entry.second, at, depth, value)) return false;
        continue;
      }
      if (!entry.second.IsSequence())
        return refuse(ErrorCode::InvalidArgument, entry.first.Mark(),
                      "found << with no mapping, allowed a mapping or a list of mappings");
      for (const YAML::Node& element : entry.second)
        if (!merged(element, at, depth, value)) return false;
    }
    return true;
  }

  bool merged(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    Json read;
    if (!to_json(node, at, depth + 1, read)) return false;
    if (!read.is_object())
      return refuse(ErrorCode::InvalidArgument, node.Mark(),
                    "found << with no mapping, allowed a mapping or a list of mappings");
    for (auto& [key, member] : read.items())
      if (!value.contains(key)) value[key] = std::move(member);
    return true;
  }

  bool members(const YAML::Node& node, const FieldPath& at, std::size_t depth, Json& value) {
    for (const auto& entry : node) {
      if (!entry.first.IsScalar())
        return refuse(ErrorCode::InvalidArgument, entry.first.Mark(),
                      "found a key that is not a text, allowed a text");
      if (dialect_ == YamlDialect::Kubectl && is_merge(entry.first)) continue;
      const std::string& key = entry.first.Scalar();
      if (value.contains(key))
        return refuse(ErrorCode::InvalidArgument, entry.first.Mark(),
                      "found key \"" + key + "\" a second time, allowed once");
      const FieldPath here = at.member(key);
      add_line(here, entry.first.Mark());
      Json read;
      if (!to_json(entry.second, here, depth + 1, read)) return false;
      value[key] = std::move(read);
    }
    return true;
  }

  const YamlLimits& limits_;
  YamlDialect dialect_;
  std::size_t nodes_ = 0;
  FieldLines lines_;
  YamlProblem problem_;
};

}  // namespace

int FieldLines::nearest(std::string_view field) const {
  while (true) {
    if (const auto found = lines_.find(field); found != lines_.end()) return found->second;
    if (field.empty()) return 0;
    const std::size_t cut = field.find_last_of(".[");
    field = field.substr(0, cut == std::string_view::npos ? 0 : cut);
  }
}

YamlStream read_yaml(std::string_view text, YamlDialect dialect, const YamlLimits& limits) {
  YamlStream stream;
  if (text.size() > limits.max_bytes) {
    stream.problem = {ErrorCode::TooLarge, 0,
                      "found " + std::to_string(text.size()) + " bytes of YAML, allowed " +
                          std::to_string(limits.max_bytes)};
    return stream;
  }
  try {  // yaml-cpp reports by exceptions
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      Walk walk(limits, dialect);
      YamlDocument document;
      walk.add_line({}, node.Mark());
      if (!walk.to_json(node, {}, 0, document.value)) {
        stream.problem = walk.problem();
        return stream;
      }
      document.lines = walk.take_lines();
      if (!document.value.is_null()) stream.documents.push_back(std::move(document));
    }
  } catch (const YAML::Exception& problem) {
    stream.problem = {ErrorCode::InvalidArgument, line_of(problem.mark), "not YAML: " + problem.msg};
  }
  return stream;
}

Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits) {
  YamlStream stream = read_yaml(text, YamlDialect::Core, limits);
  if (stream.problem) {
    const YamlProblem& problem = *stream.problem;
    return Error{problem.code,
                 (problem.line == 0 ? std::string() : "line " + std::to_string(problem.line) + ": ") +
                     problem.message};
  }
  std::vector<Json> documents;
  for (YamlDocument& document : stream.documents) documents.push_back(std::move(document.value));
  return documents;
}

}  // namespace llmops::cli
