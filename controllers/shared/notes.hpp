// What is to be said about an object once the status that justifies it is written.
#pragma once

#include <string>
#include <string_view>

#include "operator/kube/object.hpp"
#include "operator/kube/resource.hpp"
#include "operator/runtime/events.hpp"

namespace llmops::controllers {

struct Note {
  bool warning = false;
  std::string reason;
  std::string text;
};

// Tells `note` as an event about the object; `action` is one word for what the operator was doing.
void tell(EventRecorder& events, const kube::ResourceType& type, const kube::ObjectMeta& meta,
          std::string_view action, const Note& note);

}  // namespace llmops::controllers
