#include "operator/platform/real/transport.hpp"

#include <utility>

#include "operator/platform/real/client.hpp"
#include "operator/platform/real/server.hpp"

namespace llmops {
namespace {

class RealTransport final : public Transport {
 public:
  explicit RealTransport(Env& env) : env_(env), client_(env) {}

  Task<Result<HttpResponse>> exchange(const Peer& peer, const HttpRequest& request,
                                      const ExchangeOptions& options) override {
    return client_.exchange(peer, request, options);
  }

  void close_pool(std::string_view pool) override { client_.close_pool(pool); }

  Result<std::unique_ptr<Server>> serve(const ListenOptions& options, Handler handler) override {
    auto listener = std::make_shared<Listener>(env_, options, std::move(handler));
    auto opened = listener->open();
    if (!opened.ok()) return opened.error();
    return std::unique_ptr<Server>(std::make_unique<RealServer>(std::move(listener)));
  }

 private:
  Env& env_;
  Client client_;
};

}  // namespace

std::unique_ptr<Transport> make_real_transport(Env& env) {
  return std::make_unique<RealTransport>(env);
}

}  // namespace llmops
