#include "operator/platform/real/mapped_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace llmops {
namespace {

Error failed(const std::string& path, const char* what, int code) {
  return Error{code == EWOULDBLOCK ? ErrorCode::Conflict : ErrorCode::Unavailable,
               path + ": " + what + ": " + std::strerror(code)};
}

// Of `size` bytes; what had another size holds zeros only.
Result<void> fit(int descriptor, const std::string& path, std::size_t size) {
  const auto wanted = static_cast<off_t>(size);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return failed(path, "cannot be looked at", errno);
  if (status.st_size != wanted && ::ftruncate(descriptor, 0) != 0)
    return failed(path, "cannot be cleared", errno);
  if (const int code = ::posix_fallocate(descriptor, 0, wanted); code != 0)
    return failed(path, "cannot be given its size", code);
  return {};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path, std::size_t size) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed(path, "cannot be opened", errno);
  MappedFile file(descriptor, {});
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return failed(path, "cannot be locked", errno);
  if (const auto fitted = fit(descriptor, path, size); !fitted.ok()) return fitted.error();
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return failed(path, "cannot be mapped", errno);
  file.bytes_ = {static_cast<std::byte*>(memory), size};
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace llmops
