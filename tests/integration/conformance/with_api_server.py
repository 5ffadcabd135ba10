#!/usr/bin/env python3
"""Runs a program against an etcd and a kube-apiserver of its own, with our CRDs and without any controller.

usage: with_api_server.py PROGRAM [ARGUMENT…]      ends as the program does
The program finds the server by $KUBECONFIG. Nothing but loopback ports and a temporary folder is used; both processes
end with this one.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "e2e" / "harness")]
from api_server import (BINARIES, Keys, NotReady, install_crds, start_api_server, start_etcd, wait_until_ready,  # noqa: E402
                        write_kubeconfig)


def die(text):
    sys.exit(f"with_api_server.py: {text}")


def main(command):
    if not command:
        die("usage: with_api_server.py PROGRAM [ARGUMENT…]")
    for name in ("etcd", "kube-apiserver", "kubectl"):
        if not (BINARIES / name).exists():
            die(f"no {BINARIES / name}: run e2e/cluster/build.sh kube")
    processes = []
    with tempfile.TemporaryDirectory(prefix="llmops-conformance-") as name:
        folder = Path(name)
        try:
            keys = Keys(folder)
            etcd, client = start_etcd(folder)
            processes.append(etcd)
            api_server, url = start_api_server(folder, client)
            processes.append(api_server)
            environment = {**os.environ, "KUBECONFIG": str(write_kubeconfig(keys, url))}
            wait_until_ready(environment, processes, folder)
            install_crds(environment)
            return subprocess.run(command, env=environment, check=False).returncode
        except NotReady as problem:
            die(problem)
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
