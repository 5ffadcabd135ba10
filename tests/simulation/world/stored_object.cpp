#include "tests/simulation/world/stored_object.hpp"

namespace llmops::simulation {

const Json& StoredObject::null() {
  static const Json kNull;
  return kNull;
}

const std::string& StoredObject::text() const {
  static const std::string kNull = "null";
  if (!body_) return kNull;
  if (body_->text.empty()) body_->text = dump_json(body_->object);
  return body_->text;
}

const std::string& StoredObject::untyped_text() const {
  if (!body_ || !body_->object.is_object()) return text();
  if (body_->untyped_text.empty()) {
    Json object = body_->object;
    object.erase("kind");
    object.erase("apiVersion");
    body_->untyped_text = dump_json(object);
  }
  return body_->untyped_text;
}

}  // namespace llmops::simulation
