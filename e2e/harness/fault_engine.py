"""A ModelDeployment on the engine of e2e/fault_engine with chosen faults, and what its pods say that they did on purpose."""
import re
import urllib.request

from images import FAULT_ENGINE, image_name
from reach import pod_address

PORT = 8080
OUTCOMES = ("ok", "spared", "error", "stall", "cut", "refusal", "left", "invalid")
# What a request fails of; a refusal is a good answer as far as HTTP goes. A gateway asks again after a cut of which its user has
# seen nothing, so only users of streams see every cut.
FAILURES = ("error", "stall", "cut")
SERVING_HASH = "llmops.dev/serving-hash"


def fault_arguments(**settings):
    """Arguments of llmops-fault-engine: fault_arguments(error_share=0.05, first_token="lognormal 120ms 0.4")."""
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


def fault_backend(**settings):
    """`spec.backend` of a ModelDeployment: the right answers of the golden set, with these faults. A change of them is a change
    of the engine's arguments, so it gets pods of its own. Without `faults_from_message` a lone message, as the gateway's warm-up
    is, is spared; 3 spares conversations that begin, and so golden sets, under a prompt of one system message."""
    return {"pods": {
        "model": {"uri": "image:///answers/golden.jsonl"},
        "engine": {"type": "llamacpp", "image": image_name(FAULT_ENGINE),
                   "args": fault_arguments(**{"slots": 16, "faults_from_message": 2, **settings}),
                   "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}}}}


def parse_counts(metrics):
    """Requests by outcome, from the text of /metrics."""
    return {outcome: int(count) for outcome, count in re.findall(r'^fault_engine_requests_total\{outcome="([a-z]+)"\} ([0-9]+)$', metrics, re.M)}


def read_counts(address):
    with urllib.request.urlopen("http://{}:{}/metrics".format(*address), timeout=5) as answer:
        return parse_counts(answer.read().decode())


class FaultCounts:
    """What the engine pods of one deployment did. Counters end with their process: look() often, e.g. as `release.each_look`,
    and at least before a release takes pods away; the last look at each process counts."""

    def __init__(self, release):
        self._release = release
        self._seen = {}  # (pod UID, restarts) → (serving hash, counts)

    def look(self, _=None):
        for pod in self._release.pods("engine"):
            address = pod_address(pod, PORT)
            container = (pod["status"].get("containerStatuses") or [{}])[0]
            if not address or "running" not in container.get("state", {}):
                continue
            try:
                counts = read_counts(address)
            except OSError:
                continue  # on its way up or down
            process = pod["metadata"]["uid"], container.get("restartCount", 0)
            self._seen[process] = (pod["metadata"]["labels"].get(SERVING_HASH, ""), counts)

    def totals(self, serving_hash=None):
        """Requests by outcome over all processes seen, or over those of one serving hash (as in the label, short)."""
        total = dict.fromkeys(OUTCOMES, 0)
        for found, counts in self._seen.values():
            if serving_hash in (None, found):
                for outcome, count in counts.items():
                    total[outcome] += count
        return total

    def failures(self, serving_hash=None):
        """Requests that failed on purpose."""
        totals = self.totals(serving_hash)
        return sum(totals[outcome] for outcome in FAILURES)
