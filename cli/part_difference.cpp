#include "cli/part_difference.hpp"

#include <algorithm>
#include <map>

#include "crds/base/text.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kMaxShown = 240;
constexpr std::size_t kContext = 60;  // of what two long texts share, so much is shown before they part

std::string joined(const std::string& path, const std::string& member) {
  return path.empty() ? member : path + "." + member;
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

// Both texts without what they share before `kContext` characters of common lead.
void show_texts(PartDifference& difference) {
  std::string& a = difference.before;
  std::string& b = difference.after;
  if (a.size() > kMaxShown || b.size() > kMaxShown) {
    std::size_t common = 0;
    while (common < a.size() && common < b.size() && a[common] == b[common]) ++common;
    if (common > kContext) {
      std::size_t cut = common - kContext;
      while (cut < common && (static_cast<unsigned char>(a[cut]) & 0xC0) == 0x80) ++cut;
      for (std::string* text : {&a, &b})
        if (text->size() > cut) *text = "…" + text->substr(cut);
    }
  }
  a = clip(a, kMaxShown);
  b = clip(b, kMaxShown);
}

bool is_plain_list(const Json& value) {
  return value.is_array() &&
         std::none_of(value.begin(), value.end(), [](const Json& item) { return item.is_structured(); });
}

void compare(const std::string& path, const Json* before, const Json* after,
             std::vector<PartDifference>& found);

// Lists of plain values (arguments): what stands between the equal beginnings and ends, and the value before
// it, which for an argument is often its name.
void compare_plain_lists(const std::string& path, const Json& before, const Json& after,
                         std::vector<PartDifference>& found) {
  std::size_t head = 0, tail = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
  while (tail + head < before.size() && tail + head < after.size() &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const bool replaced = head + tail < before.size() && head + tail < after.size();
  const std::size_t from = replaced && head > 0 ? head - 1 : head;
  const auto middle = [&](const Json& list) {
    std::string text;
    for (std::size_t i = from; i + tail < list.size(); ++i)
      text += (text.empty() ? "" : " ") + shown(list[i]);
    return text;
  };
  PartDifference difference{path, middle(before), middle(after)};
  show_texts(difference);
  found.push_back(std::move(difference));
}

std::map<std::string, const Json*> members_of(const Json& list) {
  std::map<std::string, const Json*> members;
  for (std::size_t i = 0; i < list.size(); ++i)
    members[string_at(list[i], "name", std::to_string(i))] = &list[i];
  return members;
}

void compare_maps(const std::string& path, const std::map<std::string, const Json*>& before,
                  const std::map<std::string, const Json*>& after, bool in_list,
                  std::vector<PartDifference>& found) {
  std::map<std::string, std::pair<const Json*, const Json*>> all;
  for (const auto& [name, value] : before) all[name].first = value;
  for (const auto& [name, value] : after) all[name].second = value;
  for (const auto& [name, values] : all)
    compare(in_list ? path + "[" + name + "]" : joined(path, name), values.first, values.second, found);
}

void compare(const std::string& path, const Json* before, const Json* after,
             std::vector<PartDifference>& found) {
  if (before && after) {
    if (*before == *after) return;
    if (is_plain_list(*before) && is_plain_list(*after))
      return compare_plain_lists(path, *before, *after, found);
    if (before->is_array() && after->is_array())
      return compare_maps(path, members_of(*before), members_of(*after), true, found);
    if (before->is_object() && after->is_object()) {
      std::map<std::string, const Json*> old_members, new_members;
      for (const auto& [name, value] : before->items()) old_members[name] = &value;
      for (const auto& [name, value] : after->items()) new_members[name] = &value;
      return compare_maps(path, old_members, new_members, false, found);
    }
  }
  PartDifference difference{path, before ? shown(*before) : "", after ? shown(*after) : ""};
  show_texts(difference);
  found.push_back(std::move(difference));
}

}  // namespace

std::vector<PartDifference> part_differences(const Json& before, const Json& after) {
  std::vector<PartDifference> found;
  compare("", &before, &after, found);
  return found;
}

}  // namespace llmops::cli
