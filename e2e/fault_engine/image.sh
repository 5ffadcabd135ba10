#!/bin/bash
# Builds the fault engine's image from a build folder: its program, and the golden set as /answers/golden.jsonl.
# Prints the archive's path.
# usage: image.sh BUILD_DIR [--import]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../images/rootfs.sh"
. "$here/../images/programs.sh"

[ $# -ge 1 ] || die "usage: image.sh BUILD_DIR [--import]"
build=$1 program=llmops-fault-engine golden=$here/../engine/golden.jsonl
[ -x "$build/bin/$program" ] || die "$build/bin/$program is not there; run make build"
archive=$LLMOPS_CACHE/fault-engine-$(digest_of "$build/bin/$program" "$golden" "$here/image.sh" "$here/../images/rootfs.sh" \
  "$here/../images/programs.sh" "$here/../images/oci_image.py").tar

mkdir -p "$LLMOPS_CACHE"
exec 9>"$LLMOPS_CACHE/.lock-fault-engine"
flock 9
if [ ! -f "$archive" ]; then
  work=$(mktemp -d "$LLMOPS_CACHE/.build-fault-engine.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  programs_rootfs "$build" "$work" "$program"
  mkdir -p "$work/answers"
  install -m 644 "$golden" "$work/answers/"
  step "fault engine image" "$here/../images/oci_image.py" --root "$work" --name localhost/llmops-fault-engine:1 \
    --entrypoint "/usr/local/bin/$program" --output "$archive"
fi
exec 9>&-
[ "${2:-}" != --import ] || "$here/../images/import.sh" "$archive"
printf '%s\n' "$archive"
