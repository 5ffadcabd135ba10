// The API server's Status objects and HTTP codes as our errors.
#pragma once

#include <string_view>

#include "crds/base/result.hpp"
#include "operator/platform/http.hpp"

namespace llmops::kube {

// The error of an answer that is not 2xx. Status.reason decides, and where there is none (a proxy's page, an
// old server) the HTTP code. `what` names the request: "PUT configmaps default/a".
Error status_error(int http_status, const Headers& headers, std::string_view body, std::string_view what);

// Retry-After in milliseconds (delta seconds, at most a minute; the date form is not used by API servers); 0
// when absent.
long retry_after_ms(const Headers& headers);

}  // namespace llmops::kube
