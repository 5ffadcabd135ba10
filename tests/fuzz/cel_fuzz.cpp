// Any rule on any object: no crash, no endless work, the same answer twice.
// Input: the expression, a zero byte, the object as JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "crds/base/json.hpp"
#include "crds/cel/cel.hpp"

namespace {

using namespace llmops;

cel::Value value_of(const Json& json) {
  if (json.is_boolean()) return cel::Value::of(json.get<bool>());
  if (json.is_number_integer()) return cel::Value::of(json.get<std::int64_t>());
  if (json.is_number()) return cel::Value::of(json.get<double>());
  if (json.is_string()) return cel::Value::of(json.get<std::string>());
  if (json.is_array()) {
    cel::List list;
    for (const Json& element : json) list.push_back(value_of(element));
    return cel::Value::of(std::move(list));
  }
  if (!json.is_object()) return {};
  cel::Map map;
  for (const auto& [name, member] : json.items()) map.emplace(name, value_of(member));
  return cel::Value::of(std::move(map));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = text.find('\0');
  const auto program = cel::Program::compile(text.substr(0, zero));
  if (!program.ok()) {
    if (program.error().message.empty()) std::abort();
    return 0;
  }
  if (zero == std::string_view::npos) return 0;
  const auto object = parse_json(text.substr(zero + 1));
  if (!object.ok()) return 0;
  const cel::Value self = value_of(*object);
  const auto first = program->evaluate(self), again = program->evaluate(self);
  if (first.ok() != again.ok()) std::abort();
  if (!first.ok() && first.error().message != again.error().message) std::abort();
  if (first.ok() && first->data.index() != again->data.index()) std::abort();
  return 0;
}
