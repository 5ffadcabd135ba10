// The answer to one request.
#pragma once

#include <string>

#include "operator/platform/real/server_connection.hpp"

namespace llmops {

class RealServerExchange final : public ServerExchange {
 public:
  explicit RealServerExchange(ServerConnection& connection);

  const HttpRequest& request() const override { return connection_.request(); }
  HttpRequest& request() override { return connection_.request(); }
  std::string_view peer_address() const override { return connection_.peer(); }
  Task<Result<void>> respond(int status, Headers headers, std::string body) override;
  Task<Result<void>> start(int status, Headers headers, HeadGoes head) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<Result<void>> finish(std::string_view last) override;
  bool started() const override { return started_; }

  bool finished() const { return finished_; }
  // Another request may follow on the connection.
  bool keeps_connection() const { return !close_; }

 private:
  enum class Framing { Length, Chunked, UntilClose };
  Result<std::string> head(int status, const Headers& headers, Framing framing, std::size_t length);
  // A head that waits, `bytes` as a chunk and, when it is the last, the end, in one write.
  Task<Result<void>> send(std::string_view bytes, bool last);

  ServerConnection& connection_;
  std::string waiting_head_;
  bool to_head_;  // an answer to HEAD has no body
  bool bodyless_ = false;
  bool chunked_ = false;
  bool started_ = false, finished_ = false, close_ = false;
};

// Status line and fields that a server sends by itself, with their body.
std::string refusal_text(int status, const std::string& body, const std::string& date);

}  // namespace llmops
