// The program's log: one line an event on standard error, as JSON or as text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"

namespace spdlog {
class logger;
}

namespace llmops {

struct LogOptions {
  bool json = true;
  std::string level = "info";  // trace | debug | info | warn | error | off
};

// Bearer tokens and JWTs are masked in every line, whoever wrote them. Errors: InvalidArgument (level).
Result<std::shared_ptr<spdlog::logger>> make_logger(const LogOptions& options);

// `text` with what follows "Bearer " and everything that looks like a JWT replaced by "[masked]".
std::string mask_secrets(std::string_view text);

}  // namespace llmops
