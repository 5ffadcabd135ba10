// Any schema with any value: no crash, no endless work, and added defaults do not change what is said twice.
// Input: the schema, a zero byte, the value, both JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "crds/base/json.hpp"
#include "gateway/schema/json_schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = text.find('\0');
  if (zero == std::string_view::npos) return 0;
  const auto description = parse_json(text.substr(0, zero));
  auto value = parse_json(text.substr(zero + 1));
  if (!description.ok() || !value.ok()) return 0;
  const auto schema = schema::JsonSchema::compile(*description);
  if (!schema.ok()) return 0;
  const auto all = schema->validate(*value);
  const auto first = schema->validate(*value, 1);
  if (all.empty() != first.empty() || all.size() > 8) std::abort();
  for (const auto& violation : all)
    if (violation.to_string().empty()) std::abort();
  schema->add_defaults(*value);
  Json again = *value;
  (void)schema->validate(again);
  return 0;
}
