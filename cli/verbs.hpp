// The table of verbs: a new verb is one file, one maker declared here, and one line in verbs.cpp.
#pragma once

#include <memory>
#include <vector>

#include "cli/verb.hpp"

namespace llmops::cli {

std::unique_ptr<Verb> make_render();
std::unique_ptr<Verb> make_diff();
std::unique_ptr<Verb> make_bump();
std::unique_ptr<Verb> make_score();
std::unique_ptr<Verb> make_compare();
std::unique_ptr<Verb> make_live();
std::unique_ptr<Verb> make_plan();
std::unique_ptr<Verb> make_replay();
std::unique_ptr<Verb> make_guard();
std::unique_ptr<Verb> make_lint();
std::unique_ptr<Verb> make_status();
std::unique_ptr<Verb> make_why();
std::unique_ptr<Verb> make_chat();
std::unique_ptr<Verb> make_history();
std::unique_ptr<Verb> make_promote();
std::unique_ptr<Verb> make_abort();
std::unique_ptr<Verb> make_retry();
std::unique_ptr<Verb> make_pause();
std::unique_ptr<Verb> make_resume();
std::unique_ptr<Verb> make_rollback();
std::unique_ptr<Verb> make_completion();
std::unique_ptr<Verb> make_version();

// All verbs in the order in which the help shows them.
std::vector<std::unique_ptr<Verb>> all_verbs();

}  // namespace llmops::cli
