#include "cli/verbs.hpp"

namespace llmops::cli {
namespace {

constexpr std::unique_ptr<Verb> (*kMakers[])() = {
    make_lint,    make_render,   make_guard,      make_diff,    make_bump,   make_score,
    make_compare, make_live,     make_plan,       make_replay,  make_status, make_history,
    make_why,     make_chat,     make_promote,    make_abort,   make_retry,  make_pause,
    make_resume,  make_rollback, make_completion, make_version,
};

}  // namespace

std::vector<std::unique_ptr<Verb>> all_verbs() {
  std::vector<std::unique_ptr<Verb>> verbs;
  for (const auto make : kMakers) verbs.push_back(make());
  return verbs;
}

}  // namespace llmops::cli
