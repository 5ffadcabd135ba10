# To be sourced: the cluster's kubectl and helm come first on PATH, KUBECONFIG names the cluster.
# shellcheck shell=bash
LLMOPS_CACHE=${LLMOPS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/llmops-operator}
export PATH="$LLMOPS_CACHE/bin:$PATH"
export KUBECONFIG="${LLMOPS_STATE:-/var/lib/llmops-e2e}/admin.kubeconfig"
