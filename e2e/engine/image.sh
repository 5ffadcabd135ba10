#!/bin/bash
# Builds the engine's image once into the cache: Debian's llama.cpp and the two models. Prints the archive's path.
# usage: image.sh [--import]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../images/rootfs.sh"

SUITE=forky # the first Debian with llama.cpp
archive=$LLMOPS_CACHE/engine-$(digest_of "$here/image.sh" "$here/good.gguf" "$here/degraded.gguf" \
  "$here/../images/rootfs.sh" "$here/../images/oci_image.py").tar

mkdir -p "$LLMOPS_CACHE"
exec 9>"$LLMOPS_CACHE/.lock-engine"
flock 9
if [ ! -f "$archive" ]; then
  base=$(debian_rootfs $SUITE llama.cpp-tools libc-bin base-files)
  work=$(mktemp -d "$LLMOPS_CACHE/.build-engine.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp -a "$base/." "$work/"
  mkdir -p "$work/models"
  install -m 644 "$here/good.gguf" "$here/degraded.gguf" "$work/models/"
  step "engine image" "$here/../images/oci_image.py" --root "$work" --name localhost/llmops-engine:1 \
    --entrypoint /usr/bin/llama-server --env LLAMA_CACHE=/tmp --output "$archive"
fi
exec 9>&-
[ "${1:-}" != --import ] || "$here/../images/import.sh" "$archive"
printf '%s\n' "$archive"
