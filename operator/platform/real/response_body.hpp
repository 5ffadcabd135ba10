// The body of a response on its connection.
#pragma once

#include <memory>
#include <string>

#include "operator/platform/http.hpp"
#include "operator/platform/real/connection_pool.hpp"
#include "operator/platform/real/message_parser.hpp"

namespace llmops {

// Reads header and body of one response into one buffer. Holds the connection until the last byte has come;
// then gives it back to the pool, when it can carry another request.
class ResponseBody final : public BodyStream {
 public:
  ResponseBody(std::shared_ptr<ConnectionPool> pool, Lease lease, bool to_head);
  ~ResponseBody() override;
  ResponseBody(const ResponseBody&) = delete;
  ResponseBody& operator=(const ResponseBody&) = delete;

  // The header of the final response; interim ones (1xx) are skipped.
  Task<Result<HttpResponse>> read_head();
  // Whether any byte of a response has come.
  bool answered() const { return answered_; }
  // What follows the header: how long two reads may lie apart, and where the connection goes at the end.
  enum class Afterwards { Close, ToPool, ToCaller };
  void begin_body(Duration idle_timeout, Afterwards afterwards);
  // After the last byte, with ToCaller: the connection, or nothing when it cannot carry another request.
  Lease take_lease() { return std::move(lease_); }
  bool ended_by_pool() const { return lease_ && lease_->ended_by_pool(); }

  Task<Result<std::string_view>> read() override;

 private:
  Task<Result<std::size_t>> fill();
  Result<void> take_head(std::size_t size);
  void complete();

  std::shared_ptr<ConnectionPool> pool_;
  Lease lease_;
  ConnectionPool::Buffer buffer_;
  std::size_t begin_ = 0, end_ = 0;  // received, not used yet
  bool to_head_;
  std::unique_ptr<ResponseParser> parser_;
  HeadScanner scanner_;
  Duration idle_timeout_{0};
  Afterwards afterwards_ = Afterwards::Close;
  bool answered_ = false, complete_ = false;
};

}  // namespace llmops
