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

enum class Depth { OneFolder, AllFolders };

// A file, "-", or a folder: then its *.yaml, *.yml and *.json files in order of name. AllFolders: those of
// folders in it too, but for hidden ones (".git") and the templates of Helm charts, which are no manifests
// before they are rendered; links to folders are not followed.
Result<std::vector<NamedText>> read_manifests(const std::string& path, std::istream& in,
                                              Depth depth = Depth::OneFolder);

}  // namespace llmops::cli
