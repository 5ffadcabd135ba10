#!/usr/bin/env python3
"""Writes a root file system as an OCI image archive: one layer, the same bytes for the same files.

usage: oci_image.py --root DIR --name NAME --output FILE [--entrypoint WORD]… [--env KEY=VALUE]… [--user UID]
                    [--workdir DIR] [--label KEY=VALUE]…
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import tarfile

MEDIA = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def pack(root):
    """A tar of all below root, sorted, owned by root, at time 0."""
    buffer = io.BytesIO()

    def plain(entry):
        entry.mtime = entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        # Device nodes come from the container runtime.
        return None if entry.ischr() or entry.isblk() or entry.isfifo() else entry

    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder, folders, files in os.walk(root):
            folders.sort()
            links = [f for f in folders if os.path.islink(os.path.join(folder, f))]
            if folder != root:
                tar.add(folder, os.path.relpath(folder, root), recursive=False, filter=plain)
            for name in sorted(files + links):
                path = os.path.join(folder, name)
                tar.add(path, os.path.relpath(path, root), recursive=False, filter=plain)
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--entrypoint", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--user", default="65532")
    parser.add_argument("--workdir", default="/")
    parser.add_argument("--label", action="append", default=[])
    args = parser.parse_args()

    tar = pack(args.root)
    layer = gzip.compress(tar, compresslevel=1, mtime=0)
    settings = {"User": args.user, "WorkingDir": args.workdir,
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"] + args.env}
    if args.entrypoint:
        settings["Entrypoint"] = args.entrypoint
    if args.label:
        settings["Labels"] = dict(label.split("=", 1) for label in args.label)

    def blob(value):
        return json.dumps(value, sort_keys=True).encode()

    config = blob({"architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
                   "config": settings, "rootfs": {"type": "layers", "diff_ids": [digest(tar)]}})
    manifest = blob({"schemaVersion": 2, "mediaType": MEDIA + ".manifest.v1+json",
                     "config": {"mediaType": MEDIA + ".config.v1+json", "digest": digest(config), "size": len(config)},
                     "layers": [{"mediaType": MEDIA + ".layer.v1.tar+gzip", "digest": digest(layer), "size": len(layer)}]})
    index = blob({"schemaVersion": 2, "manifests": [
        {"mediaType": MEDIA + ".manifest.v1+json", "digest": digest(manifest), "size": len(manifest),
         "annotations": {"io.containerd.image.name": args.name, "org.opencontainers.image.ref.name": args.name}}]})

    files = [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", index)]
    files += [("blobs/sha256/" + digest(data).split(":")[1], data) for data in (layer, config, manifest)]
    # A reader never meets half an archive.
    partial = f"{args.output}.{os.getpid()}"
    with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    os.replace(partial, args.output)
    print(f"{args.name} {digest(manifest)} {len(layer) / 1e6:.1f} MB compressed")


if __name__ == "__main__":
    main()
