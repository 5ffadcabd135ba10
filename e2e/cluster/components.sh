# Starts, finds and ends the cluster's processes. To be sourced; needs lib/common.sh and config.sh.
# shellcheck shell=bash

COMPONENTS=(etcd kube-apiserver containerd kube-controller-manager kube-scheduler kubelet kube-proxy coredns)

# launch NAME COMMAND…: detached, so that the caller can end; the lock stays with the caller.
launch() {
  local name=$1
  shift
  (
    cd "$LLMOPS_STATE"
    exec setsid nohup "$@" >>"$LLMOPS_STATE/log/$name.log" 2>&1 </dev/null 9>&-
  ) &
}

start_component() {
  local s=$LLMOPS_STATE pki=$LLMOPS_STATE/pki address
  address=$(cat "$s/conf/address")
  case $1 in
    etcd)
      # Losing data with the machine is fine here; waiting for the disk is not.
      launch etcd "$LLMOPS_BIN/etcd" --data-dir "$s/etcd" --unsafe-no-fsync --log-level warn \
        --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
        --listen-peer-urls http://127.0.0.1:2380
      ;;
    kube-apiserver)
      launch kube-apiserver "$LLMOPS_BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
        --bind-address=0.0.0.0 --advertise-address="$address" --service-cluster-ip-range=$SERVICE_CIDR \
        --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
        --client-ca-file="$pki/ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file="$pki/service-accounts.pub" \
        --service-account-signing-key-file="$pki/service-accounts.key" \
        --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
        --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
        --allow-privileged=true --audit-policy-file="$s/conf/audit.yaml" --audit-log-path="$s/log/audit.jsonl" \
        --audit-log-maxsize=1000 --audit-log-maxbackup=2 --shutdown-delay-duration=0s
      ;;
    containerd)
      launch containerd containerd --config "$s/conf/containerd.toml" --log-level warn
      ;;
    kube-controller-manager)
      launch kube-controller-manager "$LLMOPS_BIN/kube-controller-manager" \
        --kubeconfig="$s/conf/controller-manager.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false \
        --cluster-cidr=$POD_CIDR --allocate-node-cidrs=true --use-service-account-credentials \
        --service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" \
        --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
        --kube-api-qps=200 --kube-api-burst=400
      ;;
    kube-scheduler)
      launch kube-scheduler "$LLMOPS_BIN/kube-scheduler" --kubeconfig="$s/conf/scheduler.kubeconfig" \
        --bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=200 --kube-api-burst=400
      ;;
    kubelet)
      launch kubelet "$LLMOPS_BIN/kubelet" --config="$s/conf/kubelet.yaml" --kubeconfig="$s/conf/node.kubeconfig" \
        --root-dir="$s/kubelet" --cert-dir="$pki" --hostname-override=$NODE --node-ip="$address"
      ;;
    kube-proxy)
      launch kube-proxy "$LLMOPS_BIN/kube-proxy" --config="$s/conf/proxy.yaml"
      ;;
    coredns)
      launch coredns "$LLMOPS_BIN/coredns" -conf "$s/conf/Corefile"
      ;;
    *) die "unknown component: $1 (one of ${COMPONENTS[*]})" ;;
  esac
}

# pids_of NAME: our processes of that name, known by the state folder in their arguments (no pid file can lie).
pids_of() { pgrep -f -- "^([^ ]*/)?$1 .*$LLMOPS_STATE/" || true; }

# Shims are children of pid 1 once containerd has gone.
shim_pids() { pgrep -f -- "containerd-shim[^ ]* .*-address $CONTAINERD_SOCKET" || true; }

# What runs below kubepods in any cgroup hierarchy.
container_pids() { find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un; }

# still_running PID…: those that are more than a zombie.
still_running() {
  local pid state
  for pid in "$@"; do
    state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || true
    case $state in '' | Z | X) ;; *) printf '%s ' "$pid" ;; esac
  done
}

# end_all SECONDS PID…: asks, waits, then kills.
end_all() {
  local limit=$(($(now) + $1 * 1000)) left
  shift
  [ $# -gt 0 ] || return 0
  kill "$@" 2>/dev/null || true
  # A stopped process hears nothing until it goes on.
  kill -CONT "$@" 2>/dev/null || true
  while left=$(still_running "$@") && [ -n "$left" ]; do
    if [ "$(now)" -gt "$limit" ]; then
      # shellcheck disable=SC2086
      kill -9 $left 2>/dev/null || true
    fi
    sleep 0.05
  done
}

# stop_components NAME…: together, killed after three seconds.
stop_components() {
  local name pids=()
  for name in "$@"; do mapfile -t -O "${#pids[@]}" pids < <(pids_of "$name"); done
  end_all 3 "${pids[@]}"
}

dead_components() {
  local name
  for name in "${COMPONENTS[@]}"; do [ -n "$(pids_of "$name")" ] || printf '%s ' "$name"; done
}

api() {
  curl -sf --max-time 5 --cacert "$LLMOPS_STATE/pki/ca.crt" --cert "$LLMOPS_STATE/pki/admin.crt" \
    --key "$LLMOPS_STATE/pki/admin.key" "https://127.0.0.1:6443$1" "${@:2}"
}

node_ready() { api /api/v1/nodes/$NODE | jq -e '.status.conditions[] | select(.type == "Ready" and .status == "True")' >/dev/null; }
gpus_offered() { api /api/v1/nodes/$NODE | jq -e --arg n "$1" '.status.allocatable["nvidia.com/gpu"] == $n' >/dev/null; }

# offer_gpus COUNT: no device plugin needed; the kubelet keeps the count and admits pods by it.
offer_gpus() {
  api /api/v1/nodes/$NODE/status -X PATCH -H 'Content-Type: application/merge-patch+json' -o /dev/null \
    -d "{\"status\":{\"capacity\":{\"nvidia.com/gpu\":\"$1\"}}}"
}

dns_ready() { curl -sf --max-time 2 -o /dev/null http://127.0.0.1:$DNS_READY_PORT/ready; }
proxy_ready() { curl -sf --max-time 2 -o /dev/null http://127.0.0.1:10256/healthz; }
api_ready() { api /readyz -o /dev/null; }

# wait_for TEXT SECONDS COMMAND…: with the logs of dead processes when it does not come true.
wait_for() {
  local text=$1 limit=$(($(now) + $2 * 1000)) start name
  start=$(now)
  shift 2
  until "$@" 2>/dev/null; do
    if [ "$(now)" -gt "$limit" ]; then
      say "waited in vain: $text"
      for name in $(dead_components); do
        say "--- $name has ended:"
        tail -n 5 "$LLMOPS_STATE/log/$name.log" >&2 2>/dev/null || true
      done
      return 1
    fi
    sleep 0.1
  done
  printf '%-44s %6s s\n' "$text" "$(seconds_since "$start")" >&2
}
