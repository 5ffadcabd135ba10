// What a link leads to.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace llmops::guard::rules {

// A character that ends a link in running text: white space, controls, < > " and `.
bool ends_link(char c);

// The end of an authority (RFC 3986, section 3.2, read as browsers do): / \ ? # or the end of the link.
bool ends_authority(char c);

struct Host {
  std::string_view name;  // ASCII, without a dot at its end; empty when the authority names none
  bool clear = true;      // false: what a browser would take cannot be told
  // Where the name ends in the authority; what follows there is a port or text that only touches the link.
  std::size_t end = 0;
};

// The host of an authority "user@host:port…" that may have text attached to it ("example.com으로").
Host host_of(std::string_view authority);

// The host is one of the domains, or below one; case ignored. Never for numbers.
bool is_allowed(std::string_view host, const std::vector<std::string_view>& domains);

// Whether a name of two labels or more ends in a top-level domain that is common in links.
bool has_known_ending(std::string_view name);

// The end of a link that begins at `begin` and whose authority ends at `from`, before `limit`: up to a
// character that ends it, or a bracket that was not opened in it, less the punctuation at its end.
// `decided` is false when the text ends inside it, or inside that punctuation.
struct LinkEnd {
  std::size_t end = 0;
  bool decided = true;
};
LinkEnd link_end(std::string_view text, std::size_t from, std::size_t limit, bool complete);

}  // namespace llmops::guard::rules
