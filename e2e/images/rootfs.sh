# debian_rootfs SUITE PACKAGE…: prints the folder of a cached root file system of these packages. To be sourced.
# shellcheck shell=bash

# What no program needs at run time, and what comes from the machine that builds.
prune_rootfs() {
  local root=$1
  rm -rf "$root"/usr/share/{doc,man,info,locale,lintian,bug,common-licenses,perl5,zoneinfo,bash-completion} \
    "$root"/var/{cache,log,lib/dpkg,lib/apt} "$root"/usr/lib/*/gconv "$root"/usr/lib/*/perl* "$root"/usr/lib/systemd \
    "$root"/etc/{cron.daily,init.d,systemd,apt,dpkg} \
    "$root"/etc/{resolv.conf,hostname,hosts,fstab} "$root"/dev/* "$root"/proc/* "$root"/sys/*
  mkdir -p "$root/tmp" "$root/etc"
  chmod 1777 "$root/tmp"
  printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
  printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
}

debian_rootfs() {
  local suite=$1 target work mirror
  shift
  target=$LLMOPS_CACHE/rootfs-$suite-$(digest_of "$E2E_DIR/images/rootfs.sh" -- "$suite" "$@")
  if [ ! -d "$target" ]; then
    mirror=$(debian_mirror) || return
    work=$(mktemp -d "$LLMOPS_CACHE/.build-rootfs.XXXXXX")
    chmod 755 "$work"
    # Packages are unpacked, not configured: no maintainer script runs.
    step "root file system of $suite" mmdebstrap --quiet --variant=extract --mode=root \
      --aptopt='Acquire::Check-Valid-Until "false"' --include="$(IFS=,; echo "$*")" "$suite" "$work" \
      "deb [check-valid-until=no] $mirror $suite main" || { rm -rf "$work"; return 1; }
    prune_rootfs "$work"
    ldconfig -r "$work" 2>/dev/null || true
    mv -T "$work" "$target" 2>/dev/null || rm -rf "$work"
  fi
  printf '%s\n' "$target"
}
