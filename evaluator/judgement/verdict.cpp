#include "evaluator/judgement/verdict.hpp"

namespace llmops::judgement {
namespace {

int rank(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Successful:
      return 0;
    case api::Verdict::Inconclusive:
      return 1;
    case api::Verdict::Error:
      return 2;
    case api::Verdict::Failed:
      return 3;
  }
  return 2;
}

}  // namespace

api::Verdict worse_of(api::Verdict a, api::Verdict b) {
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace llmops::judgement
