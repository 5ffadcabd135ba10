#include "webhooks/certificates/mounted.hpp"

#include <utility>

#include "operator/kube/kubeconfig.hpp"

namespace llmops::certificates {

Task<void> follow_files(Env& env, std::string folder, Duration period,
                        std::function<void(const CertificatePair&)> use) {
  std::string in_use;
  for (;;) {
    const Result<std::string> certificate = kube::read_file(folder + "/tls.crt");
    const Result<std::string> key = kube::read_file(folder + "/tls.key");
    if (certificate.ok() && key.ok() && *certificate != in_use) {
      const CertificatePair pair{*certificate, *key};
      if (is_pair(pair)) {
        in_use = *certificate;
        use(pair);
      }
    }
    const Result<void> slept = co_await env.sleep(period);
    if (!slept.ok()) co_return;
  }
}

}  // namespace llmops::certificates
