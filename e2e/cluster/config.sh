# Writes certificates, kubeconfigs and configuration files of the cluster. To be sourced; needs lib/common.sh.
# shellcheck shell=bash

NODE=e2e
POD_CIDR=10.244.0.0/16
NODE_POD_CIDR=10.244.0.0/24
SERVICE_CIDR=10.96.0.0/16
API_SERVICE=10.96.0.1
DNS_SERVICE=10.96.0.10
DNS_PORT=1053
DNS_READY_PORT=18182
BRIDGE=llmops0
NETWORK=llmops-e2e

# The first address of the machine: pods reach the API server and DNS there, loopback they cannot.
machine_address() { hostname -I | cut -d' ' -f1; }

# certificate NAME COMMON_NAME ORGANISATION ALTERNATIVE_NAMES
certificate() {
  local pki=$LLMOPS_STATE/pki
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/$1.key" -out "$pki/$1.csr" \
    -subj "/O=$3/CN=$2" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
    -days 365 -out "$pki/$1.crt" -extfile <(printf '%s\n' "basicConstraints=CA:FALSE" \
      "keyUsage=digitalSignature,keyEncipherment" "extendedKeyUsage=serverAuth,clientAuth" "subjectAltName=$4") 2>/dev/null
  rm "$pki/$1.csr"
}

write_certificates() {
  local pki=$LLMOPS_STATE/pki address=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/ca.key" -out "$pki/ca.crt" \
    -days 3650 -subj /CN=llmops-e2e 2>/dev/null
  openssl genrsa -out "$pki/service-accounts.key" 2048 2>/dev/null
  openssl rsa -in "$pki/service-accounts.key" -pubout -out "$pki/service-accounts.pub" 2>/dev/null
  certificate apiserver kube-apiserver kubernetes "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,\
DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:$API_SERVICE,IP:$address"
  certificate admin admin system:masters DNS:admin
  certificate kubelet-client kube-apiserver-kubelet-client system:masters DNS:kubelet-client
  certificate controller-manager system:kube-controller-manager kubernetes DNS:controller-manager
  certificate scheduler system:kube-scheduler kubernetes DNS:scheduler
  certificate proxy system:kube-proxy kubernetes DNS:proxy
  certificate dns llmops-e2e:dns kubernetes DNS:dns
  certificate node "system:node:$NODE" system:nodes "DNS:$NODE,IP:127.0.0.1,IP:$address"
}

# kubeconfig USER FILE: with the certificates inside, so that the file can be copied.
kubeconfig() {
  local pki=$LLMOPS_STATE/pki
  cat >"$2" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: llmops-e2e
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$pki/$1.crt"), client-key-data: $(base64 -w0 "$pki/$1.key")}
contexts:
- name: llmops-e2e
  context: {cluster: llmops-e2e, user: $1}
current-context: llmops-e2e
YAML
  chmod 600 "$2"
}

write_containerd() {
  local snapshotter=overlayfs
  # An overlay cannot lie on an overlay: copy layers when the state folder is on one.
  [ "$(stat -f -c %T "$LLMOPS_STATE")" != overlayfs ] || snapshotter=native
  cat >"$LLMOPS_STATE/conf/containerd.toml" <<TOML
version = 2
root = "$LLMOPS_STATE/containerd"
state = "$LLMOPS_SOCKETS/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Without CAP_SYS_RESOURCE runc cannot lower a score.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "$LLMOPS_SOCKETS/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$LLMOPS_STATE/conf/cni"
TOML
  cat >"$LLMOPS_STATE/conf/cni/10-pods.conflist" <<JSON
{
  "cniVersion": "1.0.0",
  "name": "$NETWORK",
  "plugins": [
    {"type": "bridge", "bridge": "$BRIDGE", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "dataDir": "$LLMOPS_STATE/cni", "ranges": [[{"subnet": "$NODE_POD_CIDR"}]],
              "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
}

write_kubelet() {
  # Names that the cluster does not know are answered by CoreDNS, never by the machine's resolver.
  : >"$LLMOPS_STATE/conf/resolv.conf"
  cat >"$LLMOPS_STATE/conf/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $LLMOPS_STATE/pki/ca.crt}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
clusterDNS: ["$DNS_SERVICE"]
clusterDomain: cluster.local
resolvConf: $LLMOPS_STATE/conf/resolv.conf
tlsCertFile: $LLMOPS_STATE/pki/node.crt
tlsPrivateKeyFile: $LLMOPS_STATE/pki/node.key
podLogsDir: $LLMOPS_STATE/podlogs
failSwapOn: false
makeIPTablesUtilChains: false
maxPods: 200
serializeImagePulls: false
syncFrequency: 10s
# A patched GPU count reaches allocatable with the next look; an unchanged status is not written.
nodeStatusUpdateFrequency: 1s
nodeStatusReportFrequency: 5m
# The machine's disk is not the cluster's to clean.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%"}
YAML
}

write_proxy() {
  # Zeros leave the machine's conntrack settings alone.
  cat >"$LLMOPS_STATE/conf/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $LLMOPS_STATE/conf/proxy.kubeconfig}
clusterCIDR: $POD_CIDR
mode: nftables
hostnameOverride: $NODE
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
}

write_dns() {
  cat >"$LLMOPS_STATE/conf/Corefile" <<COREFILE
cluster.local:$DNS_PORT in-addr.arpa:$DNS_PORT ip6.arpa:$DNS_PORT {
    bind $1
    errors
    ready 127.0.0.1:$DNS_READY_PORT
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig $LLMOPS_STATE/conf/dns.kubeconfig
        ttl 1
    }
}
.:$DNS_PORT {
    bind $1
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
COREFILE
}

# Every request at metadata level: who wrote what, how often.
write_audit() {
  cat >"$LLMOPS_STATE/conf/audit.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"]
- level: Metadata
YAML
}

write_config() {
  local address=$1 user
  mkdir -p "$LLMOPS_STATE"/{pki,conf/cni,etcd,log,podlogs,cni,kubelet} "$LLMOPS_SOCKETS"
  chmod 700 "$LLMOPS_STATE/pki" "$LLMOPS_STATE/etcd"
  write_certificates "$address"
  kubeconfig admin "$LLMOPS_STATE/admin.kubeconfig"
  for user in controller-manager scheduler node proxy dns; do kubeconfig $user "$LLMOPS_STATE/conf/$user.kubeconfig"; done
  write_containerd
  write_kubelet
  write_proxy
  write_dns "$address"
  write_audit
}
