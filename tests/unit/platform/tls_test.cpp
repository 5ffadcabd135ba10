#include <string>

#include "certificates.hpp"
#include "loopback.hpp"

namespace llmops {
namespace {

class TlsTest : public Loopback {
 protected:
  std::unique_ptr<Server> serve_tls(Handler handler, const std::string& names) {
    ListenOptions options;
    options.max_body_bytes = 16u << 20;
    options.tls = issue(authority_, names);
    return serve(std::move(handler), options);
  }
  Peer trusting(const Server& server, TlsClient tls = {}) const {
    if (tls.ca_pem.empty()) tls.ca_pem = authority_.certificate_pem;
    Peer peer = peer_of(server);
    peer.tls = std::make_shared<const TlsClient>(std::move(tls));
    return peer;
  }

  Authority authority_ = make_authority("test authority");
};

TEST_F(TlsTest, ARequestTravelsUnderACertificateForTheAddress) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  const Peer peer = trusting(*server);
  const auto answer = ask(peer, HttpRequest("POST", "/", {}, "secret"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "secret");
}

TEST_F(TlsTest, ManyAndLargeBodiesTravelOnOneConnection) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  const Peer peer = trusting(*server);
  for (const std::size_t size : {0u, 1u, 16'383u, 16'384u, 16'385u, 100'000u, 8'000'000u, 5u}) {
    const std::string body(size, 'x');
    const auto answer = ask(peer, HttpRequest("POST", "/", {}, body));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_TRUE(answer->body == body) << size;
  }
}

TEST_F(TlsTest, ACertificateOfAnotherAuthorityIsRefused) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  TlsClient tls;
  tls.ca_pem = make_authority("other authority").certificate_pem;
  const auto answer = ask(trusting(*server, tls), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_NE(answer.error().message.find("certificate not accepted"), std::string::npos)
      << answer.error().message;
  tls.insecure_skip_verify = true;
  EXPECT_TRUE(ask(trusting(*server, tls), HttpRequest()).ok());
}

TEST_F(TlsTest, ACertificateForAnotherAddressIsRefused) {
  const auto server = serve_tls(echo, "IP:127.0.0.2,DNS:localhost");
  const auto answer = ask(trusting(*server), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("IP address mismatch"), std::string::npos) << answer.error().message;
}

TEST_F(TlsTest, TheServerNameOverridesWhatIsVerified) {
  const auto server = serve_tls(echo, "DNS:kubernetes.default.svc");
  TlsClient tls;
  tls.server_name = "kubernetes.default.svc";
  EXPECT_TRUE(ask(trusting(*server, tls), HttpRequest()).ok());
  tls.server_name = "kubernetes.default";
  EXPECT_FALSE(ask(trusting(*server, tls), HttpRequest()).ok());
}

TEST_F(TlsTest, ANameIsResolvedAndVerified) {
  const auto server = serve_tls(echo, "DNS:localhost");
  Peer peer = trusting(*server);
  peer.host = "localhost";
  const auto answer = ask(peer, HttpRequest());
  EXPECT_TRUE(answer.ok()) << answer.error().message;
}

TEST_F(TlsTest, BrokenPemTextsAreErrorsThatSayWhich) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  TlsClient tls;
  tls.ca_pem = "nonsense";
  const auto answer = ask(trusting(*server, tls), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(answer.error().message.find("CA PEM"), std::string::npos) << answer.error().message;
  ListenOptions options;
  options.address = "127.0.0.1";
  options.tls = CertificatePair{"nonsense", "nonsense"};
  EXPECT_EQ(loop_.transport().serve(options, echo).error().code, ErrorCode::InvalidArgument);
  options.tls = issue(authority_, "IP:127.0.0.1");
  options.tls->key_pem = issue(authority_, "IP:127.0.0.1").key_pem;
  EXPECT_EQ(loop_.transport().serve(options, echo).error().code, ErrorCode::InvalidArgument);
}

TEST_F(TlsTest, NewHandshakesGetTheNewCertificateAndOpenConnectionsStay) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  const Peer old = trusting(*server);
  ASSERT_TRUE(ask(old, HttpRequest()).ok());
  const Authority next = make_authority("next authority");
  const auto used = server->use_certificate(issue(next, "IP:127.0.0.1"));
  ASSERT_TRUE(used.ok()) << used.error().message;
  EXPECT_TRUE(ask(old, HttpRequest()).ok()) << "its connection was open before";
  Peer another = old;
  another.pool = "a connection of its own";
  EXPECT_FALSE(ask(another, HttpRequest()).ok()) << "the old authority signs no new connection";
  TlsClient tls;
  tls.ca_pem = next.certificate_pem;
  EXPECT_TRUE(ask(trusting(*server, tls), HttpRequest()).ok());
}

TEST_F(TlsTest, ACertificateThatIsNoneIsRefusedAndTheOldOneStays) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  EXPECT_EQ(server->use_certificate({"nonsense", "nonsense"}).error().code, ErrorCode::InvalidArgument);
  CertificatePair mixed = issue(authority_, "IP:127.0.0.1");
  mixed.key_pem = issue(authority_, "IP:127.0.0.1").key_pem;
  EXPECT_EQ(server->use_certificate(mixed).error().code, ErrorCode::InvalidArgument);
  EXPECT_TRUE(ask(trusting(*server), HttpRequest()).ok());
}

TEST_F(TlsTest, APlainPortTakesNoCertificate) {
  const auto server = serve(echo);
  EXPECT_EQ(server->use_certificate(issue(authority_, "IP:127.0.0.1")).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_TRUE(ask(peer_of(*server), HttpRequest()).ok());
}

TEST_F(TlsTest, APlainRequestToATlsPortIsAnErrorAndNotAHang) {
  const auto server = serve_tls(echo, "IP:127.0.0.1");
  const auto answer = ask(peer_of(*server), HttpRequest());
  ASSERT_FALSE(answer.ok());
}

TEST_F(TlsTest, ATlsRequestToAPlainPortIsAnErrorAndNotAHang) {
  const auto server = serve(echo);
  const auto answer = ask(trusting(*server), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

TEST_F(TlsTest, AStreamCutInsideItsBodyIsAnError) {
  struct Half {
    static Task<void> run(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers());
      std::ignore = co_await exchange.write("half");
    }
  };
  const auto server = serve_tls(Half::run, "IP:127.0.0.1");
  const auto answer = ask(trusting(*server), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

Task<void> leave(Loop& loop, const Peer& peer, std::shared_ptr<Held> held) {
  struct Asking {
    static Task<void> run(Transport& transport, Peer to) {
      const HttpRequest request("POST", "/");
      const ExchangeOptions options;
      std::ignore = co_await transport.exchange(to, request, options);
    }
  };
  TaskHandle asking = loop.env().spawn("asking", Asking::run(loop.transport(), peer));
  while (held->begun == 0) co_await loop.env().wait(held->changed);
  asking.cancel();
  co_await asking.join();
  while (held->cancelled == 0) co_await loop.env().wait(held->changed);
}

TEST_F(TlsTest, AClientThatGoesAwayCancelsTheHandler) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server =
      serve_tls([held](ServerExchange& exchange) { return hold(exchange, held); }, "IP:127.0.0.1");
  loop_.run_until_done("leave", leave(loop_, trusting(*server), held));
  EXPECT_EQ(held->cancelled, 1);
}

}  // namespace
}  // namespace llmops
