// A text and a way to cut it: what leaves is the same as for the whole text, and at every moment a prefix of
// it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/unit/guard/stream_support.hpp"

namespace {

using namespace llmops::guard;

std::string played(const std::vector<StreamRule>& rules, std::string_view given, const std::uint8_t* cuts,
                   std::size_t cut_count, Escapes escapes, const std::string* whole) {
  testing_support::RecordingClient client;
  HoldBack hold_back(rules, client, escapes);
  std::string out;
  std::size_t next = 0;
  while (!given.empty()) {
    const std::size_t size = cut_count == 0 ? given.size() : 1 + cuts[next++ % cut_count] % 23;
    hold_back.feed(given.substr(0, size), out);
    given.remove_prefix(std::min(size, given.size()));
    if (whole != nullptr && !std::string_view(*whole).starts_with(out)) std::abort();
  }
  hold_back.finish(out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  static const testing_support::LiteralRule words(
      {"secret", "secrets of", "top secret", "비밀", "aba", "bab"});
  static const testing_support::DigitRunRule numbers(4, 9);
  static const testing_support::UnboundedRule keys(24);
  static const std::vector<StreamRule> rules{
      {&words, nullptr, true}, {&numbers, nullptr, true}, {&keys, nullptr, true, 24}};
  const Escapes escapes = data[0] % 2 == 0 ? Escapes::None : Escapes::Json;
  const std::size_t cut_count = 1 + data[1] % 3;
  const std::string given(reinterpret_cast<const char*>(data + 4), size - 4);
  const std::string whole = testing_support::redaction(rules, given, escapes);
  if (played(rules, given, nullptr, 0, escapes, &whole) != whole) std::abort();
  if (played(rules, given, data + 1, cut_count, escapes, &whole) != whole) std::abort();
  return 0;
}
