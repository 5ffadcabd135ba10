#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway {

Error at_byte(std::size_t byte, const std::string& what) {
  return {ErrorCode::InvalidArgument, "byte " + std::to_string(byte) + ": " + what};
}

bool RenderBudget::step(std::size_t worked_bytes) {
  steps_ += 1 + worked_bytes / 64;
  return steps_ <= kMaxRenderSteps;
}

bool RenderBudget::output(std::size_t bytes) {
  bytes_ += bytes;
  return bytes_ <= kMaxRenderedBytes;
}

Error RenderBudget::error() const {
  if (bytes_ > kMaxRenderedBytes)
    return {ErrorCode::TooLarge, "the prompt: found more than " + std::to_string(kMaxRenderedBytes) +
                                     " bytes of rendered text; allowed fewer: send shorter values, or give "
                                     "variables a smaller maxBytes"};
  return {ErrorCode::TooLarge, "the prompt: found more than " + std::to_string(kMaxRenderSteps) +
                                   " steps of rendering; allowed fewer: send shorter lists, or take loops "
                                   "out of each other"};
}

bool append(RenderedText& out, std::string_view text, bool foreign, RenderBudget& budget) {
  if (!budget.output(text.size())) return false;
  if (foreign && !text.empty()) {
    if (!out.foreign.empty() && out.foreign.back().end == out.text.size()) {
      out.foreign.back().end += text.size();
    } else {
      out.foreign.push_back({out.text.size(), out.text.size() + text.size()});
    }
  }
  out.text += text;
  return true;
}

}  // namespace llmops::gateway
