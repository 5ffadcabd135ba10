#include "gateway/prompt/control_markers.hpp"

#include <array>

#include "gateway/prompt/special_tokens.hpp"

namespace llmops::gateway {
namespace {

constexpr std::string_view kBegins = "<[#";

// Of vocabularies, in no chat template of special_tokens.hpp.
constexpr std::array<std::string_view, 4> kVocabularyMarkers = {"<mask>", "<sep>", "<cls>", "<unk>"};

// All fixed markers by their first two bytes, so that ordinary text costs two look-ups.
class Markers {
 public:
  Markers() {
    for (const ChatTemplateTokens& chat : chat_template_tokens())
      for (const std::string_view token : chat.tokens) add(token);
    for (const std::string_view marker : kVocabularyMarkers) add(marker);
  }

  std::size_t length_at(std::string_view text, bool line_begin) const {
    if (text.size() < 2) return 0;
    for (const std::string_view marker : buckets_[bucket(text)])
      if (text.starts_with(marker) && (marker.front() != '#' || line_begin)) return marker.size();
    return 0;
  }

 private:
  static std::size_t bucket(std::string_view text) {
    return (static_cast<unsigned char>(text[0]) * 31u + static_cast<unsigned char>(text[1])) % 256u;
  }
  void add(std::string_view marker) {
    auto& bucket_of = buckets_[bucket(marker)];
    for (const std::string_view known : bucket_of)
      if (known == marker) return;
    bucket_of.push_back(marker);
  }

  std::array<std::vector<std::string_view>, 256> buckets_;
};

const Markers& markers() {
  static const Markers kMarkers;
  return kMarkers;
}

constexpr std::size_t kMaxNameBytes = 64;

std::size_t delimited_marker(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return 0;
  const std::string_view rest = text.substr(open.size());
  for (std::size_t i = 0; i <= kMaxNameBytes && i < rest.size(); ++i) {
    if (i > 0 && rest.substr(i).starts_with(close)) return open.size() + i + close.size();
    const char c = rest[i];
    if (c == open.front() || c == close.back() || c == ' ' || c == '\t' || c == '\n' || c == '\r') return 0;
  }
  return 0;
}

}  // namespace

std::size_t control_marker_length(std::string_view text, std::size_t position) {
  const std::string_view rest = text.substr(position);
  if (rest.empty() || kBegins.find(rest.front()) == std::string_view::npos) return 0;
  if (const std::size_t length = delimited_marker(rest, "<|", "|>")) return length;
  if (const std::size_t length = delimited_marker(rest, "<\xEF\xBD\x9C", "\xEF\xBD\x9C>")) return length;
  if (const std::size_t length = delimited_marker(rest, "[|", "|]")) return length;
  return markers().length_at(rest, position == 0 || text[position - 1] == '\n' || text[position - 1] == '\r');
}

bool may_have_control_markers(std::string_view text) {
  return text.find_first_of(kBegins) != std::string_view::npos;
}

void break_control_markers(RenderedText& rendered) {
  const std::string_view text = rendered.text;
  std::vector<ForeignRange>& foreign = rendered.foreign;
  std::vector<std::size_t> cuts;
  std::size_t range = 0;
  for (std::size_t i = text.find_first_of(kBegins); i != std::string_view::npos && !foreign.empty();
       i = text.find_first_of(kBegins, i + 1)) {
    const std::size_t length = control_marker_length(text, i);
    if (length == 0) continue;
    // The byte before a heading takes part: it makes the line begin.
    const std::size_t begin = text[i] == '#' && i > 0 ? i - 1 : i;
    while (range < foreign.size() && foreign[range].end <= begin) ++range;
    if (range == foreign.size()) break;
    if (foreign[range].begin < i + length) cuts.push_back(text[i] == '#' ? i + length - 1 : i + 1);
  }
  if (cuts.empty()) return;

  std::string broken;
  broken.reserve(text.size() + cuts.size());
  std::size_t copied = 0;
  for (const std::size_t cut : cuts) {
    broken.append(text, copied, cut - copied);
    broken += ' ';
    copied = cut;
  }
  broken.append(text, copied);
  std::size_t before_begin = 0, before_end = 0;
  for (ForeignRange& moved : foreign) {
    while (before_begin < cuts.size() && cuts[before_begin] <= moved.begin) ++before_begin;
    while (before_end < cuts.size() && cuts[before_end] < moved.end) ++before_end;
    moved.begin += before_begin;
    moved.end += before_end;
  }
  rendered.text = std::move(broken);
}

std::string break_control_markers(std::string_view text, const std::vector<ForeignRange>& foreign) {
  RenderedText rendered{std::string(text), foreign};
  break_control_markers(rendered);
  return std::move(rendered.text);
}

std::string break_control_markers(std::string_view text) {
  return break_control_markers(text, {ForeignRange{0, text.size()}});
}

}  // namespace llmops::gateway
