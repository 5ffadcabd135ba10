"""Brings up the cluster, loads the images and installs the chart; each step does nothing when it is done already."""
import hashlib
import os
import subprocess
import time

from kube import ApiError, kubectl
from paths import BUILD, CHART, E2E, GOLDEN, environment

SYSTEM_NAMESPACE = "llmops-system"
RELEASE = "llmops-operator"
REPOSITORY = "localhost/llmops-operator"
PROGRAMS = ("llmops-operator", "llmops-gateway", "llmops-evaluator", "llmops")
GPUS = 8  # two sets of two engine pods, and room for one that is still ending


class CannotRun(Exception):
    """This machine cannot run the cluster, or the product is not built; the text says what to do."""


def run(command, what, **environ):
    """Shows what the script says as it comes; raises CannotRun when it fails."""
    done = subprocess.run(command, env={**environment(), **environ}, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotRun(f"{what} failed (exit {done.returncode}): {' '.join(command)}")
    return done.stdout


def cluster_up():
    if os.geteuid() != 0:
        raise CannotRun("the cluster needs root: its containers, network and mounts are real; run as root")
    run([os.path.join(E2E, "cluster", "up.sh")], "the cluster", LLMOPS_GPUS=os.environ.get("LLMOPS_GPUS", str(GPUS)))
    run([os.path.join(E2E, "cluster", "build.sh"), "helm"], "building Helm")


def product_tag(build_dir):
    """A tag that follows from the programs, so that an unchanged build changes nothing in the cluster."""
    digest = hashlib.sha256()
    for name in PROGRAMS:
        path = os.path.join(build_dir, "bin", name)
        if not os.path.exists(path):
            raise CannotRun(f"{path} is not there; run make build")
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return "e2e-" + digest.hexdigest()[:12]


def load_images(build_dir=os.path.join(BUILD, "release"), tag=None):
    """Returns the tag of the product's image."""
    tag = tag or product_tag(build_dir)
    run([os.path.join(E2E, "images", "product.sh"), build_dir, tag, "--import"], "the product's image")
    run([os.path.join(E2E, "engine", "image.sh"), "--import"], "the engine's image")
    return tag


def helm(command):
    return subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def install_chart(tag, *settings, chart=CHART):
    """helm upgrade --install, waiting for the operator; `settings` are values as for --set."""
    ensure_namespace(SYSTEM_NAMESPACE)
    command = ["helm", "upgrade", "--install", RELEASE, chart, "-n", SYSTEM_NAMESPACE, "--wait", "--timeout", "120s",
               "--take-ownership", "--set", f"image.repository={REPOSITORY}", "--set", f"image.tag={tag}",
               "--set", "image.pullPolicy=IfNotPresent", "--set", "logFormat=text"]
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


def apply_golden_set(namespace, name="support-golden", path=None):
    """The golden set as a ConfigMap, made from the file as a user would make it."""
    manifest = kubectl("create", "configmap", name, "-n", namespace, f"--from-file=dataset.jsonl={path or GOLDEN}",
                       "--dry-run=client", "-o", "yaml")
    kubectl("apply", "-f", "-", stdin=manifest)
