// What all template formats share while they render: bounds, and text that knows where it comes from.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/prompt/control_markers.hpp"
#include "gateway/prompt/template_value.hpp"

namespace llmops::gateway {

// Bounds of one prompt's templates and of one rendering of all its messages.
inline constexpr std::size_t kMaxTemplateDepth = 32;     // blocks, sections and brackets inside each other
inline constexpr std::size_t kMaxRenderSteps = 100'000;  // a tag, an operator, or 64 bytes of filtered text
inline constexpr std::size_t kMaxRenderedBytes = 1u << 20;  // of all texts together
inline constexpr std::size_t kMaxTemplateBytes = 1u << 20;  // with includes written out
inline constexpr std::size_t kMaxIncludeDepth = 4;

// InvalidArgument "byte N: <what>", N counted from 0 in the text of the template.
Error at_byte(std::size_t byte, const std::string& what);

// What a rendering may still use.
class RenderBudget {
 public:
  // False when it is used up; error() then says by what.
  bool step(std::size_t worked_bytes = 0);
  bool output(std::size_t bytes);
  Error error() const;

 private:
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
};

// Appends; false when the budget is used up.
bool append(RenderedText& out, std::string_view text, bool foreign, RenderBudget& budget);

using Variables = std::map<std::string, Value, std::less<>>;

// A name that a template takes from the prompt's variables.
struct NameUse {
  std::string name;
  std::size_t byte = 0;
};

}  // namespace llmops::gateway
