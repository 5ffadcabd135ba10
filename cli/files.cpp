#include "cli/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <type_traits>

namespace llmops::cli {
namespace {

Result<std::string> read_stream(std::istream& stream, const std::string& name) {
  std::string text;
  char buffer[64 << 10];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes)
      return Error{ErrorCode::TooLarge, name + ": found more than 64 MiB, allowed at most 64 MiB"};
  }
  return text;
}

using Folder = std::filesystem::directory_iterator;
using Tree = std::filesystem::recursive_directory_iterator;

bool holds_no_manifests(const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::string name = folder.filename().string();
  return name.starts_with('.') ||
         (name == "templates" && std::filesystem::exists(folder.parent_path() / "Chart.yaml", ignored));
}

template <class Iterator>
std::error_code find_manifests(const std::string& folder, std::vector<std::string>& paths) {
  std::error_code failure;
  for (Iterator at(folder, failure); !failure && at != Iterator(); at.increment(failure)) {
    const std::filesystem::path& path = at->path();
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if constexpr (std::is_same_v<Iterator, Tree>)
        if (holds_no_manifests(path)) at.disable_recursion_pending();
      continue;
    }
    const auto extension = path.extension();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") paths.push_back(path.string());
  }
  return failure;
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::istream& in) {
  if (path == "-") return read_stream(in, "standard input");
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Error{ErrorCode::InvalidArgument,
                 path + ": found a folder, allowed a file or - for standard input"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::NotFound, path + ": " + std::strerror(errno)};
  return read_stream(file, path);
}

Result<std::vector<NamedText>> read_manifests(const std::string& path, std::istream& in, Depth depth) {
  std::vector<std::string> paths;
  std::error_code failure;
  if (path != "-" && std::filesystem::is_directory(path, failure)) {
    failure =
        depth == Depth::AllFolders ? find_manifests<Tree>(path, paths) : find_manifests<Folder>(path, paths);
    if (failure) return Error{ErrorCode::NotFound, path + ": " + failure.message()};
    std::sort(paths.begin(), paths.end());
    if (paths.empty())
      return Error{ErrorCode::NotFound, path + ": found no file, allowed *.yaml, *.yml or *.json"};
  } else {
    paths.push_back(path);
  }
  std::vector<NamedText> texts;
  for (const std::string& name : paths) {
    auto text = read_input(name, in);
    if (!text) return text.error();
    texts.push_back({name, std::move(*text)});
  }
  return texts;
}

}  // namespace llmops::cli
