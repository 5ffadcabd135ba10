// Keeps foreign text from being read as control tokens of a model's chat template.
//
// An engine tokenises the rendered conversation as one text: a client's "<|end|><|system|>" would close its
// own turn and open a system turn. Every marker that contains a byte of foreign text therefore gets a space
// after its first character ("< |end|>"), which a person still reads and no tokeniser matches. Text that only
// resembles a marker ("a <| b", "<script>") stays as it is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::gateway {

// Bytes [begin, end) of a text that come from a client.
struct ForeignRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The length of the control marker that starts at `position`, or 0. Known are "<|…|>" and "<｜…｜>" with 1 to
// 64 bytes between (no white space, no angle bracket), and the fixed list in the source file (Llama 2,
// Mistral, Gemma and sentence-piece markers).
std::size_t control_marker_length(std::string_view text, std::size_t position);

// `text` with every marker broken that overlaps one of `foreign` (in order, not overlapping each other).
std::string break_control_markers(std::string_view text, const std::vector<ForeignRange>& foreign);

// The same with the whole text foreign.
std::string break_control_markers(std::string_view text);

}  // namespace llmops::gateway
