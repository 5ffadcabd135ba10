#!/bin/bash
# Ends the cluster with all its pods and leaves the machine as it was; safe to run at any time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/config.sh"
. "$here/components.sh"

started=$(now)
require_root
case $LLMOPS_STATE in /?*/?*) ;; *) die "LLMOPS_STATE must be an absolute path below a folder" ;; esac
if [ -z "${LLMOPS_LOCKED:-}" ]; then
  exec 9</var/lib
  flock -w 120 9 || die "another up.sh or down.sh is at work"
fi

end_processes() {
  local pids
  # First those that would start containers again.
  stop_components kubelet coredns kube-scheduler kube-controller-manager kube-proxy
  mapfile -t pids < <(container_pids)
  end_all 2 "${pids[@]}"
  stop_components containerd
  mapfile -t pids < <(shim_pids)
  end_all 1 "${pids[@]}"
  stop_components kube-apiserver
  stop_components etcd
}

# our_mounts: deepest first; none is no error.
our_mounts() {
  awk '{print $2}' /proc/self/mounts | { grep -E "^($LLMOPS_STATE|$LLMOPS_SOCKETS)(/|$)" || true; } | sort -r
}

unmount_all() {
  local mount
  our_mounts | while read -r mount; do umount -l "$mount" || true; done
}

# Namespaces of pods are those with an address of our network.
remove_network() {
  local name
  for name in /run/netns/cni-*; do
    [ -e "$name" ] || continue
    name=${name##*/}
    if ip -n "$name" -4 addr 2>/dev/null | grep -q "inet ${NODE_POD_CIDR%.*}\." || ! ip -n "$name" link show eth0 >/dev/null 2>&1; then
      ip netns del "$name" || true
    fi
  done
  ip link del $BRIDGE 2>/dev/null || true
  for name in ip ip6; do nft delete table $name kube-proxy 2>/dev/null || true; done
  rm -f /var/lib/cni/results/$NETWORK-* /var/lib/cni/results/cni-loopback-*
  rmdir -p /var/lib/cni/results 2>/dev/null || true
}

# The bridge plugin writes its masquerading with iptables, in chains named CNI-….
remove_chains() {
  local command rules table family
  for command in iptables ip6tables; do
    rules=$($command-save 2>/dev/null) || continue
    if grep -qE 'CNI-|KUBE-' <<<"$rules"; then grep -vE 'CNI-|KUBE-' <<<"$rules" | $command-restore; fi
  done
  # Tables that were not there before and hold no rule any more.
  [ -f "$LLMOPS_STATE/nft.before" ] || return 0
  nft list tables | grep -vxFf "$LLMOPS_STATE/nft.before" | while read -r _ family table; do
    case $family in ip | ip6) ;; *) continue ;; esac
    case $table in nat | filter | mangle | raw | security) ;; *) continue ;; esac
    nft list table "$family" "$table" 2>/dev/null | grep -qvE '^\s*(table|chain|type|#|\}|$)' ||
      nft delete table "$family" "$table"
  done || true
}

remove_cgroups() {
  local try
  # A cgroup stays busy for a moment after its last process.
  for try in 1 2 3 4 5 6 7 8 9 10; do
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
    [ -n "$(find /sys/fs/cgroup -maxdepth 2 -name 'kubepods*' -print -quit)" ] || return 0
    sleep 0.1
  done
}

remove_files() {
  local socket link
  # Never delete through a mount: it may show a folder of the machine.
  [ -z "$(our_mounts)" ] ||
    die "still mounted, so nothing below $LLMOPS_STATE is deleted"
  rm -rf "$LLMOPS_STATE" "$LLMOPS_SOCKETS"
  # Sockets of shims that nobody serves any more; the folder is every containerd's.
  for socket in /run/containerd/s/*; do
    [ -S "$socket" ] || continue
    ss -Hxl | grep -qF "$socket" || rm -f "$socket"
  done
  rmdir -p /run/containerd/s 2>/dev/null || true
  # Log links that now lead nowhere.
  for link in /var/log/containers/*; do [ -e "$link" ] || rm -f "$link"; done
  rmdir /var/log/containers 2>/dev/null || true
  # The kubelet keeps this one outside its root folder.
  rm -rf /var/lib/kubelet/device-plugins
  rmdir /var/lib/kubelet 2>/dev/null || true
}

end_processes
unmount_all
remove_network
remove_chains
remove_cgroups
[ ! -f "$LLMOPS_STATE/sysctl.before" ] || sysctl -q -p "$LLMOPS_STATE/sysctl.before" || true
remove_files
"$here/check-clean.sh"
say "the cluster is gone after $(seconds_since "$started") s"
