#!/bin/bash
# Says what a cluster has left on this machine; exit 1 if anything. Changes nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/config.sh"
. "$here/components.sh"

require_root
left=0
# report WHAT: one line for each line of standard input.
report() {
  local line
  while read -r line; do
    [ -n "$line" ] || continue
    say "left: $1: $line"
    left=1
  done
}

report process < <(for name in "${COMPONENTS[@]}"; do pids_of "$name"; done | xargs -r ps -o pid=,args= -p | cut -c1-120)
report shim < <(shim_pids)
report container < <(container_pids)
report mount < <(awk '{print $2}' /proc/self/mounts | grep -E "^($LLMOPS_STATE|$LLMOPS_SOCKETS)(/|$)" || true)
report interface < <(ip -o link show $BRIDGE 2>/dev/null || true)
report "network namespace" < <(find /run/netns -name 'cni-*' 2>/dev/null)
report "nft table" < <(nft list tables 2>/dev/null | grep kube-proxy || true)
for command in iptables-save ip6tables-save; do
  report $command < <($command 2>/dev/null | grep -E 'CNI-|KUBE-' || true)
done
report cgroup < <(find /sys/fs/cgroup -maxdepth 2 -name 'kubepods*' 2>/dev/null)
report file < <(find "$LLMOPS_STATE" "$LLMOPS_SOCKETS" /var/lib/kubelet/device-plugins -maxdepth 0 2>/dev/null
  find /var/lib/cni/results -name "$NETWORK-*" 2>/dev/null || true)
[ $left = 0 ] || die "the machine is not clean"
say "clean: nothing of the cluster is left"
