#!/bin/bash
# Builds the product's image from a build folder: Debian's run-time libraries and the stripped programs.
# usage: product.sh BUILD_DIR TAG [--import | --rootfs DIR]
# Prints the path of the archive of localhost/llmops-operator:TAG; --rootfs writes the folder that Containerfile adds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/rootfs.sh"

[ $# -ge 2 ] || die "usage: product.sh BUILD_DIR TAG [--import | --rootfs DIR]"
build=$1 tag=$2
PROGRAMS=(llmops-operator llmops-gateway llmops-evaluator llmops)
LIBRARIES=(libc6 libgcc-s1 libstdc++6 libssl3 libre2-9 libyaml-cpp0.7 libsimdjson14 libutf8proc2 libspdlog1.10 libfmt9
  zlib1g ca-certificates)

# The bundle that ca-certificates' own script would write; then all that only its tools needed.
finish_rootfs() {
  local root=$1
  mkdir -p "$root/etc/ssl/certs"
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  rm -rf "$root"/usr/share "$root"/usr/bin/* "$root"/usr/sbin/* "$root"/bin/* "$root"/sbin/* "$root"/var/lib/* \
    "$root"/usr/lib/*/engines-3 "$root"/usr/lib/*/audit "$root"/etc/{ca-certificates*,debconf.conf,default,update-motd.d} \
    "$root"/lib/*/libpcprofile.so "$root"/lib/*/libmemusage.so "$root"/lib/*/security "$root"/lib/systemd
}

# check_program ROOT NAME: the loader of the image itself must find every library.
check_program() {
  local missing
  missing=$(chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "/usr/local/bin/$2" 2>&1 | grep -E 'not found|error' || true)
  [ -z "$missing" ] || die "$2 does not load in the image, add its library to product.sh: $missing"
}

mkdir -p "$LLMOPS_CACHE"
found=()
for name in "${PROGRAMS[@]}"; do
  [ -x "$build/bin/$name" ] && found+=("$name") || say "not in $build/bin, left out: $name"
done
[ ${#found[@]} -gt 0 ] || die "none of ${PROGRAMS[*]} in $build/bin"

exec 9>"$LLMOPS_CACHE/.lock-product"
flock 9
base=$(debian_rootfs bookworm "${LIBRARIES[@]}")
work=$(mktemp -d "$LLMOPS_CACHE/.build-product.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp -a "$base/." "$work/"
finish_rootfs "$work"
mkdir -p "$work/usr/local/bin"
for name in "${found[@]}"; do
  strip -o "$work/usr/local/bin/$name" "$build/bin/$name"
  [ "$(uname -m)" != x86_64 ] || check_program "$work" "$name"
done
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
