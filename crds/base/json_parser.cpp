#include "crds/base/json_parser.hpp"

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <utility>

namespace llmops {
namespace {

using simdjson::dom::element_type;

bool convert(const simdjson::dom::element& element, std::size_t levels, Json& into);

bool convert_members(const simdjson::dom::object& object, std::size_t levels, Json& into) {
  into = Json::object();
  auto& members = into.get_ref<Json::object_t&>();
  for (const auto member : object) {
    // Most of what we read was written in the order of the keys. Of a key that comes twice the last one
    // counts.
    const auto at = members.try_emplace(members.end(), std::string(member.key));
    if (!convert(member.value, levels, at->second)) return false;
  }
  return true;
}

bool convert_items(const simdjson::dom::array& array, std::size_t levels, Json& into) {
  into = Json::array();
  auto& items = into.get_ref<Json::array_t&>();
  items.reserve(array.size());
  for (const auto item : array)
    if (!convert(item, levels, items.emplace_back())) return false;
  return true;
}

// `levels`: how deep it may still be nested.
bool convert(const simdjson::dom::element& element, std::size_t levels, Json& into) {
  switch (element.type()) {
    case element_type::OBJECT:
      return levels > 0 && convert_members(element.get_object().value_unsafe(), levels - 1, into);
    case element_type::ARRAY:
      return levels > 0 && convert_items(element.get_array().value_unsafe(), levels - 1, into);
    case element_type::STRING:
      into = std::string(element.get_string().value_unsafe());
      return true;
    case element_type::INT64: {
      const std::int64_t value = element.get_int64().value_unsafe();
      if (value < 0)
        into = value;
      else
        into = static_cast<std::uint64_t>(value);
      return true;
    }
    case element_type::UINT64:
      into = element.get_uint64().value_unsafe();
      return true;
    case element_type::DOUBLE:
      into = element.get_double().value_unsafe();
      return true;
    case element_type::BOOL:
      into = element.get_bool().value_unsafe();
      return true;
    case element_type::NULL_VALUE:
      into = nullptr;
      return true;
  }
  return false;
}

}  // namespace

std::optional<Json> parse_quickly(std::string_view text, std::size_t max_depth) {
  if (text.empty()) return std::nullopt;  // nothing has no address, and simdjson copies from one
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  Json value;
  if (!convert(document, max_depth, value)) return std::nullopt;
  return value;
}

}  // namespace llmops
