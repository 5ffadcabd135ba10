#!/bin/bash
# Builds the cluster's programs once into the cache: kube (all of Kubernetes and etcd), CoreDNS, Helm, the pause image.
# usage: build.sh [kube|coredns|helm|pause|kubeconform|argocd|kwok|argo-rollouts]…   (the first four without an argument)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../lib/go.sh"
. "$here/../images/rootfs.sh"

KUBERNETES=v1.34.4
COREDNS=v1.15.0
HELM=v3.22.0
KUBECONFORM=v0.8.0
ARGOCD=v3.5.7
KWOK=v0.8.0
ARGO_ROLLOUTS=v1.10.1

# kube_flags: the version that the API server and kubectl report.
kube_flags() {
  local package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=34 -X %s.gitTreeState=clean ' \
      "$package" "$KUBERNETES" "$package" "$package" "$package"
  done
}

# compile NAME VERSION PACKAGE LDFLAGS WORK: WORK/out/NAME from the module copied to WORK.
compile() {
  local name=$1 version=$2 package=$3 flags=$4
  cd "$5" || return
  GO=${GO:-$(find_go)} || return
  export GO GOTOOLCHAIN=local CGO_ENABLED=0
  # Without debug information, which is stripped anyway, the compiler needs a tenth less time.
  step "$name $version: fetch and compile" "$GO" build -mod=readonly -trimpath -buildvcs=false -tags providerless -gcflags=all=-dwarf=false \
    -ldflags "-s -w $flags" -o "out/$name" "$package" || return
  [ "$(type -t "files_of_$name")" != function ] || "files_of_$name" out
}

# go_program NAME VERSION PACKAGE LDFLAGS: the module NAME/ beside this script → $LLMOPS_CACHE/NAME-DIGEST/NAME.
go_program() {
  local name=$1 version=$2 target work
  target=$LLMOPS_CACHE/$name-$(digest_of "$here/$name"/* -- "$@")
  if [ -x "$target/$name" ]; then
    printf '%-44s cached\n' "$name $version" >&2
  else
    work=$(mktemp -d "$LLMOPS_CACHE/.build-$name.XXXXXX")
    cp "$here/$name"/* "$work/"
    # Only a whole build gets the name that counts as built.
    (compile "$@" "$work") && mv -T "$work/out" "$target" || { rm -rf "$work"; die "$name was not built"; }
    rm -rf "$work"
  fi
  ln -sfn "$target/$name" "$LLMOPS_BIN/$name"
}

build_kube() {
  local name
  go_program kube $KUBERNETES . "$(kube_flags)"
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
    ln -sfn kube "$LLMOPS_BIN/$name"
  done
}
build_coredns() { go_program coredns $COREDNS . ""; }
build_helm() { go_program helm $HELM helm.sh/helm/v3/cmd/helm "-X helm.sh/helm/v3/internal/version.version=$HELM"; }

build_kubeconform() { go_program kubeconform $KUBECONFORM github.com/yannh/kubeconform/cmd/kubeconform "-X main.version=$KUBECONFORM"; }

# What Argo CD has beside its program: CRDs, the settings that it comes with, a script that it calls.
files_of_argocd() {
  local module
  module=$("$GO" list -mod=readonly -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3) &&
    mkdir -p "$1/scripts" &&
    cp "$module"/manifests/crds/*-crd.yaml "$module/manifests/base/config/argocd-cm.yaml" "$1/" &&
    install -m 755 "$module/hack/git-verify-wrapper.sh" "$1/scripts/"
}

# One program that takes the part of the name it is called by. Its cache is Debian's redis, from a folder of its own:
# installed, it would be a service of the machine.
build_argocd() {
  local name root
  go_program argocd $ARGOCD github.com/argoproj/argo-cd/v3/cmd "-X github.com/argoproj/argo-cd/v3/common.version=${ARGOCD#v}"
  for name in argocd-server argocd-repo-server argocd-application-controller; do ln -sfn argocd "$LLMOPS_BIN/$name"; done
  root=$(debian_rootfs bookworm redis-server)
  ln -sfn "$root" "$LLMOPS_CACHE/redis"
}

# Nodes and pods without a kubelet, for benchmarks; beside it what they do: ready at once.
files_of_kwok() {
  local module
  module=$("$GO" list -mod=readonly -m -f '{{.Dir}}' sigs.k8s.io/kwok) && install -m 644 -t "$1" "$module"/kustomize/stage/{node,pod}/fast/*-*.yaml
}
build_kwok() { go_program kwok $KWOK sigs.k8s.io/kwok/cmd/kwok ""; }

# A peer, for benchmarks.
files_of_argo-rollouts() {
  local module
  module=$("$GO" list -mod=readonly -m -f '{{.Dir}}' github.com/argoproj/argo-rollouts) && install -m 644 -t "$1" "$module"/manifests/crds/*-crd.yaml
}
build_argo-rollouts() {
  go_program argo-rollouts $ARGO_ROLLOUTS github.com/argoproj/argo-rollouts/cmd/rollouts-controller \
    "-X github.com/argoproj/argo-rollouts/utils/version.version=$ARGO_ROLLOUTS"
}

build_pause() {
  local target work
  target=$LLMOPS_CACHE/pause-$(digest_of "$here/pause/pause.c" "$here/../images/oci_image.py").tar
  if [ -f "$target" ]; then
    printf '%-44s cached\n' "pause image" >&2
  else
    work=$(mktemp -d "$LLMOPS_CACHE/.build-pause.XXXXXX")
    mkdir "$work/root"
    { step "pause: compile" gcc -static -O2 -s -o "$work/root/pause" "$here/pause/pause.c" &&
      step "pause: image" "$here/../images/oci_image.py" --root "$work/root" --name localhost/pause:1 \
        --entrypoint /pause --output "$target"; } || { rm -rf "$work"; die "the pause image was not built"; }
    rm -rf "$work"
  fi
  ln -sfn "$target" "$LLMOPS_CACHE/pause.tar"
}

mkdir -p "$LLMOPS_BIN"
[ $# -gt 0 ] || set -- pause kube coredns helm
for name in "$@"; do
  case $name in kube | coredns | helm | kubeconform | argocd | kwok | argo-rollouts | pause) ;; *) die "unknown program: $name" ;; esac
  # A second caller waits for the first and then finds its result.
  exec 9>"$LLMOPS_CACHE/.lock-$name"
  flock 9
  "build_$name"
  exec 9>&-
done
