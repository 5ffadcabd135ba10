#!/bin/bash
# Shows the cluster's processes and node; exit 1 unless all run and the node is ready.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/config.sh"
. "$here/components.sh"

for name in "${COMPONENTS[@]}"; do
  mapfile -t pids < <(pids_of "$name")
  printf '%-26s %s\n' "$name" "${pids[*]:-dead}"
done
[ -z "$(dead_components)" ] || die "not all is running (logs in $LLMOPS_STATE/log)"
api_ready || die "the API server does not answer"
node_ready || die "the node is not ready"
dns_ready || die "DNS is not ready"
proxy_ready || die "kube-proxy is not ready"
"$LLMOPS_BIN/kubectl" --kubeconfig "$LLMOPS_STATE/admin.kubeconfig" get nodes \
  -o 'custom-columns=NODE:.metadata.name,VERSION:.status.nodeInfo.kubeletVersion,GPUS:.status.allocatable.nvidia\.com/gpu'
