#include "operator/platform/real/message_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <vector>

namespace llmops {

namespace http = boost::beast::http;

namespace {

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool digits_only(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Headers and targets are bounded by whoever feeds us.
constexpr std::uint32_t kUnlimitedHeader = 1u << 30;

}  // namespace

RequestParser::RequestParser(HttpRequest& into, std::size_t max_body_bytes)
    : request_(into), max_body_bytes_(max_body_bytes) {
  header_limit(kUnlimitedHeader);
  body_limit(boost::none);
}

std::optional<Refusal> RequestParser::parse_head(std::string_view head) {
  ErrorCode error;
  put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error) return Refusal{error == http::error::bad_version ? 505 : 400, error.message()};
  if (!is_header_done()) return Refusal{400, "malformed header"};
  if (auto refusal = check()) return refusal;
  if (auto refusal = normalise_target()) return refusal;
  remove_hop_by_hop_fields();
  return std::nullopt;
}

std::optional<Refusal> RequestParser::check() {
  if (encodings_ > 0) {
    if (http10()) return Refusal{400, "Transfer-Encoding in an HTTP/1.0 request"};
    if (lengths_ > 0) return Refusal{400, "both Transfer-Encoding and Content-Length"};
    if (encodings_ > 1 || !plain_chunked_)
      return Refusal{400, "Transfer-Encoding is not exactly \"chunked\""};
  }
  if (lengths_ > 1 || !plain_length_) return Refusal{400, "more than one Content-Length"};
  if (hosts_ > 1) return Refusal{400, "more than one Host"};
  if (hosts_ == 0 && !http10()) return Refusal{400, "no Host"};
  if (!is_token(request_.method)) return Refusal{400, "malformed method"};
  if (!is_request_target(request_.target)) return Refusal{400, "malformed request target"};
  for (const auto& [name, value] : request_.headers)
    if (!is_token(name) || !is_field_value(value)) return Refusal{400, "malformed header field"};
  if (other_expectation_) return Refusal{417, "only \"100-continue\" may be expected"};
  if (body_bytes() > max_body_bytes_)
    return Refusal{413, "body larger than " + std::to_string(max_body_bytes_) + " bytes"};
  return std::nullopt;
}

std::optional<Refusal> RequestParser::normalise_target() {
  std::string& target = request_.target;
  if (target.front() == '/' || (target == "*" && request_.method == "OPTIONS")) return std::nullopt;
  // The absolute form of RFC 9112 §3.2.2; its authority wins over Host.
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!Headers::equal_names(std::string_view(target).substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = std::min(target.find_first_of("/?", scheme.size()), target.size());
    std::string authority = target.substr(scheme.size(), path - scheme.size());
    if (authority.empty()) break;
    target.erase(0, path);
    if (target.empty() || target.front() != '/') target.insert(0, "/");
    request_.headers.set("Host", std::move(authority));
    return std::nullopt;
  }
  return Refusal{400, "malformed request target"};
}

void RequestParser::remove_hop_by_hop_fields() {
  Headers& headers = request_.headers;
  std::vector<std::string> named;
  for (const auto& [name, value] : headers) {
    if (!Headers::equal_names(name, "connection")) continue;
    for_each_element(value, [&](std::string_view element) { named.emplace_back(element); });
  }
  for (const auto& name : named)
    if (!Headers::equal_names(name, "host") && !Headers::equal_names(name, "content-length"))
      headers.erase(name);
  for (const std::string_view name : {"connection", "keep-alive", "proxy-connection", "te", "trailer",
                                      "transfer-encoding", "upgrade", "expect"})
    if (headers.contains(name)) headers.erase(name);
}

std::size_t RequestParser::feed(std::string_view data, std::optional<Refusal>& refusal) {
  std::size_t used = 0;
  while (!is_done()) {
    ErrorCode error;
    const std::size_t step = put(boost::asio::const_buffer(data.data() + used, data.size() - used), error);
    used += step;
    if (error == http::error::need_more) break;
    if (error == http::error::body_limit) {
      refusal = Refusal{413, "body larger than " + std::to_string(max_body_bytes_) + " bytes"};
      break;
    }
    if (error) {
      refusal = Refusal{400, "malformed chunked body"};
      break;
    }
    if (step == 0 && !is_done()) break;
  }
  return used;
}

void RequestParser::on_request_impl(http::verb, Text method, Text target, int version, ErrorCode&) {
  request_.method.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  version_ = version;
}

void RequestParser::on_field_impl(http::field field, Text name, Text value, ErrorCode&) {
  if (is_header_done()) return;  // a trailer
  if (field == http::field::host) ++hosts_;
  if (field == http::field::content_length) {
    ++lengths_;
    plain_length_ = plain_length_ && digits_only(view(value));
  }
  if (field == http::field::transfer_encoding) {
    ++encodings_;
    plain_chunked_ = plain_chunked_ && Headers::equal_names(view(value), "chunked");
  }
  if (field == http::field::expect) {
    if (Headers::equal_names(view(value), "100-continue")) {
      expects_continue_ = true;
    } else {
      other_expectation_ = true;
    }
  }
  request_.headers.add(std::string(view(name)), std::string(view(value)));
}

std::size_t RequestParser::on_body_impl(Text body, ErrorCode& error) {
  if (request_.body.size() + body.size() > max_body_bytes_) {
    error = http::error::body_limit;
    return 0;
  }
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& error) {
  return on_body_impl(body, error);
}

ResponseParser::ResponseParser(bool to_head) {
  header_limit(kUnlimitedHeader);
  body_limit(boost::none);
  skip(to_head);
}

std::optional<std::string> ResponseParser::parse_head(std::string_view head) {
  ErrorCode error;
  put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error) return error.message();
  if (!is_header_done()) return "malformed header";
  if (encodings_ > 0 && lengths_ > 0) return "both Transfer-Encoding and Content-Length";
  if (encodings_ > 1 || !plain_chunked_) return "a Transfer-Encoding other than \"chunked\"";
  if (lengths_ > 1) return "more than one Content-Length";
  return std::nullopt;
}

ResponseParser::Fed ResponseParser::feed(char* data, std::size_t size) {
  data_ = data;
  piece_ = data;
  piece_size_ = 0;
  Fed fed;
  while (!is_done() && fed.used < size) {
    ErrorCode error;
    const std::size_t step = put(boost::asio::const_buffer(data + fed.used, size - fed.used), error);
    fed.used += step;
    if (error == http::error::need_more) break;
    if (error) {
      fed.malformed = true;
      break;
    }
    if (step == 0) break;
  }
  fed.body = std::string_view(piece_, piece_size_);
  return fed;
}

bool ResponseParser::end() {
  ErrorCode error;
  put_eof(error);
  return !error && is_done();
}

void ResponseParser::on_response_impl(int code, Text, int, ErrorCode&) {
  status_ = code;
}

void ResponseParser::on_field_impl(http::field field, Text name, Text value, ErrorCode&) {
  if (is_header_done()) return;  // a trailer
  if (field == http::field::content_length) ++lengths_;
  if (field == http::field::transfer_encoding) {
    ++encodings_;
    plain_chunked_ = plain_chunked_ && Headers::equal_names(view(value), "chunked");
  }
  headers_.add(std::string(view(name)), std::string(view(value)));
}

std::size_t ResponseParser::on_body_impl(Text body, ErrorCode&) {
  char* const from = data_ + (body.data() - data_);
  if (piece_size_ == 0) {
    piece_ = from;
  } else if (from != piece_ + piece_size_) {
    std::memmove(piece_ + piece_size_, from, body.size());
  }
  piece_size_ += body.size();
  return body.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& error) {
  return on_body_impl(body, error);
}

}  // namespace llmops
