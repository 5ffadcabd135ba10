#include "cli/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

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

Result<std::vector<NamedText>> read_manifests(const std::string& path, std::istream& in) {
  std::vector<std::string> paths;
  std::error_code failure;
  if (path != "-" && std::filesystem::is_directory(path, failure)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, failure)) {
      const auto extension = entry.path().extension();
      if (extension == ".yaml" || extension == ".yml" || extension == ".json")
        paths.push_back(entry.path().string());
    }
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
