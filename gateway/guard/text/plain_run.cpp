#include "gateway/guard/text/plain_run.hpp"

#include <cstdint>

namespace llmops::guard {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::ptrdiff_t kLetterBytes = 3;

// Without a way out in the middle, so that it is done for all bytes at once.
bool is_plain_block(const unsigned char* bytes, unsigned char stop) {
  unsigned char other = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const unsigned char byte = bytes[i];
    const bool control = (byte < 0x20) & (byte != '\n') & (byte != '\t') & (byte != '\r');
    other |= static_cast<unsigned char>(control | (byte >= 0x7F) | (byte == stop));
  }
  return other == 0;
}

// The letter of these three bytes, 0 when they are none.
CodePoint plain_letter(const unsigned char* bytes) {
  const std::uint32_t all = static_cast<std::uint32_t>(bytes[0]) << 16 |
                            static_cast<std::uint32_t>(bytes[1]) << 8 | static_cast<std::uint32_t>(bytes[2]);
  if ((all & 0xF0C0C0U) != 0xE08080U) return 0;
  const auto code = static_cast<CodePoint>((all >> 4 & 0xF000U) | (all >> 2 & 0x0FC0U) | (all & 0x3FU));
  return is_plain_letter(code) ? code : 0;
}

}  // namespace

PlainRun plain_run(std::string_view text, char stop) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto stopping = static_cast<unsigned char>(stop);
  PlainRun run;
  while (run.bytes < text.size()) {
    const unsigned char* here = bytes + run.bytes;
    if (*here >= 0x80) {
      const unsigned char* next = here;
      CodePoint letter = 0;
      for (; bytes + text.size() - next >= kLetterBytes && (letter = plain_letter(next)) != 0;
           next += kLetterBytes)
        run.last = letter;
      if (next == here) break;
      run.bytes += static_cast<std::size_t>(next - here);
      run.last_bytes = kLetterBytes;
      continue;
    }
    std::size_t size = 1;
    if (text.size() - run.bytes >= kBlock && here[kBlock - 1] < 0x80 && is_plain_block(here, stopping))
      size = kBlock;
    else if (!is_plain_ascii(*here) || *here == stopping)
      break;
    run.bytes += size;
    run.last_bytes = 1;
    run.last = here[size - 1];
  }
  return run;
}

}  // namespace llmops::guard
