#!/bin/bash
# Brings up a real one-node Kubernetes on this machine; returns at once when a healthy one is there.
# usage: up.sh      LLMOPS_GPUS (4): nvidia.com/gpu that the node offers
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/config.sh"
. "$here/components.sh"

GPUS=${LLMOPS_GPUS:-4}
started=$(now)

check_machine() {
  local command port holder
  local capabilities=$((16#$(awk '/^CapEff/ {print $2}' /proc/self/status)))
  for command in containerd runc nft iptables openssl curl jq ss ip pgrep setsid; do
    command -v $command >/dev/null || die "no $command on this machine: run e2e/cluster/deps.sh"
  done
  [ -x /usr/lib/cni/bridge ] || die "no CNI plugins in /usr/lib/cni: run e2e/cluster/deps.sh"
  (((capabilities >> 21) & 1)) || die "this needs CAP_SYS_ADMIN (mounts, namespaces)"
  (((capabilities >> 12) & 1)) || die "this needs CAP_NET_ADMIN (bridge, packet filter)"
  [ -n "$(machine_address)" ] || die "the machine has no address besides loopback: pods could not reach the API server"
  for port in 6443 2379 2380 10248 10249 10250 10256 10257 10259 $DNS_PORT $DNS_READY_PORT; do
    holder=$(ss -Hltnp "sport = :$port" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (pid \2)/p' | head -n 1)
    [ -z "$(ss -Hltn "sport = :$port")" ] || die "port $port is taken by ${holder:-another process}"
  done
}

# The kubelet and the CNI change these; down.sh puts them back.
save_settings() {
  sysctl net.ipv4.ip_forward kernel.panic kernel.panic_on_oops vm.overcommit_memory \
    net.bridge.bridge-nf-call-iptables net.netfilter.nf_conntrack_tcp_timeout_established \
    net.netfilter.nf_conntrack_tcp_timeout_close_wait >"$LLMOPS_STATE/sysctl.before" 2>/dev/null || true
  nft list tables >"$LLMOPS_STATE/nft.before"
}

# Pods on one bridge that meet through a Service need their answers to pass the packet filter.
filter_bridged_packets() {
  modprobe br_netfilter 2>/dev/null || true
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
}

healthy() {
  [ -f "$LLMOPS_STATE/ready" ] && [ -z "$(dead_components)" ] && api_ready && node_ready && dns_ready && proxy_ready
}

print_use() {
  say "Kubernetes is ready after $(seconds_since "$started") s"
  printf 'export KUBECONFIG=%s\n' "$LLMOPS_STATE/admin.kubeconfig"
}

ensure_gpus() {
  gpus_offered "$GPUS" && return
  offer_gpus "$GPUS"
  wait_for "node offers $GPUS GPUs" 20 gpus_offered "$GPUS"
}

require_root
case $LLMOPS_STATE$LLMOPS_SOCKETS in *[!A-Za-z0-9._/-]*) die "LLMOPS_STATE and LLMOPS_SOCKETS must be plain paths" ;; esac
case $LLMOPS_STATE in /?*) ;; *) die "LLMOPS_STATE must be an absolute path" ;; esac

# Before the lock: a first build takes minutes.
"$here/build.sh" pause kube coredns

# One cluster a machine. The lock is a folder's, so that no lock file is left behind.
exec 9</var/lib
flock -n 9 || { say "another up.sh or down.sh is at work: waiting"; flock -w 120 9 || die "it did not end in 120 s"; }

if healthy 2>/dev/null; then
  ensure_gpus
  print_use
  exit
fi
if [ -e "$LLMOPS_STATE" ] || [ -e "$LLMOPS_SOCKETS" ]; then
  say "cleaning what an earlier run left"
  LLMOPS_LOCKED=1 "$here/down.sh"
fi
check_machine

mkdir -p "$LLMOPS_STATE/conf"
save_settings
machine_address >"$LLMOPS_STATE/conf/address"
step "certificates and configuration" write_config "$(machine_address)"
filter_bridged_packets

for name in etcd kube-apiserver containerd; do start_component $name; done
wait_for "API server ready" 60 api_ready
for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do start_component $name; done
wait_for "container runtime" 20 ctr -a "$CONTAINERD_SOCKET" version >/dev/null
step "pause image" ctr -a "$CONTAINERD_SOCKET" -n k8s.io images import "$LLMOPS_CACHE/pause.tar"
step "cluster DNS" eval "sed 's/ADDRESS/$(machine_address)/' '$here/addons.yaml' |
  '$LLMOPS_BIN/kubectl' --kubeconfig '$LLMOPS_STATE/admin.kubeconfig' apply -f -"
start_component coredns
wait_for "node ready" 60 node_ready
ensure_gpus
wait_for "DNS ready" 30 dns_ready
wait_for "service network ready" 30 proxy_ready
wait_for "default service account" 30 api /api/v1/namespaces/default/serviceaccounts/default -o /dev/null
dead=$(dead_components)
[ -z "$dead" ] || die "ended right after the start: $dead(logs in $LLMOPS_STATE/log)"
touch "$LLMOPS_STATE/ready"
print_use
