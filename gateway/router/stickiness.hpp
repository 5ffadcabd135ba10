// What makes two requests one conversation.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::gateway {

struct StickySource {
  enum class Kind { Header, BodyField, FirstUserMessage };
  Kind kind = Kind::Header;
  std::string name;  // of the header or the top-level body field
};

// "header:x-conversation-id", "body:user", "first-user-message".
Result<StickySource> parse_sticky_source(std::string_view text);

// The value of a request header, or empty.
using HeaderLookup = std::function<std::string_view(std::string_view name)>;

// The first source that gives something, else empty: then the caller takes a key of its own, and the request
// belongs to no conversation. A body field counts when it is a string or an integer.
std::string conversation_key(const std::vector<StickySource>& sources, const HeaderLookup& header,
                             const Json& body);

}  // namespace llmops::gateway
