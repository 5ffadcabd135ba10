// Expressions and texts from anywhere: nothing crashes, the text in pieces gives what the whole text gives,
// and where no match is too long RE2 agrees.
//
// Input: one byte of options, the expressions (by line), a zero byte, the text.
#include <re2/re2.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "gateway/guard/pattern/pattern_set.hpp"

namespace {

using namespace llmops::guard;

using Found = std::vector<std::tuple<std::size_t, std::size_t, std::size_t, bool>>;

void check(bool holds) {
  if (!holds) std::abort();
}

Found in_pieces(const PatternSet& set, std::string_view text, std::size_t piece) {
  Found found;
  std::string resume, next;
  std::size_t from = 0;
  for (std::size_t fed = 0; fed <= text.size(); fed += piece) {
    const bool complete = fed + piece > text.size();
    const std::string_view window = text.substr(0, fed + piece);
    std::vector<PatternMatch> matches;
    const std::size_t decided = set.find({window, from, complete, resume}, nullptr, matches, &next);
    check(decided >= from && decided <= window.size());
    for (const PatternMatch& match : matches) {
      check(match.begin < match.end && match.end <= window.size());
      if (match.begin >= decided) continue;
      const auto open = std::find_if(found.rbegin(), found.rend(),
                                     [&](const auto& one) { return std::get<1>(one) == match.pattern; });
      if (match.continued) {
        check(open != found.rend() && match.end >= std::get<2>(*open));
        std::get<2>(*open) = match.end;
      } else {
        found.emplace_back(match.begin, match.pattern, match.end, match.overlong);
      }
    }
    resume = next;
    from = decided;
  }
  std::sort(found.begin(), found.end());
  return found;
}

Found by_re2(const RE2& expression, std::string_view text) {
  Found found;
  re2::StringPiece match;
  const re2::StringPiece whole(text.data(), text.size());
  for (std::size_t at = 0;
       at <= text.size() && expression.Match(whole, at, text.size(), RE2::UNANCHORED, &match, 1);) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    found.emplace_back(begin, 0, begin + match.size(), false);
    at = begin + match.size();
  }
  return found;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// RE2 loses the other case of a letter that stands in an alternation with a class that has the letter.
bool re2_is_reliable(const std::string& expression) {
  return expression.find("(?") == std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 600) return 0;
  const unsigned options = data[0];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t middle = std::min(input.find('\0'), input.size());
  const std::string_view text = middle < input.size() ? input.substr(middle + 1) : std::string_view();
  std::vector<PatternSource> sources;
  for (std::string_view rest = input.substr(0, middle); !rest.empty() && sources.size() < 4;) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    sources.push_back({std::string(rest.substr(0, end)), (options & 1U) != 0});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  static constexpr std::size_t kLimits[] = {1, 3, 17, 1000};
  const llmops::Result<PatternSet> set = PatternSet::compile(sources, kLimits[options >> 1U & 3U]);
  if (!set) return 0;
  const Found whole = in_pieces(*set, text, text.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2} + (options >> 3U)})
    check(in_pieces(*set, text, piece) == whole);
  const bool too_long =
      std::any_of(whole.begin(), whole.end(), [](const auto& one) { return std::get<3>(one); });
  RE2::Options re2_options;
  re2_options.set_log_errors(false);
  re2_options.set_longest_match(true);
  // Bytes that are not UTF-8 are nothing to us and replacement characters to RE2.
  if (too_long || sources.size() != 1 || (options & 1U) != 0 || !re2_is_reliable(sources[0].expression))
    return 0;
  if (!is_utf8(text)) return 0;
  check(whole == by_re2(RE2(sources[0].expression, re2_options), text));
  return 0;
}
