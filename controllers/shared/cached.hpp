// What a cache keeps of one of our kinds: its metadata and its typed content.
#pragma once

#include <string_view>
#include <utility>

#include "controllers/shared/kept_meta.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/object.hpp"

namespace llmops::controllers {

template <class T>
struct Cached {
  kube::ObjectMeta meta;
  T object;
};

// The projection for kube::Cache<Cached<T>>. Errors name the field of the object that does not fit T.
template <class T>
Result<Cached<T>> project(std::string_view raw_object) {
  const Result<Json> tree = parse_json(raw_object);
  if (!tree.ok()) return tree.error();
  Result<T> object = T::parse(*tree);
  if (!object.ok()) return object.error();
  return Cached<T>{kept_meta(*tree), std::move(object).value()};
}

}  // namespace llmops::controllers
