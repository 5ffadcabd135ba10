// The CRDs of this version, carried in the program.
#pragma once

#include <span>
#include <string_view>

namespace llmops::structural {

struct Definition {
  std::string_view kind;
  std::string_view schema_json;  // its openAPIV3Schema, without descriptions
};

// All kinds of llmops.dev/v1alpha1. The source is written by crds/generator/definitions.py.
std::span<const Definition> definitions();

}  // namespace llmops::structural
