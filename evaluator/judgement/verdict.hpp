// The order of verdicts.
//
// Failed > Error > Inconclusive > Successful: one metric with evidence of harm is enough to go back, whatever
// else could not be measured; and what could not be measured at all outranks what was measured without a
// clear answer, because only the former is worth another try.
#pragma once

#include "crds/api/shared.hpp"

namespace llmops::judgement {

api::Verdict worse_of(api::Verdict a, api::Verdict b);

}  // namespace llmops::judgement
