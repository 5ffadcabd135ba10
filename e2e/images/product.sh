#!/bin/bash
# Builds the product's image from a build folder: Debian's run-time libraries and the stripped programs.
# usage: product.sh BUILD_DIR TAG [--import | --rootfs DIR]
# Prints the path of the archive of localhost/llmops-operator:TAG; --rootfs writes the folder that Containerfile adds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/rootfs.sh"
. "$here/programs.sh"

[ $# -ge 2 ] || die "usage: product.sh BUILD_DIR TAG [--import | --rootfs DIR]"
build=$1 tag=$2
PROGRAMS=(llmops-operator llmops-gateway llmops-evaluator llmops)

mkdir -p "$LLMOPS_CACHE"
found=()
for name in "${PROGRAMS[@]}"; do
  [ -x "$build/bin/$name" ] && found+=("$name") || say "not in $build/bin, left out: $name"
done
[ ${#found[@]} -gt 0 ] || die "none of ${PROGRAMS[*]} in $build/bin"

exec 9>"$LLMOPS_CACHE/.lock-product"
flock 9
work=$(mktemp -d "$LLMOPS_CACHE/.build-product.XXXXXX")
trap 'rm -rf "$work"' EXIT
programs_rootfs "$build" "$work" "${found[@]}"
if [ "${3:-}" = --rootfs ]; then
  mkdir -p "${4:?--rootfs needs a folder}"
  cp -a "$work/." "$4/"
  printf '%s\n' "$4"
  exit
fi
archive=$LLMOPS_CACHE/product-${tag//[^A-Za-z0-9._-]/_}.tar
step "product image $tag (${#found[@]} programs)" "$here/oci_image.py" --root "$work" --output "$archive" \
  --name "localhost/llmops-operator:$tag" --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
exec 9>&-
[ "${3:-}" != --import ] || "$here/import.sh" "$archive"
printf '%s\n' "$archive"
