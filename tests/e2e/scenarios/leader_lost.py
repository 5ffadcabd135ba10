"""Two operators; the leader is stopped past its lease, killed, or cut off from the API server in the middle of releases.

No write of an old leader is accepted that changes what the new one has written; every release ends as it must.
"""
import contextlib
import itertools
import os
import signal
import statistics
import subprocess
import time

from install import install_chart
from kills import restarts
from paths import SOCKETS, environment
from release import latest_history, status
from stage import OPERATOR_USER, PROMPTS, AuditLog, deployment_spec, failures_by_kind, prompt

LOSSES = int(os.environ.get("LLMOPS_LEADER_LOSSES", "3"))
WAYS = ["stopped", "killed", "stopped", "cut off"]  # every other one is stopped
STEPS = [{"setWeight": 20}, {"pause": {"duration": "3s"}}, {"setWeight": 50}, {"pause": {"duration": "3s"}}]
WRITES = ("create", "update", "patch", "delete")
TABLE = "llmops_e2e_cut"


def container(pod):
    return next(c["containerID"].rpartition("/")[2] for c in pod["status"]["containerStatuses"] if "running" in c["state"])


def process(pod):
    """The number of the operator's process on this machine."""
    tasks = subprocess.run(["ctr", "-a", os.path.join(SOCKETS, "containerd.sock"), "-n", "k8s.io", "tasks", "ls"], env=environment(),
                           capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[1]) for line in tasks.splitlines() if line.startswith(container(pod)))


@contextlib.contextmanager
def cut_off(pod, address):
    nft = lambda text: subprocess.run(["nft", "-f", "-"], input=text, text=True, env=environment(), check=True)
    nft(f"add table ip {TABLE}; add chain ip {TABLE} pods {{ type filter hook prerouting priority -301; }}\n"
        f"add rule ip {TABLE} pods ip saddr {pod['status']['podIP']} ip daddr {address} drop")
    try:
        yield
    finally:
        nft(f"delete table ip {TABLE}")


class Losses:
    def __init__(self, stage):
        self.stage = stage
        self.lost = []      # (pod name, how)
        self.takeovers = []  # seconds
        self.alive = {}      # restarts of pods that lost the lease and were not killed

    def leader(self):
        holder = self.stage.lease_holder()
        return next((p for p in self.stage.operator_pods() if holder.startswith(p["metadata"]["name"])), None)

    def another_leads(self, holder):
        began = time.monotonic()
        self.stage.wait("another operator leads", lambda: self.stage.lease_holder() not in ("", holder), 60)
        self.takeovers.append(time.monotonic() - began)

    def fresh_standbys(self):
        """A container that restarts often is held back by its kubelet: what stands by is a pod that never restarted."""
        leader = self.leader()
        for pod in self.stage.operator_pods():
            if restarts(pod) and leader and pod["metadata"]["name"] != leader["metadata"]["name"]:
                self.stage.kube.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"], grace_seconds=0)

    def restarted(self):
        """Those that lost the lease without being killed, and did not stand by."""
        now = {pod["metadata"]["name"]: restarts(pod) for pod in self.stage.operator_pods()}
        return [name for name, count in self.alive.items() if now.get(name) != count]

    def lose(self, how):
        stage = self.stage
        self.fresh_standbys()
        stage.wait("two operators, one of them leads", lambda: self.leader() and len(stage.operator_pods()) == 2 and all(
            c["ready"] for p in stage.operator_pods() for c in p["status"].get("containerStatuses", [{"ready": False}])), 120)
        pod, holder = self.leader(), stage.lease_holder()
        self.lost.append((pod["metadata"]["name"], how))
        if how != "killed":
            self.alive[pod["metadata"]["name"]] = restarts(pod)
        if how == "stopped":
            number = process(pod)
            os.kill(number, signal.SIGSTOP)
            try:
                self.another_leads(holder)
                began = time.monotonic()
                stage.wait("the new leader's first writes", lambda: time.monotonic() - began > 2, 3)
            finally:
                os.kill(number, signal.SIGCONT)
        elif how == "killed":
            os.kill(process(pod), signal.SIGKILL)
            self.another_leads(holder)
        else:
            address = stage.kube.get("services", "default", "kubernetes")["spec"]["clusterIP"]
            with cut_off(pod, address):
                self.another_leads(holder)


def pod_of(event):
    return next(iter(event["user"].get("extra", {}).get("authentication.kubernetes.io/pod-name", [])), "?")


def writes_over_a_new_leader(audit):
    """(accepted writes of a pod on an object that another pod wrote after it had last led, refused by 409, all writes)."""
    last, bad, refused, accepted = {}, [], 0, 0
    led = []  # (time, pod): who wrote the lease
    for event in sorted(audit.events(), key=lambda e: e["stageTimestamp"]):
        if event["user"]["username"] != OPERATOR_USER or event["verb"] not in WRITES:
            continue
        target, pod, code = event.get("objectRef", {}), pod_of(event), event.get("responseStatus", {}).get("code", 0)
        if target.get("resource") == "leases":
            if 200 <= code < 300 and (not led or led[-1][1] != pod):
                led.append((event["stageTimestamp"], pod))
            continue
        if target.get("resource") == "events":
            continue
        refused += code == 409
        if not 200 <= code < 300:
            continue
        accepted += 1
        key = (target.get("resource"), target.get("namespace"), target.get("name"))
        leader = led[-1][1] if led else pod
        # The new leader has written this object, and this is not it.
        if key in last and last[key] == leader and pod != leader:
            bad.append(f"{pod} {event['verb']} {'/'.join(map(str, key))} while {leader} led")
        last[key] = pod
    return bad, refused, accepted


def run(stage):
    tag = stage.options.tag
    install_chart(tag, "replicas=2")
    try:
        play(stage)
    finally:
        install_chart(tag)
        stage.wait_for_leader()


def play(stage):
    stage.wait("two operators run", lambda: len(stage.operator_pods()) == 2, 60)
    stage.wait_for_leader()
    release = stage.deploy_and_settle("bot", deployment_spec(gateways=2, steps=STEPS, text=PROMPTS["v1"]))
    users = stage.load("bot")
    audit, losses = AuditLog(), Losses(stage)
    ended, restarted = [], []
    for i, how in zip(range(LOSSES), itertools.cycle(WAYS)):
        before = status(release.object).get("lastRun", 0)
        generation = release.patch({"prompt": prompt(f"{PROMPTS['v1']} Round {i}.")})
        release.wait_for("users meet the candidate", lambda obj: any(a["name"] == "candidate" and a["weight"] for a in
                                                                    status(obj).get("arms", [])), 90)
        losses.lose(how)
        stage.screen.line(f"    loss {i + 1}: {losses.lost[-1][0]} {how}; another leads after {losses.takeovers[-1]:.1f} s")

        def over(obj):
            now = status(obj)
            return (now.get("observedGeneration", 0) >= generation and now.get("lastRun", 0) > before and "run" not in now
                    and now.get("phase") in ("Healthy", "RolledBack"))

        ended.append(latest_history(release.wait_for("the release ends", over, 120)).get("outcome"))
        restarted += losses.restarted()
        losses.alive.clear()
    stage.check(f"{LOSSES} releases end as they must whenever the leader is lost", ended == ["Promoted"] * LOSSES, ended)
    bad, refused, accepted = writes_over_a_new_leader(audit)
    stage.check("no write of an old leader changes what the new one has written", not bad and accepted > 0,
                f"{accepted} writes accepted, {refused} refused by 409{''.join('; ' + text for text in bad[:3])}")
    took = sorted(losses.takeovers)
    stage.check("another operator leads within the lease and a try", took[-1] < 25,
                f"median {statistics.median(took):.1f} s, longest {took[-1]:.1f} s of {LOSSES}: "
                + ", ".join(f"{sum(h == way for _, h in losses.lost)} {way}" for way in sorted(set(WAYS))))
    stage.check("whoever loses the lease and lives stands by without a restart", not restarted, restarted or "no restarts")
    summary = users.stop()
    stage.check("no request failed while leaders were lost", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")
