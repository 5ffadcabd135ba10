// Everything of a request that a model will read, for the guardrails to look at and to change.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/guard/guard.hpp"

namespace llmops::gateway {

// A text that the model will read, where it stands.
struct GuardedText {
  // A number or a member's name reads as a text; replaced, the number becomes a string, the member is
  // renamed.
  enum class Kind { Text, Number, Name };

  guard::Stage stage{};
  Kind kind = Kind::Text;
  Json* holder = nullptr;  // the value; of a name the object
  std::string_view text;   // as it came
  std::string place;       // "messages[2].content"; of a name the place of its value
  guard::TextForm form = guard::TextForm::Plain;
  // Texts with the same number above 0 are neighbours that engines join: what is split over them is looked
  // for too.
  std::size_t joined = 0;
  std::optional<std::string> replacement;  // what the model reads instead

  std::string_view now() const { return replacement ? std::string_view(*replacement) : text; }
};

struct RequestTexts {
  std::vector<GuardedText> texts;
  std::vector<std::string> not_scanned;  // places of pictures and sounds
  std::deque<std::string> numbers;       // as texts

  bool changed() const;
  // Puts the replacements into the request that `same` was collected of, an equal one.
  void write_into(RequestTexts& same) const;
};

enum class Members {
  OfTheApi,    // what is known to be no text of a person (roles, types, short ids) is left out; pictures and
               // sounds are named in `not_scanned`
  OfTheClient  // a client chose them: none is known to be no text
};

// Adds every text, number and member name inside `value`. `texts` points into it.
void collect_texts(Json& value, guard::Stage stage, const std::string& place, Members members,
                   RequestTexts& texts);

}  // namespace llmops::gateway
