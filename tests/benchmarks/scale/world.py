"""A cluster without machines: etcd, kube-apiserver, the controllers of Deployments, the scheduler, and KWOK for one node whose pods
are ready at once. All in a network namespace of its own, in which every pod's address leads to this machine."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from api_server import (BINARIES, CRDS, Keys, end_with_parent, install_crds, start, start_api_server, start_etcd, wait_until_ready,
                        write_kubeconfig)
from kube import Kube

POD_CIDR = "10.200.0.0/16"
NODE = "kwok"
# Nobody here is slowed down by a limit of its own.
REQUESTS_PER_SECOND, BURST = 2000, 4000
# Who is measured; nobody else is in the audit log.
MEASURED = ("llmops-operator", "argo-rollouts")
AUDIT_POLICY = f"""apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {{level: Metadata, users: {list(MEASURED)}}}
- {{level: None}}
"""
NODE_OBJECT = {
    "apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "annotations": {"kwok.x-k8s.io/node": "fake"}},
    "status": {key: {"cpu": "10000", "memory": "100Ti", "pods": "100000", "ephemeral-storage": "100Ti"} for key in ("capacity", "allocatable")}}


def enter_network_namespace(arguments):
    """Starts this program again in a namespace with loopback alone, where it comes back with True."""
    if os.environ.get("LLMOPS_SCALE_NAMESPACE"):
        for command in (["link", "set", "lo", "up"], ["route", "add", "local", POD_CIDR, "dev", "lo"]):
            subprocess.run(["ip", *command], check=True)
        return
    os.environ["LLMOPS_SCALE_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--", *arguments])


class World:
    """`with_pods=False`: the API server alone."""

    def __init__(self, name, crds=(), with_pods=True):
        self._name, self._crds, self._with_pods = name, [*CRDS, *crds], with_pods
        self._processes = []
        self._folder = tempfile.TemporaryDirectory(prefix=f"llmops-scale-{name}-")
        self.folder = Path(self._folder.name)
        self.audit_log = self.folder / "audit.jsonl"

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self):
        folder, keys = self.folder, Keys(self.folder)
        for user in MEASURED:
            keys.sign(user, user, "system:masters", f"DNS:{user}")
        (folder / "audit.yaml").write_text(AUDIT_POLICY, encoding="utf-8")
        etcd, client = start_etcd(folder)
        self._processes.append(etcd)
        # Nothing here takes the taint of a new node away again.
        api_server, url = start_api_server(
            folder, client, f"--audit-policy-file={folder}/audit.yaml", f"--audit-log-path={self.audit_log}",
            "--max-requests-inflight=2000", "--max-mutating-requests-inflight=1000",
            disabled_admission=("ServiceAccount", "TaintNodesByCondition"))
        self._processes.append(api_server)
        self.kubeconfig = write_kubeconfig(keys, url)
        self.kubeconfigs = {user: write_kubeconfig(keys, url, user) for user in MEASURED}
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        wait_until_ready(environment, self._processes, folder)
        install_crds(environment, self._crds)
        self.kube = self.client()
        if self._with_pods:
            self._begin_pods()

    def _begin_pods(self):
        limits = [f"--kube-api-qps={REQUESTS_PER_SECOND}", f"--kube-api-burst={BURST}", "--leader-elect=false"]
        self.start("kube-controller-manager", f"--kubeconfig={self.kubeconfig}", "--controllers=deployment-controller,replicaset-controller",
                   "--secure-port=0", "--concurrent-deployment-syncs=20", "--concurrent-replicaset-syncs=20", *limits)
        self.start("kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--secure-port=0", *limits)
        stages = [f"--config={path}" for path in sorted((BINARIES / "kwok").resolve().parent.glob("*.yaml"))]
        self.start("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", f"--cidr={POD_CIDR}", "--node-lease-duration-seconds=0",
                   *stages)
        self.kube.request("POST", "/api/v1/nodes", NODE_OBJECT)

    def start(self, program, *arguments, **options):
        """A process of this world; it ends with it."""
        process = start(self.folder, program, *arguments, **options)
        self._processes.append(process)
        return process

    def start_python(self, script, environment):
        process = subprocess.Popen([sys.executable, "-B", str(script)], env={**os.environ, **environment}, preexec_fn=end_with_parent)
        self._processes.append(process)

    def end(self, process):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def client(self):
        """One for each thread."""
        return Kube(kubeconfig=str(self.kubeconfig))

    def dead(self):
        """What has ended though nobody asked for it, and what it said last."""
        names = [Path(process.args[0]).name for process in self._processes if process.poll() not in (None, 0, -15)]
        return "\n".join(f"{name} has ended: {self.last_words(name)}" for name in names)

    def last_words(self, name):
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-1500:] if log.exists() else ""

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._folder.cleanup()
