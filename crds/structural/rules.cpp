#include "crds/base/time.hpp"
#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

cel::Value as_declared(const Json& value, const Schema& schema);

// Without a schema: what JSON says.
cel::Value as_written(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return cel::Value::of(value.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return cel::Value::of(value.get<std::int64_t>());
    case Json::value_t::number_float:
      return cel::Value::of(value.get<double>());
    case Json::value_t::string:
      return cel::Value::of(value.get<std::string>());
    default:
      return {};
  }
}

// Members without a schema cannot be reached by rules.
cel::Value map_of(const Json& object, const Schema& schema) {
  cel::Map map;
  for (const auto& [name, member] : object.items())
    if (const Schema* known = schema.member(name); known != nullptr)
      map.emplace(name, as_declared(member, *known));
  return cel::Value::of(std::move(map));
}

// By the types that the API server gives to the fields of a schema: a whole number in a field of the type
// number is a double, a text in the format duration is a duration.
cel::Value as_declared(const Json& value, const Schema& schema) {
  switch (schema.type) {
    case Type::Object:
      return map_of(value, schema);
    case Type::Array: {
      cel::List list;
      for (const Json& element : value)
        list.push_back(schema.items == nullptr ? as_written(element) : as_declared(element, *schema.items));
      return cel::Value::of(std::move(list));
    }
    case Type::Number:
      return cel::Value::of(value.get<double>());
    case Type::Integer:
      return cel::Value::of(value.get<std::int64_t>());
    default:
      break;
  }
  if (schema.format == Format::Duration)
    if (const auto duration = parse_duration(value.get<std::string>()); duration)
      return cel::Value::of(*duration);
  return as_written(value);
}

std::string verdict_of(const Rule& rule, const cel::Value& self) {
  const auto result = rule.program.evaluate(self);
  if (!result) return "rule " + rule.source + " cannot be evaluated: " + result.error().message;
  if (result->boolean() == nullptr)
    return "rule " + rule.source + ": found " + std::string(result->type_name()) + ", allowed true or false";
  return *result->boolean() ? std::string() : rule.message;
}

// Where a rule points. Without a fieldPath its message often begins with the member that it is about
// ("pattern belongs to …", at the root also "gateway.serviceName is …" of the spec).
std::string field_of(const FieldPath& at, const Rule& rule, const Json& value, const std::string& message) {
  const std::string here = at.to_string();
  std::string below = rule.field_path.empty() ? "." + message.substr(0, message.find(' ')) : rule.field_path;
  if (rule.field_path.empty() && find_path(value, below.substr(1)) == nullptr) below = ".spec" + below;
  if (rule.field_path.empty() && find_path(value, below.substr(1)) == nullptr) return here;
  return here.empty() ? below.substr(1) : here + below;
}

class RuleCheck {
 public:
  explicit RuleCheck(std::vector<Finding>& findings) : findings_(findings) {}

  void check(const Json& value, const Schema& schema, const FieldPath& at, const cel::Value& self) {
    for (const Rule& rule : schema.rules) {
      if (rule.program.uses_old_self()) continue;
      if (std::string message = verdict_of(rule, self); !message.empty()) {
        std::string field = field_of(at, rule, value, message);
        findings_.push_back({std::move(field), std::move(message)});
      }
    }
    if (value.is_array() && schema.items != nullptr && self.list() != nullptr)
      for (std::size_t i = 0; i < value.size(); ++i)
        check(value[i], *schema.items, at.index(i), (*self.list())[i]);
    if (!value.is_object() || self.map() == nullptr) return;
    for (const auto& [name, member] : value.items())
      if (const Schema* known = schema.member(name); known != nullptr)
        check(member, *known, at.member(name), self.map()->at(name));
  }

 private:
  std::vector<Finding>& findings_;
};

// Rules see no more of metadata than these.
cel::Value visible_metadata(const Json& object) {
  cel::Map visible;
  const auto metadata = object.find("metadata");
  for (const char* name : {"name", "generateName"})
    if (metadata != object.end() && metadata->contains(name))
      visible.emplace(name, as_written((*metadata)[name]));
  return cel::Value::of(std::move(visible));
}

}  // namespace

void check_rules(const Json& object, const Schema& schema, std::vector<Finding>& findings) {
  const cel::Value whole = map_of(object, schema);
  cel::Map members = *whole.map();
  members["metadata"] = visible_metadata(object);
  RuleCheck(findings).check(object, schema, {}, cel::Value::of(std::move(members)));
}

}  // namespace llmops::structural
