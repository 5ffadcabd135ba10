"""Places that the quickstart and the scenarios use."""
import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
E2E = os.path.join(ROOT, "e2e")
BUILD = os.path.join(ROOT, "build")
CHART = os.path.join(ROOT, "charts", "llmops-operator")
SAMPLES = os.path.join(E2E, "quickstart")
GOLDEN = os.path.join(E2E, "engine", "golden.jsonl")
CACHE = os.environ.get("LLMOPS_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME") or "/root", ".cache"), "llmops-operator")
STATE = os.environ.get("LLMOPS_STATE") or "/var/lib/llmops-e2e"
SOCKETS = os.environ.get("LLMOPS_SOCKETS") or "/run/llmops-e2e"
# CLUSTER=current: the cluster of the user's own kubeconfig instead of one on this machine.
CURRENT = os.environ.get("CLUSTER") == "current"
KUBECONFIG = (os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")) if CURRENT else os.path.join(STATE, "admin.kubeconfig")
AUDIT_LOG = os.path.join(STATE, "log", "audit.jsonl")


def environment():
    """For programs: the cluster's kubectl and helm first, its kubeconfig, and the tools that live in sbin."""
    path = os.pathsep.join([os.path.join(CACHE, "bin"), os.environ.get("PATH", ""), "/usr/local/sbin:/usr/sbin:/sbin"])
    return {**os.environ, "PATH": path, "KUBECONFIG": KUBECONFIG}
