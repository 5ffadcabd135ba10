# programs_rootfs BUILD_DIR ROOT NAME…: Debian's run-time libraries and these programs of ours, stripped, in the folder ROOT.
# To be sourced after common.sh and rootfs.sh.
# shellcheck shell=bash

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
  [ -z "$missing" ] || die "$2 does not load in the image, add its library to programs.sh: $missing"
}

programs_rootfs() {
  local build=$1 root=$2 base name
  shift 2
  base=$(debian_rootfs bookworm "${LIBRARIES[@]}") || return
  chmod 755 "$root"
  cp -a "$base/." "$root/"
  finish_rootfs "$root"
  mkdir -p "$root/usr/local/bin"
  for name in "$@"; do
    strip -o "$root/usr/local/bin/$name" "$build/bin/$name"
    [ "$(uname -m)" != x86_64 ] || check_program "$root" "$name"
  done
}
