// Searchers for whichever threads come: each search takes one for itself and puts it back.
//
// Why this is safe and cheap: a Searcher is owned by exactly one place at any time, a slot or the one search
// that has taken it out by an atomic exchange; nothing inside it is shared, so nothing inside it is atomic or
// locked. A search never suspends, so there are never more Searchers than threads that search in the set at
// once (an Accept that searches in the same set takes one more). Searchers that find no free slot are freed.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "gateway/guard/pattern/search.hpp"

namespace llmops::guard {

class SearcherPool {
 public:
  SearcherPool() = default;
  SearcherPool(const SearcherPool&) = delete;
  SearcherPool& operator=(const SearcherPool&) = delete;
  ~SearcherPool() {
    for (std::atomic<Searcher*>& slot : slots_) std::unique_ptr<Searcher>(slot.load());
  }

  std::unique_ptr<Searcher> take(const CompiledPatterns& patterns) {
    for (std::atomic<Searcher*>& slot : slots_)
      if (Searcher* searcher = slot.exchange(nullptr, std::memory_order_acquire))
        return std::unique_ptr<Searcher>(searcher);
    return std::make_unique<Searcher>(patterns);
  }

  void give_back(std::unique_ptr<Searcher> searcher) {
    for (std::atomic<Searcher*>& slot : slots_) {
      Searcher* free = nullptr;
      if (slot.compare_exchange_strong(free, searcher.get(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
        static_cast<void>(searcher.release());
        return;
      }
    }
  }

 private:
  std::array<std::atomic<Searcher*>, 8> slots_{};
};

}  // namespace llmops::guard
