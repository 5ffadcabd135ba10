"""Uninstalling leaves users served and nothing hanging; removing the kinds with objects in them ends too, and a fresh install works."""
import subprocess
import time

from ask import ask
from install import RELEASE, SYSTEM_NAMESPACE, helm, install_chart
from kube import kubectl
from paths import environment
from stage import deployment_spec, failures_by_kind

KINDS = ("modeldeployments", "promptversions", "guardrails", "evalgates", "evalruns")


def run(stage):
    tag = stage.options.tag
    release = stage.deploy_and_settle("bot", deployment_spec(gateways=2))
    users = stage.load("bot")
    pods = {p["metadata"]["uid"] for part in ("engine", "gateway") for p in release.pods(part)}
    try:
        done = helm(["helm", "uninstall", RELEASE, "-n", SYSTEM_NAMESPACE, "--wait", "--timeout", "60s"])
        stage.check("helm uninstall ends", done.returncode == 0, done.stdout.strip().splitlines()[-1] if done.stdout else "")
        left = lambda: [f"{plural}/{one['metadata']['name']}"
                        for plural in ("deployments", "pods", "services", "networkpolicies", "poddisruptionbudgets", "roles")
                        for one in stage.kube.list(plural, SYSTEM_NAMESPACE) if "deletionTimestamp" not in one["metadata"]]
        stage.wait("the garbage collector has come by", lambda: not left(), 30)
        stage.check("nothing of the operator is left in its namespace", not left(), ", ".join(left()))
        began = time.monotonic()
        stage.wait("10 s without an operator", lambda: time.monotonic() - began > 10, 20)
        now = {p["metadata"]["uid"] for part in ("engine", "gateway") for p in release.pods(part)}
        answer, _ = ask(*stage.address("bot"), "bot", "What is your phone number?")
        stage.check("engines and gateways go on as they are", now == pods and "1588" in answer, f"{len(now)} pods, the same as before: {answer}")
        stage.check("the kinds and the ModelDeployment stay", stage.kube.get("modeldeployments", stage.namespace, "bot") is not None)

        # As in a namespace that is new: the lease that the last operator left is gone too.
        for lease in stage.kube.list("leases", SYSTEM_NAMESPACE):
            stage.kube.delete("leases", SYSTEM_NAMESPACE, lease["metadata"]["name"])
        install_chart(tag)
        stage.wait_for_leader()
        began = time.monotonic()
        stage.wait("5 s with an operator again", lambda: time.monotonic() - began > 5, 20)
        now = {p["metadata"]["uid"] for part in ("engine", "gateway") for p in release.pods(part)}
        stage.check("a fresh install takes over what serves, as it is", now == pods, f"{len(now & pods)} of {len(pods)} pods")
        summary = users.stop()
        stage.check("no request failed without an operator", summary["failed"] == 0 and summary["requests"] > 0,
                    f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")

        helm(["helm", "uninstall", RELEASE, "-n", SYSTEM_NAMESPACE, "--wait", "--timeout", "60s"])
        release.close()
        began = time.monotonic()
        removed = subprocess.run(["kubectl", "delete", "crd", *(f"{kind}.llmops.dev" for kind in KINDS), "--timeout=60s"], env=environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        stage.check("the kinds can be removed with objects in them", removed.returncode == 0,
                    f"{time.monotonic() - began:.1f} s: {removed.stdout.strip()[-200:]}")
        gone = lambda: not [p for p in stage.kube.list("deployments", stage.namespace)]
        took = stage.wait("what they owned goes", gone, 90)
        stage.check("what the ModelDeployment owned goes with it", gone(), f"{took:.1f} s")
    finally:
        install_chart(tag)
        stage.wait_for_leader()
    stage.deploy_and_settle("bot", deployment_spec(), 180)
    stage.check("a fresh install with fresh kinds releases", True, kubectl("get", "mdep", "-n", stage.namespace, "--no-headers"))
