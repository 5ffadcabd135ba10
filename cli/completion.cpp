#include "cli/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ostream>
#include <string_view>

#include "cli/cluster_words.hpp"
#include "cli/value_names.hpp"

namespace llmops::cli {
namespace {

// Cobra's ShellCompDirective.
constexpr int kFilesToo = 0;
constexpr int kNoFiles = 4;

struct Answer {
  std::vector<Word> words;
  int directive = kNoFiles;
};

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// "ENUM:text|json", "TEXT:{input,output}" or "json|text": the words; otherwise nothing.
std::vector<Word> words_of_type(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}');
  const bool braces = open != std::string::npos && close != std::string::npos && open < close;
  const std::size_t colon = type.find(':');
  std::string list = braces                       ? type.substr(open + 1, close - open - 1)
                     : colon == std::string::npos ? type
                                                  : type.substr(colon + 1);
  const char separator = braces ? ',' : '|';
  if (!braces && list.find(separator) == std::string::npos) return {};
  std::vector<Word> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(separator, at), list.size());
    words.push_back({list.substr(at, end - at), ""});
    at = end + 1;
  }
  return words;
}

// What was written before the cursor, as the verb would read it.
struct Line {
  const CLI::App* verb = nullptr;
  const CLI::Option* awaits_value = nullptr;
  bool only_arguments = false;  // after --
  std::vector<std::string> arguments;
  std::map<const CLI::Option*, std::string> given;

  std::string value_of(const char* flag) const {
    for (const auto& [option, value] : given)
      if (option->check_name(flag)) return value;
    return {};
  }
};

const CLI::Option* find_flag(const CLI::App& verb, const std::string& name) {
  for (const CLI::Option* option : verb.get_options())
    if (option->nonpositional() && option->check_name(name)) return option;
  return nullptr;
}

void read_flag(Line& line, const std::string& word) {
  const bool is_long = word.starts_with("--");
  const std::size_t equals = is_long ? word.find('=') : std::string::npos;
  const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
  const CLI::Option* option = find_flag(*line.verb, name);
  if (!option) return;
  line.given[option];
  if (!takes_value(*option)) return;
  if (equals != std::string::npos)
    line.given[option] = word.substr(equals + 1);
  else if (!is_long && word.size() > 2)
    line.given[option] = word.substr(2);
  else
    line.awaits_value = option;
}

Line read_line(const CLI::App& app, const std::vector<std::string>& words) {
  Line line;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (line.awaits_value) {
      line.given[line.awaits_value] = word;
      line.awaits_value = nullptr;
    } else if (!line.verb) {
      for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        if (verb->check_name(word)) line.verb = verb;
    } else if (!line.only_arguments && word == "--") {
      line.only_arguments = true;
    } else if (!line.only_arguments && word.size() > 1 && word[0] == '-') {
      read_flag(line, word);
    } else {
      line.arguments.push_back(word);
    }
  }
  return line;
}

Answer values_of(const CLI::Option& option, const Line& line, Context& context) {
  const std::string type = option.get_type_name();
  if (type == kFileValue) return {{}, kFilesToo};
  if (auto words = words_of_type(type); !words.empty()) return {std::move(words), kNoFiles};
  const std::string kind = type.substr(0, type.find(':'));  // before what bounds it
  const ClusterFlags flags{line.value_of("--kubeconfig"), line.value_of("--context"),
                           line.value_of("--namespace")};
  const std::string name = line.arguments.empty() ? std::string() : line.arguments.front();
  return {words_of_cluster(kind, flags, name, context), kNoFiles};
}

Answer verbs_of(const CLI::App& app) {
  Answer answer;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    answer.words.push_back({verb->get_name(), verb->get_description()});
  return answer;
}

// Without those that stand on the line already.
Answer flags_of(const CLI::App& app, const Line& line) {
  Answer answer;
  for (const CLI::Option* option : (line.verb ? *line.verb : app).get_options()) {
    const bool again = option->get_expected_max() > 1;
    if (option->get_lnames().empty() || (line.given.contains(option) && !again)) continue;
    answer.words.push_back({"--" + option->get_lnames().front(), option->get_description()});
  }
  return answer;
}

// The argument at the cursor.
Answer argument_of(const Line& line, Context& context) {
  std::size_t at = line.arguments.size();
  for (const CLI::Option* option : line.verb->get_options()) {
    if (!option->get_positional() || option->nonpositional()) continue;
    if (at-- == 0) return values_of(*option, line, context);
  }
  return {};
}

Answer answer_of(const CLI::App& app, const Line& line, std::string& written, Context& context) {
  if (line.awaits_value) return values_of(*line.awaits_value, line, context);
  if (!line.only_arguments && written.starts_with("-")) {
    const std::size_t equals = written.find('=');
    if (equals == std::string::npos || !line.verb) return flags_of(app, line);
    const CLI::Option* option = find_flag(*line.verb, written.substr(0, equals));
    written.erase(0, equals + 1);
    return option && takes_value(*option) ? values_of(*option, line, context) : Answer();
  }
  return line.verb ? argument_of(line, context) : verbs_of(app);
}

}  // namespace

int complete(const CLI::App& app, const std::vector<std::string>& words, Context& context) {
  std::string written = words.empty() ? std::string() : words.back();
  const Line line = read_line(app, words);
  const Answer answer = answer_of(app, line, written, context);
  for (const Word& word : answer.words) {
    if (!word.text.starts_with(written)) continue;
    context.out << word.text;
    if (!word.description.empty()) context.out << "\t" << word.description;
    context.out << "\n";
  }
  context.out << ":" << answer.directive << "\n" << std::flush;
  return kGood;
}

}  // namespace llmops::cli
