// The functions that expressions may call.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crds/base/result.hpp"
#include "crds/cel/cel.hpp"
#include "crds/cel/value.hpp"

namespace llmops::cel {

struct Function {
  std::string_view name;
  bool is_method = false;     // called as object.name(…); its object is the first argument
  std::size_t arguments = 0;  // with the object
  Result<Value> (*call)(std::span<const Value>) = nullptr;
  bool of_rules = true;  // false: of conditions alone
};

// null: there is none of this name with so many arguments.
const Function* find_function(std::string_view name, bool is_method, std::size_t arguments,
                              Language language);

// "size(), duration(), .size(), …", for messages.
std::string function_names(Language language);

// "found int, allowed a string", as an error of evaluation.
Error no_overload(std::string_view operation, std::span<const Value> arguments);

}  // namespace llmops::cel
