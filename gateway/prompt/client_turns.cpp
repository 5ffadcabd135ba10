#include "gateway/prompt/client_turns.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "gateway/prompt/control_markers.hpp"

namespace llmops::gateway {
namespace {

// A template writes the role as it is ("<|im_start|>{{role}}"), so a free role would be a way in.
constexpr std::array<std::string_view, 6> kRoles = {"system",    "developer", "user",
                                                    "assistant", "tool",      "function"};

bool is_system(const Json& message) {
  const std::string& role = message["role"].get_ref<const std::string&>();
  return role == "system" || role == "developer";
}

}  // namespace

void break_markers_in_place(Json& value) {
  if (value.is_string()) {
    std::string& text = value.get_ref<std::string&>();
    if (may_have_control_markers(text)) text = break_control_markers(text);
  } else if (value.is_array() || value.is_object()) {
    for (Json& child : value) break_markers_in_place(child);
  }
}

Result<void> check_client_messages(const Json& messages) {
  const FieldPath root;
  const FieldPath list = root.member("messages");
  if (!messages.is_array() || messages.empty())
    return field_error(list, messages.is_array() ? "an empty list" : describe(messages),
                       "a list of at least one message");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const FieldPath path = list.index(i);
    const Json& message = messages[i];
    if (!message.is_object()) return field_error(path, describe(message), "an object with role and content");
    const auto role = message.find("role");
    const bool known =
        role != message.end() && role->is_string() &&
        std::find(kRoles.begin(), kRoles.end(), role->get_ref<const std::string&>()) != kRoles.end();
    if (!known)
      return field_error(path.member("role"), role == message.end() ? "nothing" : describe(*role),
                         "system, developer, user, assistant, tool or function");
  }
  return {};
}

Result<ClientTurns> split_client_turns(const Json& messages, ClientSystemPolicy policy) {
  if (auto checked = check_client_messages(messages); !checked.ok()) return checked.error();
  ClientTurns turns;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!is_system(messages[i])) {
      turns.conversation.push_back(messages[i]);
      break_markers_in_place(turns.conversation.back());
      continue;
    }
    if (policy == ClientSystemPolicy::Reject)
      return Error{ErrorCode::InvalidArgument,
                   "messages[" + std::to_string(i) + "].role: found \"" +
                       messages[i]["role"].get_ref<const std::string&>() +
                       "\", but the prompt of this model allows no system messages of clients"};
    if (policy == ClientSystemPolicy::Ignore) continue;
    turns.system.push_back(messages[i]);
    break_markers_in_place(turns.system.back());
    turns.system.back()["role"] = "system";
  }
  return turns;
}

}  // namespace llmops::gateway
