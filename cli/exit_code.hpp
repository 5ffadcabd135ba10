// What the program's exit status means, the same for every verb.
#pragma once

namespace llmops::cli {

enum ExitCode : int {
  kGood = 0,          // allowed, valid, Successful
  kBad = 1,           // blocked, invalid, Failed
  kUsage = 2,         // wrong flags, or an input that cannot be read
  kInconclusive = 3,  // not enough evidence
  kUnmeasured = 4     // could not measure
};

}  // namespace llmops::cli
