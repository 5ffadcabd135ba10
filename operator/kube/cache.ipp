// Implementation of Cache<T> (cache.hpp).
#pragma once

#include <algorithm>
#include <utility>

namespace llmops::kube {

// The key of an object's text, empty where it cannot be read.
ObjectMeta meta_of_text(std::string_view raw_object);

template <class T>
void Cache<T>::replace(std::vector<std::string> raw_items) {
  exchange({}, std::move(raw_items));
  mark_synced();
}

template <class T>
void Cache<T>::replace_in(const std::string& ns, std::vector<std::string> raw_items) {
  std::map<ObjectKey, Pointer> others;
  for (const auto& [key, object] : objects_)
    if (key.ns != ns) others.emplace(key, object);
  exchange(std::move(others), std::move(raw_items));
}

// Everything is now `fresh` and these items.
template <class T>
void Cache<T>::exchange(std::map<ObjectKey, Pointer> fresh, std::vector<std::string> raw_items) {
  for (auto& item : raw_items) {
    // Its room is given back at once, for the projections of those that follow.
    const std::string raw = std::move(item);
    Result<T> object = project_(raw);
    if (object.ok()) {
      auto pointer = std::make_shared<const T>(std::move(object).value());
      fresh[pointer->meta.key()] = std::move(pointer);
    } else if (on_error_) {
      on_error_(meta_of_text(raw).key(), object.error());
    }
  }
  // Readers see all of the new state before the first listener hears of any of it.
  const std::map<ObjectKey, Pointer> before = std::exchange(objects_, std::move(fresh));
  indexes_.clear();
  for (const auto& entry : objects_) index(entry, *entry.second, true);
  const std::map<ObjectKey, Pointer> after = objects_;
  for (const auto& [key, old] : before) {
    const auto now = after.find(key);
    if (now == after.end() || now->second->meta.uid != old->meta.uid) announce(old, nullptr);
  }
  for (const auto& [key, object] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second->meta.uid != object->meta.uid) {
      announce(nullptr, object);
    } else if (old->second->meta.resource_version != object->meta.resource_version) {
      announce(old->second, object);
    }
  }
}

template <class T>
void Cache<T>::upsert(std::string_view raw_object) {
  Result<T> object = project_(raw_object);
  if (!object.ok()) {
    const ObjectKey key = meta_of_text(raw_object).key();
    if (on_error_) on_error_(key, object.error());
    erase(key);
    return;
  }
  auto after = std::make_shared<const T>(std::move(object).value());
  const Pointer before = get(after->meta.key());
  if (before) {
    const auto order = compare_resource_versions(after->meta.resource_version, before->meta.resource_version);
    if (order && *order <= 0) return;  // delivered again: even etcd repeats events at times
    if (before->meta.uid != after->meta.uid) erase(after->meta.key());
  }
  store(after);
}

template <class T>
void Cache<T>::remove(std::string_view raw_object) {
  const ObjectMeta gone = meta_of_text(raw_object);
  const Pointer known = get(gone.key());
  if (!known) return;
  // The deletion of an earlier object of this name says nothing about the one that came after it.
  const auto order = compare_resource_versions(gone.resource_version, known->meta.resource_version);
  if (gone.uid != known->meta.uid && (!order || *order < 0)) return;
  erase(gone.key());
}

template <class T>
void Cache<T>::store(const Pointer& after) {
  Entry& entry = *objects_.try_emplace(after->meta.key()).first;
  const Pointer before = std::exchange(entry.second, after);
  if (before) index(entry, *before, false);
  index(entry, *after, true);
  announce(before, after);
}

template <class T>
void Cache<T>::erase(const ObjectKey& key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return;
  const Pointer before = it->second;
  index(*it, *before, false);
  objects_.erase(it);
  announce(before, nullptr);
}

template <class T>
void Cache<T>::index(const Entry& entry, const T& object, bool add) {
  for (const auto& [name, keys_of] : indexers_) {
    auto& index = indexes_[name];
    for (const auto& key : keys_of(object)) {
      if (add) {
        auto& entries = index[key];
        if (std::find(entries.begin(), entries.end(), &entry) == entries.end()) entries.push_back(&entry);
        continue;
      }
      const auto known = index.find(key);
      if (known == index.end()) continue;
      std::erase(known->second, &entry);
      if (known->second.empty()) index.erase(known);
    }
  }
}

template <class T>
void Cache<T>::announce(const Pointer& before, const Pointer& after) {
  for (const auto& listener : listeners_) listener(before, after);
}

}  // namespace llmops::kube
