#include "tests/simulation/world/sim_exchange.hpp"

#include <utility>

namespace llmops::simulation {

SimExchange::SimExchange(SimTransport& transport, SimEnv& env, std::shared_ptr<Connection> connection,
                         World& world)
    : transport_(transport), env_(env), connection_(std::move(connection)), world_(world) {}

Result<void> SimExchange::usable() const {
  if (!env_.alive()) return Error{ErrorCode::Cancelled, "the process ended"};
  if (connection_->client_gone) return Error{ErrorCode::Cancelled, "the client went away"};
  if (finished_) return Error{ErrorCode::Internal, "the response was already finished"};
  return Result<void>();
}

Result<void> SimExchange::begin(int status, Headers headers, std::string body, bool complete) {
  const Result<void> good = usable();
  if (!good.ok()) return good;
  if (started_) return Error{ErrorCode::Internal, "the response was already started"};
  started_ = true;
  finished_ = complete;
  world_.note_answer(connection_->record, status);
  transport_.to_client(connection_, true,
                       [status, headers = std::move(headers), body = std::move(body),
                        complete](Connection& connection) mutable {
                         connection.head = true;
                         connection.status = status;
                         connection.headers = std::move(headers);
                         if (!body.empty()) connection.chunks.push_back(std::move(body));
                         connection.complete = complete;
                       });
  return Result<void>();
}

Result<void> SimExchange::send(std::string bytes) {
  const Result<void> good = usable();
  if (!good.ok()) return good;
  if (!started_) return Error{ErrorCode::Internal, "the response was not started"};
  if (bytes.empty()) return Result<void>();
  // Networks cut where they like.
  const std::size_t cut = world_.random() % 4 == 0 ? world_.random() % bytes.size() : 0;
  const auto deliver = [&](std::string piece) {
    if (piece.empty()) return;
    transport_.to_client(connection_, false, [piece = std::move(piece)](Connection& connection) mutable {
      connection.chunks.push_back(std::move(piece));
    });
  };
  deliver(bytes.substr(0, cut));
  deliver(cut == 0 ? std::move(bytes) : bytes.substr(cut));
  return Result<void>();
}

Task<Result<void>> SimExchange::respond(int status, Headers headers, std::string body) {
  co_return begin(status, std::move(headers), std::move(body), true);
}

Task<Result<void>> SimExchange::start(int status, Headers headers, HeadGoes) {
  co_return begin(status, std::move(headers), {}, false);
}

Task<Result<void>> SimExchange::write(std::string_view bytes) {
  co_return send(std::string(bytes));
}

Task<Result<void>> SimExchange::finish(std::string_view last) {
  const Result<void> good = usable();
  if (!good.ok()) co_return good;
  if (const Result<void> sent = send(std::string(last)); !sent.ok()) co_return sent;
  finished_ = true;
  transport_.to_client(connection_, false, [](Connection& connection) { connection.complete = true; });
  co_return Result<void>();
}

}  // namespace llmops::simulation
