#include "gateway/guard/text/normalised_text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cassert>

#include "gateway/guard/text/plain_run.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kMaxMarks = 32;
constexpr std::size_t kMaxInvisibleRun = 16;
constexpr std::size_t kForgetBytes = 512;  // smaller moves are not worth it

bool ascii_may_compose(CodePoint code) {
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '<' || code == '=' ||
         code == '>';
}

bool is_bare_ascii(char byte) {
  return is_plain_ascii(static_cast<unsigned char>(byte)) && !ascii_may_compose(byte);
}

void append_utf8(CodePoint code, std::string& out) {
  utf8proc_uint8_t bytes[4];
  const auto count = utf8proc_encode_char(code, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
}

void forget_front(std::string& text, std::size_t& skip) {
  if (skip < kForgetBytes || skip < text.size() - skip) return;
  text.erase(0, skip);
  skip = 0;
}

}  // namespace

std::string normalise(std::string_view text) {
  NormalisedText normalised;
  normalised.feed(text);
  normalised.finish();
  return std::string(normalised.text());
}

void NormalisedText::feed(std::string_view piece) {
  if (unread_.empty()) {
    read(piece, false);
    return;
  }
  std::string joined = std::move(unread_);
  unread_.clear();
  joined += piece;
  read(joined, false);
}

void NormalisedText::finish() {
  const std::string rest = std::move(unread_);
  unread_.clear();
  read(rest, true);
  flush();
}

void NormalisedText::read(std::string_view piece, bool complete) {
  while (!piece.empty()) {
    if (const std::size_t plain = read_plain(piece); plain != 0) {
      piece.remove_prefix(plain);
      continue;
    }
    const ReadCodePoint next = read_code_point(piece, escapes_, complete);
    if (next.bytes == 0) {
      unread_.assign(piece);
      return;
    }
    take(next.code, piece.substr(0, next.bytes));
    piece.remove_prefix(next.bytes);
  }
}

// The ordinary case: a run of characters that are their own normal form, whatever stands before them, but for
// its last one, which waits when it may compose.
std::size_t NormalisedText::read_plain(std::string_view piece) {
  const PlainRun run = plain_run(piece, escapes_ == Escapes::Json ? '\\' : '\0');
  if (run.bytes == 0) return 0;
  flush();
  const std::size_t begin = given_end_;
  append_given(piece.substr(0, run.bytes));
  invisible_run_ = 0;
  if (!(run.last < 0x80 ? ascii_may_compose(run.last) : may_compose(run.last))) {
    write_same(begin, given_end_);
    return run.bytes;
  }
  write_same(begin, given_end_ - run.last_bytes);
  pending_.push_back(run.last);
  pending_same_ = true;
  pending_begin_ = given_end_ - run.last_bytes;
  pending_end_ = given_end_;
  return run.bytes;
}

void NormalisedText::take(CodePoint code, std::string_view bytes) {
  if (is_invisible(code) || (after_bare_ && pending_.empty() && is_mark(code))) {
    keep_invisible(bytes);
    return;
  }
  invisible_run_ = 0;
  const bool written_as_itself = bytes.size() > 1 ? bytes.front() != '\\' : true;
  if (is_plain(code) && written_as_itself && code != kReplacement) {
    flush();
    const std::size_t begin = given_end_;
    append_given(bytes);
    if (!may_compose(code)) {
      write_same(begin, given_end_);
      return;
    }
    pending_.push_back(code);
    pending_same_ = true;
    pending_begin_ = begin;
    pending_end_ = given_end_;
    return;
  }
  static constexpr int kLongest = 32;  // U+FDFA is 18 code points
  CodePoint parts[kLongest];
  const int count = decompose(code, parts, kLongest);
  if (!joins_what_is_before(parts[0]) || pending_.size() >= kMaxMarks) flush();
  const std::size_t begin = given_end_;
  append_given(bytes);
  if (pending_.empty()) pending_begin_ = begin;
  pending_end_ = given_end_;
  pending_same_ = false;
  for (int i = 0; i < count; ++i) add_pending(ascii_digit(parts[i]));
  const CodePoint last = pending_.back();
  if (!joins_what_is_before(last) && !may_compose(last)) flush();
}

void NormalisedText::keep_invisible(std::string_view bytes) {
  if (++invisible_run_ <= kMaxInvisibleRun) {
    append_given(bytes);
    return;
  }
  if (!gaps_.empty() && gaps_.back().at == given_end_) {
    gaps_.back().total += bytes.size();
    return;
  }
  gaps_.push_back({given_end_, (gaps_.empty() ? 0 : gaps_.back().total) + bytes.size()});
}

void NormalisedText::append_given(std::string_view bytes) {
  given_ += bytes;
  given_end_ += bytes.size();
}

void NormalisedText::write_same(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  const std::string_view bytes = given(begin, end);
  text_ += bytes;
  map_.append(begin, end, bytes.size(), true);
  after_bare_ = is_bare_ascii(bytes.back());
}

// Keeps canonical order: a mark goes before those of a higher combining class.
void NormalisedText::add_pending(CodePoint code) {
  const int rank = combining_class(code);
  auto at = pending_.end();
  if (rank != 0)
    while (at != pending_.begin() && combining_class(*(at - 1)) > rank) --at;
  pending_.insert(at, code);
}

void NormalisedText::flush() {
  if (pending_.empty()) return;
  if (pending_same_) {
    write_same(pending_begin_, pending_end_);
    pending_.clear();
    return;
  }
  const auto count = utf8proc_normalize_utf32(
      pending_.data(), static_cast<utf8proc_ssize_t>(pending_.size()),
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE));
  const std::size_t before = text_.size();
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(pending_[static_cast<std::size_t>(i)], text_);
  pending_.clear();
  const std::string_view written = std::string_view(text_).substr(before);
  map_.append(pending_begin_, pending_end_, written.size(), written == given(pending_begin_, pending_end_));
  after_bare_ = !written.empty() && is_bare_ascii(written.back());
}

std::string_view NormalisedText::given(std::size_t begin, std::size_t end) const {
  const std::size_t kept_begin = given_end_ - (given_.size() - given_skip_);
  assert(begin >= kept_begin && begin <= end && end <= given_end_);
  return std::string_view(given_).substr(given_skip_ + begin - kept_begin, end - begin);
}

std::size_t NormalisedText::given_begin(std::size_t at) const {
  return at >= text_end() ? settled() : map_.given_begin(at);
}

std::size_t NormalisedText::original_begin(std::size_t given) const {
  auto gap = std::upper_bound(gaps_.begin(), gaps_.end(), given,
                              [](std::size_t position, const Gap& entry) { return position < entry.at; });
  return given + (gap == gaps_.begin() ? 0 : (gap - 1)->total);
}

std::size_t NormalisedText::original_end(std::size_t given) const {
  auto gap = std::lower_bound(gaps_.begin(), gaps_.end(), given,
                              [](const Gap& entry, std::size_t position) { return entry.at < position; });
  return given + (gap == gaps_.begin() ? 0 : (gap - 1)->total);
}

void NormalisedText::forget_text(std::size_t before) {
  const std::size_t begin = text_begin();
  if (before <= begin) return;
  text_skip_ += std::min(before, text_end()) - begin;
  map_.forget(before);
  forget_front(text_, text_skip_);
}

void NormalisedText::forget_given(std::size_t before) {
  const std::size_t begin = given_end_ - (given_.size() - given_skip_);
  if (before <= begin) return;
  given_skip_ += std::min(before, given_end_) - begin;
  forget_front(given_, given_skip_);
  // One gap before the kept text carries the total.
  const auto kept =
      std::find_if(gaps_.begin(), gaps_.end(), [&](const Gap& gap) { return gap.at >= before; });
  if (kept - gaps_.begin() > 1) gaps_.erase(gaps_.begin(), kept - 1);
}

}  // namespace llmops::guard
