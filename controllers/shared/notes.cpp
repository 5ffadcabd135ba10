#include "controllers/shared/notes.hpp"

namespace llmops::controllers {

void tell(EventRecorder& events, const kube::ResourceType& type, const kube::ObjectMeta& meta,
          std::string_view action, const Note& note) {
  // Without a resourceVersion: events about one object aggregate whatever version they were seen at.
  const ObjectReference regarding{
      type.api_version(), std::string(type.kind), meta.ns, meta.name, meta.uid, {}};
  events.record(regarding, note.warning ? EventType::Warning : EventType::Normal, note.reason, action,
                note.text);
}

}  // namespace llmops::controllers
