#include <set>
#include <utility>

#include "gateway/schema/program.hpp"

namespace llmops::schema {
namespace {

constexpr std::size_t kMaxNodes = 4096;
constexpr std::int64_t kPatternMemory = 256 << 10;

Error wrong(const std::string& place, const Json& found, std::string_view allowed) {
  return {ErrorCode::InvalidArgument, (place.empty() ? "the schema" : place) + ": found " + describe(found) +
                                          ", allowed " + std::string(allowed)};
}

// Where a sub-schema may stand below one with these keywords.
constexpr bool is_map_of_schemas(std::string_view keyword) {
  return keyword == "properties" || keyword == "patternProperties" || keyword == "$defs" ||
         keyword == "definitions";
}
constexpr bool is_list_of_schemas(std::string_view keyword) {
  return keyword == "prefixItems" || keyword == "anyOf" || keyword == "oneOf" || keyword == "allOf";
}
constexpr bool is_schema(std::string_view keyword) {
  return keyword == "additionalProperties" || keyword == "items" || keyword == "not";
}

class Compiler {
 public:
  Result<void> run(const Json& schema) {
    if (auto done = visit(schema, "", 0); !done.ok()) return done;
    for (const auto& [node, wanted] : references_) {
      const auto target = places_.find(wanted.pointer);
      if (target == places_.end())
        return Error{ErrorCode::InvalidArgument, wanted.place + ": found \"" + wanted.written.substr(0, 80) +
                                                     "\", where no schema is; allowed a place in this "
                                                     "schema, as #/$defs/name"};
      nodes_[node].reference = target->second;
    }
    return {};
  }
  std::vector<Node> take() { return std::move(nodes_); }

 private:
  struct Reference {
    std::string pointer, place, written;
  };

  // The node is made first: children follow it, and a reference to it finds its index.
  Result<void> visit(const Json& schema, const std::string& place, std::size_t depth) {
    if (depth > kMaxSchemaDepth)
      return Error{ErrorCode::TooLarge,
                   place + ": found more than " + std::to_string(kMaxSchemaDepth) + " levels of schemas"};
    if (nodes_.size() >= kMaxNodes)
      return Error{ErrorCode::TooLarge, place + ": found more than " + std::to_string(kMaxNodes) +
                                            " schemas in one; allowed fewer, move repetitions to $defs"};
    const NodeIndex index = nodes_.size();
    nodes_.emplace_back();
    places_.emplace(place, index);
    if (schema.is_boolean()) {
      nodes_[index].boolean = schema.get<bool>();
      return {};
    }
    if (!schema.is_object()) return wrong(place, schema, "an object with keywords, true or false");
    for (const auto& [keyword, value] : schema.items()) {
      const std::string at = append_pointer(place, keyword);
      // Below the root it would begin a document of its own, in which references mean something else.
      if (keyword == "$id" && !place.empty()) return wrong(at, value, "$id only at the root");
      if (is_annotation(keyword)) continue;
      Result<void> done;
      if (is_map_of_schemas(keyword)) {
        done = visit_map(index, keyword, value, at, depth);
      } else if (is_list_of_schemas(keyword)) {
        done = visit_list(index, keyword, value, at, depth);
      } else if (is_schema(keyword)) {
        const NodeIndex child = nodes_.size();
        done = visit(value, at, depth + 1);
        (keyword == "items" ? nodes_[index].items
         : keyword == "not" ? nodes_[index].not_
                            : nodes_[index].additional_properties) = child;
      } else if (keyword == "$ref") {
        done = refer(index, value, at);
      } else {
        done = simple(nodes_[index], keyword, value, at);
      }
      if (!done.ok()) return done;
    }
    return {};
  }

  Result<void> visit_map(NodeIndex index, const std::string& keyword, const Json& value,
                         const std::string& at, std::size_t depth) {
    if (!value.is_object()) return wrong(at, value, "an object of schemas");
    for (const auto& [name, child] : value.items()) {
      const NodeIndex child_index = nodes_.size();
      const std::string child_place = append_pointer(at, name);
      if (auto done = visit(child, child_place, depth + 1); !done.ok()) return done;
      if (keyword == "properties") {
        nodes_[index].properties.emplace(name, child_index);
      } else if (keyword == "patternProperties") {
        auto pattern = compile_pattern(name, child_place);
        if (!pattern.ok()) return pattern.error();
        pattern->node = child_index;
        nodes_[index].pattern_properties.push_back(std::move(*pattern));
      }
    }
    return {};
  }

  Result<void> visit_list(NodeIndex index, const std::string& keyword, const Json& value,
                          const std::string& at, std::size_t depth) {
    if (!value.is_array() || value.empty()) return wrong(at, value, "a list of at least one schema");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const NodeIndex child = nodes_.size();
      if (auto done = visit(value[i], append_pointer(at, std::to_string(i)), depth + 1); !done.ok())
        return done;
      Node& node = nodes_[index];
      (keyword == "anyOf"   ? node.any_of
       : keyword == "oneOf" ? node.one_of
       : keyword == "allOf" ? node.all_of
                            : node.prefix_items)
          .push_back(child);
    }
    return {};
  }

  Result<void> refer(NodeIndex index, const Json& value, const std::string& at) {
    constexpr std::string_view kAllowed = "a place in this schema, as #/$defs/name; nothing is fetched";
    if (!value.is_string()) return wrong(at, value, kAllowed);
    const auto& text = value.get_ref<const std::string&>();
    if (text != "#" && !text.starts_with("#/")) return wrong(at, value, kAllowed);
    references_.emplace_back(index, Reference{percent_decoded(text.substr(1)), at, text});
    return {};
  }

  // A reference is a URI fragment.
  static std::string percent_decoded(const std::string& text) {
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escaped =
          text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
      decoded += escaped ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
      if (escaped) i += 2;
    }
    return decoded;
  }

  static Result<PatternNode> compile_pattern(const std::string& source, const std::string& at) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    PatternNode pattern{source, std::make_unique<RE2>(source, options), 0};
    if (!pattern.expression->ok())
      return Error{ErrorCode::InvalidArgument,
                   at + ": found the pattern \"" + source.substr(0, 80) +
                       "\", which RE2 cannot use: " + pattern.expression->error()};
    return pattern;
  }

  static Result<std::size_t> count(const Json& value, const std::string& at) {
    const bool whole = value.is_number_integer() ||
                       (value.is_number_float() && value.get<double>() >= 0 && value.get<double>() < 1e15 &&
                        value.get<double>() == static_cast<double>(value.get<std::int64_t>()));
    if (!whole || (!value.is_number_unsigned() && value.get<std::int64_t>() < 0))
      return wrong(at, value, "an integer of at least 0");
    return value.get<std::size_t>();
  }

  static Result<void> types(Node& node, const Json& value, const std::string& at) {
    constexpr std::string_view kAllowed =
        "null, boolean, object, array, string, number or integer, or a list of these";
    const auto add = [&](const Json& word) {
      const std::uint8_t bit = word.is_string() ? type_bit(word.get_ref<const std::string&>()) : 0;
      node.types |= bit;
      return bit != 0;
    };
    if (value.is_array()) {
      for (const Json& word : value)
        if (!add(word)) return wrong(at, word, kAllowed);
      return value.empty() ? Result<void>(wrong(at, value, kAllowed)) : Result<void>();
    }
    return add(value) ? Result<void>() : Result<void>(wrong(at, value, kAllowed));
  }

  static Result<void> simple(Node& node, const std::string& keyword, const Json& value,
                             const std::string& at) {
    if (keyword == "type") return types(node, value, at);
    if (keyword == "default") return node.default_ = value, Result<void>();
    if (keyword == "const") return node.constant = value, Result<void>();
    if (keyword == "enum") {
      if (!value.is_array() || value.empty()) return wrong(at, value, "a list of at least one value");
      node.enumeration = value.get<std::vector<Json>>();
      return {};
    }
    if (keyword == "required") {
      if (!value.is_array()) return wrong(at, value, "a list of names");
      for (const Json& name : value) {
        if (!name.is_string()) return wrong(at, name, "a name");
        node.required.push_back(name.get<std::string>());
      }
      return {};
    }
    if (keyword == "uniqueItems") {
      if (!value.is_boolean()) return wrong(at, value, "true or false");
      node.unique_items = value.get<bool>();
      return {};
    }
    if (keyword == "pattern") {
      if (!value.is_string()) return wrong(at, value, "a regular expression");
      auto pattern = compile_pattern(value.get<std::string>(), at);
      if (!pattern.ok()) return pattern.error();
      node.pattern = std::move(*pattern);
      return {};
    }
    if (keyword == "multipleOf") {
      if (!value.is_number() || value.get<double>() <= 0) return wrong(at, value, "a number above 0");
      node.multiple_of = value.get<double>();
      return {};
    }
    for (const auto& [name, member] : {std::pair{"minimum", &Node::minimum},
                                       {"maximum", &Node::maximum},
                                       {"exclusiveMinimum", &Node::exclusive_minimum},
                                       {"exclusiveMaximum", &Node::exclusive_maximum}})
      if (keyword == name) {
        if (!value.is_number()) return wrong(at, value, "a number");
        node.*member = value;
        return {};
      }
    for (const auto& [name, member] : {std::pair{"minProperties", &Node::min_properties},
                                       {"maxProperties", &Node::max_properties},
                                       {"minItems", &Node::min_items},
                                       {"maxItems", &Node::max_items},
                                       {"minLength", &Node::min_length},
                                       {"maxLength", &Node::max_length}})
      if (keyword == name) {
        auto number = count(value, at);
        if (!number.ok()) return number.error();
        node.*member = *number;
        return {};
      }
    return Error{ErrorCode::InvalidArgument,
                 at + ": found a keyword that is not supported, allowed " + known_keywords()};
  }

  std::vector<Node> nodes_;
  std::map<std::string, NodeIndex> places_;
  std::vector<std::pair<NodeIndex, Reference>> references_;
};

}  // namespace

Result<JsonSchema> JsonSchema::compile(const Json& schema) {
  const std::size_t bytes = dump_json(schema).size();
  if (bytes > kMaxSchemaBytes)
    return Error{ErrorCode::TooLarge, "the schema: found " + std::to_string(bytes) +
                                          " bytes, allowed at most " + std::to_string(kMaxSchemaBytes)};
  Compiler compiler;
  if (auto done = compiler.run(schema); !done.ok()) return done.error();
  auto program = std::make_shared<Program>();
  program->nodes = compiler.take();
  return JsonSchema(std::move(program));
}

}  // namespace llmops::schema
