"""Releases on a node whose accelerators are all taken: pods are exchanged one by one, or in place."""
import time

from kube import kubectl
from release import latest_history, settled, status
from stage import PROMPTS, deployment_spec, failures_by_kind, golden_gate
from steering import Steering, arm, waits_for_a_person

# The quickstart's assistant keeps two of the node's eight.
REPLICAS, ACCELERATORS_EACH = 3, 2
STEPS = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}, {"pause": {}}]


def arguments(context):
    return ["--parallel", "4", "--ctx-size", str(context), "--threads", "1"]


def specification(policy):
    spec = deployment_spec(replicas=REPLICAS, gateways=2, steps=STEPS, text=PROMPTS["v2"])
    spec["backend"]["pods"]["accelerator"] = {"resource": "nvidia.com/gpu", "count": ACCELERATORS_EACH}
    spec["strategy"]["canary"]["capacityPolicy"] = {"type": policy}
    return spec


class Watch:
    """What a release showed on its way: weights, and engine pods that had a node."""

    def __init__(self, release):
        self.release, self.weights, self.most_placed, self.shortage = release, [], 0, ""

    def until(self, what, true, seconds):
        def look(obj):
            weight = arm(obj, "candidate").get("weight")
            if weight is not None and (not self.weights or self.weights[-1] != weight):
                self.weights.append(weight)
            placed = [p for p in self.release.pods("engine") if p["spec"].get("nodeName") and p["status"]["phase"] in ("Pending", "Running")]
            self.most_placed = max(self.most_placed, len(placed))
            if "replicas meanwhile" in status(obj).get("message", ""):
                self.shortage = status(obj)["message"].rpartition("; ")[2]
            return true(obj)

        return self.release.wait_for(what, look, seconds)


def ended(outcome, run):
    return lambda obj: settled(obj) and latest_history(obj).get("outcome") == outcome and status(obj).get("lastRun") == run


def engine(release, replicas):
    """Whether stable has so many pods that serve."""
    return lambda obj: arm(obj, "stable").get("servableReplicas") == replicas and status(obj).get("phase") == "RolledBack"


def run(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    release = stage.deploy_and_settle("bot", specification("Replace"), 180)
    steering = Steering(stage, release)
    users = stage.load("bot")

    watch = Watch(release)
    release.patch({"backend": {"pods": {"engine": {"args": arguments(2048)}}}})
    obj = watch.until("half of the pods are exchanged", waits_for_a_person, 240)
    stage.check("weights follow the pods that are exchanged", watch.weights == [0, 33, 50], f"weights {watch.weights}; {watch.shortage}")
    steering.say("promote")
    watch.until("promoted", ended("Promoted", 2), 240)
    stage.check("pods are exchanged on the accelerators of stable", watch.weights == [0, 33, 50, 66, 100] and watch.most_placed <= REPLICAS,
                f"weights {watch.weights}, at most {watch.most_placed} engine pods with {ACCELERATORS_EACH} of 8 accelerators each")

    release.patch({"backend": {"pods": {"engine": {"args": arguments(3072)}}}})
    release.wait_for("half of the pods are exchanged", waits_for_a_person, 240)
    began = time.monotonic()
    steering.say("abort")
    release.wait_for("traffic is back", lambda obj: arm(obj, "stable").get("weight") == 100
                     and status(obj).get("trafficVerified", {}).get("epoch") == status(obj).get("epoch"), 60)
    traffic = time.monotonic() - began
    release.wait_for("stable is whole", engine(release, REPLICAS), 240)
    whole = time.monotonic() - began
    summary = users.stop()
    stage.check("an abort takes traffic back before pods", traffic < 10, f"traffic after {traffic:.1f} s, all pods after {whole:.1f} s")
    stage.check("no request failed but those that were shed", told_429(summary) and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")

    users = stage.load("bot")
    release.patch({"strategy": {"canary": {"capacityPolicy": {"type": "InPlace"}}}, "backend": {"pods": {"engine": {"args": arguments(1024)}}}})
    obj = release.wait_for("exchanged in place", lambda obj: settled(obj) and latest_history(obj).get("outcome") == "Promoted"
                           and status(obj)["stable"]["revision"] > 2, 240)
    before = users.read()["requests"]
    stage.wait("users are served again", lambda: users.read()["requests"] > before + 10, 60)
    summary = users.stop()
    stage.check("in place, users are told 429 until the candidate serves",
                summary["failed"] > 0 and told_429(summary),
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}; {release_seconds(obj)} s from start to promotion")
    kubectl("delete", "mdep", "bot", "-n", stage.namespace)


def told_429(summary):
    """Whether those that failed were told to come again."""
    return all(failure["status"] == 429 for failure in summary["failures"])


def release_seconds(obj):
    entry = latest_history(obj)
    clock = [time.mktime(time.strptime(entry[key][:19], "%Y-%m-%dT%H:%M:%S")) for key in ("startTime", "endTime")]
    return int(clock[1] - clock[0])
