// Small rules with known answers, and the redaction of a whole text written as simply as it can be: once over
// the text, no streaming.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/stream/hold_back.hpp"

namespace llmops::guard::testing_support {

inline bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Leftmost-longest occurrences of words.
class LiteralRule final : public SpanRule {
 public:
  explicit LiteralRule(std::vector<std::string> words) : words_(std::move(words)) {}
  void scan(const Window& window, Scan& scan) const override {
    std::size_t at = window.from;
    while (at < window.text.size()) {
      const std::string_view rest = window.text.substr(at);
      std::size_t longest = 0;
      bool open = false;
      for (const std::string& word : words_) {
        if (rest.starts_with(word)) longest = std::max(longest, word.size());
        if (!window.complete && word.size() > rest.size() && std::string_view(word).starts_with(rest))
          open = true;
      }
      if (open) break;
      if (longest != 0) scan.spans.push_back({at, at + longest, {}, 1});
      at += std::max<std::size_t>(longest, 1);
    }
    scan.decided = window.complete ? window.text.size() : std::min(at, window.text.size());
  }
  std::size_t context_bytes() const override { return 0; }

 private:
  std::vector<std::string> words_;
};

// Runs of `low` to `high` digits, single hyphens inside allowed, that no digit touches.
class DigitRunRule final : public SpanRule {
 public:
  DigitRunRule(std::size_t low, std::size_t high) : low_(low), high_(high) {}
  void scan(const Window& window, Scan& scan) const override {
    const std::string_view text = window.text;
    std::size_t at = window.from;
    scan.decided = window.from;
    while (at < text.size()) {
      if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) {
        scan.decided = ++at;
        continue;
      }
      std::size_t end = at, digits = 0;
      while (end < text.size() && digits <= high_) {
        if (is_digit(text[end])) {
          ++digits;
          ++end;
        } else if (text[end] == '-' && is_digit(text[end - 1]) && end + 1 < text.size() &&
                   is_digit(text[end + 1])) {
          ++end;
        } else {
          break;
        }
      }
      const bool may_go_on = digits <= high_ && !window.complete &&
                             (end == text.size() || (end + 1 == text.size() && text[end] == '-'));
      if (may_go_on) break;
      if (digits >= low_ && digits <= high_) {
        scan.spans.push_back({at, end, "digits", 1});
        at = end;
      } else {
        ++at;
      }
      scan.decided = at;
    }
    if (window.complete) scan.decided = text.size();
  }
  std::size_t context_bytes() const override { return 1; }

 private:
  std::size_t low_, high_;
};

// "key=" and everything up to white space, however long.
class UnboundedRule final : public SpanRule {
 public:
  explicit UnboundedRule(std::size_t limit) : limit_(limit) {}
  void scan(const Window& window, Scan& scan) const override {
    static constexpr std::string_view kFront = "key=";
    const std::string_view text = window.text;
    std::size_t at = window.from;
    scan.decided = at;
    if (!window.resume.empty()) {
      const std::size_t end = end_of_value(text, at);
      const bool open = end == text.size() && !window.complete;
      if (end > at) scan.spans.push_back({at, end, {}, 1, open, true});
      at = end;
      scan.decided = end;
      if (open) {
        scan.resume = "open";
        return;
      }
    }
    while (at < text.size()) {
      const std::string_view rest = text.substr(at);
      if (!rest.starts_with(kFront)) {
        if (!window.complete && rest.size() < kFront.size() && kFront.starts_with(rest)) return;
        scan.decided = ++at;
        continue;
      }
      const std::size_t end = end_of_value(text, at + kFront.size());
      if (end == text.size() && !window.complete) {
        if (end - at <= limit_) return;
        scan.spans.push_back({at, end, {}, 1, true, false});
        scan.resume = "open";
        scan.decided = end;
        return;
      }
      scan.spans.push_back({at, end, {}, 1});
      scan.decided = at = end;
    }
    scan.decided = text.size();
  }
  std::size_t context_bytes() const override { return 0; }

 private:
  static std::size_t end_of_value(std::string_view text, std::size_t at) {
    while (at < text.size() && text[at] != ' ' && text[at] != '\n') ++at;
    return at;
  }
  std::size_t limit_;
};

// Not more than `most` bytes.
class LengthRule final : public TextRule {
 public:
  explicit LengthRule(std::size_t most) : most_(most) {}
  std::unique_ptr<TextRule::Session> begin() const override { return std::make_unique<Counting>(most_); }

 private:
  class Counting final : public TextRule::Session {
   public:
    explicit Counting(std::size_t most) : most_(most) {}
    Verdict feed(std::string_view piece, bool) override {
      seen_ += piece.size();
      return seen_ > most_ ? Verdict::Violated : Verdict::Fine;
    }

   private:
    std::size_t most_, seen_ = 0;
  };
  std::size_t most_;
};

// Undecided in every sentence until its end; a sentence with '!' is not allowed.
class CalmRule final : public TextRule {
 public:
  std::unique_ptr<TextRule::Session> begin() const override { return std::make_unique<Reading>(); }

 private:
  class Reading final : public TextRule::Session {
   public:
    Verdict feed(std::string_view piece, bool complete) override {
      for (const char byte : piece) {
        if (byte == '!') return Verdict::Violated;
        undecided_ = byte != '.';
      }
      return undecided_ && !complete ? Verdict::Undecided : Verdict::Fine;
    }

   private:
    bool undecided_ = false;
  };
};

// Replaces every cluster by "[rule]" of its first hit, in lower or upper case by what else it holds; ends the
// text at rules that are told to.
class RecordingClient final : public HoldBackClient {
 public:
  explicit RecordingClient(std::vector<std::size_t> ending = {}) : ending_(std::move(ending)) {}
  void passed(std::string_view given, std::string& out) override { out += given; }
  bool replaced(const Cluster& cluster, std::string& out) override {
    for (const Hit& hit : cluster.hits) told.push_back(hit);
    for (const Hit& hit : cluster.hits)
      if (ends(hit.rule)) return false;
    out += mark_of(cluster.hits);
    return true;
  }
  void noted(const Hit& hit) override { told.push_back(hit); }
  void extended(std::size_t rule, std::size_t begin, std::size_t end) override {
    for (Hit& hit : told)
      if (hit.rule == rule && hit.begin == begin) hit.end = end;
  }
  bool violated(std::size_t rule, std::size_t begin) override {
    violations.push_back({rule, begin});
    return !ends(rule);
  }
  bool gave_up(std::size_t rule) override {
    given_up.push_back(rule);
    return !ends(rule);
  }
  bool ends(std::size_t rule) const {
    return std::find(ending_.begin(), ending_.end(), rule) != ending_.end();
  }
  static std::string mark_of(const std::vector<Hit>& hits) {
    std::string mark = "[";
    for (const Hit& hit : hits) mark += std::to_string(hit.rule);
    return mark + "]";
  }

  std::vector<Hit> told;
  std::vector<std::pair<std::size_t, std::size_t>> violations;
  std::vector<std::size_t> given_up;

 private:
  std::vector<std::size_t> ending_;
};

// The redaction of the whole text. Rules that end the text are not played here.
inline std::string redaction(const std::vector<StreamRule>& rules, const std::string& given,
                             Escapes escapes = Escapes::None) {
  NormalisedText text(escapes);
  text.feed(given);
  text.finish();
  const std::string_view kept = text.given(0, text.given_size());
  std::vector<Hit> hits;
  std::vector<bool> gone(kept.size(), false);
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    if (rules[rule].spans == nullptr || !rules[rule].holds) continue;
    Scan scan;
    rules[rule].spans->scan({text.text(), 0, true, {}}, scan);
    for (const Span& span : scan.spans) {
      std::size_t head = std::min(span.end, span.begin + rules[rule].head_bytes);
      while (head < span.end && (static_cast<unsigned char>(text.text()[head]) & 0xC0) == 0x80) ++head;
      Hit hit;
      hit.rule = rule;
      hit.kept_begin = text.given_begin(span.begin);
      hit.kept_end = text.given_end(head);
      hits.push_back(hit);
      for (std::size_t at = hit.kept_end; at < text.given_end(span.end); ++at) gone[at] = true;
    }
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& one, const Hit& other) {
    if (one.kept_begin != other.kept_begin) return one.kept_begin < other.kept_begin;
    if (one.kept_end != other.kept_end) return one.kept_end > other.kept_end;
    return one.rule < other.rule;
  });
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < hits.size();) {
    for (; at < hits[i].kept_begin; ++at)
      if (!gone[at]) out += kept[at];
    std::vector<Hit> cluster;
    at = hits[i].kept_end;
    for (; i < hits.size() && (cluster.empty() || hits[i].kept_begin < at); ++i) {
      cluster.push_back(hits[i]);
      at = std::max(at, hits[i].kept_end);
    }
    out += RecordingClient::mark_of(cluster);
  }
  for (; at < kept.size(); ++at)
    if (!gone[at]) out += kept[at];
  return out;
}

}  // namespace llmops::guard::testing_support
