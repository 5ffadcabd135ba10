# Places, messages and checks that every script of e2e/ shares. To be sourced; starts nothing.
# shellcheck shell=bash

E2E_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LLMOPS_CACHE=${LLMOPS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/llmops-operator}
LLMOPS_STATE=${LLMOPS_STATE:-/var/lib/llmops-e2e}
LLMOPS_SOCKETS=${LLMOPS_SOCKETS:-/run/llmops-e2e}
LLMOPS_BIN=$LLMOPS_CACHE/bin
CONTAINERD_SOCKET=$LLMOPS_SOCKETS/containerd.sock

# nft, iptables and the CNI tools live in sbin, which a user's PATH often lacks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say()  { printf '%s\n' "$*" >&2; }
die()  { printf 'error: %s\n' "$*" >&2; exit 1; }
now()  { date +%s%3N; }

# seconds_since MILLISECONDS: "1.2"
seconds_since() { local ms=$(($(now) - $1)); printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100)); }

require_root() { [ "$(id -u)" = 0 ] || die "this needs root"; }

# step TEXT COMMAND…: one line with its seconds; what the command said is shown only when it fails.
step() {
  local text=$1 start log
  shift
  start=$(now)
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    printf '%-44s %6s s\n' "$text" "$(seconds_since "$start")" >&2
    rm -f "$log"
  else
    printf '%-44s failed\n' "$text" >&2
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

# digest_of FILE… [-- TEXT…]: 16 hex digits over the files' contents and the texts.
digest_of() {
  local files=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do files+=("$1"); shift; done
  { cat -- "${files[@]}" </dev/null; printf '%s\n' "$@"; } | sha256sum | cut -c1-16
}

# debian_mirror: the machine's own main mirror, read from its apt sources (not the security one).
debian_mirror() {
  local uri
  uri=$( { sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*main.*/\2/p' /etc/apt/sources.list
           sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*main.*/\2/p' /etc/apt/sources.list.d/*.list
           awk '/^URIs:/ {uri = $2} /^Components:.*main/ {print uri}' /etc/apt/sources.list.d/*.sources
         } 2>/dev/null | grep -v security | grep -E '/debian/?$' | head -n 1) || true
  [ -n "$uri" ] || die "no Debian mirror in the apt sources of this machine"
  printf '%s\n' "$uri"
}
