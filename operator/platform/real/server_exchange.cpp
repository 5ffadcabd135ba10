#include "operator/platform/real/server_exchange.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <span>
#include <utility>

namespace llmops {
namespace {

std::string_view reason_of(int status) {
  const auto text =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

void append_status_line(std::string& head, int status) {
  head.append("HTTP/1.1 ")
      .append(std::to_string(status))
      .append(" ")
      .append(reason_of(status))
      .append("\r\n");
}

bool names_close(std::string_view connection_field) {
  bool close = false;
  for_each_element(connection_field, [&](std::string_view element) {
    close = close || Headers::equal_names(element, "close");
  });
  return close;
}

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

std::string refusal_text(int status, const std::string& body, const std::string& date) {
  std::string text;
  append_status_line(text, status);
  text.append("Date: ").append(date).append("\r\nContent-Type: application/json\r\nContent-Length: ");
  text.append(std::to_string(body.size())).append("\r\nConnection: close\r\n\r\n").append(body);
  return text;
}

RealServerExchange::RealServerExchange(ServerConnection& connection)
    : connection_(connection), to_head_(connection.request().method == "HEAD") {}

Result<std::string> RealServerExchange::head(int status, const Headers& headers, Framing framing,
                                             std::size_t length) {
  if (status < 200 || status > 999)
    return Error{ErrorCode::InvalidArgument, "status " + std::to_string(status) + " cannot be an answer"};
  bodyless_ = status == 204 || status == 304;
  close_ =
      !connection_.wants_keep_alive() || connection_.listener().draining() || framing == Framing::UntilClose;
  std::string text;
  text.reserve(512);
  append_status_line(text, status);
  bool dated = false;
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_field_value(value))
      return Error{ErrorCode::InvalidArgument, "malformed header field \"" + name + "\""};
    if (Headers::equal_names(name, "connection")) {
      close_ = close_ || names_close(value);
      continue;
    }
    if (Headers::equal_names(name, "content-length") || Headers::equal_names(name, "transfer-encoding"))
      continue;
    dated = dated || Headers::equal_names(name, "date");
    text.append(name).append(": ").append(value).append(kEndOfLine);
  }
  if (!dated) text.append("Date: ").append(connection_.listener().date()).append(kEndOfLine);
  if (!bodyless_ && framing == Framing::Length)
    text.append("Content-Length: ").append(std::to_string(length)).append(kEndOfLine);
  if (!bodyless_ && framing == Framing::Chunked) text.append("Transfer-Encoding: chunked\r\n");
  if (close_) {
    text.append("Connection: close\r\n");
  } else if (connection_.is_http10()) {
    text.append("Connection: keep-alive\r\n");
  }
  text.append(kEndOfLine);
  return text;
}

Task<Result<void>> RealServerExchange::respond(int status, Headers headers, std::string body) {
  if (started_) co_return Error{ErrorCode::Internal, "the request has been answered before"};
  auto text = head(status, headers, Framing::Length, body.size());
  if (!text.ok()) co_return text.error();
  started_ = true;
  if (to_head_ || bodyless_) body.clear();
  std::array<iovec, 2> pieces{piece(*text), piece(body)};
  const auto sent = co_await connection_.send(pieces);
  finished_ = sent.ok();
  co_return sent;
}

Task<Result<void>> RealServerExchange::start(int status, Headers headers, HeadGoes when) {
  if (started_) co_return Error{ErrorCode::Internal, "the request has been answered before"};
  chunked_ = !connection_.is_http10();
  auto text = head(status, headers, chunked_ ? Framing::Chunked : Framing::UntilClose, 0);
  if (!text.ok()) co_return text.error();
  started_ = true;
  waiting_head_ = std::move(*text);
  if (when == HeadGoes::WithNext) co_return Result<void>();
  co_return co_await send({}, false);
}

Task<Result<void>> RealServerExchange::send(std::string_view bytes, bool last) {
  const std::string head = std::exchange(waiting_head_, {});
  const bool framed = chunked_ && !to_head_ && !bodyless_;
  if (to_head_ || bodyless_) bytes = {};
  std::array<iovec, 5> pieces{};
  std::size_t count = 0;
  if (!head.empty()) pieces[count++] = piece(head);
  std::array<char, 20> size{};
  if (framed && !bytes.empty()) {
    char* end = std::to_chars(size.data(), size.data() + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    pieces[count++] = piece(std::string_view(size.data(), static_cast<std::size_t>(end - size.data())));
  }
  if (!bytes.empty()) pieces[count++] = piece(bytes);
  if (framed && !bytes.empty()) pieces[count++] = piece(kEndOfLine);
  if (framed && last) pieces[count++] = piece(kLastChunk);
  if (count == 0) co_return Result<void>();
  co_return co_await connection_.send(std::span(pieces.data(), count));
}

Task<Result<void>> RealServerExchange::write(std::string_view bytes) {
  if (!started_ || finished_) co_return Error{ErrorCode::Internal, "write outside of a started answer"};
  if (bytes.empty()) co_return Result<void>();
  co_return co_await send(bytes, false);
}

Task<Result<void>> RealServerExchange::finish(std::string_view last) {
  if (!started_ || finished_) co_return Error{ErrorCode::Internal, "finish outside of a started answer"};
  const auto sent = co_await send(last, true);
  finished_ = sent.ok();
  co_return sent;
}

}  // namespace llmops
