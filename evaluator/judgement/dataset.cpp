#include "evaluator/judgement/dataset.hpp"

#include <cmath>
#include <unordered_map>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "evaluator/judgement/line_problems.hpp"

namespace llmops::judgement {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxTags = 16;
constexpr std::size_t kMaxTagBytes = 64;
constexpr std::size_t kMaxReferences = 32;
constexpr std::size_t kMaxSuccessBytes = 1024;
constexpr JsonLimits kLineLimits{.max_bytes = 1u << 20, .max_depth = 32};

bool has_control_character(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  return false;
}

// Reads the fields of one line; every problem is added, none stops the rest.
class LineReader {
 public:
  LineReader(const Json& object, std::size_t line, LineProblems& problems)
      : object_(object), line_(line), problems_(problems) {}

  const Json* find(const char* field) const {
    const auto member = object_.find(field);
    return member == object_.end() || member->is_null() ? nullptr : &*member;
  }
  void problem(std::string_view field, std::string_view found, std::string_view allowed) {
    problems_.add(line_, field, found, allowed);
  }

  // A text or an integer as text; empty when absent or wrong.
  std::string name(const char* field, bool required) {
    const Json* value = find(field);
    if (!value) {
      if (required) problem(field, "nothing", "a text that is unique in the set");
      return {};
    }
    std::string text = value->is_string()           ? value->get<std::string>()
                       : value->is_number_integer() ? value->dump()
                                                    : "";
    if (text.empty() || text.size() > kMaxIdBytes || has_control_character(text)) {
      problem(field, describe(*value), "a text of 1 to 128 bytes without control characters, or an integer");
      return {};
    }
    return text;
  }

  std::vector<std::string> texts(const char* field, std::size_t most, std::size_t most_bytes) {
    std::vector<std::string> result;
    const Json* value = find(field);
    if (!value) return result;
    const std::string allowed = "a list of at most " + std::to_string(most) + " texts";
    if (!value->is_array() || value->size() > most) {
      problem(field, value->is_array() ? "a list of " + std::to_string(value->size()) : describe(*value),
              allowed);
      return result;
    }
    for (std::size_t i = 0; i < value->size(); ++i) {
      const Json& element = (*value)[i];
      if (element.is_string() && element.get_ref<const std::string&>().size() <= most_bytes)
        result.push_back(element.get<std::string>());
      else
        problem(std::string(field) + "[" + std::to_string(i) + "]", describe(element),
                "a text of at most " + std::to_string(most_bytes) + " bytes");
    }
    return result;
  }

  std::vector<std::string> references() {
    const Json* one = find("reference");
    if (one && find("references")) {
      problem("references", "reference and references", "one of the two");
      return {};
    }
    if (!one) return texts("references", kMaxReferences, kLineLimits.max_bytes);
    if (one->is_string()) return {one->get<std::string>()};
    problem("reference", describe(*one), "a text (several: references)");
    return {};
  }

  std::string messages(bool required) {
    const Json* input = find("input");
    const Json* messages = find("messages");
    if (input && messages) {
      problem("messages", "input and messages", "one of the two");
      return {};
    }
    if (!input && !messages) {
      if (required) problem("input", "nothing", "a text, or messages");
      return {};
    }
    if (input) {
      if (!input->is_string() || input->get_ref<const std::string&>().empty()) {
        problem("input", describe(*input), "a text that is not empty");
        return {};
      }
      return dump_json(Json::array({Json{{"role", "user"}, {"content", *input}}}));
    }
    if (!messages->is_array() || messages->empty()) {
      problem("messages", describe(*messages), "a list of at least one {role, content}");
      return {};
    }
    for (std::size_t i = 0; i < messages->size(); ++i) {
      const Json& message = (*messages)[i];
      const std::string at = "messages[" + std::to_string(i) + "]";
      if (!message.is_object())
        problem(at, describe(message), "an object {role, content}");
      else if (!message.contains("role") || !message["role"].is_string())
        problem(at + ".role", message.contains("role") ? describe(message["role"]) : "nothing",
                "a text such as user");
      else if (!message.contains("content"))
        problem(at + ".content", "nothing", "a text");
    }
    return dump_json(*messages);
  }

  std::string variables() {
    const Json* value = find("vars");
    if (!value) return {};
    if (value->is_object()) return dump_json(*value);
    problem("vars", describe(*value), "an object of values by variable");
    return {};
  }

  void weight() {
    const Json* value = find("weight");
    if (value && !(value->is_number() && value->get<double>() == 1))
      problem("weight", describe(*value), "1 or nothing: items count equally");
  }

  std::string success() {
    const Json* value = find("success");
    if (!value) return {};
    if (value->is_string() && value->get_ref<const std::string&>().size() <= kMaxSuccessBytes)
      return value->get<std::string>();
    problem("success", describe(*value), "a text of at most " + std::to_string(kMaxSuccessBytes) + " bytes");
    return {};
  }

  Answer answer() {
    Answer result;
    if (const Json* output = find("output")) {
      if (output->is_string())
        result.output = output->get<std::string>();
      else
        problem("output", describe(*output), "a text");
    }
    if (const Json* blocked = find("blocked")) {
      if (!blocked->is_boolean())
        problem("blocked", describe(*blocked), "true or false");
      else if (blocked->get<bool>()) {
        result.blocked = true;
        if (!result.output) result.output.emplace();
      }
    }
    if (const Json* latency = find("latencyMs")) {
      if (latency->is_number() && latency->get<double>() >= 0)
        result.latency_ms = latency->get<double>();
      else
        problem("latencyMs", describe(*latency), "milliseconds, 0 or more");
    }
    if (const Json* scores = find("scores")) {
      if (!scores->is_object())
        problem("scores", describe(*scores), "an object of numbers by metric");
      else
        for (const auto& [metric, value] : scores->items()) {
          if (value.is_number() && std::isfinite(value.get<double>()))
            result.scores[metric] = value.get<double>();
          else if (value.is_boolean())
            result.scores[metric] = value.get<bool>() ? 1 : 0;
          else if (!value.is_null())
            problem("scores." + metric, describe(value), "a number, true, false or null");
        }
    }
    if (!result.output && !result.latency_ms && result.scores.empty()) {
      const Json* reason = find("error");
      result.unscored_reason =
          reason && reason->is_string() ? reason->get<std::string>().substr(0, 60) : "no output";
    }
    return result;
  }

 private:
  const Json& object_;
  std::size_t line_;
  LineProblems& problems_;
};

struct Lines {
  Dataset dataset;
  std::vector<Answer> answers;
};

Result<Lines> read_lines(std::string_view text, bool recorded) {
  Lines lines;
  LineProblems problems;
  std::unordered_map<std::string, std::size_t> seen;  // id → line
  std::unordered_map<std::string, std::size_t> clusters;
  std::size_t number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Result<Json> parsed = parse_json(line, kLineLimits);
    if (!parsed) {
      problems.add(number, "", "a line that is not JSON (" + parsed.error().message + ")", "one JSON object");
      continue;
    }
    if (!parsed->is_object()) {
      problems.add(number, "", describe(*parsed), "one JSON object");
      continue;
    }
    LineReader reader(*parsed, number, problems);
    Item item;
    item.line = number;
    item.id = reader.name("id", true);
    if (!item.id.empty()) {
      const auto [first, fresh] = seen.emplace(item.id, number);
      if (!fresh)
        reader.problem("id",
                       "\"" + item.id + "\" again (first in line " + std::to_string(first->second) + ")",
                       "a text that is unique in the set");
    }
    item.messages = reader.messages(!recorded);
    item.variables = reader.variables();
    item.references = reader.references();
    item.tags = reader.texts("tags", kMaxTags, kMaxTagBytes);
    item.success = reader.success();
    reader.weight();
    const std::string cluster = reader.name("cluster", false);
    // A cluster of one must not meet a named one: the key of the former cannot be written in a file.
    item.cluster =
        clusters.emplace(cluster.empty() ? "\n" + std::to_string(number) : cluster, clusters.size())
            .first->second;
    if (recorded) lines.answers.push_back(reader.answer());
    lines.dataset.items.push_back(std::move(item));
    if (lines.dataset.items.size() > kMaxItems) {
      problems.add(number, "", "more than " + std::to_string(kMaxItems) + " items", "at most so many");
      break;
    }
  }
  if (problems.empty() && lines.dataset.items.empty())
    problems.add(1, "", "no item", "at least one line with an item");
  if (!problems.empty()) return problems.to_error(recorded ? "answers" : "dataset");
  return lines;
}

}  // namespace

Result<Dataset> parse_dataset(std::string_view text) {
  Result<Lines> lines = read_lines(text, false);
  if (!lines) return lines.error();
  lines->dataset.digest = sha256_hex(text);
  return std::move(lines->dataset);
}

Result<RecordedAnswers> parse_recorded_answers(std::string_view text) {
  Result<Lines> lines = read_lines(text, true);
  if (!lines) return lines.error();
  lines->dataset.digest = sha256_hex(text);
  return RecordedAnswers{std::move(lines->dataset), std::move(lines->answers)};
}

std::vector<Answer> align(const RecordedAnswers& from, const Dataset& to, std::size_t& missing) {
  std::unordered_map<std::string_view, std::size_t> by_id;
  for (std::size_t i = 0; i < from.dataset.items.size(); ++i) by_id.emplace(from.dataset.items[i].id, i);
  std::vector<Answer> answers(to.items.size());
  missing = 0;
  for (std::size_t i = 0; i < to.items.size(); ++i) {
    const auto found = by_id.find(to.items[i].id);
    if (found != by_id.end()) {
      answers[i] = from.answers[found->second];
    } else {
      answers[i].unscored_reason = "not in this file";
      ++missing;
    }
  }
  return answers;
}

}  // namespace llmops::judgement
