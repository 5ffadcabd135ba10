// What rules cost on messages (the paragraphs of a file), each in a session of its own as in the gateway: as
// a whole text, and as a stream of small pieces.
//
//   guard_presidio TEXT_FILE RULE[,RULE…] [SECONDS]
//
// RULE is a name of all_rules() (tests/unit/guard/engine_prose.cpp: 1,000 words, 20 expressions). One JSON
// line on stdout; times are the CPU time of this process: other programs on the machine must not decide a
// ratio.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <sstream>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/guard/guard.hpp"
#include "tests/unit/guard/engine_prose.hpp"

namespace {

using namespace llmops;

constexpr std::size_t kTokenBytes = 24;  // about a token of Korean text
constexpr std::size_t kSmallBytes = 4;

std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    if (end > at) all.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return all;
}

Result<std::shared_ptr<const guard::Guard>> compile(const std::string& names) {
  const std::vector<std::string> all = guard::testing_support::all_rules();
  std::vector<std::string> wanted;
  std::istringstream stream(names);
  for (std::string name; std::getline(stream, name, ',');) {
    const auto rule = std::find_if(all.begin(), all.end(), [&](const std::string& candidate) {
      return candidate.starts_with("{\"name\": \"" + name + "\"");
    });
    if (rule == all.end()) return Error{ErrorCode::InvalidArgument, "no rule is called " + name};
    wanted.push_back(*rule);
  }
  auto json = parse_json("{\"rules\": " + guard::testing_support::rule_list(wanted) + "}");
  if (!json) return json.error();
  auto spec = api::GuardrailSpec::parse(*json);
  if (!spec) return spec.error();
  return guard::Guard::compile({{"benchmark", "", *spec}});
}

std::size_t check(const std::shared_ptr<const guard::Guard>& rules, std::string_view message) {
  guard::GuardSession session(rules, {});
  return session.check(guard::Stage::Input, message).findings.size();
}

std::size_t stream(const std::shared_ptr<const guard::Guard>& rules, std::string_view message,
                   std::size_t piece_bytes) {
  guard::GuardSession session(rules, {});
  const auto stream = session.stream(guard::Stage::Output);
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += piece_bytes) {
    out.clear();
    stream->feed(message.substr(at, piece_bytes), out);
  }
  stream->finish(out);
  return stream->findings().size();
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Seconds of a round over all messages, once everything is warm.
double seconds_of(double seconds, const std::function<void()>& round) {
  round();
  std::size_t rounds = 0;
  const double begin = cpu_seconds();
  double spent = 0;
  do {
    round();
    ++rounds;
    spent = cpu_seconds() - begin;
  } while (spent < seconds);
  return spent / static_cast<double>(rounds);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: guard_presidio TEXT_FILE RULE[,RULE...] [SECONDS]\n";
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const double seconds = count > 3 ? std::atof(arguments[3]) : 2;
  const auto rules = compile(arguments[2]);
  const std::vector<std::string> messages = paragraphs(text);
  if (messages.empty() || !rules.ok()) {
    std::cerr << "guard_presidio: " << (messages.empty() ? "the text is empty" : rules.error().message)
              << "\n";
    return 1;
  }
  std::size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();
  const double kilobytes = static_cast<double>(bytes) / 1024;
  Json line{{"rules", arguments[2]}, {"bytes", bytes}};
  std::size_t in_whole = 0;
  line["wholeMicrosPerKB"] = 1e6 / kilobytes * seconds_of(seconds, [&] {
                               in_whole = 0;
                               for (const std::string& message : messages) in_whole += check(*rules, message);
                             });
  line["findings"] = in_whole;
  for (const std::size_t piece_bytes : {kTokenBytes, kSmallBytes}) {
    std::size_t found = 0, pieces = 0;
    const double spent = seconds_of(seconds, [&] {
      found = pieces = 0;
      for (const std::string& message : messages) {
        found += stream(*rules, message, piece_bytes);
        pieces += (message.size() + piece_bytes - 1) / piece_bytes;
      }
    });
    if (found != in_whole) {
      std::cerr << "guard_presidio: " << in_whole << " findings in the whole text, " << found
                << " in the stream\n";
      return 1;
    }
    const std::string name = "stream" + std::to_string(piece_bytes);
    line[name + "MicrosPerKB"] = 1e6 / kilobytes * spent;
    line[name + "MicrosPerPiece"] = 1e6 * spent / static_cast<double>(pieces);
  }
  line["sessionMicros"] = 1e6 * seconds_of(seconds / 4, [&] { check(*rules, {}); });
  std::cout << line.dump() << "\n";
  return 0;
}
