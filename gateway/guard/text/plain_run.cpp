#include "gateway/guard/text/plain_run.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::size_t kLetterBytes = 3;

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

// The letter at the front, 0 when it is none or not whole.
CodePoint plain_letter(const unsigned char* bytes, std::size_t size) {
  if (size < kLetterBytes || (bytes[0] & 0xF0U) != 0xE0U || (bytes[1] & 0xC0U) != 0x80U ||
      (bytes[2] & 0xC0U) != 0x80U)
    return 0;
  const auto code =
      static_cast<CodePoint>((bytes[0] & 0x0FU) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU));
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
      const CodePoint letter = plain_letter(here, text.size() - run.bytes);
      if (letter == 0) break;
      run.bytes += kLetterBytes;
      run.last_bytes = kLetterBytes;
      run.last = letter;
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
