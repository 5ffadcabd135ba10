#include "evaluator/job/token_file.hpp"

#include <fstream>
#include <iterator>

namespace llmops::evaluator {

const std::string& TokenFile::get(Duration uptime) {
  if (path_.empty() || (read_at_ && uptime - *read_at_ < kReadAgain)) return token_;
  read_at_ = uptime;
  std::ifstream file(path_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (file && !text.empty()) token_ = std::move(text);
  return token_;
}

}  // namespace llmops::evaluator
