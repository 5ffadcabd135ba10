#include "crds/structural/schema.hpp"

#include <re2/re2.h>

#include <set>
#include <utility>

namespace llmops::structural {
namespace {

using Read = Result<std::unique_ptr<const Schema>>;

// Known here. `anyOf` is only the API server's own form of int-or-string.
const std::set<std::string, std::less<>>& keywords() {
  static const std::set<std::string, std::less<>> kKeywords = {"description",
                                                               "title",
                                                               "type",
                                                               "format",
                                                               "pattern",
                                                               "enum",
                                                               "minLength",
                                                               "maxLength",
                                                               "minimum",
                                                               "exclusiveMinimum",
                                                               "maximum",
                                                               "minItems",
                                                               "maxItems",
                                                               "maxProperties",
                                                               "required",
                                                               "properties",
                                                               "items",
                                                               "additionalProperties",
                                                               "anyOf",
                                                               "x-kubernetes-int-or-string",
                                                               "x-kubernetes-list-type",
                                                               "x-kubernetes-list-map-keys",
                                                               "x-kubernetes-map-type",
                                                               "x-kubernetes-validations",
                                                               "x-kubernetes-preserve-unknown-fields"};
  return kKeywords;
}

template <class T>
std::optional<T> one_of(std::string_view name, std::initializer_list<std::pair<std::string_view, T>> known) {
  for (const auto& [word, value] : known)
    if (word == name) return value;
  return std::nullopt;
}

std::optional<std::size_t> count_at(const Json& json, const char* keyword) {
  if (!json.contains(keyword)) return std::nullopt;
  return json[keyword].get<std::size_t>();
}

std::vector<std::string> texts_at(const Json& json, const char* keyword) {
  return json.contains(keyword) ? json[keyword].get<std::vector<std::string>>() : std::vector<std::string>{};
}

class Reader {
 public:
  Read schema(const Json& json, const FieldPath& at) {
    for (const auto& [keyword, value] : json.items())
      if (!keywords().contains(keyword)) return field_error(at, keyword, "a keyword that lint knows");
    auto schema = std::make_unique<Schema>();
    for (const auto part :
         {&Reader::read_type, &Reader::read_bounds, &Reader::read_rules, &Reader::read_children})
      if (const auto read = (this->*part)(json, at, *schema); !read) return read.error();
    return std::unique_ptr<const Schema>(std::move(schema));
  }

 private:
  Result<void> read_type(const Json& json, const FieldPath& at, Schema& schema) {
    const std::string name =
        bool_at(json, "x-kubernetes-int-or-string") ? "int-or-string" : string_at(json, "type");
    const auto type = one_of<Type>(name, {{"object", Type::Object},
                                          {"array", Type::Array},
                                          {"string", Type::String},
                                          {"integer", Type::Integer},
                                          {"number", Type::Number},
                                          {"boolean", Type::Boolean},
                                          {"int-or-string", Type::IntOrString}});
    if (!type) return field_error(at.member("type"), "\"" + name + "\"", "a type of structural schemas");
    schema.type = *type;
    const std::string format = string_at(json, "format");
    const auto known = one_of<Format>(format, {{"", Format::None},
                                               {"int64", Format::Int64},
                                               {"date-time", Format::DateTime},
                                               {"duration", Format::Duration}});
    if (!known) return field_error(at.member("format"), "\"" + format + "\"", "int64, date-time or duration");
    schema.format = *known;
    const std::string list = string_at(json, "x-kubernetes-list-type", "atomic");
    const auto list_type = one_of<ListType>(
        list, {{"atomic", ListType::Atomic}, {"set", ListType::Set}, {"map", ListType::Map}});
    if (!list_type) return field_error(at, "list type " + list, "atomic, set or map");
    schema.list_type = *list_type;
    schema.keys = texts_at(json, "x-kubernetes-list-map-keys");
    return {};
  }

  Result<void> read_bounds(const Json& json, const FieldPath& at, Schema& schema) {
    schema.pattern_source = string_at(json, "pattern");
    if (!schema.pattern_source.empty()) {
      schema.pattern = std::make_shared<const re2::RE2>(schema.pattern_source, re2::RE2::Quiet);
      if (!schema.pattern->ok())
        return field_error(at.member("pattern"), schema.pattern->error(), "a pattern in RE2's syntax");
    }
    schema.values = texts_at(json, "enum");
    if (json.contains("minimum")) schema.minimum = json["minimum"].get<double>();
    if (json.contains("maximum")) schema.maximum = json["maximum"].get<double>();
    schema.exclusive_minimum = bool_at(json, "exclusiveMinimum");
    schema.min_length = count_at(json, "minLength");
    schema.max_length = count_at(json, "maxLength");
    schema.min_items = count_at(json, "minItems");
    schema.max_items = count_at(json, "maxItems");
    schema.max_properties = count_at(json, "maxProperties");
    schema.required = texts_at(json, "required");
    schema.preserves_unknown = bool_at(json, "x-kubernetes-preserve-unknown-fields");
    return {};
  }

  Result<void> read_rules(const Json& json, const FieldPath& at, Schema& schema) {
    if (!json.contains("x-kubernetes-validations")) return {};
    for (const Json& rule : json["x-kubernetes-validations"]) {
      for (const auto& [keyword, value] : rule.items())
        if (keyword != "rule" && keyword != "message" && keyword != "fieldPath")
          return field_error(at.member("x-kubernetes-validations"), keyword, "rule, message and fieldPath");
      const std::string source = string_at(rule, "rule");
      auto program = cel::Program::compile(source);
      if (!program) return with_context(program.error(), at.to_string() + ": rule " + source);
      schema.rules.push_back(
          {source, std::move(*program), string_at(rule, "message"), string_at(rule, "fieldPath")});
    }
    return {};
  }

  Result<void> read_children(const Json& json, const FieldPath& at, Schema& schema) {
    if (json.contains("properties"))
      for (const auto& [name, child] : json["properties"].items()) {
        auto read = this->schema(child, at.member(name));
        if (!read) return read.error();
        schema.properties.emplace(name, std::move(*read));
      }
    for (const auto& [keyword, target] :
         {std::pair{"items", &schema.items}, {"additionalProperties", &schema.additional}})
      if (json.contains(keyword)) {
        auto read = this->schema(json[keyword], at.member(keyword));
        if (!read) return read.error();
        *target = std::move(*read);
      }
    return {};
  }
};

}  // namespace

const Schema* Schema::member(std::string_view name) const {
  const auto found = properties.find(name);
  return found != properties.end() ? found->second.get() : additional.get();
}

Result<std::unique_ptr<const Schema>> read_schema(const Json& json) {
  try {  // nlohmann reports members of another type by exceptions
    return Reader().schema(json, {});
  } catch (const Json::exception& problem) {
    return Error{ErrorCode::InvalidArgument, std::string("not a structural schema: ") + problem.what()};
  }
}

}  // namespace llmops::structural
