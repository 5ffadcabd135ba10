#!/bin/bash
# Installs the Debian 12 packages that the project needs; does nothing when all are there.
# usage: deps.sh [build|cluster|bench]   (build: compile and unit tests; cluster, the default: a cluster as well;
# bench: build, and the peers of the benchmarks)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../lib/go.sh"

build=(
  gcc libc6-dev clang-19 lld-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
  libboost1.81-dev libyaml-cpp-dev nlohmann-json3-dev libsimdjson-dev libspdlog-dev libre2-dev libutf8proc-dev
  libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev libssl-dev zlib1g-dev
  ninja-build cmake make ccache python3 python3-yaml git ca-certificates openssl xz-utils file jq curl
)
cluster=(
  containerd runc containernetworking-plugins nftables iptables iproute2 procps kmod util-linux mmdebstrap
  prometheus  # tests/integration/prometheus starts one of its own
)
bench=(nginx-light)

case ${1:-cluster} in
  build) wanted=("${build[@]}") ;;
  cluster) wanted=("${build[@]}" "${cluster[@]}") ;;
  bench) wanted=("${build[@]}" "${bench[@]}") ;;
  *) die "usage: deps.sh [build|cluster|bench]" ;;
esac

# A Go of the machine's own will do; any old one can fetch the right one (lib/go.sh).
if [ "${1:-cluster}" = cluster ] && ! command -v go >/dev/null && [ ! -x /usr/local/go/bin/go ]; then
  wanted+=(golang-go)
fi

missing=()
while read -r package; do missing+=("$package"); done < <(
  dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" {print $2}' | sort -u |
    comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u)
)
if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#wanted[@]} packages are installed"
  exit 0
fi

require_root
say "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
step "package lists" apt-get update -q
# No daemon may start here: the cluster runs its own containerd.
guard=/usr/sbin/policy-rc.d
if [ ! -e $guard ]; then
  printf '#!/bin/sh\nexit 101\n' >$guard
  chmod +x $guard
  trap 'rm -f $guard' EXIT
fi
step "packages" apt-get install -q -y --no-install-recommends "${missing[@]}"
