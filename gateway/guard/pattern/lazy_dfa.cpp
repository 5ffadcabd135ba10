#include "gateway/guard/pattern/lazy_dfa.hpp"

#include <algorithm>

namespace llmops::guard {

LazyDfa::LazyDfa(SetRules& rules, std::size_t most_bytes) : rules_(rules), most_bytes_(most_bytes) {
  std::array<bool, 257> bounds{};
  rules_.mark_bounds(bounds);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (byte == 0 || bounds[byte]) class_byte_.push_back(static_cast<unsigned char>(byte));
    classes_[byte] = static_cast<unsigned char>(class_byte_.size() - 1);
  }
  class_count_ = class_byte_.size();
  stride_ = class_count_ + rules_.symbols();
  clear();
  generation_ = 0;
}

void LazyDfa::clear() {
  table_.clear();
  labels_.clear();
  members_.clear();
  member_offset_.assign(1, 0);
  index_.assign(64, 0);
  rules_.forget();
  ++generation_;
  SetRules::Set empty;
  intern(empty);
}

std::size_t LazyDfa::bytes() const {
  return table_.size() * sizeof(State) + labels_.size() * sizeof(std::uint32_t) +
         member_offset_.size() * sizeof(std::size_t) + members_.size() * sizeof(Automaton::State) +
         index_.size() * sizeof(std::uint32_t) + rules_.bytes();
}

std::uint64_t LazyDfa::hash(std::span<const Automaton::State> set) {
  std::uint64_t value = 0x9E3779B97F4A7C15U;
  for (const Automaton::State state : set) {
    value = (value ^ state) * 0xBF58476D1CE4E5B9U;
    value ^= value >> 29;
  }
  return value;
}

void LazyDfa::grow_index() {
  std::vector<std::uint32_t> larger(index_.size() * 2, 0);
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    std::size_t slot = hash(set_at(row)) & (larger.size() - 1);
    while (larger[slot] != 0) slot = (slot + 1) & (larger.size() - 1);
    larger[slot] = static_cast<std::uint32_t>(row + 1);
  }
  index_ = std::move(larger);
}

LazyDfa::State LazyDfa::intern(SetRules::Set& set) {
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  const auto id_of = [this](std::size_t row) {
    return static_cast<State>(row * stride_) | (labels_[row] != 0 ? kLabelled : 0);
  };
  const std::uint64_t key = hash(set);
  std::size_t slot = key & (index_.size() - 1);
  for (; index_[slot] != 0; slot = (slot + 1) & (index_.size() - 1)) {
    const std::size_t row = index_[slot] - 1;
    if (std::ranges::equal(set_at(row), set)) return id_of(row);
  }
  // The dead state and one more always fit.
  const std::size_t cost = stride_ * sizeof(State) + set.size() * sizeof(Automaton::State) + 24;
  if (labels_.size() > 2 && bytes() + cost > most_bytes_) {
    clear();
    return intern(set);
  }
  const std::size_t row = labels_.size();
  table_.resize(table_.size() + stride_, kUnknown);
  members_.insert(members_.end(), set.begin(), set.end());
  member_offset_.push_back(members_.size());
  labels_.push_back(rules_.label(set_at(row)));
  index_[slot] = static_cast<std::uint32_t>(row + 1);
  if (labels_.size() * 2 > index_.size()) grow_index();
  return id_of(row);
}

std::span<const Automaton::State> LazyDfa::set(State state) const {
  return set_at((state & ~kLabelled) / stride_);
}

LazyDfa::State LazyDfa::build(State state, std::size_t column) {
  next_.clear();
  const std::span<const Automaton::State> from = set(state);
  if (column < class_count_)
    rules_.after_byte(from, class_byte_[column], next_);
  else
    rules_.after_symbol(from, column - class_count_, next_);
  const std::size_t generation = generation_;
  const State next = intern(next_);
  if (generation == generation_) table_[(state & ~kLabelled) + column] = next;
  return next;
}

}  // namespace llmops::guard
