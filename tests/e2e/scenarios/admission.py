"""The webhook refuses what the conditions would refuse, in their words, while its keys change; without it nothing is less safe."""
import json
import os
import re
import subprocess
import threading
import time

from install import SYSTEM_NAMESPACE, install_chart
from kube import ApiError, Kube, condition, kubectl, resource_path
from paths import E2E, environment
from stage import OPERATOR_LABEL, ROOT

CASES = os.path.join(ROOT, "tests", "data", "admission", "cases.jsonl")
PLURALS = {"PromptVersion": "promptversions", "Guardrail": "guardrails", "EvalGate": "evalgates", "ModelDeployment": "modeldeployments"}
WEBHOOK = "admission.llmops.dev"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/llmops-operator"
# An authority every 20 s or so.
QUICK_KEYS = ["--webhook-authority-validity=30s", "--webhook-certificate-validity=15s", "--webhook-refresh=10s",
              "--webhook-settle=3s", "--webhook-look=1s"]
ROTATIONS, PER_SECOND, CLIENTS = 3, 100, 8


def table(namespace, digest="DIGEST"):
    """Objects that are there already, and cases, for this namespace."""
    with open(CASES, encoding="utf-8") as file:
        lines = file.read().replace('"namespace": "shop"', f'"namespace": "{namespace}"').replace(
            "namespace shop", f"namespace {namespace}").replace("DIGEST", digest).splitlines()
    lines = [json.loads(line) for line in lines]
    return [line["neighbour"] for line in lines if "neighbour" in line], [line for line in lines if "case" in line]


def golden_set(stage):
    items = "".join(json.dumps({"id": f"q{i}", "input": "How long?", "reference": "14 days"}) + "\n" for i in range(60))
    stage.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "golden"}, "data": {"dataset.jsonl": items}})


def served(kube):
    """Whether the webhook answers: a prompt that nothing but it refuses is refused."""
    body = {"apiVersion": "llmops.dev/v1alpha1", "kind": "PromptVersion", "metadata": {"name": "probe"},
            "spec": {"prompt": "probe", "version": 1, "messages": [{"role": "system", "content": "{{ open"}]}}
    try:
        kube.request("POST", resource_path("promptversions", "default", dryRun="All"), body)
    except ApiError as error:
        return WEBHOOK in str(error)
    return False


def apply(obj):
    """What a user of kubectl sees: (accepted, all that is printed)."""
    done = subprocess.run(["kubectl", "apply", "--dry-run=server", "-f", "-"], input=json.dumps(obj), env=environment(),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def expected(case):
    """The texts that admission has for a new object; a gate that another object names has its golden set's words."""
    return case["admission"] if case["object"]["kind"] == "EvalGate" and "admission" in case else case.get("says", [])


def all_cases(stage):
    neighbours, _ = table(stage.namespace)
    with stage.without_admission():
        for obj in neighbours:
            stage.create(PLURALS[obj["kind"]], obj)
    judged = lambda: all("status" in (stage.kube.get(PLURALS[o["kind"]], stage.namespace, o["metadata"]["name"]) or {})
                         for o in neighbours)
    stage.wait("all neighbours are judged", judged, 60)
    preamble = stage.kube.get("promptversions", stage.namespace, "preamble-v1")
    _, cases = table(stage.namespace, preamble["status"]["digest"])
    good, bad, by_schema, wrong = 0, 0, [], []
    for case in cases:
        if "before" in case or "status" in case["object"]:
            continue
        accepted, printed = apply(case["object"])
        texts = expected(case)
        refused = any(severity == "error" for severity, _ in texts)
        if not accepted and WEBHOOK not in printed:
            by_schema.append(case["case"])
        elif accepted == refused or any(text not in printed for _, text in texts):
            wrong.append(f"{case['case']}: {printed[-300:]}")
        else:
            good, bad = good + (not refused), bad + refused
    stage.check("every bad object is refused with its message, every good one is taken with its warnings",
                not wrong and good >= 20 and bad >= 20, f"{good} taken, {bad} refused" if not wrong else wrong[:4])
    stage.check("none of them is refused by the CRD's own schema before", not by_schema, by_schema or "")


def api_server_metrics(kube):
    return kube.request("GET", "/metrics", accept="*/*")


def failed_open(kube):
    return sum(float(value) for value in re.findall(
        rf'^apiserver_admission_webhook_fail_open_count\{{[^}}]*name="{re.escape(WEBHOOK)}"[^}}]*\}} ([0-9.e+]+)$',
        api_server_metrics(kube), re.M))


def durations(kube):
    """Upper bound in seconds → how many questions took no longer."""
    pattern = rf'^apiserver_admission_webhook_admission_duration_seconds_bucket\{{([^}}]*name="{re.escape(WEBHOOK)}"[^}}]*)\}} ([0-9.e+]+)$'
    buckets = {}
    for labels, count in re.findall(pattern, api_server_metrics(kube), re.M):
        bound = float(re.search(r'le="([^"]+)"', labels)[1].replace("+Inf", "inf"))
        buckets[bound] = buckets.get(bound, 0) + float(count)
    return buckets


def quantile(before, after, share):
    counts = sorted((bound, after[bound] - before.get(bound, 0)) for bound in after)
    total = counts[-1][1] if counts else 0
    return next((bound for bound, count in counts if total and count >= share * total), float("nan"))


class Installed:
    """The operator as the chart installs it. (tests/integration/admission has another.)"""

    def __init__(self, stage):
        self.stage, self.replicas = stage, len(stage.operator_pods())

    def restart(self, *arguments):
        install_chart(self.stage.options.tag, *(f"extraArgs[{i}]={argument}" for i, argument in enumerate(arguments)))

    def scale(self, count):
        kubectl("scale", "deployment", "llmops-operator", "-n", SYSTEM_NAMESPACE, f"--replicas={count}")

    def stop(self):
        self.scale(0)
        # One that is ending still answers.
        self.stage.wait("no operator runs", lambda: not self.stage.kube.list("pods", SYSTEM_NAMESPACE, OPERATOR_LABEL), 60)

    def start(self):
        self.scale(self.replicas)


def forget_keys():
    """Keys that live for years are not renewed for a shorter period: they are made anew."""
    kubectl("delete", "secret", "llmops-operator-webhook", "-n", SYSTEM_NAMESPACE, "--ignore-not-found")


class Askers:
    """PER_SECOND questions a second from CLIENTS threads, every other one about a bad object."""

    def __init__(self, namespace):
        _, cases = table(namespace)
        alone = [c for c in cases if c["object"]["kind"] in ("PromptVersion", "Guardrail") and "includes" not in c["object"]["spec"]]
        self.bad = [c for c in alone if any(severity == "error" for severity, _ in c.get("says", []))]
        self.good = [c for c in alone if not c.get("says")]
        self.namespace, self.asked, self.refused, self.wrong = namespace, 0, 0, []
        self.lock, self.over = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(i,), daemon=True) for i in range(CLIENTS)]

    def ask(self, number):
        kube, turn = Kube(), number
        due = time.monotonic() + number / PER_SECOND
        while not self.over.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + CLIENTS / PER_SECOND, time.monotonic() - 1)
            turn += 1
            one = (self.bad if turn % 2 else self.good)[turn // 2 % len(self.bad if turn % 2 else self.good)]
            answer = self.answer(kube, one["object"])
            with self.lock:
                self.asked += 1
                texts = [text for severity, text in one.get("says", []) if severity == "error"]
                if texts:
                    self.refused += 1
                if (answer is None) == bool(texts) or any(text not in (answer or "") for text in texts):
                    self.wrong.append(f"{one['case']}: {answer}")

    def answer(self, kube, obj):
        try:
            kube.request("POST", resource_path(PLURALS[obj["kind"]], self.namespace, dryRun="All"), obj)
        except ApiError as error:
            return str(error)
        return None

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)


def keys_change_under_load(stage, operator):
    operator.stop()
    forget_keys()
    operator.restart(*QUICK_KEYS)
    stage.wait("the webhook answers", lambda: served(stage.kube), 60)
    bundles, began = set(), time.monotonic()
    before, open_before = durations(stage.kube), failed_open(stage.kube)
    with Askers(stage.namespace) as askers:

        def rotated():
            webhook = stage.kube.request("GET", CONFIGURATION)["webhooks"][0]
            bundles.add(webhook["clientConfig"].get("caBundle", ""))
            # Each new authority is published beside the one before, then alone.
            return len(bundles) >= 1 + 2 * ROTATIONS

        stage.wait(f"the keys change {ROTATIONS} times", rotated, 240)
    seconds = time.monotonic() - began
    after, opened = durations(stage.kube), failed_open(stage.kube) - open_before
    stage.check(f"while the keys change {ROTATIONS} times, every bad object is refused with its message", askers.refused > 1000
                and not askers.wrong, f"{askers.asked} questions in {seconds:.0f} s, {askers.refused} bad" if not askers.wrong
                else f"{len(askers.wrong)} of {askers.asked}: {askers.wrong[:3]}")
    stage.check("the API server never went on without an answer", opened == 0, f"fail open: {opened:.0f}")
    p99 = quantile(before, after, 0.99)
    stage.check("99 of 100 questions are answered within half a second, as the API server sees it", p99 <= 0.5,
                f"p50 ≤ {quantile(before, after, 0.5) * 1000:.0f} ms, p99 ≤ {p99 * 1000:.0f} ms")


def operator_down(stage, operator):
    operator.stop()
    try:
        quickstart = os.path.join(E2E, "quickstart")
        texts = [open(os.path.join(quickstart, name), encoding="utf-8").read() for name in
                 ("prompts.yaml", "guardrail.yaml", "gate.yaml", "support-bot.yaml")]
        manifest = re.sub(r"^(\s+namespace:).*$", rf"\1 {stage.namespace}", "\n---\n".join(texts), flags=re.M)
        began, opened = time.monotonic(), failed_open(stage.kube)
        done = subprocess.run(["kubectl", "apply", "-n", stage.namespace, "--dry-run=server", "-f", "-"], input=manifest,
                              env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        stage.check("without an operator the quickstart's objects still apply", done.returncode == 0,
                    f"{time.monotonic() - began:.1f} s" if done.returncode == 0 else done.stdout[-400:])
        opened = failed_open(stage.kube) - opened
        stage.check("the API server counts that it went on without an answer", opened > 0, f"fail open: {opened:.0f}")
        bad = {"apiVersion": "llmops.dev/v1alpha1", "kind": "PromptVersion", "metadata": {"name": "late"},
               "spec": {"prompt": "late", "version": 1, "messages": [{"role": "system", "content": "Hello {{ name"}]}}
        stage.create("promptversions", bad)
    finally:
        operator.start()
    rendered = lambda: condition(stage.kube.get("promptversions", stage.namespace, "late"), "Rendered")
    stage.wait("the condition is written", lambda: rendered().get("status") == "False", 90)
    stage.wait("the webhook answers", lambda: served(stage.kube), 60)
    _, printed = apply({**bad, "metadata": {"name": "later", "namespace": stage.namespace}})
    words = rendered()["message"].split("; a PromptVersion cannot be changed")[0]
    stage.check("the condition says afterwards what admission would have said", words in printed, words)


def run(stage, operator=None):
    operator = operator or Installed(stage)
    stage.wait("the webhook answers", lambda: served(stage.kube), 60)
    golden_set(stage)
    all_cases(stage)
    try:
        keys_change_under_load(stage, operator)
    finally:
        operator.stop()
        forget_keys()
        operator.restart()
    operator_down(stage, operator)
