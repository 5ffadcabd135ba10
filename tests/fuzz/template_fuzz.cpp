// Any template with any values: no crash, bounded output, and no control marker with a byte of a client.
// Input: one byte for the format, the template, a zero byte, the values as JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "crds/base/json.hpp"
#include "gateway/prompt/template.hpp"

namespace {

using namespace llmops;
using namespace llmops::gateway;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(RenderedText rendered) {
  require(rendered.text.size() <= kMaxRenderedBytes);
  const auto in_order = [&] {
    std::size_t end = 0;
    for (const ForeignRange& range : rendered.foreign) {
      require(range.begin >= end && range.begin < range.end);
      end = range.end;
    }
    require(end <= rendered.text.size());
  };
  in_order();
  break_control_markers(rendered);
  in_order();
  for (const ForeignRange& range : rendered.foreign)
    for (std::size_t i = range.begin < 80 ? 0 : range.begin - 80; i < range.end; ++i) {
      const std::size_t length = control_marker_length(rendered.text, i);
      require(length == 0 || i + length <= range.begin);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const std::string kTone = "Be {{ tone }}. {{#items}}{{.}}{{/items}}";
  static const IncludeTexts kIncludes = {{"tone", &kTone}, {"unknown", nullptr}};
  const auto format = static_cast<TemplateFormat>(data[0] % 3);
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t zero = rest.find('\0');
  TemplateAllowance allowance;
  const auto parsed = Template::parse(format, rest.substr(0, zero), kIncludes, allowance);
  if (!parsed.ok()) return 0;
  auto values = parse_json(zero == std::string_view::npos ? "{}" : rest.substr(zero + 1));
  const Json inputs = values.ok() && values->is_object() ? *values : Json::object();
  Variables variables;
  for (auto input = inputs.begin(); input != inputs.end(); ++input)
    variables[input.key()] = Value{&input.value(), true};
  RenderBudget budget;
  auto rendered = parsed->render(variables, budget);
  if (rendered.ok()) check(std::move(*rendered));
  return 0;
}
