// One expression, evaluated.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "crds/cel/cel.hpp"

namespace llmops::cel::testing_support {

// "true", "7", "a text", "[2]" (a list of two), "{1}" (a map of one), "error: …".
inline std::string shown(const Result<Value>& value) {
  if (!value.ok()) return "error: " + value.error().message;
  if (value->boolean() != nullptr) return *value->boolean() ? "true" : "false";
  if (value->integer() != nullptr) return std::to_string(*value->integer());
  if (value->number() != nullptr) return std::to_string(*value->number());
  if (value->text() != nullptr) return *value->text();
  if (value->list() != nullptr) return "[" + std::to_string(value->list()->size()) + "]";
  if (value->map() != nullptr) return "{" + std::to_string(value->map()->size()) + "}";
  return std::string(value->type_name());
}

inline std::string evaluate(std::string_view source, const Value& self = {}) {
  const auto program = Program::compile(source);
  if (!program.ok()) return "refused: " + program.error().message;
  return shown(program->evaluate(self));
}

}  // namespace llmops::cel::testing_support
