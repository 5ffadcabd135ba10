// Bytes that outlive the process: a file of a fixed size, mapped into memory and locked for this process.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "crds/base/result.hpp"

namespace llmops {

class MappedFile {
 public:
  // Makes the file, with zeros, when it is not there or has another size. Its blocks are taken at once, so
  // that a full disk is an error here and not a signal later. The lock lasts as long as the value. Errors:
  // Conflict (another process has it), Unavailable (anything else; the message names the path and what
  // failed).
  static Result<MappedFile> open(const std::string& path, std::size_t size);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  ~MappedFile();

  // Aligned to a page.
  std::span<std::byte> bytes() const { return bytes_; }

 private:
  MappedFile(int descriptor, std::span<std::byte> bytes) : descriptor_(descriptor), bytes_(bytes) {}

  int descriptor_;
  std::span<std::byte> bytes_;
};

}  // namespace llmops
