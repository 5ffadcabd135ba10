#!/bin/bash
# Builds an image of Debian's Prometheus. Prints the archive's path.
# usage: image.sh [--import]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../images/rootfs.sh"
. "$here/../images/programs.sh"

program=$(command -v prometheus) || die "prometheus is not there; run e2e/cluster/deps.sh"
archive=$LLMOPS_CACHE/prometheus-$(digest_of "$program" "$here/image.sh" "$here/../images/rootfs.sh" "$here/../images/programs.sh" \
  "$here/../images/oci_image.py").tar

mkdir -p "$LLMOPS_CACHE"
exec 9>"$LLMOPS_CACHE/.lock-prometheus"
flock 9
if [ ! -f "$archive" ]; then
  work=$(mktemp -d "$LLMOPS_CACHE/.build-prometheus.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/build/bin" "$work/root"
  ln -s "$program" "$work/build/bin/prometheus"
  programs_rootfs "$work/build" "$work/root" prometheus
  step "Prometheus image" "$here/../images/oci_image.py" --root "$work/root" --name localhost/llmops-prometheus:1 \
    --entrypoint /usr/local/bin/prometheus --output "$archive"
fi
exec 9>&-
[ "${1:-}" != --import ] || "$here/../images/import.sh" "$archive"
printf '%s\n' "$archive"
