"""The API server hangs or is gone for a while, with everything settled and in the middle of releases: users notice nothing.

LLMOPS_OUTAGE_SECONDS (20) says how long each time. Longer than a lease lasts, so that the leader loses its own.
"""
import contextlib
import datetime
import http.client
import os
import subprocess
import time

from blame import read_log
from install import install_chart
from kills import is_ready, restarts
from kube import ApiError
from paths import E2E, environment
from release import latest_history, settled, status
from stage import PROMPTS, SYSTEM_NAMESPACE, deployment_spec, failures_by_kind, prompt

SECONDS = int(os.environ.get("LLMOPS_OUTAGE_SECONDS", "20"))
STEPS = [{"setWeight": 20}, {"pause": {"duration": "3s"}}, {"setWeight": 50}, {"pause": {"duration": "3s"}}]
WAYS = {"hangs": ("freeze", "thaw"), "is gone": ("kill", "start")}


def component(verb, name):
    subprocess.run([os.path.join(E2E, "cluster", "component.sh"), verb, name], env=environment(), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def without_api_server(way):
    """Elsewhere a controller manager ends with its lease and begins anew; this cluster's has none, would go on, and
    would take the node for dead whose kubelet could not report: then nobody's Service leads to a pod for a while."""
    begin, end = WAYS[way]
    component("kill", "kube-controller-manager")
    component(begin, "kube-apiserver")
    try:
        yield
    finally:
        component(end, "kube-apiserver")
        component("start", "kube-controller-manager")


class Outages:
    def __init__(self, stage, release, users):
        self.stage, self.release, self.users = stage, release, users
        self.epochs = []
        self.windows = []  # (begin, end) as the load client's clock
        release.each_look = self.look

    def look(self, obj):
        if (epoch := status(obj).get("epoch", 0)) and epoch != (self.epochs or [0])[-1]:
            self.epochs.append(epoch)

    def pods(self):
        """Restarts by pod, of everything that is ours."""
        pods = self.stage.operator_pods() + self.release.pods("gateway") + self.release.pods("engine")
        return {p["metadata"]["name"]: restarts(p) for p in pods}

    def answers(self):
        """Whether the API server answers on every kept connection; they are made anew when it was gone."""
        try:
            for kube in (self.stage.kube, self.release.kube):
                kube.get("namespaces", None, self.stage.namespace)
            return True
        except (OSError, http.client.HTTPException, ApiError):
            return False

    def renewed(self, since):
        """The holder of a lease that was renewed after that time, else None."""
        lease = next((each for each in self.stage.kube.list("leases", SYSTEM_NAMESPACE) if "llmops" in each["metadata"]["name"]), None)
        if lease and datetime.datetime.fromisoformat(lease["spec"]["renewTime"].replace("Z", "+00:00")).timestamp() > since:
            return lease["spec"].get("holderIdentity")
        return None

    def play(self, way, title):
        """One outage; says who leads after it, and when."""
        stage, holder, before = self.stage, self.stage.lease_holder(), self.pods()
        with without_api_server(way):
            began, wall = time.monotonic(), time.time()
            stage.wait(f"{SECONDS} s in which the API server {way}", lambda: time.monotonic() - began >= SECONDS, SECONDS + 5)
        ended = time.time()
        self.windows.append((wall, ended))
        stage.wait("the API server answers", self.answers, 60)
        stage.wait("an operator leads", lambda: self.renewed(ended), 60)
        again = time.time() - ended
        leader = self.renewed(ended)
        stage.check(f"{title}: an operator leads soon after", again < 25,
                    f"{again:.1f} s after it, {'the same one' if leader == holder else 'another one'}")
        return before

    def nothing_restarted(self, title, before):
        after = self.pods()
        changed = {name: count - before[name] for name, count in after.items() if name in before and count != before[name]}
        gone = [name for name in before if name not in after and not name.startswith("bot-engine")]
        self.stage.check(f"{title}: no container restarts and no pod goes", not changed and not gone, f"{changed or 'no'} restarts, gone: {gone or 'none'}")

    def users_noticed_nothing(self):
        summary = self.users.stop()
        requests = read_log(self.users.log_path)
        inside = [r for r in requests if any(begin <= r["t"] <= end for begin, end in self.windows)]
        met = sum(r["arm"] == "candidate" for r in inside)
        self.stage.check("users notice nothing", summary["failed"] == 0 and len(inside) > SECONDS,
                         f"{summary['requests']} requests, {len(inside)} of them without an API server, failed: {failures_by_kind(summary)}")
        self.stage.check("both arms are served while the API server is away", met > 0, f"{met} of {len(inside)} requests met a candidate")
        self.stage.check("epochs never go back", self.epochs == sorted(self.epochs) and len(self.epochs) > 1, self.epochs)


def run(stage):
    tag = stage.options.tag
    install_chart(tag, "replicas=2")
    try:
        play(stage)
    finally:
        install_chart(tag)
        stage.wait_for_leader()


def play(stage):
    stage.wait("two operators run", lambda: sum(map(is_ready, stage.operator_pods())) == 2, 60)
    stage.wait_for_leader()
    release = stage.deploy_and_settle("bot", deployment_spec(replicas=2, gateways=2, steps=STEPS, text=PROMPTS["v2"]))
    outages = Outages(stage, release, stage.load("bot"))

    title = "the API server hangs while all is settled"
    before = stage.fingerprint(release)
    pods = outages.play("hangs", title)
    outages.nothing_restarted(title, pods)
    release.wait_for("Healthy", settled, 60)
    stage.check(f"{title}: nothing is released", stage.fingerprint(release) == before, before)

    for number, way in enumerate(("is gone", "hangs"), 1):
        title = f"the API server {way} while a candidate has weight"
        last = status(release.object).get("lastRun", 0)
        generation = release.patch({"prompt": prompt(f"{PROMPTS['v2']} Round {number}.")})
        release.wait_for("users meet the candidate", lambda obj: any(
            arm["name"] == "candidate" and arm["weight"] == 20 for arm in status(obj).get("arms", []))
            and status(obj).get("trafficVerified", {}).get("epoch") == status(obj).get("epoch"), 90)
        pods = outages.play(way, title)

        def ended(obj, last=last, generation=generation):
            now = status(obj)
            return now.get("observedGeneration", 0) >= generation and now.get("lastRun", 0) > last and "run" not in now and settled(obj)

        obj = release.wait_for("the release ends", ended, 120)
        stage.check(f"{title}: the release ends as it must", latest_history(obj).get("outcome") == "Promoted"
                    and status(obj)["lastRun"] == last + 1, latest_history(obj).get("message"))
        outages.nothing_restarted(title, pods)
    outages.users_noticed_nothing()
