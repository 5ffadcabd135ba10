// One server's transcript without what must differ between two servers.
#pragma once

#include "tests/integration/conformance/player.hpp"

namespace llmops::conformance {

// In place: versions to ranks, UIDs to "uid-<n>", times to "<time>", no managedFields, namespaces to "ns0"
// and "ns1", objects of other namespaces out of lists and watches.
void normalise(Transcript& transcript);

}  // namespace llmops::conformance
