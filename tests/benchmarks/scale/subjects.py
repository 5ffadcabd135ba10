"""The two that are measured: what each is started with, the objects that it works on, and when one of them has come to rest."""
from pathlib import Path

from api_server import BINARIES, ROOT
from world import BURST, REQUESTS_PER_SECOND

LEASE_NAMESPACE = "default"
PER_NAMESPACE = 20
MOVING, BATCH = "moving", "batch"  # labels: "true" on those that are released again and again; which are made together
BATCH_SIZE = 100
WORKERS = 10  # objects at a time, what Argo Rollouts has by default
PAUSE = "2s"
# The same for both: a fifth, half, all.
STEPS = [{"setWeight": 20}, {"pause": {"duration": PAUSE}}, {"setWeight": 50}, {"pause": {"duration": PAUSE}}]


def namespace_of(index):
    return f"bench-{index // PER_NAMESPACE:04d}"


def metadata(index, moving):
    labels = {MOVING: "true" if moving else "false", BATCH: str(index // BATCH_SIZE)}
    return {"name": f"bench-{index:05d}", "namespace": namespace_of(index), "labels": labels}


class Subject:
    """`group` and `plural` of what it works on."""

    def list_path(self, label, value):
        return f"/apis/{self.group}/{self.plural}?labelSelector={label}%3D{value}"

    def create_path(self, index):
        return f"/apis/{self.group}/namespaces/{namespace_of(index)}/{self.plural}"

    def object_path(self, index):
        return f"{self.create_path(index)}/bench-{index:05d}"

    def stands(self, thing):
        status = thing.get("status", {})
        return f"{status.get('phase')}: {status.get('message')}"


def image(release):
    return f"localhost/engine:{release}"


class Operator(Subject):
    name, group, plural = "llmops-operator", "llmops.dev/v1alpha1", "modeldeployments"
    crds = []
    needs_gateways = True

    def __init__(self, binary, concurrent_releases):
        self._binary, self._concurrent = str(binary), concurrent_releases

    def start(self, world):
        return world.start(self._binary, "--image=localhost/operator:1", "--leader-elect=false", "--health-port=18080",
                           f"--workers={WORKERS}", f"--max-concurrent-releases={self._concurrent}",
                           env={"KUBECONFIG": str(world.kubeconfigs[self.name]), "POD_NAMESPACE": LEASE_NAMESPACE})

    def created(self, index, moving):
        pods = {"model": {"uri": "image:///models/model.gguf"}, "engine": {"type": "llamacpp", "image": image(0)}}
        return {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment", "metadata": metadata(index, moving),
                "spec": {"replicas": 1, "backend": {"pods": pods}, "gateway": {"replicas": 1},
                         "strategy": {"canary": {"steps": STEPS, "bake": {"duration": PAUSE}}}}}

    def change(self, release):
        return {"spec": {"backend": {"pods": {"engine": {"image": image(release)}}}}}

    def at_rest(self, thing):
        status = thing.get("status", {})
        return (status.get("phase") == "Healthy" and status.get("observedGeneration") == thing["metadata"]["generation"]
                and not any(status.get(field) for field in ("run", "candidate", "bakeUntil", "retiring")))


class PendingOperator(Operator):
    """ModelDeployments that wait for a prompt that nobody makes: cached, with no children."""

    def created(self, index, moving):
        thing = super().created(index, moving)
        thing["spec"]["promptRef"] = {"name": "nowhere"}
        return thing

    def at_rest(self, thing):
        return thing.get("status", {}).get("observedGeneration") == thing["metadata"]["generation"]


class ArgoRollouts(Subject):
    name, group, plural = "argo-rollouts", "argoproj.io/v1alpha1", "rollouts"
    needs_gateways = False

    def __init__(self):
        self.crds = sorted((BINARIES / "argo-rollouts").resolve().parent.glob("*-crd.yaml"))

    def start(self, world):
        return world.start("argo-rollouts", f"--kubeconfig={world.kubeconfigs[self.name]}", "--leader-elect=false",
                           f"--qps={REQUESTS_PER_SECOND}", f"--burst={BURST}", f"--rollout-threads={WORKERS}", "--metricsPort=18090", "--healthzPort=18091")

    def created(self, index, moving):
        labels = {"app": f"bench-{index:05d}"}
        container = {"name": "engine", "image": image(0), "ports": [{"containerPort": 8080}],
                     "args": ["--model", "/models/model.gguf"], "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}}}
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata(index, moving),
                "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "strategy": {"canary": {"steps": STEPS}},
                         "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}}

    def change(self, release):
        # A merge replaces lists: the container is named by its place.
        return [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image(release)}]

    def at_rest(self, thing):
        status = thing.get("status", {})
        return (status.get("phase") == "Healthy" and status.get("observedGeneration") == str(thing["metadata"]["generation"])
                and status.get("stableRS") == status.get("currentPodHash"))


def release_binary(name):
    return Path(ROOT) / "build" / "release" / "bin" / name
