// Two files of recorded answers to the same items.
#pragma once

#include <cstddef>
#include <vector>

#include "crds/base/result.hpp"
#include "evaluator/judgement/dataset.hpp"

namespace llmops::cli {

struct PairedAnswers {
  judgement::Dataset dataset;  // items of either file; its digest is that of both files' digests
  std::vector<judgement::Answer> stable;
  std::vector<judgement::Answer> candidate;
  std::size_t only_in_stable = 0;
  std::size_t only_in_candidate = 0;
};

// Items are matched by id; what only one file has counts as unscored for the other. InvalidArgument when the
// files give different references for an item: they were made from different golden sets.
Result<PairedAnswers> pair_answers(const judgement::RecordedAnswers& stable,
                                   const judgement::RecordedAnswers& candidate);

}  // namespace llmops::cli
