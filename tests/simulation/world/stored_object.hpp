// An object as the simulated API server keeps it: never changed, shared by whoever holds it, and with its
// text, which is made once as a real server makes it once for all watches.
#pragma once

#include <memory>
#include <string>

#include "crds/base/json.hpp"

namespace llmops::simulation {

class StoredObject {
 public:
  StoredObject() = default;  // null: there is none
  StoredObject(Json object) : body_(std::make_shared<Body>(std::move(object))) {}

  const Json& json() const { return body_ ? body_->object : null(); }
  operator const Json&() const { return json(); }
  bool is_null() const { return json().is_null(); }

  // dump_json() of it.
  const std::string& text() const;
  // The same without kind and apiVersion.
  const std::string& untyped_text() const;

 private:
  struct Body {
    explicit Body(Json object_) : object(std::move(object_)) {}
    Json object;
    std::string text, untyped_text;  // empty: not asked for yet
  };
  static const Json& null();

  std::shared_ptr<Body> body_;
};

}  // namespace llmops::simulation
