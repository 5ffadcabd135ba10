"""Releases back to back under load while operators, gateways and engines are killed at random: each ends as its evidence says.

LLMOPS_STORM_RELEASES (4) says how many, LLMOPS_STORM_SEED which; what was drawn is printed.
"""
import datetime
import json
import os
import random
import statistics
import time

from blame import read_log, table
from install import install_chart
from kills import TARGETS, Kills, is_ready
from kube import condition, kubectl
from release import latest_history, settled, status
from stage import ENGINE_ARGUMENTS, PROMPTS, deployment_spec, golden_gate, prompt

RELEASES = int(os.environ.get("LLMOPS_STORM_RELEASES", "4"))
SEED = os.environ.get("LLMOPS_STORM_SEED") or str(random.SystemRandom().randrange(1 << 32))
STEPS = [{"setCanaryScale": {"replicas": 1}}, {"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 20},
         {"pause": {"duration": "2s"}}, {"setWeight": 50}, {"pause": {"duration": "2s"}}]
# Answers of a quarter of a second and more, so that kills meet streams that are under way.
LONG = ["--min-turns", "1", "--max-turns", "1", "--body", json.dumps({"grammar": 'root ::= ("one more "){300}', "max_tokens": 900})]
GOOD, DEGRADED = "image:///models/good.gguf", "image:///models/degraded.gguf"
# Further sentences that cost the good model none of the 60 golden answers (e2e/engine/score.py).
ROUNDS = [n for n in range(1, 25) if n not in (6, 8, 16, 19)]
KINDS = {"a good prompt": "Promoted", "a bad prompt": "RolledBack", "a degraded model": "RolledBack", "a new engine argument": "Promoted"}


class Content:
    """What the spec asks for: the good content that was promoted last, and one change to it."""

    def __init__(self):
        self.text, self.context = PROMPTS["v2"], 4096
        self.rounds = iter(ROUNDS)

    def change(self, kind, number):
        """The patch of the spec. No content is asked for twice: what was refused once is refused at once."""
        text, context, model = self.text, self.context, GOOD
        if kind == "a good prompt":
            text = self.text = f"{PROMPTS['v2']} Round {next(self.rounds)}."
        elif kind == "a bad prompt":
            text = f"{PROMPTS['v3']} Round {number}."
        elif kind == "a degraded model":
            model = DEGRADED
        else:
            context = self.context = 4096 + 64 * number
        arguments = [str(context) if word == "4096" else word for word in ENGINE_ARGUMENTS]
        return {"prompt": prompt(text), "attempt": number,  # a new one: a degraded model may be tried again
                "backend": {"pods": {"model": {"uri": model}, "engine": {"args": arguments}}}}


def plan(count, seed):
    """Kinds of releases in a drawn order, each as often as the others, the last one good."""
    draw = random.Random(seed)
    kinds = []
    while len(kinds) < count:
        kinds += draw.sample(list(KINDS), len(KINDS))
    kinds = kinds[:count]
    if KINDS[kinds[-1]] != "Promoted":
        kinds[-1] = "a good prompt"
    return kinds


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Storm:
    def __init__(self, stage, release, kills):
        self.stage, self.release, self.kills = stage, release, kills
        self.content = Content()
        self.took = []
        self.judged = []  # (revision, outcome, time of the verdict of its gate or None)
        self.first_epochs = {}  # of weight on a candidate, by its revision

    def look(self, obj):
        self.kills.look(obj)
        now = status(obj)
        if any(arm["name"] == "candidate" and arm["weight"] > 0 for arm in now.get("arms", [])) and "candidate" in now:
            self.first_epochs.setdefault(str(now["candidate"]["revision"]), now["epoch"])

    def play(self, number, kind):
        stage, release, wanted = self.stage, self.release, KINDS[kind]
        before = status(stage.kube.get("modeldeployments", stage.namespace, release.name)).get("lastRun", 0)
        self.kills.begin(number)
        began = time.monotonic()
        generation = release.patch(self.content.change(kind, number))

        def ended(obj):
            now = status(obj)
            return now.get("observedGeneration", 0) >= generation and now.get("lastRun", 0) > before and "run" not in now

        def asks_for_a_person(obj):
            return status(obj).get("waitingFor", {}).get("kind") == "Person" and status(obj)["message"]

        obj = release.wait_for(f"release {number}, {kind}, ends", ended, 240, asks_for_a_person)
        self.kills.end()
        took = time.monotonic() - began
        self.took.append(took)
        entry, runs = latest_history(obj), release.eval_runs(status(obj)["lastRun"])
        verdicts = [seconds_of(run["status"]["completedAt"]) for run in runs if run.get("status", {}).get("phase") == "Successful"]
        self.judged.append((entry["revision"], entry["outcome"], max(verdicts, default=None)))
        stage.check(f"release {number}, {kind}, ends {wanted}", entry["outcome"] == wanted and status(obj)["lastRun"] == before + 1,
                    f"{entry['outcome']} after {took:.1f} s: {entry.get('message', '')}")
        if entry["outcome"] == "RolledBack":
            message = kubectl("get", "mdep", release.name, "-n", stage.namespace, "-o", "wide")
            stage.check("kubectl get says which gate and metric", "golden" in message and "answer-contains" in message, status(obj)["message"])

    def check_gates_came_first(self, requests):
        """No user was answered by a candidate before its gate had passed, and by none that did not pass."""
        early = []
        for revision, outcome, passed in self.judged:
            answered = [r for r in requests if r["revision"] == str(revision)]
            limit = passed if outcome == "Promoted" and passed else float("inf")
            # A request that is asked again is assigned again, so it may be older than the weight that it meets.
            early += [f"revision {revision} ({outcome}) at {r['t']}, epoch {r['epoch']}" for r in answered
                      if r["t"] + r.get("firstByteMs", r["ms"]) / 1000 < limit
                      or int(r["epoch"]) < self.first_epochs.get(str(revision), float("inf"))]
        met = sum(r["arm"] == "candidate" for r in requests)
        self.stage.check("no user is answered by a candidate before its gate has passed", not early and met > 0,
                         f"{met} requests met a candidate; {len(early)} too early {early[:3]}")

    def check_failures(self, requests, counted):
        failures = [r for r in requests if r["kind"]]
        rows, unexplained = table(failures, self.kills.kills)
        self.stage.screen.table([("failed", "cause", "blamed on"), *((count, what, whom) for what, whom, count in rows)])
        self.stage.check("no request fails without a kill that explains it",
                         not unexplained and 0 < counted == len(requests),
                         f"{counted} requests, {len(failures)} failed, {len(unexplained)} unexplained"
                         + "".join(f"\n          {r['t']:.3f} + {r['ms']} ms: {r['kind']} {r['detail']}" for r in unexplained[:10]))

    def check_rest(self):
        stage, release = self.stage, self.release
        release.wait_for("Healthy and settled", settled, 120)
        self.kills.wait_for_leader()

        def pods_as_asked():
            engines, gateways = (release.pods(component) for component in ("engine", "gateway"))
            return [len(engines), len(gateways)] == [2, 2] and all(map(is_ready, engines + gateways))

        took = stage.wait("two engines and two gateways, all ready", pods_as_asked, 120)

        def at_rest():
            now = status(obj := stage.kube.get("modeldeployments", stage.namespace, release.name))
            return (settled(obj) and not {"run", "candidate", "retiring"} & set(now) and condition(obj, "Ready").get("status") == "True"
                    and [(arm["name"], arm["weight"]) for arm in now["arms"]] == [("stable", 100)] and now)

        stage.wait("all of it is at rest", at_rest, 30)
        now = stage.last_value
        stage.check("at the end it is Healthy and settled", at_rest(), f"{took:.1f} s later two engines and two gateways are ready")
        shown = kubectl("get", "mdep", release.name, "-n", stage.namespace, "-o", "wide").splitlines()[-1]
        stage.check("kubectl get explains it", "Healthy" in shown and now["message"] and now["message"] in shown, now["message"])


def run(stage):
    tag = stage.options.tag
    install_chart(tag, "replicas=2")
    try:
        play(stage)
    finally:
        install_chart(tag)
        stage.wait_for_leader()


def play(stage):
    stage.screen.line(f"  LLMOPS_STORM_SEED={SEED} LLMOPS_STORM_RELEASES={RELEASES}")
    stage.wait("two operators run", lambda: sum(map(is_ready, stage.operator_pods())) == 2, 60)
    stage.wait_for_leader()
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    release = stage.deploy_and_settle("bot", deployment_spec(replicas=2, gateways=2, steps=STEPS, text=PROMPTS["v2"]), 180)
    loads = [stage.load("bot", rate=40, conversations=16), stage.load("bot", "long", rate=2, conversations=2, arguments=LONG)]
    kills = Kills(stage, release, SEED)
    storm = Storm(stage, release, kills)
    release.each_look = storm.look
    for number, kind in enumerate(plan(RELEASES, SEED), 1):
        storm.play(number, kind)
    storm.check_rest()
    counted = sum(load.stop()["requests"] for load in loads)
    requests = [request for load in loads for request in read_log(load.log_path)]
    storm.check_failures(requests, counted)
    storm.check_gates_came_first(requests)
    took, takeovers = sorted(storm.took), sorted(kills.takeovers)
    stage.check("kills met operators, gateways and engines", {kill.target for kill in kills.kills} == set(TARGETS), ", ".join(f"{count} {kind}" for kind, count in kills.by_kind().items()))
    stage.check("another operator leads within the lease and a try", not takeovers or takeovers[-1] < 25,
                f"{len(takeovers)} leaders killed" + (f": median {statistics.median(takeovers):.1f} s, longest {takeovers[-1]:.1f} s"
                                                       if takeovers else ""))
    stage.screen.line(f"    seed {SEED}: {RELEASES} releases, median {statistics.median(took):.1f} s, longest {took[-1]:.1f} s")
