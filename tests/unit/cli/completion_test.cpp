// What shells are told, and that bash makes of it what people see.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "cli/verbs.hpp"
#include "fake_cluster.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> offline(std::vector<std::string> words) {
  words.insert(words.begin(), "__complete");
  const CliRun ran = testing_support::run_cli(words);
  EXPECT_EQ(ran.code, kGood);
  EXPECT_EQ(ran.err, "");
  return lines_of(ran.out);
}

// Names without their descriptions, and without the directive.
std::vector<std::string> names(std::vector<std::string> lines) {
  if (!lines.empty()) lines.pop_back();
  for (std::string& line : lines) line = line.substr(0, line.find('\t'));
  return lines;
}

TEST(Completion, NamesVerbsWithWhatTheyDo) {
  EXPECT_THAT(offline({"pro"}),
              ElementsAre("promote\tEnd the step that is on, or all of them, and go on", ":4"));
  EXPECT_EQ(names(offline({""})).size(), all_verbs().size());
}

TEST(Completion, NamesFlagsThatAreNotGivenYet) {
  EXPECT_THAT(names(offline({"rollback", "bot", "--t"})), ElementsAre("--to", "--timeout"));
  EXPECT_THAT(names(offline({"rollback", "bot", "--to", "3", "--t"})), ElementsAre("--timeout"));
  EXPECT_THAT(names(offline({"rollback", "bot", "--to=3", "--t"})), ElementsAre("--timeout"));
}

TEST(Completion, NamesTheWordsThatAFlagOrArgumentAllows) {
  EXPECT_THAT(names(offline({"status", "bot", "-o", ""})), ElementsAre("text", "json"));
  EXPECT_THAT(names(offline({"status", "bot", "--until", "r"})), ElementsAre("rolled-back"));
  EXPECT_THAT(names(offline({"status", "bot", "--until=r"})), ElementsAre("rolled-back"));
  EXPECT_THAT(names(offline({"guard", "--stage", "t"})), ElementsAre("tool"));
  EXPECT_THAT(names(offline({"completion", "b"})), ElementsAre("bash"));
}

TEST(Completion, LeavesFilesToTheShell) {
  EXPECT_THAT(offline({"render", "-f", ""}), ElementsAre(":0"));
  EXPECT_THAT(offline({"score", ""}), ElementsAre(":0"));
  EXPECT_THAT(offline({"promote", "--by", ""}), ElementsAre(":4"));
}

TEST(Completion, SaysNothingWhereNothingIsKnown) {
  EXPECT_THAT(offline({"nonsense", ""}), Not(ElementsAre()));
  EXPECT_THAT(offline({"version", "x"}), ElementsAre(":4"));
  EXPECT_THAT(offline({"status", "--no-such-flag=x"}), ElementsAre(":4"));
  EXPECT_THAT(offline({"status", ""}), ElementsAre(":4")) << "without a network";
}

TEST(Completion, EveryShellHasItsScript) {
  for (const char* shell : {"bash", "zsh", "fish", "kubectl"}) {
    const CliRun ran = testing_support::run_cli({"completion", shell});
    EXPECT_EQ(ran.code, kGood);
    EXPECT_THAT(ran.out, HasSubstr("__complete"));
  }
  EXPECT_EQ(testing_support::run_cli({"completion", "tcsh"}).code, kUsage);
}

// docs/cli.md tells of all that there is.
TEST(CliDocument, NamesEveryVerbAndFlag) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/docs/cli.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string document = text.str();
  for (const auto& verb : all_verbs()) {
    const std::string heading = "\n### `" + verb->name();
    const std::size_t at = document.find(heading);
    ASSERT_NE(at, std::string::npos) << verb->name();
    const std::string section = document.substr(at, document.find("\n### ", at + 1) - at);
    static const std::set<std::string> kOfAll{"--help", "--output", "--namespace", "--context",
                                              "--kubeconfig"};
    for (const std::string& flag : names(offline({verb->name(), "--"})))
      if (!kOfAll.contains(flag)) EXPECT_THAT(section, HasSubstr(flag)) << verb->name();
  }
}

class ClusterCompletion : public ClusterVerbs {
 protected:
  std::vector<std::string> complete(std::vector<std::string> words) {
    words.insert(words.begin() + 1, {"--kubeconfig", kubeconfig_.string()});  // behind the verb
    words.insert(words.begin(), "__complete");
    std::istringstream in;
    std::ostringstream out, err;
    Network network{loop_.env(), loop_.transport(),
                    [this](Task<void> task) { loop_.run_until_done("verb", std::move(task)); }};
    Context context{in, out, err, [] { return testing_support::at(testing_support::kNow); }, &network};
    EXPECT_EQ(run_program("llmops", words, context), kGood);
    EXPECT_EQ(err.str(), "");
    return lines_of(out.str());
  }

  // What bash puts on the line when Tab is pressed behind the last of these words (as bash cuts them).
  std::vector<std::string> bash(const std::vector<std::string>& words) {
    std::string script = "export PATH=" LLMOPS_BINARY_DIR "/bin:$PATH KUBECONFIG=" + kubeconfig_.string() +
                         "\nsource <(llmops completion bash)\nCOMP_WORDS=(llmops";
    for (const std::string& word : words) script += " '" + word + "'";
    script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
              "\n__llmops_complete\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    const std::string path = kubeconfig_.string() + ".bash";
    std::ofstream(path) << script;
    std::string answer;
    std::thread shell([&] {
      FILE* pipe = ::popen(("bash --norc " + path + " 2>&1").c_str(), "r");
      std::array<char, 4096> bytes{};
      for (std::size_t got; (got = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
        answer.append(bytes.data(), got);
      ::pclose(pipe);
      loop_.stop();
    });
    loop_.run();
    shell.join();
    std::filesystem::remove(path);
    return lines_of(answer);
  }
};

TEST_F(ClusterCompletion, NamesModelDeploymentsOfTheNamespaceOnTheLine) {
  keep({release_object("Healthy"), release_object("Paused")});
  EXPECT_THAT(complete({"status", ""}), ElementsAre("support-bot\tHealthy", "bot\tPaused, step 3/6", ":4"));
  EXPECT_THAT(complete({"abort", "su"}), ElementsAre("support-bot\tHealthy", ":4"));
  EXPECT_THAT(complete({"status", "-n", "elsewhere", ""}), ElementsAre(":4"));
  EXPECT_EQ(asked_.back().path(), "/apis/llmops.dev/v1alpha1/namespaces/elsewhere/modeldeployments");
  EXPECT_THAT(complete({"status", "bot", ""}), ElementsAre(":4")) << "there is one argument only";
}

TEST_F(ClusterCompletion, NamesRevisionsTheLatestFirst) {
  keep({release_object("Healthy")});
  EXPECT_THAT(names(complete({"rollback", "support-bot", "--to", ""})), ElementsAre("5", "4", "3", "2", "1"));
  EXPECT_THAT(complete({"why", "support-bot", "4"}), ElementsAre("4\tRolledBack, changed Model", ":4"));
}

TEST_F(ClusterCompletion, NamesContextsAndNamespaces) {
  EXPECT_THAT(complete({"status", "--context", ""}), ElementsAre("x", ":4"));
  answers_["/api/v1/namespaces"] =
      R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"shop"}},{"metadata":{"name":"bank"}}]})";
  EXPECT_THAT(complete({"status", "-n", "s"}), ElementsAre("shop", ":4"));
}

TEST_F(ClusterCompletion, IsSilentWhereNobodyAnswers) {
  forbidden_ = kCollection;
  EXPECT_THAT(complete({"status", ""}), ElementsAre(":4"));
}

TEST_F(ClusterCompletion, BashCompletesVerbsFlagsAndNames) {
  keep({release_object("Healthy"), release_object("Paused")});
  EXPECT_THAT(bash({"pro"}), ElementsAre("promote"));
  EXPECT_THAT(bash({"promote", ""}), ElementsAre("support-bot", "bot"));
  EXPECT_THAT(bash({"promote", "bot", "--f"}), ElementsAre("--full"));
  EXPECT_THAT(bash({"status", "bot", "--until", "=", "he"}), ElementsAre("healthy"));
  EXPECT_THAT(bash({"status", "bot", "--until", "="}),
              ElementsAre("promoted", "healthy", "rolled-back", "settled"));
}

TEST_F(ClusterCompletion, BashKeepsNamesWithColonsWhole) {
  std::ofstream(kubeconfig_) << "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
                                "contexts: [{name: 'arn:aws:eks:seoul', context: {cluster: c}}]\n";
  EXPECT_THAT(bash({"status", "--context", "arn", ":", "aw"}), ElementsAre("aws:eks:seoul"));
}

}  // namespace
}  // namespace llmops::cli
