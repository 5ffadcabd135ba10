"""Kills the product's own pods at random, by a seeded generator, and notes each with its time."""
import dataclasses
import random
import time

from paths import CURRENT
from stage import OPERATOR_LABEL, SYSTEM_NAMESPACE

FEWEST, MOST = 2, 4         # a release
FIRST_SECONDS = (0.2, 2.0)  # after a release began
GAP_SECONDS = (0.5, 4.0)    # from one to the next
TARGETS = ("operator", "gateway", "engine")
SERVING_HASH = "llmops.dev/serving-hash"


@dataclasses.dataclass
class Kill:
    target: str   # operator, gateway, engine
    way: str      # SIGKILL: its container's processes; deleted: its pod, without grace
    pod: str
    began: float  # seconds of time.time(), as the load client's
    ended: float
    note: str = ""


def is_ready(pod):
    return "deletionTimestamp" not in pod["metadata"] and any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def restarts(pod):
    return sum(c["restartCount"] for c in pod["status"].get("containerStatuses", []))


class Kills:
    """Give `look` to Release.each_look. Between begin() and end() pods are killed; nobody loses all at once:
    of operators, of gateways and of engine pods of one serving hash that users may need, another one is ready."""

    def __init__(self, stage, release, seed):
        self.stage, self.release, self.seed = stage, release, seed
        self.kills = []
        self.takeovers = []  # seconds from the kill of a leader until another leads
        self._draw = None
        self._bag = []       # targets of the next kills: each one before any comes again
        self._due, self._left = 0.0, 0
        self._lost = None    # (holder, monotonic time) of a killed leader that nobody has followed yet

    def begin(self, number):
        self._draw = random.Random(f"{self.seed}/{number}")
        self._left = self._draw.randint(FEWEST, MOST)
        self._next(*FIRST_SECONDS)

    def end(self):
        self._left = 0

    def _next(self, least, most):
        self._due = time.monotonic() + self._draw.uniform(least, most)

    def look(self, _):
        self._follow_the_lease()
        if self._left and time.monotonic() >= self._due and self._kill_one():
            self._left -= 1
            self._next(*GAP_SECONDS)

    def wait_for_leader(self):
        """Until the last killed leader has a follower."""
        self.stage.wait("an operator leads", lambda: (self._follow_the_lease(), self._lost is None)[1], 120)

    def _follow_the_lease(self):
        if self._lost and self.stage.lease_holder() not in ("", self._lost[0]):
            self.takeovers.append(time.monotonic() - self._lost[1])
            self._lost = None

    def _kill_one(self):
        if len(self._bag) < len(TARGETS):
            self._bag += self._draw.sample(TARGETS, len(TARGETS))
        for target in self._bag:
            if victims := getattr(self, f"_{target}s_to_kill")():
                self._bag.remove(target)
                self._kill(target, self._draw.choice(victims))
                return True
        return False  # looked at again at the next turn

    def _operators_to_kill(self):
        pods = self.stage.kube.list("pods", SYSTEM_NAMESPACE, OPERATOR_LABEL)
        if self._lost or sum(map(is_ready, pods)) < 2:
            return []
        holder = self.stage.lease_holder()
        # Twice as likely the one whose loss matters.
        return [p for p in pods for _ in range(2 if holder.startswith(p["metadata"]["name"]) else 1) if is_ready(p)]

    def _gateways_to_kill(self):
        ready = [p for p in self.release.pods("gateway") if is_ready(p)]
        return ready if len(ready) >= 2 else []

    def _engines_to_kill(self):
        ready = [p for p in self.release.pods("engine") if is_ready(p)]
        # The last one of a serving hash may be a candidate's: stable answers for it.
        stable = self.release.object["status"].get("stable", {}).get("servingHash", "")
        last = lambda pod: sum(p["metadata"]["labels"][SERVING_HASH] == pod["metadata"]["labels"][SERVING_HASH] for p in ready) < 2
        serves = lambda pod: stable.startswith(pod["metadata"]["labels"][SERVING_HASH])
        return [p for p in ready if not (last(p) and serves(p))]

    def _kill(self, target, pod):
        stage, name, began = self.stage, pod["metadata"]["name"], time.time()
        leads = target == "operator" and stage.lease_holder()
        if leads and leads.startswith(name):
            self._lost = (leads, time.monotonic())
        # A container that restarts often is held back by its kubelet: the second time the pod goes.
        way = "deleted" if CURRENT or restarts(pod) else self._draw.choice(["SIGKILL", "deleted"])
        if way == "SIGKILL":
            stage.kill_containers(pod)
        else:
            stage.kube.delete("pods", pod["metadata"]["namespace"], name, grace_seconds=0)
        note = "the leader" if self._lost and self._lost[0] == leads else ""
        self.kills.append(Kill(target, way, name, began, time.time(), note))
        stage.screen.line(f"    {target} {name} {way}{note and ', ' + note}")

    def by_kind(self):
        """{"gateway SIGKILL": 3, …}"""
        kinds = sorted({(k.target, k.way) for k in self.kills})
        return {f"{t} {w}": sum((k.target, k.way) == (t, w) for k in self.kills) for t, w in kinds}
