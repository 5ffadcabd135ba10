"""What a scenario works with: a namespace of its own, deployments, the operator's pod, the audit log, checks."""
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "e2e", "harness"), os.path.join(ROOT, "e2e", "quickstart")]
from images import ENGINE, image_name  # noqa: E402
from install import SYSTEM_NAMESPACE, apply_golden_set, delete_namespace, ensure_namespace  # noqa: E402
from kube import ATTEMPT, ApiConflict, ApiError, Kube, kubectl  # noqa: E402
from load import LoadRun  # noqa: E402
from paths import AUDIT_LOG, CURRENT, SOCKETS, environment  # noqa: E402
from reach import pod_address, service_address  # noqa: E402
from release import Release, settled, status  # noqa: E402
from rights import call_of  # noqa: E402

OPERATOR_USER = f"system:serviceaccount:{SYSTEM_NAMESPACE}:llmops-operator"
OPERATOR_LABEL = "app.kubernetes.io/name=llmops-operator"
ENGINE_ARGUMENTS = ["--parallel", "4", "--ctx-size", "4096", "--threads", "1"]
PROMPTS = {
    "v1": "You are the Hanbit Store support assistant. Be polite and use full sentences.",
    "v2": "You are the Hanbit Store support assistant. Reply in the customer's language. Be polite and use full sentences.",
    "v3": "You are the Hanbit Store support assistant. Reply in the customer's language. Be brief.",
}
WRITES = ("create", "update", "patch", "delete", "deletecollection")


def prompt(text):
    return {"messages": [{"role": "system", "content": text}]}


def deployment_spec(replicas=1, gateways=1, steps=None, bake="2s", text=PROMPTS["v2"], arguments=None, **more):
    """A ModelDeployment on CPU with an inline prompt."""
    return {
        "backend": {"pods": {
            "model": {"uri": "image:///models/good.gguf"},
            "engine": {"type": "llamacpp", "image": image_name(ENGINE), "args": arguments or ENGINE_ARGUMENTS,
                       "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}}}},
        "replicas": replicas,
        "prompt": prompt(text),
        "gateway": {"replicas": gateways, "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}},
        "strategy": {"canary": {"bake": {"duration": bake}, "abortScaleDownDelay": "1s", **({"steps": steps} if steps else {})}},
        **more}


def golden_gate(name="golden", config_map="support-golden"):
    return {"apiVersion": "llmops.dev/v1alpha1", "kind": "EvalGate", "metadata": {"name": name}, "spec": {"offline": {
        "dataset": {"configMapRef": {"name": config_map}},
        "metrics": [{"name": "answer-contains", "scorer": {"type": "contains"}, "objective": {"min": 0.85},
                     "nonInferiority": {"margin": 0.1}}],
        "concurrency": 4, "requestTimeout": "10s", "timeout": "2m", "maxTokens": 96}}}


class Stage:
    """One scenario's stage. Use as a context."""

    def __init__(self, screen, name, options):
        self.screen = screen
        self.name = name
        self.options = options  # of run.py
        self.namespace = "llmops-e2e-" + name.replace("_", "-")
        self.kube = Kube()
        self.checks = []
        self.gateway_rules = []  # of the Roles that gateways had, for the comparison of rights and calls
        self._closing = contextlib.ExitStack()

    def __enter__(self):
        self.screen.heading(self.name.replace("_", " "))
        delete_namespace(self.kube, self.namespace)
        ensure_namespace(self.namespace)
        return self

    def __exit__(self, *_):
        self._closing.close()
        for role in self.kube.list("roles", self.namespace, "llmops.dev/component=gateway"):
            self.gateway_rules += role["rules"]
        if not self.options.keep:
            delete_namespace(self.kube, self.namespace)

    def check(self, sentence, good, figures=""):
        self.checks.append({"scenario": self.name, "check": sentence, "passed": bool(good), "figures": str(figures)})
        self.screen.line(f"  {'PASS' if good else 'FAIL'}  {sentence}{f': {figures}' if str(figures) else ''}")
        return bool(good)

    def create(self, plural, body):
        return self.kube.create(plural, self.namespace, body)

    def golden_set(self):
        apply_golden_set(self.namespace)

    def deploy(self, name, spec):
        """A ModelDeployment; returns its Release. Does not wait."""
        self.create("modeldeployments", {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment",
                                         "metadata": {"name": name}, "spec": spec})
        release = Release(self.screen, self.namespace, name)
        self._closing.callback(release.close)
        return release

    def deploy_and_settle(self, name, spec, seconds=120):
        release = self.deploy(name, spec)
        release.wait_for(f"{name} Healthy", settled, seconds)
        return release

    def address(self, name):
        """(host, port) of its users' Service."""
        return service_address(self.kube.get("services", self.namespace, name))

    def load(self, name, kind="", **settings):
        """Users of that deployment until the stage closes; waits for the first answer. `kind` tells several loads apart."""
        client = LoadRun("http://{}:{}".format(*self.address(name)), name, name=f"e2e-{self.name}{kind and '-' + kind}", **settings)
        self._closing.callback(client.stop)
        self.wait("the first answer", lambda: client.read()["requests"] > 0, 60)
        return client

    def wait(self, what, true, seconds, every=0.2):
        """Returns how many seconds it took; raises TimeoutError."""
        began = time.monotonic()
        while not (value := true()):
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"{what}: not in {seconds} s")
            self.screen.live(what)
            time.sleep(every)
        self.last_value = value
        return time.monotonic() - began

    @contextlib.contextmanager
    def without_admission(self):
        """What this namespace gets is told by conditions alone, as where no webhook is installed."""
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/llmops-operator"

        def selected(change):
            # The operator keeps the caBundle of the same object: whoever was late tries again.
            for _ in range(20):
                with contextlib.suppress(ApiConflict):
                    configuration = self.kube.request("GET", path)
                    change(configuration["webhooks"][0]["namespaceSelector"]["matchExpressions"][0]["values"])
                    return self.kube.request("PUT", path, configuration)
            raise TimeoutError("the webhook configuration never held still")

        try:
            self.kube.request("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            yield  # no webhook is installed
            return
        selected(lambda values: values.append(self.namespace))
        time.sleep(2)  # API servers read it by a watch that tells nobody when
        try:
            yield
        finally:
            selected(lambda values: values.remove(self.namespace))
            time.sleep(2)

    # The operator.

    def operator_pods(self):
        """Those that are there and not ending."""
        return [p for p in self.kube.list("pods", SYSTEM_NAMESPACE, OPERATOR_LABEL) if "deletionTimestamp" not in p["metadata"]]

    def kill_containers(self, pod):
        """SIGKILL to the processes of its running containers."""
        for container in pod["status"].get("containerStatuses", []):
            identity = container.get("containerID", "").rpartition("/")[2]
            if identity and "running" in container["state"]:
                subprocess.run(["ctr", "-a", os.path.join(SOCKETS, "containerd.sock"), "-n", "k8s.io", "task", "kill",
                                "--signal", "SIGKILL", identity], env=environment(), check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_operator(self):
        """SIGKILL to its container, then the pod is deleted without grace: the next one is a fresh pod."""
        for pod in self.operator_pods():
            if not CURRENT:
                self.kill_containers(pod)
            self.kube.delete("pods", SYSTEM_NAMESPACE, pod["metadata"]["name"], grace_seconds=0)

    def lease_holder(self):
        leases = [lease for lease in self.kube.list("leases", SYSTEM_NAMESPACE) if "llmops" in lease["metadata"]["name"]]
        return (leases[0]["spec"].get("holderIdentity") or "") if leases else ""

    def wait_for_leader(self, seconds=60):
        """Until a pod that lives holds the lease."""

        def led():
            holder = self.lease_holder()
            return any(holder.startswith(pod["metadata"]["name"]) for pod in self.operator_pods())

        return self.wait("an operator leads", led, seconds)

    def operator_metric(self, name):
        """Sum over its series and pods; 0 when it has none yet."""
        total = 0.0
        for pod in self.operator_pods():
            with urllib.request.urlopen("http://{}:{}/metrics".format(*pod_address(pod, 8080)), timeout=5) as answer:
                text = answer.read().decode()
            total += sum(float(v) for v in re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", text, re.M))
        return total

    # Runs of a release, for counting.

    def fingerprint(self, release):
        """What must not move when nothing is released: run, revision, epoch, pods and their restarts."""
        now = status(self.kube.get("modeldeployments", self.namespace, release.name))
        pods = {p["metadata"]["uid"]: sum(c["restartCount"] for c in p["status"].get("containerStatuses", []))
                for p in release.pods("engine")}
        return {"lastRun": now.get("lastRun"), "stable": now.get("stable"), "run": now.get("run"), "enginePods": pods}


def is_gateway(user):
    return user.startswith("system:serviceaccount:llmops-") and user.endswith("-gateway")


def is_evaluator(user):
    """The account of evaluators: whatever namespace they run in, its default one."""
    return user.startswith("system:serviceaccount:llmops-") and user.endswith(":default")


class AuditLog:
    """What was asked of the API server since this object was made."""

    def __init__(self, path=AUDIT_LOG):
        self.path = path
        self.begin = os.path.getsize(path)

    def events(self):
        with open(self.path, "rb") as log:
            log.seek(self.begin)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                event = json.loads(line)
                if event.get("stage") == "ResponseComplete":
                    yield event

    def writes(self, user=OPERATOR_USER):
        """(verb, resource, name) of every write of that user, its Lease left out; and how often it wrote the Lease."""
        writes, lease = [], 0
        for event in self.events():
            if event["user"]["username"] != user or event["verb"] not in WRITES:
                continue
            target = event.get("objectRef", {})
            if target.get("resource") == "leases":
                lease += 1
            else:
                sub = f"/{target['subresource']}" if target.get("subresource") else ""
                writes.append(f"{event['verb']} {target.get('resource')}{sub} {target.get('namespace', '')}/{target.get('name', '')}")
        return writes, lease

    def calls(self, belongs):
        """Every (group, resource, verb) that users for whom belongs(name) holds were allowed; attempts of scenarios are not theirs."""
        return {call for event in self.events() if belongs(event["user"]["username"]) and event.get("userAgent") != ATTEMPT
                and event.get("responseStatus", {}).get("code") not in (401, 403) and (call := call_of(event))}

    def forbidden(self):
        """What the operator or a gateway asked for and had no right to; namespaces on their way out refuse for other reasons.
        An API server that has just begun does not know its rules for a moment: what the same user was allowed at another time
        is a right that it has."""
        refused, allowed = {}, set()
        for event in self.events():
            user, answer, target = event["user"]["username"], event.get("responseStatus", {}), event.get("objectRef", {})
            if (user != OPERATOR_USER and not is_gateway(user)) or event.get("userAgent") == ATTEMPT:
                continue
            asked = (user, event["verb"], *(target.get(part, "") for part in ("apiGroup", "resource", "subresource", "namespace")))
            if answer.get("code") == 403 and "is forbidden: User" in answer.get("message", ""):
                refused[asked] = answer["message"]
            else:
                allowed.add(asked)
        return [message for asked, message in refused.items() if asked not in allowed]


def failures_by_kind(summary):
    return ", ".join(f"{count} {kind}" for kind, count in sorted(summary["failedByKind"].items())) or "none"


def events_of(stage, name):
    """(reason, note) of the events about one object."""
    return [(e.get("reason", ""), e.get("message", "")) for e in stage.kube.list("events", stage.namespace)
            if e["involvedObject"].get("name") == name]


__all__ = [name for name in dir() if not name.startswith("_")]
