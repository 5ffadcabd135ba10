// llmops completion: the script that lets a shell ask `llmops __complete` what may stand at the cursor.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/verbs.hpp"

namespace llmops::cli {
namespace {

// Bash cuts words at = and :, so what was cut is put together for us, and cut off again from the answers.
constexpr const char* kBash = R"(# bash completion for llmops: source <(llmops completion bash)
__llmops_complete() {
  local words=() raw word value lead line directive glue=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ${#words[@]} -gt 0 && ( $word == [=:] || -n $glue ) ]]; then
      words[${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    glue=
    [[ $word == [=:] ]] && glue=1
  done
  raw=${COMP_WORDS[COMP_CWORD]}
  [[ $raw == [=:] ]] && raw=
  value=${words[${#words[@]}-1]}
  [[ $value == -*=* ]] && value=${value#*=}
  lead=${value%"$raw"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=${line#:}
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"$lead"}")
    fi
  done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  [[ $directive == 4 ]] && compopt +o default 2>/dev/null
  return 0
}
complete -o default -F __llmops_complete llmops kubectl-llmops
)";

constexpr const char* kZsh = R"(#compdef llmops kubectl-llmops
# zsh completion for llmops: source <(llmops completion zsh), or a file _llmops on $fpath
_llmops() {
  local -a candidates
  local line directive name about
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=${line#:}
      continue
    fi
    name=${line%%$'\t'*}
    name=${name//:/\\:}
    about=
    [[ $line == *$'\t'* ]] && about=:${line#*$'\t'}
    candidates+=("$name$about")
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  compset -P '--*='
  (( ${#candidates} )) && _describe -V llmops candidates
  [[ $directive == 4 ]] || _files
}
if [[ $funcstack[1] == _llmops ]]; then
  _llmops "$@"
else
  compdef _llmops llmops kubectl-llmops
fi
)";

constexpr const char* kFish = R"(# fish completion for llmops: llmops completion fish | source
function __llmops_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l lead ''
    string match -q -- '--*=*' "$current"; and set lead (string replace -r '=.*' '=' -- "$current")
    set -l files 1
    for line in ($before[1] __complete $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':4'
                set files 0
            case ':*'
            case '*'
                echo -- "$lead$line"
        end
    end
    test $files = 1; and __fish_complete_path "$current"
end
complete -c llmops -f -a '(__llmops_complete)'
complete -c kubectl-llmops -f -a '(__llmops_complete)'
)";

constexpr const char* kKubectl = R"(#!/bin/sh
# Completion of `kubectl llmops`: an executable file kubectl_complete-llmops on the PATH
exec kubectl-llmops __complete "$@"
)";

class CompletionVerb final : public Verb {
 public:
  std::string name() const override { return "completion"; }
  std::string description() const override { return "Print the script that completes llmops in a shell"; }
  void add_options(CLI::App& app) override {
    app.add_option("shell", shell_,
                   "for whom; kubectl: the file kubectl_complete-llmops, to be put on the PATH")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish", "kubectl"}));
    app.footer(
        "bash: source <(llmops completion bash)\n"
        "zsh: source <(llmops completion zsh)\n"
        "fish: llmops completion fish | source\n"
        "kubectl llmops: llmops completion kubectl > DIR/kubectl_complete-llmops, made executable, with DIR "
        "on "
        "the PATH");
  }
  int run(Context& context) override {
    context.out << (shell_ == "bash"   ? kBash
                    : shell_ == "zsh"  ? kZsh
                    : shell_ == "fish" ? kFish
                                       : kKubectl)
                << std::flush;
    return kGood;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> make_completion() {
  return std::make_unique<CompletionVerb>();
}

}  // namespace llmops::cli
