#include "gateway/prompt/control_markers.hpp"

#include <array>

namespace llmops::gateway {
namespace {

constexpr std::array<std::string_view, 29> kFixedMarkers = {"<s>",
                                                            "</s>",
                                                            "<bos>",
                                                            "<eos>",
                                                            "<unk>",
                                                            "<pad>",
                                                            "<mask>",
                                                            "<sep>",
                                                            "<cls>",
                                                            "<<SYS>>",
                                                            "<</SYS>>",
                                                            "<start_of_turn>",
                                                            "<end_of_turn>",
                                                            "<start_of_image>",
                                                            "<end_of_image>",
                                                            "<tool_call>",
                                                            "</tool_call>",
                                                            "<tool_response>",
                                                            "</tool_response>",
                                                            "[INST]",
                                                            "[/INST]",
                                                            "[SYSTEM_PROMPT]",
                                                            "[/SYSTEM_PROMPT]",
                                                            "[AVAILABLE_TOOLS]",
                                                            "[/AVAILABLE_TOOLS]",
                                                            "[TOOL_CALLS]",
                                                            "[TOOL_RESULTS]",
                                                            "[/TOOL_RESULTS]",
                                                            "[PREFIX]"};

constexpr std::size_t kMaxNameBytes = 64;

std::size_t delimited_marker(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return 0;
  const std::string_view rest = text.substr(open.size());
  for (std::size_t i = 0; i <= kMaxNameBytes && i < rest.size(); ++i) {
    if (i > 0 && rest.substr(i).starts_with(close)) return open.size() + i + close.size();
    const char c = rest[i];
    if (c == '<' || c == '>' || c == ' ' || c == '\t' || c == '\n' || c == '\r') return 0;
  }
  return 0;
}

}  // namespace

std::size_t control_marker_length(std::string_view text, std::size_t position) {
  const std::string_view rest = text.substr(position);
  if (rest.empty() || (rest.front() != '<' && rest.front() != '[')) return 0;
  if (const std::size_t length = delimited_marker(rest, "<|", "|>")) return length;
  if (const std::size_t length = delimited_marker(rest, "<\xEF\xBD\x9C", "\xEF\xBD\x9C>")) return length;
  for (const std::string_view marker : kFixedMarkers)
    if (rest.starts_with(marker)) return marker.size();
  return 0;
}

std::string break_control_markers(std::string_view text, const std::vector<ForeignRange>& foreign) {
  std::string out;
  std::size_t copied = 0;
  std::size_t range = 0;
  for (std::size_t i = text.find_first_of("<["); i != std::string_view::npos;
       i = text.find_first_of("<[", i + 1)) {
    const std::size_t length = control_marker_length(text, i);
    if (length == 0) continue;
    while (range < foreign.size() && foreign[range].end <= i) ++range;
    if (range == foreign.size()) break;
    if (foreign[range].begin >= i + length) continue;
    out.append(text, copied, i + 1 - copied);
    out += ' ';
    copied = i + 1;
  }
  out.append(text, copied);
  return out;
}

std::string break_control_markers(std::string_view text) {
  return break_control_markers(text, {ForeignRange{0, text.size()}});
}

}  // namespace llmops::gateway
