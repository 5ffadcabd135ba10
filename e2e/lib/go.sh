# find_go: prints a Go command that is new enough for the cluster's programs. To be sourced.
# shellcheck shell=bash

GO_MINIMUM=1.26
GO_TOOLCHAIN=1.26.8

go_is_enough() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  version=${version#go}
  [ "$(printf '%s\n' "$GO_MINIMUM" "${version%% *}" | sort -V | head -n 1)" = "$GO_MINIMUM" ]
}

find_go() {
  local go dir
  for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go/bin/go; do
    if [ -n "$go" ] && [ -x "$go" ] && go_is_enough "$go"; then printf '%s\n' "$go"; return; fi
  done
  go=$(command -v go || command -v /usr/local/go/bin/go) || { say "no go command: run e2e/cluster/deps.sh"; return 1; }
  # An old Go downloads a newer one as a module, checked against the checksum database.
  dir=$(cd / && GOTOOLCHAIN=local GOFLAGS=-mod=mod "$go" mod download -json \
        "golang.org/toolchain@v0.0.1-go$GO_TOOLCHAIN.linux-$(go_arch)" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
  [ -n "$dir" ] || { say "could not fetch Go $GO_TOOLCHAIN"; return 1; }
  # Module archives carry no execute bits.
  chmod -R u+w "$dir" && chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/* 2>/dev/null
  printf '%s\n' "$dir/bin/go"
}

go_arch() { case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac; }
