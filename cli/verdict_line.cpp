#include "cli/verdict_line.hpp"

#include <ostream>

namespace llmops::cli {

int exit_code_of(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Successful:
      return kGood;
    case api::Verdict::Failed:
      return kBad;
    case api::Verdict::Inconclusive:
      return kInconclusive;
    case api::Verdict::Error:
      return kUnmeasured;
  }
  return kUnmeasured;
}

int end_with(api::Verdict verdict, Context& context) {
  context.out << std::flush;
  context.err << api::to_string(verdict) << "\n" << std::flush;
  return exit_code_of(verdict);
}

int end_with_usage(const Error& error, Context& context) {
  context.out << std::flush;
  context.err << "llmops: " << error.message << "\n" << std::flush;
  return kUsage;
}

}  // namespace llmops::cli
