// Searchers for whichever threads come: each search takes one for itself and puts it back.
//
// Why this is safe and cheap: a slot holds a Searcher, nothing, or the mark that its Searcher is at work. The
// one search that has put the mark there owns both, and gives the Searcher back by a plain store; nothing
// inside a Searcher is shared, so nothing inside it is atomic or locked. A search never suspends, so there
// are never more Searchers than threads that search in the set at once (an Accept that searches in the same
// set takes one more). Those that find no free slot are freed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
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

  // A Searcher for one search; gives itself back.
  class Lease {
   public:
    Lease(SearcherPool& pool, const CompiledPatterns& patterns) {
      for (std::atomic<Searcher*>& slot : pool.slots_) {
        Searcher* held = slot.load(std::memory_order_relaxed);
        if (held == at_work() || !slot.compare_exchange_strong(held, at_work(), std::memory_order_acquire,
                                                               std::memory_order_relaxed))
          continue;
        slot_ = &slot;
        searcher_.reset(held);
        break;
      }
      if (!searcher_) searcher_ = std::make_unique<Searcher>(patterns);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (slot_ != nullptr) slot_->store(searcher_.release(), std::memory_order_release);
    }
    Searcher* operator->() const { return searcher_.get(); }

   private:
    std::unique_ptr<Searcher> searcher_;
    std::atomic<Searcher*>* slot_ = nullptr;
  };

 private:
  // Never read through.
  static Searcher* at_work() {
    return reinterpret_cast<Searcher*>(std::uintptr_t{alignof(std::max_align_t)});
  }

  std::array<std::atomic<Searcher*>, 8> slots_{};
};

}  // namespace llmops::guard
