// HTTP as values: what crosses the seam of operator/platform/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/result.hpp"
#include "operator/platform/task.hpp"

namespace llmops {

// Header fields in order of arrival; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  // The first value of `name`, or empty.
  std::string_view get(std::string_view name) const;
  bool contains(std::string_view name) const;
  // Replaces every field of that name.
  void set(std::string_view name, std::string value);
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void erase(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

  static bool equal_names(std::string_view a, std::string_view b);

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(std::string method_, std::string target_, Headers headers_ = {}, std::string body_ = {})
      : method(std::move(method_)),
        target(std::move(target_)),
        headers(std::move(headers_)),
        body(std::move(body_)) {}

  std::string method = "GET";
  std::string target = "/";  // path and query, already percent-encoded
  Headers headers;           // Host, Content-Length and Connection are the transport's
  std::string body;

  std::string_view path() const;                   // without the query
  std::string query(std::string_view name) const;  // the decoded value, or empty
};

// The body of a response, chunk by chunk. Destroying it before the end closes the connection: that is how a
// stream is cancelled upstream.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next bytes; valid until the next read. Empty at the end.
  virtual Task<Result<std::string_view>> read() = 0;
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::unique_ptr<BodyStream> body;  // never null in a response from a Transport
};

// Reads to the end. TooLarge when it is longer than `max_bytes`.
Task<Result<std::string>> read_all(BodyStream& body, std::size_t max_bytes);

// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);

}  // namespace llmops
