// What may stand where the cursor is: the verb behind the shells' completion.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace llmops::cli {

// `words` without the program's name; the last one is the word being written and may be empty. Writes a line
// for each candidate, "name" or "name<TAB>description", and then ":0" (files may stand there) or ":4" (they
// may not): the protocol of Cobra, which kubectl speaks with its plugins. Returns kGood whatever is found; of
// a cluster that does not answer within two seconds there are no names.
int complete(const CLI::App& app, const std::vector<std::string>& words, Context& context);

}  // namespace llmops::cli
