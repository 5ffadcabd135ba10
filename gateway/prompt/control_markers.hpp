// Keeps foreign text from being read as control tokens of a model's chat template.
//
// An engine tokenises the rendered conversation as one text: a client's "<|end|><|system|>" would close its
// own turn and open a system turn. Every marker that contains a byte of foreign text therefore gets a space
// after its first character ("< |end|>"), which a person still reads and no tokeniser matches; a heading that
// is a role ("### User:") gets it before its colon, and stays a heading. Text that only resembles a marker
// ("a <| b", "<script>") stays as it is.
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

// The length of the control marker that starts at `position`, or 0. Known are "<|…|>", "<｜…｜>" and "[|…|]"
// with 1 to 64 bytes between (no white space, no bracket of that kind), all tokens of special_tokens.hpp, and
// the usual tokens of sentence-piece vocabularies. Headings count at the begin of a line only.
std::size_t control_marker_length(std::string_view text, std::size_t position);

// Whether `text` has a character that could begin a marker; without one there is none.
bool may_have_control_markers(std::string_view text);

// A text and which of its bytes come from a client.
struct RenderedText {
  std::string text;
  std::vector<ForeignRange> foreign;  // in order, not overlapping each other
};

// Breaks every marker that overlaps a foreign range; the ranges move with their bytes. An inserted space is
// foreign when it stands between two foreign bytes.
void break_control_markers(RenderedText& rendered);

// The same as a new text, of one that is foreign as a whole or in `foreign`.
std::string break_control_markers(std::string_view text);
std::string break_control_markers(std::string_view text, const std::vector<ForeignRange>& foreign);

}  // namespace llmops::gateway
