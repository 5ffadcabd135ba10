#include "evaluator/job/base_url.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

namespace llmops::evaluator {

Result<BaseUrl> parse_base_url(std::string_view url) {
  const Error bad{ErrorCode::InvalidArgument, "allowed http://HOST:PORT/PATH or https://…"};
  BaseUrl base;
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    base.peer.tls = std::make_shared<const TlsClient>();
    base.peer.port = 443;
  } else {
    return bad;
  }
  if (rest.find_first_of("@?# \r\n") != std::string_view::npos) return bad;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return bad;
  if (const std::size_t colon = authority.find(':', bracket); colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), base.peer.port);
    if (code != std::errc{} || end != port.data() + port.size() || base.peer.port == 0) return bad;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return bad;
  while (path.ends_with('/')) path.remove_suffix(1);
  base.peer.host = std::string(authority);
  base.path = std::string(path);
  return base;
}

}  // namespace llmops::evaluator
