// Beast's message parser, with the hygiene that its version 345 lacks.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/platform/http.hpp"
#include "operator/platform/real/request_head.hpp"

namespace llmops {

// Reads one request into an HttpRequest: first a complete header, then, when it is chunked, the body.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(HttpRequest& into, std::size_t max_body_bytes);

  // A whole header as HeadScanner found it. Afterwards the request has no hop-by-hop fields any more.
  std::optional<Refusal> parse_head(std::string_view head);

  bool http10() const { return version_ == 10; }
  bool expects_continue() const { return expects_continue_; }
  // 0 when the request has no body or a chunked one.
  std::uint64_t body_bytes() const { return chunked() ? 0 : content_length().value_or(0); }

  // The bytes of a chunked body that were used; the rest is to be fed again with more behind it.
  std::size_t feed(std::string_view data, std::optional<Refusal>& refusal);

 private:
  using ErrorCode = boost::beast::error_code;
  using Text = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, Text method, Text target, int version, ErrorCode&) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, Text name, Text value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text body, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  std::optional<Refusal> check();
  std::optional<Refusal> normalise_target();
  void remove_hop_by_hop_fields();

  HttpRequest& request_;
  std::size_t max_body_bytes_;
  int version_ = 11;
  int hosts_ = 0, lengths_ = 0, encodings_ = 0;
  bool plain_length_ = true, plain_chunked_ = true, expects_continue_ = false, other_expectation_ = false;
};

// Reads one response: first a complete header, then the body in place.
class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  explicit ResponseParser(bool to_head);

  // A sentence that says what is wrong, or nothing.
  std::optional<std::string> parse_head(std::string_view head);
  int status() const { return status_; }
  Headers take_headers() { return std::move(headers_); }

  struct Fed {
    std::size_t used = 0;
    std::string_view body;  // inside `data`: pieces of several chunks are moved together
    bool malformed = false;
  };
  Fed feed(char* data, std::size_t size);
  // The connection ended. False when the message is not complete.
  bool end();

 private:
  using ErrorCode = boost::beast::error_code;
  using Text = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, Text, Text, int, ErrorCode&) override {}
  void on_response_impl(int code, Text reason, int version, ErrorCode&) override;
  void on_field_impl(boost::beast::http::field, Text name, Text value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text body, ErrorCode&) override;
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  Headers headers_;
  int status_ = 0;
  int encodings_ = 0, lengths_ = 0;
  bool plain_chunked_ = true;
  char* data_ = nullptr;  // what is being fed
  char* piece_ = nullptr;
  std::size_t piece_size_ = 0;
};

}  // namespace llmops
