// The validating webhook of this replica: a TLS server around webhooks/admission, with keys of our own or
// cert-manager's.
#pragma once

#include <memory>
#include <string>

#include "operator/main/wiring.hpp"
#include "webhooks/certificates/rotator.hpp"

namespace CLI {
class App;
}

namespace llmops {

// As given on the command line.
struct WebhookFlags {
  std::uint16_t port = 0;  // 0: no webhook
  std::string service = "llmops-operator-webhook";
  std::string configuration = "llmops-operator";
  std::string secret = "llmops-operator-webhook";
  std::string certificate_folder;                                          // cert-manager's; empty: our own
  std::string authority_validity, server_validity, refresh, settle, look;  // empty: the defaults of Periods
};
void add_webhook_flags(CLI::App& app, WebhookFlags& flags);

struct WebhookOptions {
  std::uint16_t port = 0;
  std::string certificate_folder;
  certificates::RotatorOptions rotator;
  std::shared_ptr<spdlog::logger> log;
};
// `ns` is the operator's own. InvalidArgument names the flag.
Result<WebhookOptions> webhook_options_of(const WebhookFlags& flags, const std::string& ns);

class Webhook {
 public:
  // Listens once there is a certificate. All references must outlive it.
  Webhook(Env& env, Transport& transport, const kube::ClientConfig& config, OperatorProgram& program,
          WebhookOptions options);
  ~Webhook();

  // Ends its tasks and answers what was asked.
  Task<void> drain();

 private:
  void use(const CertificatePair& pair);

  Env& env_;
  Transport& transport_;
  OperatorProgram& program_;
  const WebhookOptions options_;
  std::unique_ptr<certificates::Rotator> rotator_;
  TaskHandle keys_;
  std::unique_ptr<Server> server_;
};

}  // namespace llmops
