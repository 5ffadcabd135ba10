// Memory of a program that plays one story after another, on one thread: small blocks come from free lists of
// their size and go back there without a look at their neighbours. Linked into programs without sanitizers.
#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kStep = 16, kLargest = 1024;
constexpr std::size_t kSlab = 64u << 10;                  // all blocks of a slab have one size
constexpr std::size_t kReserved = std::size_t{16} << 30;  // of addresses; memory is taken as it is touched

struct Free {
  Free* next;
};

struct Pool {
  std::byte* begin = nullptr;
  std::byte* unused = nullptr;  // the first slab that nobody has
  std::array<Free*, kLargest / kStep + 1> free{};
  std::array<std::uint8_t, kReserved / kSlab> size_of_slab{};  // in steps
};
constinit Pool pool;

void* refill(std::size_t steps) {
  if (!pool.begin) {
    void* const all =
        mmap(nullptr, kReserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) return nullptr;
    pool.begin = pool.unused = static_cast<std::byte*>(all);
  }
  if (pool.unused == pool.begin + kReserved) return nullptr;
  pool.size_of_slab[static_cast<std::size_t>(pool.unused - pool.begin) / kSlab] =
      static_cast<std::uint8_t>(steps);
  const std::size_t size = steps * kStep;
  for (std::size_t at = kSlab / size * size; at > 0; at -= size)
    pool.free[steps] = ::new (pool.unused + at - size) Free{pool.free[steps]};
  pool.unused += kSlab;
  Free* const block = pool.free[steps];
  pool.free[steps] = block->next;
  return block;
}

}  // namespace

void* operator new(std::size_t size) {
  if (size <= kLargest) {
    const std::size_t steps = size == 0 ? 1 : (size + kStep - 1) / kStep;
    if (Free* const block = pool.free[steps]) {
      pool.free[steps] = block->next;
      return block;
    }
    if (void* const block = refill(steps)) return block;
  }
  if (void* const block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(block) - pool.begin);
  if (!pool.begin || offset >= kReserved) return std::free(block);
  const std::size_t steps = pool.size_of_slab[offset / kSlab];
  pool.free[steps] = ::new (block) Free{pool.free[steps]};
}

void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
