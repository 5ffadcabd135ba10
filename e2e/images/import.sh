#!/bin/bash
# Imports an OCI image archive into the cluster's containerd.
# usage: import.sh ARCHIVE…
set -euo pipefail
. "$(cd "$(dirname "$0")" && pwd)/../lib/common.sh"

[ $# -gt 0 ] || die "usage: import.sh ARCHIVE…"
[ -S "$CONTAINERD_SOCKET" ] || die "no cluster here: run e2e/cluster/up.sh"
for archive in "$@"; do
  [ -f "$archive" ] || die "no such file: $archive"
  step "import ${archive##*/}" ctr -a "$CONTAINERD_SOCKET" -n k8s.io images import "$archive"
done
