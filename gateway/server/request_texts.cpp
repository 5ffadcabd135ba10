#include "gateway/server/request_texts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/prompt/template_value.hpp"

namespace llmops::gateway {
namespace {

constexpr std::array<std::string_view, 6> kNoText = {"role",         "type",          "id",
                                                     "tool_call_id", "cache_control", "detail"};
constexpr std::array<std::string_view, 7> kMedia = {"image_url", "input_audio", "audio",      "file",
                                                    "audio_url", "video_url",   "input_image"};
// Names of the API and of JSON Schema: the same in every request, and so nothing to look for.
constexpr std::array<std::string_view, 22> kKnownNames = {"additionalProperties",
                                                          "anyOf",
                                                          "arguments",
                                                          "content",
                                                          "default",
                                                          "description",
                                                          "enum",
                                                          "format",
                                                          "function",
                                                          "items",
                                                          "maximum",
                                                          "minimum",
                                                          "json_schema",
                                                          "name",
                                                          "parameters",
                                                          "properties",
                                                          "refusal",
                                                          "required",
                                                          "schema",
                                                          "strict",
                                                          "text",
                                                          "tool_calls"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A client may write anything into an id, and some chat templates show it to the model.
constexpr std::size_t kMaxIdBytes = 64;

bool is_no_text(std::string_view name, const Json& value) {
  return is_one_of(name, kNoText) && value.is_string() &&
         value.get_ref<const std::string&>().size() <= kMaxIdBytes;
}

bool is_known(std::string_view name) {
  return is_one_of(name, kKnownNames) || is_one_of(name, kNoText) || is_one_of(name, kMedia);
}

// The text of a part of a message; null where it has none.
const Json* text_of_part(const Json& part) {
  if (part.is_string()) return &part;
  if (!part.is_object()) return nullptr;
  const auto text = part.find("text");
  return text != part.end() && text->is_string() ? &*text : nullptr;
}

// A member of this name may be there already: then with a number behind it, so that no value is lost.
void rename(Json& object, const std::string& from, const std::string& to) {
  std::string free = to;
  for (int number = 2; object.contains(free); ++number) free = to + " " + std::to_string(number);
  auto& members = object.get_ref<Json::object_t&>();
  // The node moves, so whoever points at the value still does.
  auto node = members.extract(from);
  if (node.empty()) return;
  node.key() = std::move(free);
  members.insert(std::move(node));
}

class Collector {
 public:
  Collector(Members members, RequestTexts& texts)
      : of_the_api_(members == Members::OfTheApi), texts_(texts) {}

  void any(Json& value, guard::Stage stage, const std::string& place) {
    if (value.is_string()) {
      GuardedText& text = add(GuardedText::Kind::Text, value, stage, place);
      text.text = value.get_ref<const std::string&>();
      if (stage == guard::Stage::Tool && place.ends_with(".arguments")) text.form = guard::TextForm::Json;
    } else if (value.is_number()) {
      add(GuardedText::Kind::Number, value, stage, place).text =
          texts_.numbers.emplace_back(text_of(Value{&value, true}));
    } else if (value.is_array()) {
      list(value, stage, place);
    } else if (value.is_object()) {
      object(value, stage, place);
    }
  }

 private:
  GuardedText& add(GuardedText::Kind kind, Json& holder, guard::Stage stage, const std::string& place) {
    GuardedText& text = texts_.texts.emplace_back();
    text.stage = stage;
    text.kind = kind;
    text.holder = &holder;
    text.place = place;
    return text;
  }

  void list(Json& list, guard::Stage stage, const std::string& place) {
    // Neighbouring text parts are one text to an engine.
    const std::size_t number = texts_.texts.size() + 1;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::size_t before = texts_.texts.size();
      any(list[i], stage, place + "[" + std::to_string(i) + "]");
      const Json* part = of_the_api_ ? text_of_part(list[i]) : nullptr;
      for (std::size_t k = before; part && k < texts_.texts.size(); ++k)
        if (texts_.texts[k].holder == part) texts_.texts[k].joined = number;
    }
  }

  void object(Json& object, guard::Stage stage, const std::string& place) {
    for (auto member = object.begin(); member != object.end(); ++member) {
      const std::string& name = member.key();
      Json& child = member.value();
      if (of_the_api_ && is_no_text(name, child)) continue;
      const std::string inside = place + "." + name;
      if (of_the_api_ && is_one_of(name, kMedia)) {
        if (!child.is_null()) texts_.not_scanned.push_back(inside);
        continue;
      }
      const bool tool = of_the_api_ && (name == "tool_calls" || name == "function_call");
      any(child, tool ? guard::Stage::Tool : stage, inside);
      if (!of_the_api_ || !is_known(name)) add(GuardedText::Kind::Name, object, stage, inside).text = name;
    }
  }

  const bool of_the_api_;
  RequestTexts& texts_;
};

}  // namespace

bool RequestTexts::changed() const {
  return std::any_of(texts.begin(), texts.end(),
                     [](const GuardedText& text) { return text.replacement.has_value(); });
}

void RequestTexts::write_into(RequestTexts& same) const {
  for (std::size_t i = 0; i < texts.size() && i < same.texts.size(); ++i) {
    if (!texts[i].replacement) continue;
    if (texts[i].kind == GuardedText::Kind::Name) {
      rename(*same.texts[i].holder, std::string(texts[i].text), *texts[i].replacement);
    } else {
      *same.texts[i].holder = *texts[i].replacement;
    }
  }
}

void collect_texts(Json& value, guard::Stage stage, const std::string& place, Members members,
                   RequestTexts& texts) {
  Collector(members, texts).any(value, stage, place);
}

}  // namespace llmops::gateway
