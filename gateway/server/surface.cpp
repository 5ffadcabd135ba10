#include "gateway/server/surface.hpp"

#include <algorithm>
#include <array>

namespace llmops::gateway {
namespace {

constexpr std::array<std::string_view, 6> kNoText = {"role",         "type",          "id",
                                                     "tool_call_id", "cache_control", "detail"};
constexpr std::array<std::string_view, 7> kMedia = {"image_url", "input_audio", "audio",      "file",
                                                    "audio_url", "video_url",   "input_image"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A client may write anything into an id, and some chat templates show it to the model.
constexpr std::size_t kMaxIdBytes = 64;

bool is_no_text(std::string_view name, const Json& value) {
  return is_one_of(name, kNoText) &&
         (!value.is_string() || value.get_ref<const std::string&>().size() <= kMaxIdBytes);
}

bool is_text_part(const Json& part) {
  return part.is_object() && part.contains("text") && part["text"].is_string();
}

}  // namespace

void collect_texts(Json& value, guard::Stage stage, std::string place, RequestTexts& texts) {
  if (value.is_string()) {
    GuardedText text{stage, value.get_ptr<std::string*>(), std::move(place)};
    if (stage == guard::Stage::Tool && text.place.ends_with(".arguments")) text.form = guard::TextForm::Json;
    texts.texts.push_back(std::move(text));
  } else if (value.is_array()) {
    // Neighbouring text parts are one text to an engine.
    const std::size_t number = texts.texts.size() + 1;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::size_t before = texts.texts.size();
      const bool part = is_text_part(value[i]) || value[i].is_string();
      collect_texts(value[i], stage, place + "[" + std::to_string(i) + "]", texts);
      if (part && texts.texts.size() == before + 1) texts.texts.back().joined = number;
    }
  } else if (value.is_object()) {
    for (auto& [name, child] : value.items()) {
      if (is_no_text(name, child)) continue;
      if (is_one_of(name, kMedia)) {
        if (!child.is_null()) texts.not_scanned.push_back(place + "." + name);
        continue;
      }
      const bool tool = name == "tool_calls" || name == "function_call";
      collect_texts(child, tool ? guard::Stage::Tool : stage, place + "." + name, texts);
    }
  }
}

const Surface* surface_at(std::string_view path) {
  for (const Surface* surface : {&chat_surface(), &completions_surface(), &embeddings_surface()})
    if (surface->path() == path) return surface;
  return nullptr;
}

}  // namespace llmops::gateway
