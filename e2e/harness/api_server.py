"""An etcd and a kube-apiserver of one's own, on loopback ports and in a folder: no kubelet, no controllers.

The programs are those that e2e/cluster/build.sh made. They end with the process that started them.
"""
import base64
import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from paths import CACHE, ROOT

BINARIES = Path(CACHE) / "bin"
CRDS = sorted((Path(ROOT) / "crds").glob("llmops.dev_*.yaml"))
READY_SECONDS = 120


class NotReady(Exception):
    """What did not start, and what it said last."""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def openssl(*arguments, **options):
    subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL, **options)


class Keys:
    """A certificate authority and what it signed."""

    def __init__(self, folder):
        self.folder = folder
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key",
                "-out", folder / "ca.crt", "-days", "30", "-subj", "/CN=own")
        openssl("genrsa", "-out", folder / "accounts.key", "2048")
        self.sign("server", "kube-apiserver", "kubernetes", "DNS:localhost,IP:127.0.0.1")
        self.sign("admin", "admin", "system:masters", "DNS:admin")

    def sign(self, name, common_name, organisation, alternative_names):
        folder = self.folder
        extensions = folder / f"{name}.ext"
        extensions.write_text(f"basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={alternative_names}\n",
                              encoding="utf-8")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
                "-out", folder / f"{name}.csr", "-subj", f"/O={organisation}/CN={common_name}")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
                "-set_serial", f"0x{os.urandom(8).hex()}", "-days", "30", "-out", folder / f"{name}.crt", "-extfile", extensions)

    def text(self, name):
        return base64.b64encode((self.folder / name).read_bytes()).decode()


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start(folder, name, *arguments, **options):
    """A program of the cluster, or one by its path; what it says goes to `folder`/NAME.log."""
    with open(folder / f"{Path(name).name}.log", "wb") as log:
        return subprocess.Popen([BINARIES / name, *arguments], stdout=log, stderr=log, cwd=folder, preexec_fn=end_with_parent, **options)


def start_etcd(folder):
    client, peer = (f"http://127.0.0.1:{port}" for port in free_ports(2))
    process = start(folder, "etcd", "--data-dir", str(folder / "data"), "--unsafe-no-fsync", "--log-level", "warn",
                    "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                    "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
    return process, client


# No ServiceAccount admission: nobody makes the account that it would ask for.
def start_api_server(folder, etcd, *more, disabled_admission=("ServiceAccount",)):
    port = free_ports(1)[0]
    process = start(folder, "kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={port}",
                    "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.97.0.0/16",
                    f"--tls-cert-file={folder}/server.crt", f"--tls-private-key-file={folder}/server.key",
                    f"--client-ca-file={folder}/ca.crt", "--authorization-mode=RBAC",
                    f"--disable-admission-plugins={','.join(disabled_admission)}",
                    "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={folder}/accounts.key",
                    f"--service-account-signing-key-file={folder}/accounts.key", "--shutdown-delay-duration=0s", *more)
    return process, f"https://127.0.0.1:{port}"


def write_kubeconfig(keys, url, user="admin"):
    """Of a user whom `keys` signed; the administrator's has no name of its own."""
    path = keys.folder / ("kubeconfig" if user == "admin" else f"{user}.kubeconfig")
    path.write_text(f"""apiVersion: v1
kind: Config
clusters:
- name: own
  cluster: {{server: "{url}", certificate-authority-data: {keys.text("ca.crt")}}}
users:
- name: {user}
  user: {{client-certificate-data: {keys.text(f"{user}.crt")}, client-key-data: {keys.text(f"{user}.key")}}}
contexts:
- name: own
  context: {{cluster: own, user: {user}}}
current-context: own
""", encoding="utf-8")
    return path


def kubectl(environment, *arguments):
    return subprocess.run([BINARIES / "kubectl", *arguments], env=environment, capture_output=True, text=True, check=False)


def wait_until_ready(environment, processes, folder):
    deadline = time.monotonic() + READY_SECONDS
    while kubectl(environment, "get", "--raw", "/readyz").returncode != 0:
        for process in processes:
            if process.poll() is not None:
                log = folder / f"{Path(process.args[0]).name}.log"
                raise NotReady(f"{process.args[0]} ended with {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
        if time.monotonic() > deadline:
            raise NotReady(f"the API server was not ready after {READY_SECONDS} s")
        time.sleep(0.2)


def install_crds(environment, paths=CRDS):
    files = [f"--filename={path}" for path in paths]
    # By the server: some peers' are longer than the annotation that a client's apply would write.
    for command in (["apply", "--server-side", *files], ["wait", "--for=condition=Established", "--timeout=60s", *files]):
        done = kubectl(environment, *command)
        if done.returncode != 0:
            raise NotReady(f"kubectl {command[0]}: {done.stderr.strip()}")
