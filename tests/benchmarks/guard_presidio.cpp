// What the rules pii and secrets cost on messages (the paragraphs of a file): each whole, and as a stream of
// small pieces.
//
//   guard_presidio TEXT_FILE pii|secrets [SECONDS]
//
// One JSON line on stdout: {"rule", "bytes", "findings", "wholeMicrosPerKB", "streamMicrosPerKB"}. With
// normalisation, as in the gateway. Time is the CPU time of this process: other programs on the machine must
// not decide a ratio.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/guard/recognisers/recognisers.hpp"
#include "gateway/guard/text/normalised_text.hpp"

namespace {

using llmops::guard::NormalisedText;
using llmops::guard::Scan;
using llmops::guard::SpanRule;

constexpr std::size_t kPiece = 24;  // about a token of Korean text

std::size_t whole(const SpanRule& rule, const std::string& given) {
  NormalisedText text;
  text.feed(given);
  text.finish();
  Scan scan;
  rule.scan({.text = text.text(), .from = 0, .complete = true, .resume = {}}, scan);
  return scan.spans.size();
}

std::size_t stream(const SpanRule& rule, const std::string& given) {
  NormalisedText text;
  std::size_t findings = 0;
  std::size_t from = 0;  // of all normalised text
  std::string resume;
  for (std::size_t at = 0; at < given.size(); at += kPiece) {
    text.feed(std::string_view(given).substr(at, kPiece));
    const bool complete = at + kPiece >= given.size();
    if (complete) text.finish();
    Scan scan;
    rule.scan({.text = text.text(), .from = from - text.text_begin(), .complete = complete, .resume = resume},
              scan);
    std::size_t behind = scan.decided;
    for (const auto& span : scan.spans) {
      findings += !span.continued;
      behind = std::max(behind, span.end);
    }
    resume = scan.resume;
    from = text.text_begin() + (resume.empty() ? behind : scan.decided);
    if (from > rule.context_bytes() + 512) {
      text.forget_text(from - rule.context_bytes());
      text.forget_given(text.given_begin(text.text_begin()));
    }
  }
  return findings;
}

std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    if (end > at) all.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return all;
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double micros_per_kb(const std::vector<std::string>& messages, double seconds, std::size_t& findings,
                     std::size_t (*run)(const SpanRule&, const std::string&), const SpanRule& rule) {
  std::size_t bytes = 0;
  for (const std::string& message : messages) {
    run(rule, message);
    bytes += message.size();
  }
  std::size_t rounds = 0;
  const double begin = cpu_seconds();
  double spent = 0;
  do {
    findings = 0;
    for (const std::string& message : messages) findings += run(rule, message);
    ++rounds;
    spent = cpu_seconds() - begin;
  } while (spent < seconds);
  return spent * 1e6 / (static_cast<double>(rounds) * static_cast<double>(bytes) / 1024);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: guard_presidio TEXT_FILE pii|secrets [SECONDS]\n";
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string name = arguments[2];
  const double seconds = count > 3 ? std::atof(arguments[3]) : 2;
  auto rule = name == "pii" ? llmops::guard::make_pii_rule({}, {}) : llmops::guard::make_secrets_rule({}, {});
  if (text.empty() || !rule.ok()) {
    std::cerr << "guard_presidio: " << (text.empty() ? "the text is empty" : rule.error().message) << "\n";
    return 1;
  }
  std::size_t in_whole = 0;
  std::size_t in_stream = 0;
  const std::vector<std::string> messages = paragraphs(text);
  const double whole_micros = micros_per_kb(messages, seconds, in_whole, whole, **rule);
  const double stream_micros = micros_per_kb(messages, seconds, in_stream, stream, **rule);
  if (in_whole != in_stream) {
    std::cerr << "guard_presidio: " << in_whole << " findings in the whole text, " << in_stream
              << " in the stream\n";
    return 1;
  }
  const llmops::Json line{{"rule", name},
                          {"bytes", text.size()},
                          {"findings", in_whole},
                          {"wholeMicrosPerKB", whole_micros},
                          {"streamMicrosPerKB", stream_micros}};
  std::cout << line.dump() << "\n";
  return 0;
}
