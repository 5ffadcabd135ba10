#include "gateway/router/slot_ledger.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <type_traits>

#include "crds/base/digest.hpp"

namespace llmops::gateway {
namespace {

constexpr std::uint64_t kMagic = 0x3130'544f'4c53'4d4c;  // "LMSLOT01"
constexpr std::uint32_t kLayoutVersion = 1;

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

std::string hash_of(const RevisionKey& key) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * key.size());
  for (const std::uint8_t byte : key) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::size_t place_of(std::int64_t start) {
  return static_cast<std::size_t>(start / kSlotLength.count()) % kSlots;
}

}  // namespace

struct SlotLedger::Cell {
  RevisionKey revision;
  std::array<MetricCount, kLiveMetrics> counts;
};

struct SlotLedger::Slot {
  std::int64_t start;
  std::uint32_t sum;
  std::uint32_t cells_used;
  std::array<Cell, kRevisionsInASlot> cells;

  std::span<const Cell> used() const { return std::span(cells).first(cells_used); }
  std::uint32_t added_up() const {
    std::uint32_t total = cells_used;
    for (const Cell& cell : used())
      for (const MetricCount& count : cell.counts) total += count.trials + count.events;
    return total;
  }
};

struct SlotLedger::Header {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t metrics;
  RevisionKey owner;
  std::array<std::int64_t, kLiveMetrics> closed_through;
};

struct SlotLedger::Layout {
  Header header;
  std::array<Slot, kSlots> slots;
};

std::optional<RevisionKey> revision_key(std::string_view hash) {
  RevisionKey key;
  if (hash.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* digits = hash.data() + 2 * i;
    const auto [end, code] = std::from_chars(digits, digits + 2, key[i], 16);
    if (code != std::errc() || end != digits + 2) return std::nullopt;
  }
  return key;
}

std::size_t SlotLedger::bytes_needed() {
  return sizeof(Layout);
}

SlotLedger::SlotLedger() : SlotLedger({}, {}) {}

SlotLedger::SlotLedger(std::span<std::byte> storage, std::string_view owner)
    : bytes_(storage), undecided_(kSlots) {
  static_assert(std::is_trivially_copyable_v<Layout> && sizeof(Layout) % sizeof(std::uint64_t) == 0);
  static_assert(std::has_unique_object_representations_v<Layout>, "no byte of it is padding");
  if (bytes_.size() != sizeof(Layout)) {
    own_.resize(sizeof(Layout) / sizeof(std::uint64_t));
    bytes_ = std::as_writable_bytes(std::span(own_));
  }
  check(owner);
}

SlotLedger::Layout& SlotLedger::layout() const {
  return *reinterpret_cast<Layout*>(bytes_.data());
}

void SlotLedger::check(std::string_view owner) {
  Layout& all = layout();
  const Header wanted{kMagic, kLayoutVersion, kLiveMetrics, revision_key(sha256_hex(owner)).value(), {}};
  Header found = all.header;
  const bool whole_times =
      std::all_of(found.closed_through.begin(), found.closed_through.end(),
                  [](std::int64_t time) { return time >= 0 && time % kSlotLength.count() == 0; });
  found.closed_through = {};
  if (std::memcmp(&found, &wanted, sizeof wanted) != 0 || !whole_times) {
    std::fill(bytes_.begin(), bytes_.end(), std::byte{0});
    all.header = wanted;
    return;
  }
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = all.slots[i];
    const bool sound = slot.start > 0 && slot.start % kSlotLength.count() == 0 && place_of(slot.start) == i &&
                       slot.cells_used <= kRevisionsInASlot && slot.sum == slot.added_up();
    if (!sound) slot = Slot{};
  }
}

Timestamp SlotLedger::slot_start(Timestamp now) {
  const auto since_epoch = now.time_since_epoch();
  return Timestamp(since_epoch - since_epoch % kSlotLength);
}

SlotLedger::Slot* SlotLedger::slot_at(Timestamp start) {
  const std::int64_t wanted = milliseconds(start);
  if (wanted <= 0) return nullptr;
  Slot& slot = layout().slots[place_of(wanted)];
  if (slot.start > wanted) return nullptr;
  if (slot.start < wanted) {
    slot = Slot{};
    slot.start = wanted;
    undecided_[place_of(wanted)] = {};
  }
  return &slot;
}

std::uint32_t* SlotLedger::undecided(Timestamp slot, LiveMetric metric) {
  const std::size_t place = place_of(milliseconds(slot));
  if (layout().slots[place].start != milliseconds(slot)) return nullptr;  // forgotten
  std::uint32_t& count = undecided_[place][index_of(metric)];
  return count > 0 ? &count : nullptr;
}

bool SlotLedger::expect(Timestamp slot, LiveMetric metric) {
  if (slot < closed_through(metric) || !slot_at(slot)) return false;
  ++undecided_[place_of(milliseconds(slot))][index_of(metric)];
  return true;
}

void SlotLedger::decide(Timestamp slot, const RevisionKey& revision, LiveMetric metric, bool event) {
  std::uint32_t* open = undecided(slot, metric);
  if (!open) return;
  (void)count(slot, revision, metric, {1, event ? 1u : 0u});
  --*open;
}

void SlotLedger::withdraw(Timestamp slot, LiveMetric metric) {
  if (std::uint32_t* open = undecided(slot, metric)) --*open;
}

bool SlotLedger::add_trial(Timestamp slot, const RevisionKey& revision, LiveMetric metric) {
  return slot >= closed_through(metric) && count(slot, revision, metric, {1, 0});
}

bool SlotLedger::add_event(Timestamp slot, const RevisionKey& revision, LiveMetric metric) {
  return slot >= closed_through(metric) && count(slot, revision, metric, {0, 1});
}

bool SlotLedger::count(Timestamp start, const RevisionKey& revision, LiveMetric metric, MetricCount more) {
  Slot* slot = slot_at(start);
  if (!slot) return false;
  auto cell = std::find_if(slot->cells.begin(), slot->cells.begin() + slot->cells_used,
                           [&](const Cell& candidate) { return candidate.revision == revision; });
  if (cell == slot->cells.end()) return false;
  if (cell == slot->cells.begin() + slot->cells_used) {
    cell->revision = revision;
    ++slot->cells_used;
    ++slot->sum;
  }
  MetricCount& total = cell->counts[index_of(metric)];
  total.trials += more.trials;
  total.events += more.events;
  slot->sum += more.trials + more.events;
  return true;
}

Timestamp SlotLedger::closed_through(LiveMetric metric) const {
  return Timestamp(Duration(layout().header.closed_through[index_of(metric)]));
}

Timestamp SlotLedger::close(LiveMetric metric, Timestamp limit) {
  std::int64_t until = milliseconds(limit);
  for (std::size_t i = 0; i < kSlots; ++i)
    if (undecided_[i][index_of(metric)] > 0) until = std::min(until, layout().slots[i].start);
  std::int64_t& closed = layout().header.closed_through[index_of(metric)];
  closed = std::max(closed, until);
  return Timestamp(Duration(closed));
}

std::vector<ClosedSlot> SlotLedger::collect(Timestamp since) const {
  std::vector<ClosedSlot> closed;
  for (const Slot& slot : layout().slots) {
    ClosedSlot entry{Timestamp(Duration(slot.start)), {}};
    if (slot.start == 0 || entry.start <= since) continue;
    for (const Cell& cell : slot.used())
      for (const LiveMetric metric : kAllLiveMetrics)
        if (const MetricCount& count = cell.counts[index_of(metric)];
            count != MetricCount{} && entry.start < closed_through(metric))
          entry.revisions[hash_of(cell.revision)][metric] = count;
    if (!entry.revisions.empty()) closed.push_back(std::move(entry));
  }
  std::sort(closed.begin(), closed.end(),
            [](const ClosedSlot& one, const ClosedSlot& other) { return one.start < other.start; });
  return closed;
}

bool SlotLedger::has_open_counts() const {
  for (const Slot& slot : layout().slots)
    for (const Cell& cell : slot.used())
      for (const LiveMetric metric : kAllLiveMetrics)
        if (cell.counts[index_of(metric)] != MetricCount{} &&
            slot.start >= milliseconds(closed_through(metric)))
          return true;
  return false;
}

}  // namespace llmops::gateway
