// Files as verbs name them.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::cli {

inline constexpr std::size_t kMaxFileBytes = 64u << 20;

// The bytes of a file, or of `in` for "-". Errors: NotFound, TooLarge; the message names the file.
Result<std::string> read_input(const std::string& path, std::istream& in);

struct NamedText {
  std::string name;
  std::string text;
};

// A file, "-", or a folder: then its *.yaml, *.yml and *.json files in order of name, not deeper.
Result<std::vector<NamedText>> read_manifests(const std::string& path, std::istream& in);

}  // namespace llmops::cli
