"""Brings up the cluster, loads the images and installs the chart; each step does nothing when it is done already."""
import os
import shutil
import subprocess
import time

from images import CannotRun, image_name, load_images, run, with_image_names
from kube import ApiError, kubectl
from paths import CHART, CURRENT, E2E, GOLDEN, environment

__all__ = ["CannotRun", "load_images"]
SYSTEM_NAMESPACE = "llmops-system"
RELEASE = "llmops-operator"
REPOSITORY = image_name("llmops-operator")
GPUS = 8  # two sets of two engine pods, and room for one that is still ending


def cluster_up():
    if CURRENT:
        reachable = subprocess.run(["kubectl", "get", "--raw", "/readyz"], env=environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        if reachable.returncode != 0:
            raise CannotRun(f"CLUSTER=current: kubectl reaches no cluster: {reachable.stdout.strip()}; set KUBECONFIG or the context")
        if not shutil.which("helm", path=environment()["PATH"]):
            run([os.path.join(E2E, "cluster", "build.sh"), "helm"], "building Helm")
        return
    if os.geteuid() != 0:
        raise CannotRun("the cluster needs root: its containers, network and mounts are real; run as root")
    run([os.path.join(E2E, "cluster", "up.sh")], "the cluster", LLMOPS_GPUS=os.environ.get("LLMOPS_GPUS", str(GPUS)))
    run([os.path.join(E2E, "cluster", "build.sh"), "helm"], "building Helm")


def helm(command):
    return subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def install_chart(tag, *settings, chart=CHART):
    """helm upgrade --install, waiting for the operator; `settings` are values as for --set."""
    ensure_namespace(SYSTEM_NAMESPACE)
    command = ["helm", "upgrade", "--install", RELEASE, chart, "-n", SYSTEM_NAMESPACE, "--wait", "--timeout", "120s",
               "--take-ownership", "--set", f"image.repository={REPOSITORY}", "--set", f"image.tag={tag}",
               "--set", "image.pullPolicy=IfNotPresent", "--set", "logFormat=text",
               # One replica, so that what an operator does is seen in one place; scenarios ask for more.
               "--set", "replicas=1"]
    for setting in settings:
        command += ["--set", setting]
    done = helm(command)
    if "another operation" in done.stdout:
        # An installation that was cut off stays pending for ever; CRDs and objects of users survive the uninstall.
        helm(["helm", "uninstall", RELEASE, "-n", SYSTEM_NAMESPACE, "--wait", "--timeout", "60s"])
        done = helm(command)
    if done.returncode != 0:
        log = kubectl("get", "pods", "-n", SYSTEM_NAMESPACE, "-o", "wide", check=False) + "\n" + kubectl(
            "logs", "-n", SYSTEM_NAMESPACE, "-l", "app.kubernetes.io/name=llmops-operator", "--tail=30", check=False)
        raise CannotRun(f"helm upgrade --install failed: {done.stdout.strip()}\n{log}")
    return done.stdout


def ensure_namespace(name):
    """With restricted Pod Security, as everything of ours must run under it."""
    kubectl("apply", "-f", "-", stdin=f"""
apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels: {{pod-security.kubernetes.io/enforce: restricted}}
""")


def delete_namespace(kube, name):
    """At once: pods are not waited for, since nobody is served any more."""
    if kube.get("namespaces", None, name) is None:
        return
    for plural in ("modeldeployments", "jobs", "deployments"):
        for obj in _list_or_nothing(kube, plural, name):
            kube.delete(plural, name, obj["metadata"]["name"])
    kube.delete("namespaces", None, name)
    deadline = time.monotonic() + 120
    while kube.get("namespaces", None, name) is not None:
        for pod in kube.list("pods", name):
            kube.delete("pods", name, pod["metadata"]["name"], grace_seconds=0)
        if time.monotonic() > deadline:
            raise CannotRun(f"namespace {name} is still there after 120 s: " + kubectl("get", "all", "-n", name, check=False))
        time.sleep(0.3)


def _list_or_nothing(kube, plural, namespace):
    try:
        return kube.list(plural, namespace)
    except ApiError as error:
        if error.status == 404:  # the CRD is not installed
            return []
        raise


def apply_sample(path):
    """kubectl apply of a manifest, its images named as this cluster finds them."""
    with open(path, encoding="utf-8") as file:
        kubectl("apply", "-f", "-", stdin=with_image_names(file.read()))


def apply_golden_set(namespace, name="support-golden", path=None):
    """The golden set as a ConfigMap, made from the file as a user would make it."""
    manifest = kubectl("create", "configmap", name, "-n", namespace, f"--from-file=dataset.jsonl={path or GOLDEN}",
                       "--dry-run=client", "-o", "yaml")
    kubectl("apply", "-f", "-", stdin=manifest)
