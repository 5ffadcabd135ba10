#include "operator/platform/real/response_body.hpp"

#include <cstring>
#include <utility>

namespace llmops {

ResponseBody::ResponseBody(std::shared_ptr<ConnectionPool> pool, Lease lease, bool to_head)
    : pool_(std::move(pool)), lease_(std::move(lease)), to_head_(to_head) {}

ResponseBody::~ResponseBody() {
  pool_->give_back_buffer(std::move(buffer_));
}

Task<Result<std::size_t>> ResponseBody::fill() {
  if (!buffer_) buffer_ = pool_->take_buffer();
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == ConnectionPool::kBufferBytes)
    co_return Error{ErrorCode::InvalidArgument, "a response header or chunk header is too large"};
  auto got = co_await lease_->read(buffer_.get() + end_, ConnectionPool::kBufferBytes - end_);
  if (got.ok()) {
    end_ += *got;
    answered_ = answered_ || *got > 0;
  }
  co_return got;
}

Result<void> ResponseBody::take_head(std::size_t size) {
  parser_ = std::make_unique<ResponseParser>(to_head_);
  const auto wrong = parser_->parse_head(std::string_view(buffer_.get() + begin_, size));
  begin_ += size;
  if (wrong) return Error{ErrorCode::InvalidArgument, "malformed response: " + *wrong};
  if (parser_->status() == 101) return Error{ErrorCode::InvalidArgument, "the peer switched protocols"};
  return {};
}

Task<Result<HttpResponse>> ResponseBody::read_head() {
  // The answer is not there yet; waiting first saves a vain read, and a buffer while nothing comes.
  if (!lease_->stream().is_tls()) {
    const auto readable = co_await lease_->readable();
    if (!readable.ok()) co_return readable.error();
  }
  for (;;) {
    const std::string_view received(buffer_.get() + begin_, end_ - begin_);
    const auto size = scanner_.scan(received);
    if (scanner_.refusal())
      co_return Error{ErrorCode::InvalidArgument, "malformed response: " + scanner_.refusal()->reason};
    if (size) {
      auto taken = take_head(*size);
      if (!taken.ok()) co_return taken.error();
      if (parser_->status() >= 200) break;
      scanner_ = HeadScanner();
      continue;
    }
    const auto got = co_await fill();
    if (!got.ok()) co_return got.error();
    if (*got == 0) {
      if (answered_)
        co_return Error{ErrorCode::Unavailable, "connection closed inside the response's header"};
      co_return Error{ErrorCode::Unavailable, "connection closed before a response"};
    }
  }
  HttpResponse response;
  response.status = parser_->status();
  response.headers = parser_->take_headers();
  co_return response;
}

void ResponseBody::begin_body(Duration idle_timeout, Afterwards afterwards) {
  idle_timeout_ = idle_timeout;
  afterwards_ = afterwards;
  lease_->limit(Duration(0));
  if (parser_->is_done()) complete();
}

void ResponseBody::complete() {
  complete_ = true;
  // Bytes that nobody asked for: the two sides do not agree about where messages end.
  const bool reusable = parser_->keep_alive() && begin_ == end_;
  if (!reusable || afterwards_ == Afterwards::Close) {
    lease_ = Lease();
  } else if (afterwards_ == Afterwards::ToPool) {
    lease_.give_back();
  }
}

Task<Result<std::string_view>> ResponseBody::read() {
  if (complete_) co_return std::string_view();
  if (!lease_) co_return Error{ErrorCode::Unavailable, "the response's connection has ended"};
  for (;;) {
    if (begin_ < end_) {
      const auto fed = parser_->feed(buffer_.get() + begin_, end_ - begin_);
      begin_ += fed.used;
      if (fed.malformed) {
        lease_ = Lease();
        co_return Error{ErrorCode::InvalidArgument, "malformed response body"};
      }
      if (parser_->is_done()) complete();
      if (complete_ || !fed.body.empty()) co_return fed.body;
    }
    lease_->limit(idle_timeout_);
    const auto got = co_await fill();
    if (!got.ok()) {
      lease_ = Lease();
      co_return got.error();
    }
    if (*got > 0) continue;
    const bool whole = parser_->end();
    lease_ = Lease();
    if (!whole) co_return Error{ErrorCode::Unavailable, "connection closed inside the response's body"};
    complete_ = true;
    co_return std::string_view();
  }
}

}  // namespace llmops
